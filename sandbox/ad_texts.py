"""Ad texts and what they do: traits are read from the words, and decide click rates, conversion rates and how
fast an ad wears out.

The click rate of an ad is its ad set's, times what its traits do (alike in the whole world), times what they
do with its audience, times its novelty, which decays with the share of the audience's attention it has had
lately. What raises clicks may lower the conversion
rate: a world says by how much. In a world of strength 0 words do not matter.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from sandbox import text_catalog
from sandbox.ad_language import DESCRIPTIONS, HEADLINES, SHORT_COLUMNS, THINGS, TRAITS, WORDS, AdLanguage
from sandbox.behaviour import AdTexts
from sandbox.catalog import AdText, Catalog
from sandbox.random_draws import Floats, Whole, key, normal, uniform
from sandbox.report import Report

_WORD = re.compile(r"[\w']+")
USUAL = np.array([0.3, 0.1, 0.3, 0.3, 0.25, 0.2, 0.3, 0.4])
"""About how common each trait is, so that an average ad neither gains nor loses."""
HEADLINES_AN_AD, DESCRIPTIONS_AN_AD = 3, 2
ATTENTION_SHARE = 0.25
"""Share of the window's nominal impressions of an ad set after which an ad counts as seen once by everybody.
"""


@cache
def traits_of(text: AdText) -> tuple[float, ...]:
    """Per trait, in the order of `TRAITS`, the share of the ad's texts that show it; headlines count twice."""
    units = [(headline, 2.0) for headline in text.headlines] + [(line, 1.0) for line in text.descriptions]
    total = sum(weight for _, weight in units) or 1.0
    shown = (
        np.sum([weight * _shows(unit) for unit, weight in units], axis=0) if units else np.zeros(len(TRAITS))
    )
    short = [_columns(headline) <= SHORT_COLUMNS for headline in text.headlines]
    values = shown / total
    values[TRAITS.index("short")] = float(np.mean(short)) if short else 0.0
    return tuple(values.tolist())


@cache
def _shows(unit: str) -> Floats:
    folded = unicodedata.normalize("NFKC", unit).casefold()
    typed = set(_WORD.findall(folded))
    flags = {
        "number": any(letter.isdigit() for letter in folded),
        "question": "?" in folded,
        **{
            trait: (
                bool(typed & lexicon)
                or any(word in folded for word in lexicon if not word.isascii() and ord(word[0]) > 0x3000)
            )
            for trait, lexicon in WORDS.items()
        },
    }
    return np.array([float(flags.get(trait, False)) for trait in TRAITS])


