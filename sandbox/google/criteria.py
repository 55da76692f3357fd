"""Keywords, negatives, lists of negatives and where they are attached: those the world began with, and those
that were made since.

What they do in the market is in `sandbox.negative_keywords` and `sandbox.positive_keywords`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.account_objects import AccountObject
from sandbox.google import user_lists
from sandbox.negative_keywords import FIRST_LIST, FIRST_LIST_NAME, NegativeKeyword
from sandbox.positive_keywords import first_criterion_id
from sandbox.running_world import Stage
from sandbox.world import Account

AGES = {
    503001: "AGE_RANGE_18_24",
    503002: "AGE_RANGE_25_34",
    503003: "AGE_RANGE_35_44",
    503004: "AGE_RANGE_45_54",
    503005: "AGE_RANGE_55_64",
    503006: "AGE_RANGE_65_UP",
    503999: "AGE_RANGE_UNDETERMINED",
}
"""Criterion ids of age ranges, in the order of `breakdowns.DIMENSIONS`."""
GENDERS = {11: "FEMALE", 10: "MALE", 20: "UNDETERMINED"}
Attributes = dict[str, Any]


@dataclass(frozen=True)
class Criterion:
    """A criterion, a list, a word in a list or an attachment as it stands now.

    `parent` is the id of what it belongs to.
    """

    kind: str
    parent: int
    own: int
    fields: Attributes
    created_at: datetime | None
    """None for what the world began with."""
    removed_at: datetime | None

    @property
    def is_removed(self) -> bool:
        return self.removed_at is not None


def search_ad_groups(stage: Stage, account: Account) -> list[int]:
    """Rows of the ad groups of search campaigns."""
    catalog = stage.market.catalog(account)
    channel = catalog.campaigns.channel
    return [row for row, above in enumerate(catalog.ad_sets.campaign.tolist()) if channel[above] == "SEARCH"]


def ad_group_criteria(stage: Stage, account: Account, *, ad_group: int | None = None) -> Iterator[Criterion]:
    """Keywords, positive and negative, of one ad group or of all."""
    catalog = stage.market.catalog(account)
    for row in search_ad_groups(stage, account):
        own_id = int(catalog.ad_sets.id[row])
        if ad_group not in (None, own_id):
            continue
        for n, (text, match_type) in enumerate(stage.market.keywords(account, row)):
            fields = {"text": text, "match_type": match_type, "negative": False, "status": "ENABLED"}
            yield _began(stage, account, "ad_group_criterion", own_id, first_criterion_id(own_id, n), fields)
    yield from _made(stage, account, "ad_group_criterion", ad_group)


def campaign_negatives(stage: Stage, account: Account) -> Iterator[Criterion]:
    """Negative keywords of campaigns."""
    keywords, _ = stage.market.negatives.began(account)
    for keyword in keywords:
        if keyword.scope.level == "campaign":
            yield _began(
                stage,
                account,
                "campaign_criterion",
                keyword.scope.entity_id,
                keyword.criterion_id,
                _negative_fields(keyword) | {"negative": True, "status": "ENABLED"},
            )
    yield from _made(stage, account, "campaign_criterion")


def shared_sets(stage: Stage, account: Account) -> Iterator[Criterion]:
    """Lists of negative keywords."""
    fields = {"name": FIRST_LIST_NAME, "type": "NEGATIVE_KEYWORDS", "status": "ENABLED"}
    yield _began(stage, account, "shared_set", 0, FIRST_LIST, fields)
    yield from _made(stage, account, "shared_set")


def shared_criteria(stage: Stage, account: Account, *, shared_set: int | None = None) -> Iterator[Criterion]:
    """Words of lists."""
    keywords, _ = stage.market.negatives.began(account)
    for keyword in keywords:
        if keyword.scope.level == "list" and shared_set in (None, keyword.scope.entity_id):
            yield _began(
                stage,
                account,
                "shared_criterion",
                keyword.scope.entity_id,
                keyword.criterion_id,
                _negative_fields(keyword),
            )
    yield from _made(stage, account, "shared_criterion", shared_set)


def _negative_fields(keyword: NegativeKeyword) -> Attributes:
    return {"text": keyword.text, "match_type": keyword.match_type}


def attachments(stage: Stage, account: Account) -> Iterator[Criterion]:
    """Which lists are attached to which campaigns: `parent` is the campaign, `own` the list."""
    _, links = stage.market.negatives.began(account)
    for link in links:
        fields = {"status": "ENABLED"}
        yield _began(stage, account, "campaign_shared_set", link.campaign_id, link.list_id, fields)
    yield from _made(stage, account, "campaign_shared_set")


def account_lists(stage: Stage, account: Account) -> Iterator[Criterion]:
    """Account-level lists of negatives: `fields` has the list's id."""
    yield from _made(stage, account, "customer_negative_criterion")


def _began(
    stage: Stage, account: Account, kind: str, parent: int, own_id: int, fields: Attributes
) -> Criterion:
    changed = stage.objects.find(("google_ads", account.id, kind, parent, own_id))
    if changed is None:
        return Criterion(kind, parent, own_id, fields, None, None)
    return Criterion(kind, parent, own_id, fields | changed.fields, None, changed.removed_at)


def _made(stage: Stage, account: Account, kind: str, parent: int | None = None) -> Iterator[Criterion]:
    for entry in stage.objects.of("google_ads", account.id, kind, parent_id=parent):
        yield _criterion(entry)


def _criterion(one: AccountObject) -> Criterion:
    return Criterion(one.kind, one.parent_id, one.object_id, one.fields, one.created_at, one.removed_at)


