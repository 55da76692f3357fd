"""Link ads at Meta, made paused: a creative with the words, then the ad that shows it.

Two requests, because a creative is an object of its own. It shows nothing by itself, so one whose ad was never
made does no harm, and is not made again: the ad's name carries the mark by which it is found.
"""

import json
from datetime import datetime
from typing import Any

import msgspec

from resources.kinds.ad_content import AdContent
from resources.kinds.base import Change, Image, Target
from resources.kinds.new_ad.change import NewAdChange, ad_set_of, image_of, mark_of, name_of
from resources.platforms.call_context import CallContext
from resources.platforms.meta_ads_write import MetaAdsWriter
from resources.platforms.writer import not_written_here, rehearsed, sent_once

GONE = frozenset({"ARCHIVED", "DELETED"})


class MetaAd(msgspec.Struct):
    """An ad of an ad set as Meta lists it."""

    id: str
    name: str = ""
    status: str = ""
    adset_id: str = ""


class MetaNewAds:
    """The writing side of new ads, over the login of a `MetaAdsWriter`."""

    platform = "meta_ads"

    def __init__(self, entities: MetaAdsWriter) -> None:
        self._entities, self._client = entities, entities.client

    def image(self, target: Target) -> Image:
        ad_set, mark = ad_set_of(target), f"[{mark_of(target)}]"
        context = CallContext(self.platform, "Reading ads", target.account_id)
        rule = {"field": "name", "operator": "CONTAIN", "value": mark}
        parameters = {"fields": "id,name,status,adset_id", "filtering": json.dumps([rule])}
        pages = self._client.pages(f"act_{target.account_id}/ads", parameters, context, shape=MetaAd)
        ads = [
            ad
            for page in pages
            for ad in page
            if ad.adset_id == ad_set.entity_id and mark in ad.name and ad.status not in GONE
        ]
        return image_of(self._entities.image(ad_set), (ads[0].id, ads[0].status) if ads else None)

    def edited_at(self, target: Target) -> datetime | None:
        return self._entities.edited_at(ad_set_of(target))

    def budget_edits(self, target: Target, *, since: datetime) -> None:
        """Nothing here is about budgets."""

    def rehearse(self, change: Change) -> None:
        """Meta checks the creative; the ad needs one that is there."""
        change = _of_kind(change)
        context = CallContext(self.platform, "Rehearsing a creative", change.target.account_id)
        if change.is_removed:
            return
        fields = {**creative_fields(change.content), "execution_options": '["validate_only"]'}
        with rehearsed():
            self._client.write(f"act_{change.target.account_id}/adcreatives", fields, context)

    def send(self, change: Change) -> str | None:
        change = _of_kind(change)
        context = CallContext(self.platform, "Making an ad", change.target.account_id)
        if change.is_removed:
            with sent_once(context):
                return self._client.write(str(change.image.ad_id), {"status": "ARCHIVED"}, context)
            raise AssertionError("the errors are raised as ours")
        account = f"act_{change.target.account_id}"
        with sent_once(context):
            creative = self._client.create(f"{account}/adcreatives", creative_fields(change.content), context)
            fields = {
                "name": name_of(change.content),
                "adset_id": ad_set_of(change.target).entity_id,
                "creative": json.dumps({"creative_id": creative}),
                "status": "PAUSED",
            }
            return self._client.create(f"{account}/ads", fields, context)
        raise AssertionError("the errors are raised as ours")


def creative_fields(content: AdContent) -> dict[str, str]:
    """The parameters of a creative with these words."""
    link: dict[str, Any] = {
        "link": content.landing_page,
        "message": content.primary_text,
        "name": content.headlines[0].text,
    }
    if content.descriptions:
        link["description"] = content.descriptions[0].text
    if content.call_to_action:
        link["call_to_action"] = {"type": content.call_to_action, "value": {"link": content.landing_page}}
    story = {"page_id": content.page, "link_data": link}
    return {"name": name_of(content), "object_story_spec": json.dumps(story)}


def _of_kind(change: Change) -> NewAdChange:
    if not isinstance(change, NewAdChange):
        raise not_written_here(change)
    return change