def _columns(text: str) -> int:
    """Width in columns, as the platforms count it."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def first_texts(catalog: Catalog, settings: AdTexts) -> list[AdText]:
    """The texts that each ad began with: of the language of its ad set; a single one of each kind outside
    Google.
    """
    sets, ids = catalog.ad_sets, catalog.ads.id
    languages = (key(catalog.seed, 150, sets.id) % np.uint64(len(settings.languages))).astype(int)
    is_google = catalog.account.platform == "google_ads"

    def orders(stream: int, size: int, count: int) -> list[list[int]]:
        drawn = uniform(catalog.seed, stream, ids[:, None], np.arange(size)[None, :])
        chosen: list[list[int]] = np.argsort(drawn, axis=1, kind="stable")[
            :, : count if is_google else 1
        ].tolist()
        return chosen

    headlines = orders(151, len(HEADLINES["en"]), HEADLINES_AN_AD)
    descriptions = orders(152, len(DESCRIPTIONS["en"]), DESCRIPTIONS_AN_AD)
    texts = []
    for ad_set, heads, lines in zip(catalog.ads.ad_set.tolist(), headlines, descriptions, strict=True):
        language, theme = settings.languages[languages[ad_set]], int(sets.theme[ad_set])
        texts.append(
            AdText(
                tuple(_filled(HEADLINES[language][n], language, theme) for n in heads),
                tuple(_filled(DESCRIPTIONS[language][n], language, theme) for n in lines),
                f"https://shop.example/{text_catalog.THEMES[theme].replace(' ', '-')}",
            )
        )
    return texts


@cache
def _filled(pattern: str, language: AdLanguage, theme: int) -> str:
    line = pattern.replace("{T}", THINGS[language][theme])
    return line[:1].upper() + line[1:]


@dataclass(frozen=True)
class TextEffects:
    """What texts do in one account, on the log scale."""

    settings: AdTexts
    catalog: Catalog

    @cached_property
    def of_traits(self) -> Floats:
        """Effect of each trait on the click rate, alike in all accounts of the world."""
        drawn = normal(self.catalog.world_seed, 153, np.arange(len(TRAITS)))
        return np.asarray(self.settings.strength * drawn / np.sqrt((drawn**2).mean()))

    @cached_property
    def of_audiences(self) -> Floats:
        """Additional effect of each trait with each audience of `text_catalog.AUDIENCES`; audiences x traits."""
        size = (len(text_catalog.AUDIENCES), len(TRAITS))
        drawn = normal(self.catalog.world_seed, 154, np.arange(size[0])[:, None], np.arange(size[1])[None, :])
        return np.asarray(self.settings.interaction * drawn)

    def of(self, text: AdText, ad_set: int) -> tuple[float, float]:
        """Log effects of a text in an ad set (row) on click rate and conversion rate."""
        click, conversion = self.of_all([text], np.array([ad_set]))[0].tolist()
        return click, conversion

    def of_all(self, texts: Sequence[AdText], ad_sets: Whole) -> Floats:
        """The same for many texts, each in its ad set: texts x (click rate, conversion rate)."""
        shown = np.array([traits_of(text) for text in texts]).reshape(-1, len(TRAITS)) - USUAL
        general = (shown * self.of_traits).sum(axis=1)
        special = (shown * self.of_audiences[self.catalog.audience[ad_sets]]).sum(axis=1)
        return np.stack([general + special, -self.settings.trade_off * general], axis=1)


def novelty(settings: AdTexts, catalog: Catalog, planned: Floats, weight: Floats, *, window: int) -> Floats:
    """Factor on the click rate of each ad, for all days of `planned` but the first `window`.

    Args:
        settings: How fast novelty decays.
        catalog: The account's entities.
        planned: Micros, days x ad sets.
        weight: Share of its ad set's spend that each ad takes, days x ads; 0 where it does not deliver.
        window: Days that are looked back on.
    """
    if settings.novelty_decay == 0:
        return np.ones((1, 1))
    nominal = np.maximum(catalog.ad_sets.budget_micros, 1)
    # whole numbers, so that a running sum gives a day the same figure wherever the sum began
    exposure = np.rint(1e6 * (planned / nominal)[:, catalog.ads.ad_set] * weight).astype(np.int64)
    total = np.concatenate([np.zeros((1, exposure.shape[1]), np.int64), exposure.cumsum(axis=0)])
    seen = (total[window:-1] - total[: len(exposure) - window]) / 1e6  # of the days before each, not itself
    return np.asarray((1.0 + seen / (ATTENTION_SHARE * window)) ** -settings.novelty_decay)


@dataclass(frozen=True)
class AssetDays:
    """Rows per day, ad and text of an ad that combines texts; `asset` counts its headlines and then its
    descriptions.

    Every impression shows several texts, so the rows of an ad add up to more than the ad.
    """

    day: Whole
    ad: Whole
    asset: Whole
    is_headline: npt.NDArray[np.bool_]
    impressions: Whole
    clicks: Whole
    spend_micros: Whole


def asset_days(effects: TextEffects, report: Report, texts: Sequence[AdText]) -> AssetDays:
    """The rows of an ad report by text; `texts` are those of each row's ad.

    An impression shows up to three headlines and two descriptions; better texts are shown more often. What
    the clicks of a text say is mixed up with the texts beside it, as on the platform.
    """
    if report.ad is None:
        raise ValueError("texts are reported by ad")
    parts: list[tuple[int, int, bool, float]] = []
    for row, (ad, text) in enumerate(zip(report.ad.tolist(), texts, strict=True)):
        ad_id, ad_set = int(effects.catalog.ads.id[ad]), int(effects.catalog.ads.ad_set[ad])
        first = 0
        for units, shown, is_headline in (
            (text.headlines, HEADLINES_AN_AD, True),
            (text.descriptions, DESCRIPTIONS_AN_AD, False),
        ):
            appeal = np.array([effects.of(AdText((unit,), (), ""), ad_set)[0] for unit in units])
            luck = normal(effects.catalog.seed, 156, ad_id, first + np.arange(len(units)))
            weight = np.exp(2.0 * appeal + 0.3 * luck)
            share = np.minimum(1.0, weight * min(shown, len(units)) / weight.sum()) if len(units) else weight
            parts += [(row, first + n, is_headline, part) for n, part in enumerate(share.tolist())]
            first += len(units)
    rows, assets = (np.array([part[n] for part in parts], np.int64) for n in (0, 1))
    shown_share = np.array([part[3] for part in parts])

    def shared(amount: Whole) -> Whole:
        return np.floor(amount[rows] * shown_share + 1e-9).astype(np.int64)

    return AssetDays(
        report.day[rows],
        report.ad[rows],
        assets,
        np.array([part[2] for part in parts], bool),
        shared(report.impressions),
        shared(report.clicks),
        shared(report.spend_micros),
    )
