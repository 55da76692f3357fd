"""Sponsored posts at LinkedIn, made as drafts in one call that makes the post and the creative.

LinkedIn refuses to make a creative paused while it is not reviewed; a draft does not deliver either. The
creative's name carries the mark by which it is found.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote

from resources.errors import OutcomeUnknown, PlatformRefused
from resources.kinds.ad_content import AdContent
from resources.kinds.base import Change, Image, Target
from resources.kinds.new_ad.change import NewAdChange, ad_set_of, image_of, mark_of, name_of
from resources.platforms.call_context import CallContext
from resources.platforms.linkedin_ads_write import LinkedInAdsWriter
from resources.platforms.writer import not_written_here, sent_once

GONE = frozenset({"ARCHIVED", "REMOVED", "PENDING_DELETION", "CANCELED"})
DRAFT = "DRAFT"
PAGE = 100


class LinkedInNewAds:
    """The writing side of new ads, over the login of a `LinkedInAdsWriter`."""

    platform = "linkedin_ads"

    def __init__(self, entities: LinkedInAdsWriter) -> None:
        self._entities, self._client = entities, entities.client

    def image(self, target: Target) -> Image:
        ad_set, mark = ad_set_of(target), f"[{mark_of(target)}]"
        context = CallContext(self.platform, "Reading creatives", target.account_id)
        query = {"q": "criteria", "campaigns": [f"urn:li:sponsoredCampaign:{ad_set.entity_id}"]}
        path = f"adAccounts/{target.account_id}/creatives"
        creatives = [
            creative
            for creative in self._client.elements(path, query, PAGE, context)
            if mark in str(creative.get("name") or "") and creative["intendedStatus"] not in GONE
        ]
        first = (str(creatives[0]["id"]), str(creatives[0]["intendedStatus"])) if creatives else None
        return image_of(self._entities.image(ad_set), first)

    def edited_at(self, target: Target) -> datetime | None:
        return self._entities.edited_at(ad_set_of(target))

    def budget_edits(self, target: Target, *, since: datetime) -> None:
        """Nothing here is about budgets."""

    def rehearse(self, change: Change) -> None:
        """LinkedIn has no dry run: the limits and the read-back have to do."""

    def send(self, change: Change) -> str | None:
        if not isinstance(change, NewAdChange):
            raise not_written_here(change)
        target = change.target
        context = CallContext(self.platform, "Making an ad", target.account_id)
        collection = f"adAccounts/{target.account_id}/creatives"
        with _never_refused(context, is_nested=not change.is_removed), sent_once(context):
            if not change.is_removed:
                answer, header_id = self._client.post(
                    f"{collection}?action=createInline",
                    {"creative": _inline(target, change.content)},
                    context,
                    method="ACTION",
                )
                return str((answer.get("value") or {}).get("creative") or header_id)
            path = f"{collection}/{quote(str(change.image.ad_id), safe='')}"
            if change.image.ad_status == DRAFT:
                return self._client.delete(path, context)
            return self._client.patch(path, {"intendedStatus": "PENDING_DELETION"}, context)
        raise AssertionError("the errors are raised as ours")


@contextmanager
def _never_refused(context: CallContext, *, is_nested: bool) -> Iterator[None]:
    """A call that makes two objects is refused for neither by an error: the post may stand without a creative."""
    try:
        yield
    except PlatformRefused as error:
        if not is_nested:
            raise
        raise OutcomeUnknown(**context.known(), said=error.said, trace=error.trace) from error


def _inline(target: Target, content: AdContent) -> dict[str, Any]:
    """A creative with its post, as LinkedIn makes both in one call."""
    post = {
        "author": f"urn:li:organization:{content.page}",
        "adContext": {
            "dscAdAccount": f"urn:li:sponsoredAccount:{target.account_id}",
            "dscStatus": "ACTIVE",
        },
        "commentary": content.primary_text,
        "visibility": "PUBLIC",
        "lifecycleState": "PUBLISHED",
        "distribution": {"feedDistribution": "NONE"},
        "contentLandingPage": content.landing_page,
        "content": {"media": {"title": content.headlines[0].text}},
    }
    if content.call_to_action:
        post["contentCallToActionLabel"] = content.call_to_action
    return {
        "campaign": f"urn:li:sponsoredCampaign:{ad_set_of(target).entity_id}",
        "intendedStatus": DRAFT,
        "name": name_of(content),
        "inlineContent": {"post": post},
    }
