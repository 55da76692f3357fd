"""Ads taken apart into text units: role and words, with picture, call to action and landing page.

Headline, body and introduction are what the three platforms have in common: Google's headlines and descriptions;
Meta's title, description and primary text; LinkedIn's headline, description and introductory text.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

HEADLINE, BODY, INTRODUCTION = "headline", "body", "introduction"


@dataclass(frozen=True)
class TextUnit:
    """One text of an ad."""

    role: str
    text: str
    picture: str | None = None
    call_to_action: str | None = None
    landing_page: str | None = None

    @property
    def text_id(self) -> str:
        """Digest of role and words, 16 hexadecimal digits; SQL makes the same of both (`TEXT_ID`)."""
        return hashlib.sha256(f"{self.role}\n{self.text}".encode()).hexdigest()[:16]


TEXT_ID = "substr(sha256({role} || chr(10) || {text}), 1, 16)"


def text_units(
    platform: str, creative: str, posts: Mapping[str, Mapping[str, Any]] | None = None
) -> list[TextUnit]:
    """The units of an ad from the JSON that core/entities holds, each once.

    Args:
        platform: google_ads, meta_ads or linkedin_ads.
        creative: The platform's own description of the ad, as JSON.
        posts: Rows of raw/linkedin_ads_posts by URN.
    """
    content = json.loads(creative)
    units = _READERS[platform](content, posts or {})
    return list({unit.text_id: unit for unit in units if unit.text}.values())


def _google(content: dict[str, Any], posts: Mapping[str, Any]) -> Iterator[TextUnit]:
    del posts
    landing_page = next(iter(content.get("final_urls") or ()), None)
    for role, kind in ((HEADLINE, "headlines"), (BODY, "descriptions")):
        for text in content.get(kind) or ():
            yield TextUnit(role, text, landing_page=landing_page)


def _meta(content: dict[str, Any], posts: Mapping[str, Any]) -> Iterator[TextUnit]:
    del posts
    story, feed = content.get("object_story_spec") or {}, content.get("asset_feed_spec") or {}
    shown = story.get("link_data") or story.get("video_data") or {}
    action = shown.get("call_to_action") or {}
    about = TextUnit(
        "",
        "",
        picture=shown.get("image_hash") or shown.get("video_id") or _first(feed.get("images"), "hash"),
        call_to_action=action.get("type") or next(iter(feed.get("call_to_action_types") or ()), None),
        landing_page=shown.get("link")
        or (action.get("value") or {}).get("link")
        or content.get("link_url")
        or _first(feed.get("link_urls"), "website_url"),
    )
    texts = [
        (HEADLINE, shown.get("name") or shown.get("title") or content.get("title")),
        (INTRODUCTION, shown.get("message") or content.get("body")),
        (BODY, shown.get("description") or shown.get("link_description")),
    ]
    for role, kind in ((HEADLINE, "titles"), (INTRODUCTION, "bodies"), (BODY, "descriptions")):
        texts += [(role, entry.get("text")) for entry in feed.get(kind) or ()]
    for role, text in texts:
        if text:
            yield replace(about, role=role, text=text)


def _linkedin(content: dict[str, Any], posts: Mapping[str, Mapping[str, Any]]) -> Iterator[TextUnit]:
    text_ad = content.get("textAd") or {}
    for role, name in ((HEADLINE, "headline"), (BODY, "description")):
        yield TextUnit(role, text_ad.get(name) or "", landing_page=text_ad.get("landingPage"))
    post = posts.get(str(content.get("reference")))
    if post is None:
        return
    about = TextUnit(
        "",
        "",
        picture=post.get("media_id"),
        call_to_action=post.get("call_to_action"),
        landing_page=post.get("landing_page"),
    )
    for role, name in ((INTRODUCTION, "commentary"), (HEADLINE, "title")):
        yield replace(about, role=role, text=post.get(name) or "")


def _first(entries: Iterable[Mapping[str, Any]] | None, name: str) -> str | None:
    return next((entry[name] for entry in entries or () if entry.get(name)), None)


_READERS: dict[str, Callable[[dict[str, Any], Mapping[str, Any]], Iterator[TextUnit]]] = {
    "google_ads": _google,
    "meta_ads": _meta,
    "linkedin_ads": _linkedin,
}
