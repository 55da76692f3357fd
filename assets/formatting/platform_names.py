"""Display names of platforms and short dates."""

from datetime import date

SPOKEN = {"google_ads": "Google Ads", "meta_ads": "Meta Ads", "linkedin_ads": "LinkedIn Ads"}


def spoken(platform: str) -> str:
    return SPOKEN.get(platform, platform)


def short(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
