"""Texts of a responsive search ad at Google Ads, edited in place: a list in the mask replaces the whole list."""

from datetime import datetime

from resources.errors import PlatformRefused
from resources.kinds.ad_texts.change import TextsChange, ad_id_of, image_of
from resources.kinds.base import Change, Image, Target
from resources.kinds.new_ad.change import ad_set_of
from resources.kinds.new_ad.writers.google_ads import AD_FIELDS, content_of, fill_texts
from resources.platforms.call_context import CallContext
from resources.platforms.google_ads_write import GoogleAdsWriter
from resources.platforms.google_session import enum_name
from resources.platforms.writer import not_written_here

_MASKS = {
    "headlines": "responsive_search_ad.headlines",
    "descriptions": "responsive_search_ad.descriptions",
    "path1": "responsive_search_ad.path1",
    "path2": "responsive_search_ad.path2",
    "landing_page": "final_urls",
}


class GoogleAdTexts:
    """The writing side of texts, over the login of a `GoogleAdsWriter`."""

    platform = "google_ads"

    def __init__(self, entities: GoogleAdsWriter) -> None:
        self._entities, self._session = entities, entities.session

    def image(self, target: Target) -> Image:
        query = (
            f"SELECT {AD_FIELDS} FROM ad_group_ad WHERE ad_group.id = {int(ad_set_of(target).entity_id)} "
            f"AND ad_group_ad.ad.id = {int(ad_id_of(target))} AND ad_group_ad.status != 'REMOVED'"
        )
        rows = self._session.search(target.account_id, query, "Reading an ad")
        if not rows:
            context = CallContext(self.platform, f"Reading ad {target.entity_id}", target.account_id)
            raise PlatformRefused(**context.known(), said="there is none of that number")
        ad = rows[0].ad_group_ad
        return image_of(self._entities.image(ad_set_of(target)), enum_name(ad, "status"), content_of(ad.ad))

    def edited_at(self, target: Target) -> datetime | None:
        return self._entities.edited_at(ad_set_of(target))

    def budget_edits(self, target: Target, *, since: datetime) -> None:
        """Nothing here is about budgets."""

    def rehearse(self, change: Change) -> None:
        self._mutated(change, "Rehearsing texts", validate_only=True)

    def send(self, change: Change) -> str | None:
        return self._mutated(change, "Changing texts", validate_only=False)

    def _mutated(self, change: Change, what: str, *, validate_only: bool) -> str | None:
        if not isinstance(change, TextsChange):
            raise not_written_here(change)
        target, client = change.target, self._session.client
        request = client.get_type("MutateAdsRequest")
        request.customer_id, request.validate_only = target.account_id, validate_only
        operation = client.get_type("AdOperation")
        ad = operation.update
        ad.resource_name = f"customers/{target.account_id}/ads/{ad_id_of(target)}"
        fill_texts(self._session, ad.responsive_search_ad, change.content)
        ad.final_urls.append(change.content.landing_page)
        before, after = change.image.content, change.content
        changed = [mask for name, mask in _MASKS.items() if getattr(before, name) != getattr(after, name)]
        operation.update_mask.paths.extend(changed)
        request.operations.append(operation)
        method = self._session.service("AdService").mutate_ads
        context = CallContext(self.platform, what, target.account_id)
        return self._session.mutate(method, request, context, operations=1, validate_only=validate_only)
