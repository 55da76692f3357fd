"""Texts of a link ad at Meta. A creative's words never change, so the ad is given another creative: two requests,
of which the first shows nothing by itself.
"""

import json
from datetime import datetime
from typing import Any

from resources.errors import PlatformRefused
from resources.kinds.ad_content import AdContent, AdLine
from resources.kinds.ad_texts.change import TextsChange, ad_id_of, image_of
from resources.kinds.base import Change, Image, Target
from resources.kinds.new_ad.change import ad_set_of
from resources.kinds.new_ad.writers.meta_ads import creative_fields
from resources.platforms.call_context import CallContext
from resources.platforms.meta_ads_write import MetaAdsWriter
from resources.platforms.writer import not_written_here, rehearsed, sent_once


class MetaAdTexts:
    """The writing side of texts, over the login of a `MetaAdsWriter`."""

    platform = "meta_ads"

    def __init__(self, entities: MetaAdsWriter) -> None:
        self._entities, self._client = entities, entities.client

    def image(self, target: Target) -> Image:
        ad_set = ad_set_of(target)
        context = CallContext(self.platform, f"Reading ad {ad_id_of(target)}", target.account_id)
        fields = {"fields": "id,status,adset_id,creative{id,object_story_spec}"}
        ad = self._client.get(ad_id_of(target), fields, context)
        if str(ad.get("adset_id")) != ad_set.entity_id:
            raise PlatformRefused(**context.known(), said="it belongs to another ad set")
        creative = ad.get("creative") or {}
        content = _content_of(creative.get("object_story_spec") or {})
        if content is None:
            raise PlatformRefused(
                **context.known(), said="it is no link ad, so its texts are not edited here"
            )
        return image_of(self._entities.image(ad_set), str(ad["status"]), content, str(creative["id"]))

    def edited_at(self, target: Target) -> datetime | None:
        return self._entities.edited_at(ad_set_of(target))

    def budget_edits(self, target: Target, *, since: datetime) -> None:
        """Nothing here is about budgets."""

    def rehearse(self, change: Change) -> None:
        """Meta checks the creative; the ad needs one that is there."""
        change = _of_kind(change)
        context = CallContext(self.platform, "Rehearsing a creative", change.target.account_id)
        fields = {**creative_fields(change.content), "execution_options": '["validate_only"]'}
        with rehearsed():
            self._client.write(f"act_{change.target.account_id}/adcreatives", fields, context)

    def send(self, change: Change) -> str | None:
        change = _of_kind(change)
        context = CallContext(self.platform, "Changing texts", change.target.account_id)
        with sent_once(context):
            edge = f"act_{change.target.account_id}/adcreatives"
            creative = self._client.create(edge, creative_fields(change.content), context)
            fields = {"creative": json.dumps({"creative_id": creative})}
            return self._client.write(ad_id_of(change.target), fields, context)
        raise AssertionError("the errors are raised as ours")


def _content_of(story: dict[str, Any]) -> AdContent | None:
    """The words of a link ad; None of any other."""
    link = story.get("link_data")
    if not isinstance(link, dict):
        return None
    description = link.get("description")
    return AdContent(
        headlines=(AdLine(text=link.get("name", "")),),
        descriptions=(AdLine(text=description),) if description else (),
        primary_text=link.get("message", ""),
        landing_page=link.get("link", ""),
        call_to_action=(link.get("call_to_action") or {}).get("type", ""),
        page=str(story.get("page_id", "")),
    )


def _of_kind(change: Change) -> TextsChange:
    if not isinstance(change, TextsChange):
        raise not_written_here(change)
    return change
