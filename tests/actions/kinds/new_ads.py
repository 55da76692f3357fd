"""An ad with its whole text, made paused on each platform."""

from resources.kinds.ad_content import AdContent, AdLine
from resources.kinds.base import Target
from resources.kinds.new_ad.change import NewAdRequest
from sandbox.serve import Sandbox
from tests.actions.kinds.case import KindCase
from tests.actions.kinds.negative_keywords import ACCOUNT, account_of, search_ad_group

SEARCH_AD = AdContent(
    headlines=(
        AdLine(text="Trail shoes that last", pinned_to="HEADLINE_1"),
        AdLine(text="Save 20% on shoes"),
        AdLine(text="Free returns for 60 days"),
    ),
    descriptions=(
        AdLine(text="Made to be repaired. Ten years of spare parts."),
        AdLine(text="One price, everything included."),
    ),
    landing_page="https://shop.example/shoes",
    path1="shoes",
    path2="trail",
)
LINK_AD = AdContent(
    headlines=(AdLine(text="Trail shoes that last"),),
    descriptions=(AdLine(text="Free returns"),),
    primary_text="Made to be repaired. Ten years of spare parts.",
    landing_page="https://shop.example/shoes",
    call_to_action="SHOP_NOW",
    page="4400",
)
POST = LINK_AD.model_copy(update={"descriptions": (), "call_to_action": "LEARN_MORE"})


def ad_set(sandbox: Sandbox, platform: str) -> Target:
    """An active ad set that nobody protects."""
    if platform == "google_ads":
        return Target(
            platform=platform,
            account_id=ACCOUNT,
            level="ad_set",
            entity_id=search_ad_group(sandbox)[1],
        )
    for account in sandbox.stage.world.of(platform):
        catalog = sandbox.stage.market.catalog(account)
        for row in range(len(catalog.ad_sets.id)):
            campaign = catalog.ad_sets.campaign[row]
            is_active = not (
                catalog.ad_sets.hidden[row]
                or catalog.ad_sets.paused[row]
                or catalog.campaigns.paused[campaign]
            )
            own_id = int(catalog.ad_sets.id[row])
            if is_active and own_id % 7 and int(catalog.campaigns.id[campaign]) % 9:
                return Target(platform=platform, account_id=account.id, level="ad_set", entity_id=str(own_id))
    raise LookupError("no such ad set")


def pause_ad_set(sandbox: Sandbox, platform: str) -> None:
    """Somebody pauses the ad set."""
    target = ad_set(sandbox, platform)
    account = (
        account_of(sandbox)
        if platform == "google_ads"
        else next(a for a in sandbox.stage.world.of(platform) if a.id == target.account_id)
    )
    market = sandbox.stage.market
    market.change(account, "ad_set", int(target.entity_id), "status", "PAUSED")
    market.change(account, "ad_set", int(target.entity_id), "active", False)


CASES = (
    KindCase(
        "ad at Google",
        "create_ads",
        "google_ads",
        lambda sandbox: NewAdRequest(ad_set(sandbox, "google_ads"), SEARCH_AD),
        lambda sandbox: pause_ad_set(sandbox, "google_ads"),
        tuple(f"+ {line}" for line in SEARCH_AD.lines),
    ),
    KindCase(
        "ad at Meta",
        "create_ads",
        "meta_ads",
        lambda sandbox: NewAdRequest(ad_set(sandbox, "meta_ads"), LINK_AD),
        lambda sandbox: pause_ad_set(sandbox, "meta_ads"),
        tuple(f"+ {line}" for line in LINK_AD.lines),
        requests=2,
    ),
    KindCase(
        "ad at LinkedIn",
        "create_ads",
        "linkedin_ads",
        lambda sandbox: NewAdRequest(ad_set(sandbox, "linkedin_ads"), POST),
        lambda sandbox: pause_ad_set(sandbox, "linkedin_ads"),
        tuple(f"+ {line}" for line in POST.lines),
    ),
)
