"""Which searches a keyword matches, by Google's rules for positive and for negative keywords.

Negatives match words as they are typed, and since 2024 misspellings of them, but no plurals, synonyms or
other close variants; words beyond the sixteenth of a search are not looked at. Positive keywords match close
variants as well: misspellings, plurals and, where exact, another order of the words. Letters are compared
without case; punctuation separates words, apart from apostrophes and full stops, which are dropped; the
ampersand and a plus sign at a word's end count as letters.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

MatchType = Literal["EXACT", "PHRASE", "BROAD"]
MATCH_TYPES: tuple[MatchType, ...] = ("EXACT", "PHRASE", "BROAD")
WORDS_LOOKED_AT = 16
_DROPPED = re.compile(r"['’.]")
_SEPARATING = re.compile(r"[^\w&+]|_")
_LOOSE_PLUS = re.compile(r"(?<![\w+])\++")
_PLAIN = re.compile(r"[a-z0-9 ]*")
"""Texts whose words are compared as they stand."""
Words = tuple[str, ...]


@lru_cache(maxsize=1 << 16)
def words_of(text: str) -> Words:
    """The words of a keyword or a search, as they are compared."""
    if _PLAIN.fullmatch(text):
        return tuple(text.split())
    folded = unicodedata.normalize("NFKC", text).casefold()
    return tuple(_LOOSE_PLUS.sub(" ", _SEPARATING.sub(" ", _DROPPED.sub("", folded))).split())


def negative_blocks(keyword: str, match_type: MatchType, search: str, corrected: str | None = None) -> bool:
    """Whether a negative keyword keeps ads off a search, of which `corrected` is the text without
    misspellings.
    """
    needle = words_of(keyword)
    typed = [words_of(search)] + ([words_of(corrected)] if corrected is not None else [])
    return bool(needle) and any(_blocks(needle, match_type, words) for words in typed)


def _blocks(needle: Words, match_type: MatchType, words: Words) -> bool:
    if match_type == "EXACT":
        return needle == words
    looked_at = words[:WORDS_LOOKED_AT]
    return contains_phrase(looked_at, needle) if match_type == "PHRASE" else set(needle) <= set(looked_at)


def contains_phrase(words: Words, phrase: Words) -> bool:
    """Whether the phrase's words stand in `words` side by side and in order."""
    size = len(phrase)
    return any(words[at : at + size] == phrase for at in range(len(words) - size + 1))


def replaced(words: Words, phrase: Words, by: Words) -> Words:
    """The words with every occurrence of a phrase replaced."""
    results: list[str] = []
    at = 0
    while at < len(words):
        if words[at : at + len(phrase)] == phrase:
            results += by
            at += len(phrase)
        else:
            results.append(words[at])
            at += 1
    return tuple(results)


def positive_matches(keyword: Words, match_type: MatchType, search: Words) -> bool:
    """Whether a positive keyword may show its ads on a search; both in their canonical words (misspellings
    and plurals undone).
    """
    if match_type == "EXACT":
        return sorted(keyword) == sorted(search)
    return contains_phrase(search, keyword) if match_type == "PHRASE" else set(keyword) <= set(search)


class WordIndex:
    """Rows of texts by their words."""

    def __init__(self, texts: Iterable[Iterable[str]]) -> None:
        with_word: defaultdict[str, list[int]] = defaultdict(list)
        for row, words in enumerate(texts):
            for word in set(words):
                with_word[word].append(row)
        self._with_word = {word: np.array(rows) for word, rows in with_word.items()}

    def having(self, words: Iterable[str]) -> npt.NDArray[np.int64]:
        """Rows that have all of these words, ascending; none where there are no words."""
        rows: npt.NDArray[np.int64] | None = None
        for word in set(words):
            having = self._with_word.get(word, np.array([], np.int64))
            rows = having if rows is None else np.intersect1d(rows, having, assume_unique=True)
        return np.array([], np.int64) if rows is None else rows


class SearchIndex:
    """Searches by their words, so that a negative is held against the few that could match it."""

    def __init__(self, searches: Sequence[str], corrected: Sequence[str]) -> None:
        self._searches, self._corrected = searches, corrected
        pairs = zip(searches, corrected, strict=True)
        self._words = WordIndex((*words_of(search), *words_of(right)) for search, right in pairs)
        self._blocked: dict[tuple[str, MatchType], npt.NDArray[np.int64]] = {}

    def blocked(self, keyword: str, match_type: MatchType) -> npt.NDArray[np.int64]:
        """Rows of the searches that a negative keyword blocks, ascending."""
        negative = (keyword, match_type)
        if negative not in self._blocked:
            possible = self._words.having(words_of(keyword))
            self._blocked[negative] = np.array(
                [
                    row
                    for row in possible.tolist()
                    if negative_blocks(keyword, match_type, self._searches[row], self._corrected[row])
                ],
                np.int64,
            )
        return self._blocked[negative]
