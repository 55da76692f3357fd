"""Responsive search ads at Google Ads, made paused.

They have no name to carry a mark, so an ad of ours is one whose words have it: every text, pin, path and
landing page of each ad of the ad group is read and compared.
"""

from datetime import datetime
from typing import Any

from resources.kinds.ad_content import AdContent, AdLine
from resources.kinds.base import Change, Image, Target
from resources.kinds.new_ad.change import NewAdChange, ad_set_of, image_of, mark_of
from resources.platforms.call_context import CallContext
from resources.platforms.google_ads_write import GoogleAdsWriter
from resources.platforms.google_session import enum_name
from resources.platforms.writer import not_written_here

UNPINNED = frozenset({"UNSPECIFIED", "UNKNOWN"})
AD_FIELDS = (
    "ad_group_ad.resource_name, ad_group_ad.status, ad_group_ad.ad.id, ad_group_ad.ad.final_urls, "
    "ad_group_ad.ad.responsive_search_ad.headlines, ad_group_ad.ad.responsive_search_ad.descriptions, "
    "ad_group_ad.ad.responsive_search_ad.path1, ad_group_ad.ad.responsive_search_ad.path2"
)


class GoogleNewAds:
    """The writing side of new ads, over the login of a `GoogleAdsWriter`."""

    platform = "google_ads"

    def __init__(self, entities: GoogleAdsWriter) -> None:
        self._entities, self._session = entities, entities.session

    def image(self, target: Target) -> Image:
        ad = self._ad(target)
        id_and_status = None if ad is None else (str(ad.ad.id), enum_name(ad, "status"))
        return image_of(self._entities.image(ad_set_of(target)), id_and_status)

    def edited_at(self, target: Target) -> datetime | None:
        return self._entities.edited_at(ad_set_of(target))

    def budget_edits(self, target: Target, *, since: datetime) -> None:
        """Nothing here is about budgets."""

    def rehearse(self, change: Change) -> None:
        self._mutated(change, "Rehearsing an ad", validate_only=True)

    def send(self, change: Change) -> str | None:
        return self._mutated(change, "Making an ad", validate_only=False)

    def _mutated(self, change: Change, what: str, *, validate_only: bool) -> str | None:
        if not isinstance(change, NewAdChange):
            raise not_written_here(change)
        target, client = change.target, self._session.client
        request = client.get_type("MutateAdGroupAdsRequest")
        request.customer_id, request.validate_only = target.account_id, validate_only
        operation = client.get_type("AdGroupAdOperation")
        if change.is_removed:
            ad_group = ad_set_of(target).entity_id
            operation.remove = f"customers/{target.account_id}/adGroupAds/{ad_group}~{change.image.ad_id}"
        else:
            self._fill(operation.create, target, change.content)
        request.operations.append(operation)
        method = self._session.service("AdGroupAdService").mutate_ad_group_ads
        context = CallContext(self.platform, what, target.account_id)
        return self._session.mutate(method, request, context, operations=1, validate_only=validate_only)

    def _fill(self, created: Any, target: Target, content: AdContent) -> None:
        created.ad_group = f"customers/{target.account_id}/adGroups/{ad_set_of(target).entity_id}"
        created.status = self._session.enum("AdGroupAdStatusEnum", "PAUSED")
        created.ad.final_urls.append(content.landing_page)
        fill_texts(self._session, created.ad.responsive_search_ad, content)

    def _ad(self, target: Target) -> Any:
        """The ad whose words have the mark, None where there is none."""
        ad_group = int(ad_set_of(target).entity_id)
        query = (
            f"SELECT {AD_FIELDS} FROM ad_group_ad WHERE ad_group.id = {ad_group} AND ad_group_ad.status !="
            " 'REMOVED' AND ad_group_ad.ad.type = 'RESPONSIVE_SEARCH_AD'"
        )
        rows = self._session.search(target.account_id, query, "Reading ads")
        mark = mark_of(target)
        return next((row.ad_group_ad for row in rows if content_of(row.ad_group_ad.ad).mark == mark), None)


def fill_texts(session: Any, message: Any, content: AdContent) -> None:
    """Write the texts of an ad into a responsive search ad."""
    for lines, name in ((content.headlines, "headlines"), (content.descriptions, "descriptions")):
        for line in lines:
            asset = session.client.get_type("AdTextAsset")
            asset.text = line.text
            if line.pinned_to:
                asset.pinned_field = session.enum("ServedAssetFieldTypeEnum", line.pinned_to)
            getattr(message, name).append(asset)
    if content.path1:
        message.path1 = content.path1
    if content.path2:
        message.path2 = content.path2


def content_of(ad: Any) -> AdContent:
    """Every word of a responsive search ad."""
    search = ad.responsive_search_ad
    return AdContent(
        headlines=tuple(map(_line, search.headlines)),
        descriptions=tuple(map(_line, search.descriptions)),
        landing_page=next(iter(ad.final_urls), ""),
        path1=search.path1,
        path2=search.path2,
    )


def _line(asset: Any) -> AdLine:
    pinned_to = enum_name(asset, "pinned_field")
    return AdLine(text=asset.text, pinned_to="" if pinned_to in UNPINNED else pinned_to)
