"""Google's lists: keywords and negatives, where lists of them apply, texts of ads, audiences and their use.

A list that is attached to a campaign may belong to a manager account; then its words, and its name, may not be
readable from the customer (`CampaignSharedSet.shared_set` in the API's reference).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from resources.lake.schema import Table
from resources.platforms.account import Account
from resources.tables.audiences import GOOGLE_USES, RAW_AUDIENCES
from resources.tables.creatives import AD_TEXTS
from resources.tables.google_ads import KEYWORDS
from resources.tables.search_terms import KEYWORD_LIST_USES, KEYWORD_LISTS

AUDIENCES = RAW_AUDIENCES["google_ads"]
Row = dict[str, Any]


@dataclass(frozen=True)
class ListQuery:
    """A query of a list: resource, paths selected, and a row of ours from each answer (None: not of ours)."""

    resource: str
    fields: tuple[str, ...]
    row: Callable[[Row], Row | None]
    condition: str = ""

    @property
    def text(self) -> str:
        """The query in GAQL."""
        return f"SELECT {', '.join(self.fields)} FROM {self.resource}{self.condition}"


def _keyword_query(resource: str, *more: str) -> ListQuery:
    common = ("resource_name", "type", "keyword.text", "keyword.match_type")
    return ListQuery(
        resource, (*more, *(f"{resource}.{word}" for word in common)), lambda row: _keyword(resource, row)
    )


def _keyword(resource: str, row: Row) -> Row | None:
    if row[f"{resource}.type"] != "KEYWORD":
        return None
    return {
        "criterion_id": row[f"{resource}.resource_name"],
        "campaign_id": _id(row.get("campaign.id")),
        "ad_set_id": _id(row.get("ad_group.id")),
        "shared_set_id": _id(row.get("shared_set.id")),
        "text": row[f"{resource}.keyword.text"],
        "match_type": row[f"{resource}.keyword.match_type"],
        "is_negative": bool(row.get(f"{resource}.negative", resource == "shared_criterion")),
        "status": row.get(f"{resource}.status", "ENABLED"),
    }


def _shared_list(row: Row) -> Row:
    return {
        "shared_set_id": str(row["shared_set.id"]),
        "name": row["shared_set.name"],
        "type": row["shared_set.type"],
        "status": row["shared_set.status"],
        "words": row["shared_set.member_count"],
        "uses": row["shared_set.reference_count"],
    }


def _attached_list(row: Row) -> Row:
    return _use(row["campaign_shared_set.resource_name"], row["campaign_shared_set.shared_set"]) | {
        "level": "campaign",
        "campaign_id": row["campaign_shared_set.campaign"].rpartition("/")[2],
        "status": row["campaign_shared_set.status"],
    }


def _account_list(row: Row) -> Row | None:
    shared_set = row["customer_negative_criterion.negative_keyword_list.shared_set"]
    if not shared_set:  # other negatives of an account, such as placements
        return None
    own = {"level": "account", "campaign_id": None, "status": "ENABLED"}
    return _use(row["customer_negative_criterion.resource_name"], shared_set) | own


def _use(use_id: str, shared_set: str) -> Row:
    _, owner, _, number = shared_set.split("/")
    return {"use_id": use_id, "shared_set_id": number, "list_account_id": owner}


def _ad_text(row: Row) -> Row | None:
    text = row["asset.text_asset.text"]
    if text is None:  # a picture or a video
        return None
    pinned = row["ad_group_ad_asset_view.pinned_field"]
    return {
        "campaign_id": str(row["campaign.id"]),
        "ad_set_id": str(row["ad_group.id"]),
        "ad_id": str(row["ad_group_ad.ad.id"]),
        "asset_id": str(row["asset.id"]),
        "field_type": row["ad_group_ad_asset_view.field_type"],
        "text": text,
        "source": row["ad_group_ad_asset_view.source"],
        "is_enabled": bool(row["ad_group_ad_asset_view.enabled"]),
        "pinned_field": _said(pinned),
        "performance_label": _said(row["ad_group_ad_asset_view.performance_label"]),
    }


def _audience(row: Row) -> Row:
    people = row["user_list.size_for_search"]
    return {
        "audience_id": str(row["user_list.id"]),
        "name": row["user_list.name"],
        "kind": _said(row["user_list.type"]),
        "status": _said(row["user_list.membership_status"]),
        "size_low": people or None,
        "size_high": people or None,
    }


def _audience_use(row: Row) -> Row:
    return {
        "use_id": row["campaign_criterion.resource_name"],
        "campaign_id": str(row["campaign.id"]),
        "audience_id": row["campaign_criterion.user_list.user_list"].rpartition("/")[2],
        "use": "exclude" if row["campaign_criterion.negative"] else "include",
        "status": row["campaign_criterion.status"],
    }


def _paths(resource: str, *words: str) -> tuple[str, ...]:
    return tuple(f"{resource}.{word}" for word in words)


_LINK = _paths(
    "ad_group_ad_asset_view", "field_type", "source", "enabled", "pinned_field", "performance_label"
)
QUERIES: dict[str, tuple[ListQuery, ...]] = {
    KEYWORDS.name: (
        _keyword_query(
            "ad_group_criterion",
            "campaign.id",
            "ad_group.id",
            "ad_group_criterion.negative",
            "ad_group_criterion.status",
        ),
        _keyword_query(
            "campaign_criterion", "campaign.id", "campaign_criterion.negative", "campaign_criterion.status"
        ),
        _keyword_query("shared_criterion", "shared_set.id"),
    ),
    KEYWORD_LISTS.name: (
        ListQuery(
            "shared_set",
            _paths("shared_set", "id", "name", "type", "status", "member_count", "reference_count"),
            _shared_list,
        ),
    ),
    KEYWORD_LIST_USES.name: (
        ListQuery(
            "campaign_shared_set",
            _paths("campaign_shared_set", "resource_name", "campaign", "shared_set", "status"),
            _attached_list,
        ),
        ListQuery(
            "customer_negative_criterion",
            _paths("customer_negative_criterion", "resource_name", "negative_keyword_list.shared_set"),
            _account_list,
        ),
    ),
    AD_TEXTS.name: (
        ListQuery(
            "ad_group_ad_asset_view",
            (
                "campaign.id",
                "ad_group.id",
                "ad_group_ad.ad.id",
                "asset.id",
                "asset.text_asset.text",
                *_LINK,
            ),
            _ad_text,
        ),
    ),
    AUDIENCES.name: (
        ListQuery(
            "user_list",
            _paths("user_list", "id", "name", "type", "membership_status", "size_for_search"),
            _audience,
        ),
    ),
    GOOGLE_USES.name: (
        ListQuery(
            "campaign_criterion",
            (
                "campaign.id",
                *_paths("campaign_criterion", "resource_name", "user_list.user_list", "negative", "status"),
            ),
            _audience_use,
            " WHERE campaign_criterion.type = 'USER_LIST'",
        ),
    ),
}
"""The queries that fill each list."""


def list_rows(
    table: Table, account: Account, answers: Sequence[tuple[ListQuery, Sequence[Row]]], pulled_at: datetime
) -> pa.Table:
    """The answers of a list's queries as rows of its table."""
    shared = {"account_id": account.account_id, "pulled_at": pulled_at}
    rows = [row | shared for query, given in answers for one in given if (row := query.row(one)) is not None]
    return pa.Table.from_pylist(rows, schema=table.schema)


def _said(word: str | None) -> str | None:
    """An enum's name, None where Google says nothing."""
    return None if word in {None, "UNSPECIFIED", "UNKNOWN"} else word


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)
