"""Display names of platforms and short dates."""

from datetime import date

SPOKEN = {"google_ads": "Google Ads", "meta_ads": "Meta Ads", "linkedin_ads": "LinkedIn Ads"}

FROM_EXPORTS = {
    "microsoft_ads": "Microsoft Ads",
    "tiktok_ads": "TikTok Ads",
    "pinterest_ads": "Pinterest Ads",
    "snapchat_ads": "Snapchat Ads",
    "reddit_ads": "Reddit Ads",
    "amazon_ads": "Amazon Ads",
}
"""Platforms that are read from dropped exports alone."""


def spoken(platform: str) -> str:
    return SPOKEN.get(platform) or FROM_EXPORTS.get(platform, platform)


def short(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
