"""The whole text of an ad, and how wide each platform lets a line be."""

import hashlib
from unicodedata import east_asian_width

from pydantic import Field

from resources.kinds.base import Frozen

MARK_DIGITS = 12


class AdLine(Frozen):
    """A headline or a description, with the position it is pinned to (HEADLINE_1 …), if any."""

    text: str
    pinned_to: str = ""


class AdContent(Frozen):
    """Every word of an ad. What a platform does not have stays empty."""

    headlines: tuple[AdLine, ...]
    descriptions: tuple[AdLine, ...] = ()
    primary_text: str = ""
    """The text above the picture at Meta, the introduction at LinkedIn."""
    landing_page: str
    path1: str = ""
    path2: str = ""
    call_to_action: str = Field("", pattern=r"^[A-Z_]*$")
    page: str = ""
    """Who speaks: the page at Meta, the organization at LinkedIn."""

    @property
    def mark(self) -> str:
        """A key of these words, which stands in the ad's name where it has one: by it an ad is found again."""
        return f"pm-{hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:MARK_DIGITS]}"

    @property
    def lines(self) -> tuple[str, ...]:
        """Every word of it as people read it, a line each."""
        parts = [("headline", line) for line in self.headlines]
        parts += [("description", line) for line in self.descriptions]
        texts = [
            f"{name}: {line.text}" + (f" (pinned to {line.pinned_to})" if line.pinned_to else "")
            for name, line in parts
        ]
        others = {
            "text": self.primary_text,
            "path": "/".join(filter(None, (self.path1, self.path2))),
            "button": self.call_to_action,
            "page": self.page,
            "landing page": self.landing_page,
        }
        return (*texts, *(f"{name}: {text}" for name, text in others.items() if text))


def width(text: str) -> int:
    """Display width: East Asian wide and full-width letters, and those of unclear width, count twice."""
    return sum(2 if east_asian_width(letter) in "WFA" else 1 for letter in text)


def problem_at_google(content: AdContent) -> str | None:
    """Why Google Ads would not take it as a responsive search ad; None where it would.

    Counts and widths: https://support.google.com/google-ads/answer/7684791
    """
    wrong_lines = _line_problem("headlines", content.headlines, (3, 15, 30)) or _line_problem(
        "descriptions", content.descriptions, (2, 4, 90)
    )
    if wrong_lines:
        return wrong_lines
    if max(width(content.path1), width(content.path2)) > 15:
        return "a path is wider than 15"
    if content.path2 and not content.path1:
        return "a second path needs a first one"
    if content.primary_text or content.page or content.call_to_action:
        return "a responsive search ad has no primary text, page or button"
    return None


def _line_problem(name: str, lines: tuple[AdLine, ...], limits: tuple[int, int, int]) -> str | None:
    """Why lines do not fit: fewest, most, and how wide each may be."""
    least, most, widest = limits
    if not least <= len(lines) <= most:
        return f"{len(lines)} {name}; Google takes {least} to {most}"
    if too_wide := next((line.text for line in lines if width(line.text) > widest), None):
        return f"'{too_wide}' is {width(too_wide)} wide; a line of the {name} takes {widest}"
    if len({line.text.casefold() for line in lines}) < len(lines):
        return f"two of the {name} are the same"
    return None


def problem_at_meta(content: AdContent) -> str | None:
    """Why Meta would not take it as a link ad; None where it would. Feeds cut long texts and refuse none."""
    if len(content.headlines) != 1 or len(content.descriptions) > 1:
        return "a link ad has one headline and at most one description"
    if not content.primary_text:
        return "a link ad needs a primary text"
    return None if content.page.isdigit() else "a link ad needs the number of a page"


def problem_at_linkedin(content: AdContent) -> str | None:
    """Why LinkedIn would not take it as a sponsored post; None where it would.

    Lengths: https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads/advertising-targeting/create-and-manage-ads
    """
    if len(content.headlines) != 1 or content.descriptions:
        return "a sponsored post has one headline and no description"
    if not 1 <= len(content.primary_text) <= 600:
        return f"the introduction has {len(content.primary_text)} letters; LinkedIn takes 1 to 600"
    if len(content.headlines[0].text) > 200:
        return f"the headline has {len(content.headlines[0].text)} letters; LinkedIn takes 200"
    return None if content.page.isdigit() else "a sponsored post needs the number of an organization"


PROBLEMS = {
    "google_ads": problem_at_google,
    "meta_ads": problem_at_meta,
    "linkedin_ads": problem_at_linkedin,
}
"""What keeps a platform from taking an ad."""


def content_problem(platform: str, content: AdContent) -> str | None:
    """Why a platform would not take an ad; None where it would."""
    if not content.landing_page.startswith(("https://", "http://")):
        return f"the landing page '{content.landing_page[:60]}' needs https://"
    if any(not line.text.strip() for line in (*content.headlines, *content.descriptions)):
        return "a line of it is empty"
    return PROBLEMS[platform](content)