def ad_group_criterion_attributes(account: Account, criterion: Criterion) -> Attributes:
    """A keyword by GAQL path."""
    fields, base = criterion.fields, f"customers/{account.id}"
    return {
        "ad_group_criterion.resource_name": f"{base}/adGroupCriteria/{criterion.parent}~{criterion.own}",
        "ad_group_criterion.criterion_id": criterion.own,
        "ad_group_criterion.status": "REMOVED" if criterion.is_removed else fields["status"],
        "ad_group_criterion.negative": fields["negative"],
        "ad_group_criterion.type": "KEYWORD",
        "ad_group_criterion.ad_group": f"{base}/adGroups/{criterion.parent}",
        "ad_group_criterion.keyword.text": fields["text"],
        "ad_group_criterion.keyword.match_type": fields["match_type"],
        "ad_group_criterion.cpc_bid_micros": fields.get("cpc_bid_micros"),
        "ad_group_criterion.age_range.type": None,
        "ad_group_criterion.gender.type": None,
    }


def demographic_attributes(account: Account, ad_group: int, criterion_id: int) -> Attributes:
    """An age range or a gender of an ad group by GAQL path."""
    base, is_age = f"customers/{account.id}", criterion_id in AGES
    return {
        "ad_group_criterion.resource_name": f"{base}/adGroupCriteria/{ad_group}~{criterion_id}",
        "ad_group_criterion.criterion_id": criterion_id,
        "ad_group_criterion.status": "ENABLED",
        "ad_group_criterion.negative": False,
        "ad_group_criterion.type": "AGE_RANGE" if is_age else "GENDER",
        "ad_group_criterion.ad_group": f"{base}/adGroups/{ad_group}",
        "ad_group_criterion.keyword.text": None,
        "ad_group_criterion.keyword.match_type": None,
        "ad_group_criterion.cpc_bid_micros": None,
        "ad_group_criterion.age_range.type": AGES.get(criterion_id),
        "ad_group_criterion.gender.type": GENDERS.get(criterion_id),
    }


def campaign_criterion_attributes(account: Account, criterion: Criterion) -> Attributes:
    """A campaign's negative keyword by GAQL path."""
    fields, base = criterion.fields, f"customers/{account.id}"
    return {
        "campaign_criterion.resource_name": f"{base}/campaignCriteria/{criterion.parent}~{criterion.own}",
        "campaign_criterion.criterion_id": criterion.own,
        "campaign_criterion.campaign": f"{base}/campaigns/{criterion.parent}",
        "campaign_criterion.negative": True,
        "campaign_criterion.type": "KEYWORD",
        "campaign_criterion.status": "REMOVED" if criterion.is_removed else "ENABLED",
        "campaign_criterion.keyword.text": fields["text"],
        "campaign_criterion.keyword.match_type": fields["match_type"],
        "campaign_criterion.user_list.user_list": None,
    }


def user_list_attributes(stage: Stage, account: Account, campaign: Attributes) -> Iterator[Attributes]:
    """The user lists that a campaign keeps out, as criteria."""
    for entry in user_lists.negative_rows(stage, account, campaign):
        own_id, base = campaign["campaign.id"], f"customers/{account.id}"
        yield entry | {
            "campaign_criterion.campaign": f"{base}/campaigns/{own_id}",
            "campaign_criterion.keyword.text": None,
            "campaign_criterion.keyword.match_type": None,
        }


def shared_set_attributes(stage: Stage, account: Account, criterion: Criterion) -> Attributes:
    """A list by GAQL path, with how many words it has and how many campaigns it is attached to."""
    fields, own_id = criterion.fields, criterion.own
    words_in = [w for w in shared_criteria(stage, account, shared_set=own_id) if not w.is_removed]
    links = [link for link in attachments(stage, account) if link.own == own_id and not link.is_removed]
    return {
        "shared_set.resource_name": f"customers/{account.id}/sharedSets/{own_id}",
        "shared_set.id": own_id,
        "shared_set.name": fields["name"],
        "shared_set.type": fields["type"],
        "shared_set.status": "REMOVED" if criterion.is_removed else "ENABLED",
        "shared_set.member_count": len(words_in),
        "shared_set.reference_count": len(links),
    }


def shared_criterion_attributes(account: Account, criterion: Criterion) -> Attributes:
    base = f"customers/{account.id}"
    return {
        "shared_criterion.resource_name": f"{base}/sharedCriteria/{criterion.parent}~{criterion.own}",
        "shared_criterion.shared_set": f"{base}/sharedSets/{criterion.parent}",
        "shared_criterion.criterion_id": criterion.own,
        "shared_criterion.type": "KEYWORD",
        "shared_criterion.keyword.text": criterion.fields["text"],
        "shared_criterion.keyword.match_type": criterion.fields["match_type"],
    }


def attachment_attributes(account: Account, criterion: Criterion) -> Attributes:
    base = f"customers/{account.id}"
    return {
        "campaign_shared_set.resource_name": f"{base}/campaignSharedSets/{criterion.parent}~{criterion.own}",
        "campaign_shared_set.campaign": f"{base}/campaigns/{criterion.parent}",
        "campaign_shared_set.shared_set": f"{base}/sharedSets/{criterion.own}",
        "campaign_shared_set.status": "REMOVED" if criterion.is_removed else "ENABLED",
    }


def account_list_attributes(account: Account, criterion: Criterion) -> Attributes:
    base = f"customers/{account.id}"
    return {
        "customer_negative_criterion.resource_name": f"{base}/customerNegativeCriteria/{criterion.own}",
        "customer_negative_criterion.id": criterion.own,
        "customer_negative_criterion.type": "NEGATIVE_KEYWORD_LIST",
        "customer_negative_criterion.negative_keyword_list.shared_set": (
            f"{base}/sharedSets/{criterion.fields['shared_set']}"
        ),
    }
