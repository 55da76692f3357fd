"""Negative keywords of an ad group, a campaign, a list and an account."""

from resources.kinds.base import Target
from resources.kinds.keywords import Keyword
from resources.kinds.negative_keywords.change import NegativeKeywordsRequest
from sandbox.google import criteria
from sandbox.serve import Sandbox
from sandbox.world import Account
from tests.actions.kinds.case import KindCase

ACCOUNT = "1000000001"
ADDS = (
    Keyword(text="free trial", match_type="phrase"),
    Keyword(text="torrent", match_type="broad"),
    Keyword(text="jobs berlin", match_type="exact"),
)
SHOWN = ('+ "free trial" (phrase match)', "+ torrent (broad match)", "+ [jobs berlin] (exact match)")
OTHER = {"text": "somebody else", "match_type": "EXACT"}


def account_of(sandbox: Sandbox) -> Account:
    return next(entry for entry in sandbox.stage.world.of("google_ads") if entry.id == ACCOUNT)


def search_ad_group(sandbox: Sandbox) -> tuple[str, str]:
    """Campaign and ad group of an active search ad group that nobody protects."""
    catalog = sandbox.stage.market.catalog(account_of(sandbox))
    for row in criteria.search_ad_groups(sandbox.stage, account_of(sandbox)):
        campaign_row = catalog.ad_sets.campaign[row]
        campaign = int(catalog.campaigns.id[campaign_row])
        is_plain = not catalog.ad_sets.paused[row] and not catalog.campaigns.paused[campaign_row]
        if is_plain and int(catalog.ad_sets.id[row]) % 7 and campaign % 9:
            return str(campaign), str(catalog.ad_sets.id[row])
    raise LookupError("no such ad group")


def target(level: str, entity_id: str) -> Target:
    return Target(platform="google_ads", account_id=ACCOUNT, level=level, entity_id=entity_id)  # type: ignore[arg-type]


def made_list(sandbox: Sandbox, kind: str = "NEGATIVE_KEYWORDS") -> int:
    objects = sandbox.stage.objects
    number = objects.reserve_id("google_ads")
    fields = {"name": f"List {number}", "type": kind, "status": "ENABLED"}
    objects.create("google_ads", ACCOUNT, "shared_set", number, fields, parent_id=0)
    objects.create("google_ads", ACCOUNT, "shared_criterion", 1, {"text": "old", "match_type": "BROAD"}, parent_id=number)  # fmt: skip
    return number


def existing_list(sandbox: Sandbox) -> int:
    objects = sandbox.stage.objects.of("google_ads", ACCOUNT, "shared_set")
    mine = [entry.object_id for entry in objects if entry.fields["name"].startswith("List ")]
    return mine[0] if mine else made_list(sandbox)


def account_list(sandbox: Sandbox) -> int:
    for entry in sandbox.stage.objects.of("google_ads", ACCOUNT, "customer_negative_criterion"):
        return int(entry.fields["shared_set"])
    number = made_list(sandbox, "ACCOUNT_LEVEL_NEGATIVE_KEYWORDS")
    sandbox.stage.objects.create(
        "google_ads", ACCOUNT, "customer_negative_criterion", number + 1, {"shared_set": number}
    )
    return number


def of_ad_group(sandbox: Sandbox) -> NegativeKeywordsRequest:
    return NegativeKeywordsRequest(target("ad_set", search_ad_group(sandbox)[1]), adds=ADDS)


def of_campaign(sandbox: Sandbox) -> NegativeKeywordsRequest:
    return NegativeKeywordsRequest(target("campaign", search_ad_group(sandbox)[0]), adds=ADDS)


def of_list(sandbox: Sandbox) -> NegativeKeywordsRequest:
    removes = (Keyword(text="OLD ", match_type="broad"),)
    return NegativeKeywordsRequest(target("negative_list", str(existing_list(sandbox))), adds=ADDS, removes=removes)  # fmt: skip


def of_account(sandbox: Sandbox) -> NegativeKeywordsRequest:
    account_list(sandbox)
    return NegativeKeywordsRequest(target("account", ACCOUNT), adds=ADDS)


def drift(kind: str, parent: str, sandbox: Sandbox) -> None:
    negative = {"negative": True, "status": "ENABLED"} if kind != "shared_criterion" else {}
    own_id = sandbox.stage.objects.reserve_id("google_ads")
    sandbox.stage.objects.create("google_ads", ACCOUNT, kind, own_id, OTHER | negative, parent_id=int(parent))


CASES = (
    KindCase(
        "negative_keywords of an ad group", "add_negative_keywords", "google_ads", of_ad_group,
        lambda sandbox: drift("ad_group_criterion", search_ad_group(sandbox)[1], sandbox), SHOWN,
    ),
    KindCase(
        "negative_keywords of a campaign", "add_negative_keywords", "google_ads", of_campaign,
        lambda sandbox: drift("campaign_criterion", search_ad_group(sandbox)[0], sandbox), SHOWN,
    ),
    KindCase(
        "negative_keywords of a list", "add_negative_keywords", "google_ads", of_list,
        lambda sandbox: drift("shared_criterion", str(existing_list(sandbox)), sandbox),
        (*SHOWN, "- OLD  (broad match)"),
    ),
    KindCase(
        "negative_keywords of an account", "add_negative_keywords", "google_ads", of_account,
        lambda sandbox: drift("shared_criterion", str(account_list(sandbox)), sandbox), SHOWN,
    ),
)  # fmt: skip
