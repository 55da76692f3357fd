"""Responsive search ads: those of the world and those that were created since, with their texts, and the
texts as assets.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from sandbox.catalog import AdText
from sandbox.running_world import Stage
from sandbox.world import Account

Attributes = dict[str, Any]
Text = tuple[str, str]
"""A line and the position it is pinned to, UNSPECIFIED for none."""
UNPINNED = "UNSPECIFIED"
_PERFORMANCE = ("LOW", "GOOD", "BEST", "LEARNING", "PENDING")


@dataclass(frozen=True)
class Ad:
    """An ad as it stands now."""

    own: int
    ad_group: int
    status: str
    name: str
    headlines: tuple[Text, ...]
    descriptions: tuple[Text, ...]
    final_urls: tuple[str, ...]
    path1: str = ""
    path2: str = ""
    is_rejected: bool = False
    is_reviewed: bool = True
    is_created: bool = False
    """Created through the API."""


def of_row(stage: Stage, account: Account, row: int, status: str) -> Ad:
    """An ad, with texts that were edited since it began."""
    catalog = stage.market.catalog(account)
    own_id, ad_group = int(catalog.ads.id[row]), int(catalog.ad_sets.id[catalog.ads.ad_set[row]])
    texts = stage.market.texts(account, row)
    edited = stage.objects.find(("google_ads", account.id, "ad_group_ad", ad_group, own_id))
    fields: Attributes = {
        "headlines": tuple((text, UNPINNED) for text in texts["headlines"]),
        "descriptions": tuple((text, UNPINNED) for text in texts["descriptions"]),
        "final_urls": (str(texts["landing_page"]),),
        "path1": "",
        "path2": "",
    } | (edited.fields if edited else {})
    rejected = stage.market.diary.is_disapproved(catalog, row, stage.today(account))
    removed = edited is not None and edited.removed_at is not None
    is_created = stage.market.created_ad(account, row) is not None
    return Ad(
        own_id,
        ad_group,
        "REMOVED" if removed else status,
        "" if is_created else catalog.ads.name[row],
        fields["headlines"],
        fields["descriptions"],
        fields["final_urls"],
        fields["path1"],
        fields["path2"],
        is_rejected=rejected,
        is_reviewed=not stage.market.is_in_review(account, row),
        is_created=is_created,
    )


def words(fields: Attributes) -> AdText:
    """An ad's texts as the market takes them."""
    return AdText(
        tuple(text for text, _ in fields["headlines"]),
        tuple(text for text, _ in fields["descriptions"]),
        fields["final_urls"][0] if fields["final_urls"] else "",
    )


def attributes(account: Account, ad: Ad, labels: list[str]) -> Attributes:
    """An ad by GAQL path, without what is above it."""
    base = f"customers/{account.id}"
    stopped = ad.status != "ENABLED"
    return {
        "ad_group_ad.resource_name": f"{base}/adGroupAds/{ad.ad_group}~{ad.own}",
        "ad_group_ad.status": ad.status,
        "ad_group_ad.primary_status": (
            ad.status if stopped else "NOT_ELIGIBLE" if ad.is_rejected else "ELIGIBLE"
        ),
        "ad_group_ad.policy_summary.approval_status": (
            "DISAPPROVED" if ad.is_rejected else "APPROVED" if ad.is_reviewed else "UNKNOWN"
        ),
        "ad_group_ad.policy_summary.review_status": "REVIEWED" if ad.is_reviewed else "REVIEW_IN_PROGRESS",
        "ad_group_ad.ad_group": f"{base}/adGroups/{ad.ad_group}",
        "ad_group_ad.labels": labels,
        "ad_group_ad.ad.id": ad.own,
        "ad_group_ad.ad.name": ad.name,
        "ad_group_ad.ad.type": "RESPONSIVE_SEARCH_AD",
        "ad_group_ad.ad.final_urls": list(ad.final_urls),
        "ad_group_ad.ad.responsive_search_ad.headlines": list(ad.headlines),
        "ad_group_ad.ad.responsive_search_ad.descriptions": list(ad.descriptions),
        "ad_group_ad.ad.responsive_search_ad.path1": ad.path1,
        "ad_group_ad.ad.responsive_search_ad.path2": ad.path2,
    }


def asset_id(text: str) -> int:
    """The id of a text's asset: the same text is the same asset in every ad."""
    return 40_000_000_000 + crc32(text.encode())


def asset_attributes(account: Account, text: str) -> Attributes:
    own_id = asset_id(text)
    return {
        "asset.resource_name": f"customers/{account.id}/assets/{own_id}",
        "asset.id": own_id,
        "asset.type": "TEXT",
        "asset.text_asset.text": text,
    }


def asset_links(stage: Stage, account: Account, ad: Ad) -> Iterator[tuple[str, Attributes]]:
    """Every text of an ad with its link by GAQL path; texts that were taken out stay, with enabled false."""
    lines = [("HEADLINE", *line) for line in ad.headlines] + [
        ("DESCRIPTION", *line) for line in ad.descriptions
    ]
    now = {(kind, text) for kind, text, _ in lines}
    old = [line for line in _replaced(stage, account, ad) if line[:2] not in now]
    base = f"customers/{account.id}"
    for kind, text, pinned in [*lines, *dict.fromkeys(old)]:
        own_id = asset_id(text)
        yield (
            text,
            {
                "ad_group_ad_asset_view.resource_name": (
                    f"{base}/adGroupAdAssetViews/{ad.ad_group}~{ad.own}~{own_id}~{kind}"
                ),
                "ad_group_ad_asset_view.ad_group_ad": f"{base}/adGroupAds/{ad.ad_group}~{ad.own}",
                "ad_group_ad_asset_view.asset": f"{base}/assets/{own_id}",
                "ad_group_ad_asset_view.field_type": kind,
                "ad_group_ad_asset_view.enabled": (kind, text) in now,
                "ad_group_ad_asset_view.pinned_field": pinned,
                "ad_group_ad_asset_view.performance_label": (
                    "PENDING" if ad.is_created else _PERFORMANCE[(ad.own + own_id) % 5]
                ),
                "ad_group_ad_asset_view.source": "ADVERTISER",
            },
        )


def _replaced(stage: Stage, account: Account, ad: Ad) -> list[tuple[str, str, str]]:
    """Lines that edits took out."""
    edited = stage.objects.find(("google_ads", account.id, "ad_group_ad", ad.ad_group, ad.own))
    kinds = {"headlines": "HEADLINE", "descriptions": "DESCRIPTION"}
    return [
        (kinds[name], *line)
        for _, old in (edited.edits if edited else ())
        for name, lines in old.items()
        if name in kinds and lines is not None
        for line in lines
    ]


def rows_of_ad_group(stage: Stage, account: Account, ad_group_row: int) -> np.ndarray:
    """Rows of the market's ads in an ad group."""
    return np.flatnonzero(stage.market.catalog(account).ads.ad_set == ad_group_row)
