"""Parses a landing page's address for the click that led to it: platform, campaign, ad set, click id.

Only parameters on a list are looked at and the address itself is never kept: people put addresses and names
into query strings. A click id without campaign parameters names the platform alone. `fbclid` also hangs on
unpaid links, so alone it is not an ad.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

GOOGLE_IDS = ("gclid", "gbraid", "wbraid")
CLICK_IDS = {**dict.fromkeys(GOOGLE_IDS, "google_ads"), "fbclid": "meta_ads", "li_fat_id": "linkedin_ads"}
_SOURCES = {
    "google": "google_ads",
    "adwords": "google_ads",
    "youtube": "google_ads",
    "facebook": "meta_ads",
    "instagram": "meta_ads",
    "meta": "meta_ads",
    "fb": "meta_ads",
    "ig": "meta_ads",
    "linkedin": "linkedin_ads",
}
_PAID = {"cpc", "ppc", "cpm", "paid", "paidsearch", "paidsocial", "display", "retargeting", "ads"}
_UNPAID = {
    "email": "email",
    "newsletter": "email",
    "organic": "organic",
    "referral": "referral",
    "social": "social",
}
_HUBSPOT = {
    "ORGANIC_SEARCH": "organic",
    "DIRECT_TRAFFIC": "direct",
    "EMAIL_MARKETING": "email",
    "REFERRALS": "referral",
    "SOCIAL_MEDIA": "social",
    "OTHER_CAMPAIGNS": "other",
    "PAID_SEARCH": "other_paid",
    "PAID_SOCIAL": "other_paid",
    "AI_REFERRALS": "referral",
}
_CAMPAIGN = ("hsa_cam", "campaignid", "campaign_id", "utm_id", "utm_campaign")
_AD_SET = ("hsa_grp", "adgroupid", "adset_id", "ad_set_id", "utm_content", "utm_term")
_URN = re.compile(r"(?:urn:li:\w+:)?(\d{5,20})")


@dataclass(frozen=True)
class Landing:
    """One visit. `channel` is a platform, or organic, direct, email, referral, social, other_paid, other."""

    channel: str
    campaign_id: str | None = None
    ad_set_id: str | None = None
    click_id_kind: str | None = None
    click_id: str | None = None


def landing(url: str | None, source: str | None = None) -> Landing | None:
    """What is known of a visit by its address and by HubSpot's word for its source; None where that is
    nothing.

    `source` OFFLINE means that no visit was seen.
    """
    given = _parameters(url)
    kind = next((name for name in CLICK_IDS if given.get(name)), None)
    channel = _channel(given, kind, source)
    if channel is None:
        return Landing("direct") if url and source is None else None
    is_ad = channel in CLICK_IDS.values()
    return Landing(
        channel=channel,
        campaign_id=_id(given, _CAMPAIGN) if is_ad else None,
        ad_set_id=_id(given, _AD_SET) if is_ad else None,
        click_id_kind=kind,
        click_id=given[kind] if kind else None,
    )


def _parameters(url: str | None) -> dict[str, str]:
    try:
        return {
            name.lower(): value.strip()
            for name, value in parse_qsl(urlsplit(url or "").query)
            if value.strip()
        }
    except ValueError:  # an address that was cut in the middle
        return {}


def _channel(given: dict[str, str], kind: str | None, source: str | None) -> str | None:
    medium = re.sub(r"[^a-z]", "", given.get("utm_medium", "").lower())
    platform = _SOURCES.get(re.split(r"[^a-z]", given.get("utm_source", "").lower())[0])
    is_paid = medium in _PAID or "hsa_cam" in given or (source or "").startswith("PAID_")
    if kind and (kind != "fbclid" or is_paid):
        return CLICK_IDS[kind]
    if is_paid and platform:
        return platform
    if medium in _UNPAID:
        return _UNPAID[medium]
    if kind == "fbclid":
        return "social"
    return "other_paid" if is_paid else _HUBSPOT.get(source or "")


def _id(given: dict[str, str], names: tuple[str, ...]) -> str | None:
    for name in names:
        if match := _URN.fullmatch(given.get(name, "")):
            return match[1]
    return None
