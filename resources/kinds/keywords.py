"""Keywords as platforms match them: a text with a match type."""

import hashlib
from collections.abc import Iterable
from typing import Literal

from resources.kinds.base import Frozen

MatchType = Literal["exact", "phrase", "broad"]
MOST_LETTERS, MOST_WORDS = 80, 10
# https://developers.google.com/google-ads/api/reference/rpc/latest/CriterionErrorEnum.CriterionError
FORBIDDEN_CHARACTERS = frozenset("!@%^*,{}()=~`<>?\\|")
_FRAMES = {"exact": "[{}]", "phrase": '"{}"', "broad": "{}"}


class Keyword(Frozen):
    """One keyword. Two that differ in case or spaces alone are the same to a platform."""

    text: str
    match_type: MatchType

    @property
    def key(self) -> tuple[str, str]:
        """What makes two keywords the same."""
        return " ".join(self.text.split()).casefold(), self.match_type

    @property
    def words(self) -> str:
        """As people write it: [exact], "phrase", broad, with the match type."""
        return f"{_FRAMES[self.match_type].format(self.text)} ({self.match_type} match)"

    @property
    def problem(self) -> str | None:
        """Why no platform takes it; None where it can be taken."""
        text = self.text.strip()
        if not text:
            return "a keyword without a text"
        if len(text) > MOST_LETTERS:
            return f"'{text[:40]}…' has {len(text)} letters; {MOST_LETTERS} are allowed"
        if len(text.split()) > MOST_WORDS:
            return f"'{text}' has {len(text.split())} words; {MOST_WORDS} are allowed"
        if wrong := sorted(FORBIDDEN_CHARACTERS & set(text)):
            return f"'{text}' has the character {wrong[0]}, which keywords may not have"
        if any(word.startswith("+") for word in text.split()):
            return f"'{text}' has a modified broad match (+word), which is not served any more"
        return None


def keys(keywords: Iterable[Keyword]) -> frozenset[tuple[str, str]]:
    """What makes these keywords the ones they are."""
    return frozenset(keyword.key for keyword in keywords)


def digest_of(keywords: Iterable[tuple[str, str]]) -> str:
    """SHA-256 over a set of keywords by their keys, in whatever order they came."""
    return hashlib.sha256("\n".join(f"{kind}:{text}" for text, kind in sorted(keywords)).encode()).hexdigest()
