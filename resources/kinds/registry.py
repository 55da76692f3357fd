"""The one list of kinds of change. Adding a kind adds a line here and a folder beside this file."""

from importlib import import_module
from typing import Annotated, Any, get_args

from pydantic import Field

from resources.errors import DataUnusable
from resources.kinds.ad_texts.change import TextsChange, TextsRequest
from resources.kinds.audience_members.change import MembersChange
from resources.kinds.base import Change
from resources.kinds.bid.change import BidChange, BidRequest
from resources.kinds.daily_budget.change import BudgetChange
from resources.kinds.entity_status.change import StatusChange
from resources.kinds.excluded_audiences.change import ExclusionChange
from resources.kinds.list_attachment.change import AttachmentChange, AttachmentRequest
from resources.kinds.negative_keywords.change import NegativeKeywordsChange, NegativeKeywordsRequest
from resources.kinds.negative_list.change import NegativeListChange, NegativeListRequest
from resources.kinds.new_ad.change import NewAdChange, NewAdRequest

AnyChange = Annotated[
    StatusChange
    | BudgetChange
    | MembersChange
    | ExclusionChange
    | NegativeKeywordsChange
    | NegativeListChange
    | AttachmentChange
    | NewAdChange
    | TextsChange
    | BidChange,
    Field(discriminator="field"),
]
"""A change of any kind, told apart by its `field`."""
KINDS: dict[str, type[Change]] = {
    kind.model_fields["field"].default: kind for kind in get_args(get_args(AnyChange)[0])
}
"""The value of each kind, by its `field`."""
REQUESTS: dict[str, Any] = {
    "negative_keywords": NegativeKeywordsRequest,
    "negative_list": NegativeListRequest,
    "list_attachment": AttachmentRequest,
    "ad": NewAdRequest,
    "ad_texts": TextsRequest,
    "bid": BidRequest,
}
"""What people may ask for in a file, by the kind of change."""
_FOLDER = "resources.kinds"
WRITERS: dict[str, dict[str, str]] = {
    "negative_keywords": {
        "google_ads": f"{_FOLDER}.negative_keywords.writers.google_ads:GoogleNegativeKeywords"
    },
    "negative_list": {"google_ads": f"{_FOLDER}.negative_list.writers.google_ads:GoogleNegativeLists"},
    "list_attachment": {"google_ads": f"{_FOLDER}.list_attachment.writers.google_ads:GoogleListAttachments"},
    "ad": {
        "google_ads": f"{_FOLDER}.new_ad.writers.google_ads:GoogleNewAds",
        "meta_ads": f"{_FOLDER}.new_ad.writers.meta_ads:MetaNewAds",
        "linkedin_ads": f"{_FOLDER}.new_ad.writers.linkedin_ads:LinkedInNewAds",
    },
    "bid": {
        "google_ads": f"{_FOLDER}.bid.writers.google_ads:GoogleBids",
        "linkedin_ads": f"{_FOLDER}.bid.writers.linkedin_ads:LinkedInBids",
    },
    "ad_texts": {
        "google_ads": f"{_FOLDER}.ad_texts.writers.google_ads:GoogleAdTexts",
        "meta_ads": f"{_FOLDER}.ad_texts.writers.meta_ads:MetaAdTexts",
    },
}
"""Module and class that write a kind, by platform. Kinds without a line here are written by the side of the
platform that changes entities, or audiences. Modules load when they are first used.
"""
LIMITS = {
    "negative_keywords": f"{_FOLDER}.negative_keywords.limits",
    "negative_list": f"{_FOLDER}.negative_list.limits",
    "ad": f"{_FOLDER}.new_ad.limits",
    "ad_texts": f"{_FOLDER}.ad_texts.limits",
    "bid": f"{_FOLDER}.bid.limits",
}
"""Modules whose `LIMITS` are guardrails of a kind's own."""


def writer_of(field: str, platform: str, entities: Any) -> Any:
    """The writing side of a kind at a platform, over the login of the side that changes entities.

    Raises:
        DataUnusable: The platform has nothing of that kind.
    """
    if field not in WRITERS:
        return entities
    if platform not in WRITERS[field]:
        raise DataUnusable(f"{platform} has no {KINDS[field].title}: nothing can be changed there.")
    module, name = WRITERS[field][platform].split(":")
    return getattr(import_module(module), name)(entities)
