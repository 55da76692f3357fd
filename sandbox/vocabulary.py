"""What people may search for: a finite vocabulary per theme with a heavy tail, each search with a latent
intent and quality.

How well a search converts is not the product of its words: the worst intent among its modifiers rules, some
intents mean something else in some themes, qualifiers matter differently by theme, and each search has a luck
of its own. Popularity falls with the rank (Zipf), so that on every day some searches are typed for the first
time. Drawn by (seed, theme, number) alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sandbox.behaviour import Searches
from sandbox.keyword_matching import SearchIndex, WordIndex, Words, words_of
from sandbox.random_draws import Floats, Whole, lognormal, uniform
from sandbox.search_language import HEADS, INTENTS, MODIFIERS, QUALIFIERS, Language

MISSPELLED_POPULARITY = 0.25
TRIES = 6
"""Draws per search wanted, before a theme is said to have no more."""


@dataclass(frozen=True)
class Vocabulary:
    """The searches of some themes; those of a theme stand together, the most common first."""

    text: list[str]
    corrected: list[str]
    """The text without misspellings."""
    canonical: list[Words]
    """Its words with every form of the head as its first form."""
    language: list[Language]
    intent: list[str]
    theme: Whole
    popularity: Floats
    quality: Floats
    """Conversions per click against a plain search."""

    def __len__(self) -> int:
        return len(self.text)

    @cached_property
    def index(self) -> SearchIndex:
        return SearchIndex(self.text, self.corrected)

    @cached_property
    def canonical_index(self) -> WordIndex:
        return WordIndex(self.canonical)

    @cached_property
    def slices(self) -> dict[int, slice]:
        """Where the searches of each theme stand."""
        themes, first, size = np.unique(self.theme, return_index=True, return_counts=True)
        return {
            theme: slice(at, at + count)
            for theme, at, count in zip(themes.tolist(), first.tolist(), size.tolist(), strict=True)
        }


def build_vocabulary(settings: Searches, seed: int, themes: Iterable[int]) -> Vocabulary:
    """The vocabulary of these themes (numbers in `words.THEMES`), of about `settings.vocabulary` searches in
    all.
    """
    wanted = sorted(set(themes))
    parts = [
        _of_theme(settings, seed, theme, max(1, settings.vocabulary // max(1, len(wanted))))
        for theme in wanted
    ]
    searches = [search for part in parts for search in part]
    rank = np.concatenate([np.arange(len(part)) for part in parts]) if parts else np.zeros(0)
    theme = np.repeat(wanted, [len(part) for part in parts]) if parts else np.zeros(0, int)
    misspelled = np.array([search.text != search.corrected for search in searches], bool)
    number = np.arange(len(searches))
    popularity = lognormal((rank + 3.0) ** -settings.tail, 0.5, seed, 133, theme, rank.astype(int))
    popularity = np.where(misspelled, MISSPELLED_POPULARITY * popularity, popularity)
    quality = np.array([search.quality for search in searches]) * lognormal(1.0, 0.3, seed, 134, number)
    return Vocabulary(
        text=[search.text for search in searches],
        corrected=[search.corrected for search in searches],
        canonical=[search.canonical for search in searches],
        language=[search.language for search in searches],
        intent=[search.intent for search in searches],
        theme=np.asarray(theme, np.int64),
        popularity=popularity,
        quality=np.maximum(quality, 1e-3) ** settings.strength,
    )


@dataclass(frozen=True)
class _Search:
    text: str
    corrected: str
    canonical: Words
    language: Language
    intent: str
    quality: float


@dataclass(frozen=True)
class _Meaning:
    """How well intents and qualifiers convert in one theme."""

    intents: dict[str, float]
    qualifiers: dict[str, float]


def _meaning(settings: Searches, seed: int, theme: int) -> _Meaning:
    """In some themes an intent means something else: a repair guide sells tools."""
    numbers = np.arange(len(INTENTS))
    is_exception = uniform(seed, 131, theme, numbers) < 0.15 * settings.exceptions
    is_exception[0] = False  # a plain search is what all others are held against
    factor = np.where(is_exception, np.exp(2.0 * (uniform(seed, 135, theme, numbers) - 0.4)), 1.0)
    qualifiers = sorted({qualifier for language in settings.languages for qualifier in QUALIFIERS[language]})
    codes = np.array([sum(map(ord, qualifier)) for qualifier in qualifiers])
    weights = lognormal(1.0, 0.3 * settings.exceptions, seed, 132, theme, codes)
    return _Meaning(
        {name: INTENTS[name] * by for name, by in zip(INTENTS, factor.tolist(), strict=True)},
        dict(zip(qualifiers, weights.tolist(), strict=True)),
    )


def _of_theme(settings: Searches, seed: int, theme: int, size: int) -> list[_Search]:
    """Searches of a theme, from the simplest to the most special."""
    meaning = _meaning(settings, seed, theme)
    searches: dict[str, _Search] = {}
    for first in range(0, TRIES * size, size):
        numbers = np.arange(first, first + size)
        u: Floats = uniform(seed, 130, theme, numbers[:, None], np.arange(9)[None, :])
        for number, draws in zip(numbers.tolist(), u.tolist(), strict=True):
            search = _search(settings, meaning, theme, draws, depth=number / size)
            searches.setdefault(search.text, search)
            if len(searches) == size:
                return list(searches.values())
    return list(searches.values())


def _search(settings: Searches, meaning: _Meaning, theme: int, u: list[float], *, depth: float) -> _Search:
    """One search from its draws; `depth` from 0 on: the deeper, the more words."""
    language = settings.languages[int(u[0] * len(settings.languages))]
    heads, patterns, qualifiers = HEADS[language][theme], MODIFIERS[language], QUALIFIERS[language]
    head = heads[0] if u[1] < 0.5 else heads[int((u[1] - 0.5) * 2 * len(heads))]
    often = min(0.95, 0.35 + 2.0 * depth)
    chosen = [
        patterns[int(u[at] / chance * len(patterns))]
        for at, chance in ((2, often), (3, 0.4 * often))
        if u[at] < chance
    ]
    plain, phrase, canonical = head, "{}", heads[0]
    for pattern, _ in chosen:
        phrase = pattern.replace("{}", phrase)
    picked = [
        qualifiers[int(u[at] / chance * len(qualifiers))]
        for at, chance in ((4, min(0.8, depth)), (5, 0.4 * min(0.8, depth)))
        if u[at] < chance
    ]
    phrase = " ".join([phrase, *dict.fromkeys(picked)])
    corrected = phrase.replace("{}", plain)
    typed = _misspelled(plain, u[7]) if language != "ja" and u[6] < settings.misspelled_share else plain
    intents = [intent for _, intent in chosen] or ["plain"]
    intent = min(intents, key=lambda name: INTENTS[name])
    quality = meaning.intents[intent]
    for qualifier in picked:
        quality *= meaning.qualifiers[qualifier]
    return _Search(
        phrase.replace("{}", typed),
        corrected,
        words_of(phrase.replace("{}", canonical)),
        language,
        intent,
        quality,
    )


def _misspelled(head: str, u: float) -> str:
    """Two neighbouring letters exchanged, or one left out."""
    at = 1 + int(u * (len(head) - 2))
    if head[at].isspace() or head[at + 1 : at + 2].isspace() or head[at : at + 1] == head[at + 1 : at + 2]:
        return head[:at] + head[at + 1 :] if not head[at].isspace() else head
    return head[:at] + head[at + 1 : at + 2] + head[at] + head[at + 2 :]
