"""Negative keywords at Google Ads: criteria of ad groups and campaigns, and words of shared lists.

A keyword's text, match type and sign never change, so a change is a set of creates and removes, in one
transaction. The list of an account is a shared list of a type of its own, tied to the account by a criterion.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from resources.errors import PlatformRefused
from resources.kinds.base import Change, Image, Target
from resources.kinds.keywords import Keyword, digest_of
from resources.kinds.negative_keywords.change import KeywordImage, NegativeKeywordsChange
from resources.platforms.call_context import CallContext
from resources.platforms.google_ads_write import GoogleAdsWriter
from resources.platforms.google_session import enum_name
from resources.platforms.writer import not_written_here

_MATCH_TYPES = {"EXACT": "exact", "PHRASE": "phrase", "BROAD": "broad"}


@dataclass(frozen=True)
class _Place:
    """Where Google keeps the negatives of a level: the resource, its operation, and the field of its parent."""

    resource: str
    message: str
    operation: str
    parent: str
    collection: str
    condition: str


_AD_GROUP = _Place(
    "ad_group_criterion", "AdGroupCriterion", "ad_group_criterion_operation", "ad_group", "adGroups",
    "ad_group.id = {} AND ad_group_criterion.negative = TRUE AND ad_group_criterion.status != 'REMOVED'",
)  # fmt: skip
_CAMPAIGN = _Place(
    "campaign_criterion", "CampaignCriterion", "campaign_criterion_operation", "campaign", "campaigns",
    "campaign.id = {} AND campaign_criterion.negative = TRUE AND campaign_criterion.status != 'REMOVED'",
)  # fmt: skip
_LIST = _Place(
    "shared_criterion", "SharedCriterion", "shared_criterion_operation", "shared_set", "sharedSets", "shared_set.id = {}"
)  # fmt: skip
_PLACES = {"ad_set": _AD_GROUP, "campaign": _CAMPAIGN, "negative_list": _LIST, "account": _LIST}


class GoogleNegativeKeywords:
    """The writing side of negative keywords, over the login of a `GoogleAdsWriter`."""

    platform = "google_ads"

    def __init__(self, entities: GoogleAdsWriter) -> None:
        self._entities, self._session = entities, entities.session

    def image(self, target: Target) -> Image:
        present = {_key(criterion): name for name, criterion in self._criteria(target)}
        facts = self._of_entity(target) if target.level in {"ad_set", "campaign"} else self._of_list(target)
        return KeywordImage(
            **facts, count=len(present), digest=digest_of(present), present=frozenset(present)
        )

    def edited_at(self, target: Target) -> datetime | None:
        """Google's change history has no events for words of lists; the digest of the image finds an edit."""
        del target
        return None

    def budget_edits(self, target: Target, *, since: datetime) -> None:
        """Nothing here is about budgets."""

    def rehearse(self, change: Change) -> None:
        self._mutated(change, "Rehearsing negative keywords", validate_only=True)

    def send(self, change: Change) -> str | None:
        return self._mutated(change, "Changing negative keywords", validate_only=False)

    def _mutated(self, change: Change, what: str, *, validate_only: bool) -> str | None:
        if not isinstance(change, NegativeKeywordsChange):
            raise not_written_here(change)
        target = change.target
        context = CallContext(self.platform, what, target.account_id)
        operations = [*self._creates(target, change.adds), *self._removes(target, change.removes)]
        return self._session.mutate_all(target.account_id, operations, context, validate_only=validate_only)

    def _creates(self, target: Target, keywords: Iterable[Keyword]) -> Iterable[Any]:
        place, client = _PLACES[target.level], self._session.client
        parent = f"customers/{target.account_id}/{place.collection}/{self._parent_id(target)}"
        for keyword in keywords:
            operation = client.get_type("MutateOperation")
            created = getattr(operation, place.operation).create
            setattr(created, place.parent, parent)
            if place is not _LIST:
                created.negative = True
            created.keyword.text = keyword.text
            created.keyword.match_type = self._session.enum(
                "KeywordMatchTypeEnum", keyword.match_type.upper()
            )
            yield operation

    def _removes(self, target: Target, keywords: Iterable[Keyword]) -> Iterable[Any]:
        keywords = tuple(keywords)
        if not keywords:
            return
        place, client = _PLACES[target.level], self._session.client
        names = {_key(criterion): name for name, criterion in self._criteria(target)}
        for keyword in keywords:
            if keyword.key not in names:
                raise self._refused(target, f"{keyword.words} is not among the negative keywords any more")
            operation = client.get_type("MutateOperation")
            getattr(operation, place.operation).remove = names[keyword.key]
            yield operation

    def _criteria(self, target: Target) -> list[tuple[str, Any]]:
        """Resource name and keyword of every negative keyword of the place."""
        place = _PLACES[target.level]
        resource = place.resource
        query = (
            f"SELECT {resource}.resource_name, {resource}.keyword.text, {resource}.keyword.match_type FROM"
            f" {resource} WHERE {place.condition.format(self._parent_id(target))} AND {resource}.type ="
            " 'KEYWORD'"
        )
        rows = self._session.search(target.account_id, query, "Reading negative keywords")
        criteria = [getattr(row, resource) for row in rows]
        return [(criterion.resource_name, criterion.keyword) for criterion in criteria]

    def _parent_id(self, target: Target) -> int:
        return self._account_list(target) if target.level == "account" else int(target.entity_id)

    def _account_list(self, target: Target) -> int:
        query = (
            "SELECT customer_negative_criterion.negative_keyword_list.shared_set FROM"
            " customer_negative_criterion WHERE customer_negative_criterion.type = 'NEGATIVE_KEYWORD_LIST'"
        )
        rows = self._session.search(target.account_id, query, "Reading the account's negative keywords")
        names = [row.customer_negative_criterion.negative_keyword_list.shared_set for row in rows]
        if not names:
            raise self._refused(target, "the account has no list of negative keywords")
        return int(names[0].rsplit("/", 1)[-1])

    def _of_entity(self, target: Target) -> dict[str, Any]:
        """What an image says of the ad group or campaign whose own negatives change; no budget is among it."""
        image = self._entities.image(target)
        names = (
            "name", "campaign_id", "campaign_name", "status", "native_status", "currency", "labels",
        )  # fmt: skip
        return {name: getattr(image, name) for name in names}

    def _of_list(self, target: Target) -> dict[str, Any]:
        """What an image says of a list: the campaigns it holds for, and their labels."""
        list_id = self._parent_id(target)
        fields = "shared_set.id, shared_set.name, shared_set.status"
        rows = self._session.search(
            target.account_id,
            f"SELECT {fields} FROM shared_set WHERE shared_set.id = {list_id} AND shared_set.status ="
            " 'ENABLED'",
            "Reading a list",
        )
        if not rows:
            raise self._refused(target, "there is no list of that number")
        campaigns = self._entities.campaigns(
            target.account_id, list_id=None if target.level == "account" else list_id
        )
        return {
            "name": rows[0].shared_set.name,
            "campaign_id": None,
            "campaign_name": None,
            "status": "active",
            "native_status": "ENABLED",
            "currency": "",
            "shared_by": len(campaigns.ids),
            "labels": campaigns.labels,
            "campaigns": campaigns.ids,
        }

    def _refused(self, target: Target, problem: str) -> PlatformRefused:
        context = CallContext(self.platform, f"Reading {target.level} {target.entity_id}", target.account_id)
        return PlatformRefused(**context.known(), said=problem)


def _key(keyword: Any) -> tuple[str, str]:
    return Keyword(text=keyword.text, match_type=_MATCH_TYPES[enum_name(keyword, "match_type")]).key
