"""Delivery divided by device, age, gender and placement: an ad's day dealt out to the values of a dimension,
conserving every count.

Each ad has shares of its own around those of the dimension, and each day is dealt out per ad, so the parts
add up to the whole at every level. Conversions are dealt out by a share that is tilted by how well a value
converts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from sandbox.market import Market
from sandbox.population import PLACEMENTS
from sandbox.random_draws import Floats, Whole, normal, uniform
from sandbox.report import METRICS, Report
from sandbox.world import Account

_Values = tuple[tuple[tuple[str, ...], float, float], ...]
_AGES = (
    ("18-24", 0.14, 0.7),
    ("25-34", 0.26, 1.1),
    ("35-44", 0.22, 1.2),
    ("45-54", 0.16, 1.05),
    ("55-64", 0.09, 0.9),
    ("65+", 0.06, 0.8),
    ("unknown", 0.07, 0.9),
)
_GENDERS = (("female", 0.46, 1.05), ("male", 0.47, 1.0), ("unknown", 0.07, 0.85))
DIMENSIONS: dict[str, _Values] = {
    "device": ((("mobile",), 0.60, 0.85), (("desktop",), 0.33, 1.35), (("tablet",), 0.07, 0.8)),
    "age_gender": tuple(
        ((age, gender), share * part, rate * other)
        for age, share, rate in _AGES
        for gender, part, other in _GENDERS
    ),
    "placement": (
        (("facebook", "feed"), 0.34, 1.05),
        (("facebook", "right_hand_column"), 0.04, 0.7),
        (("facebook", "video_feeds"), 0.1, 0.9),
        (("instagram", "feed"), 0.22, 1.1),
        (("instagram", "instagram_stories"), 0.12, 0.95),
        (("instagram", "instagram_reels"), 0.08, 0.9),
        (("audience_network", "an_classic"), 0.07, 0.4),
        (("messenger", "messenger_stories"), 0.03, 0.6),
    ),
    "member_device": (
        (("DESKTOP_WEB",), 0.42, 1.2),
        (("MOBILE_APP",), 0.45, 0.9),
        (("MOBILE_WEB",), 0.13, 0.8),
    ),
    "location": ((("ON_SITE",), 0.86, 1.0), (("OFF_SITE",), 0.14, 0.6)),
}
"""Per dimension its values with their usual share of delivery and how well they convert against the average.
"""
AXES: dict[str, tuple[str, int]] = {
    "device": ("device", 0),
    "age": ("age_gender", 0),
    "gender": ("age_gender", 1),
    "publisher_platform": ("placement", 0),
    "platform_position": ("placement", 1),
    "member_device": ("member_device", 0),
    "location": ("location", 0),
}
"""What delivery can be divided by: the dimension and which part of its values.

Axes of one dimension go together.
"""
_STREAM = {name: 900 + n for n, name in enumerate(DIMENSIONS)}
_CONVERSIONS = ("purchases", "purchase_value_micros", "leads", "signups")
_MONEY = ("spend_micros", "purchase_value_micros")
_OF_POPULATION = ("device", "age_gender", "placement")
UNKNOWN_AGE = 0.02
"""Share of the people whose age the platforms do not know, where a world simulates people."""
NOT_REPORTED = -1
"""Row of an ad set or ad that is reported at campaign level alone."""


@dataclass(frozen=True)
class Parts:
    """Rows per day, ad and value of a dimension; `value` counts into `values_of` the axes."""

    day: Whole
    campaign: Whole
    ad_set: Whole
    ad: Whole
    value: Whole
    counts: dict[str, Whole]

    def __len__(self) -> int:
        return len(self.day)


def values_of(axes: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Every combination of values of these axes, in the order that `Parts.value` counts into."""
    dimension = AXES[axes[0]][0]
    looks = (tuple(value[AXES[axis][1]] for axis in axes) for value, _, _ in DIMENSIONS[dimension])
    return list(dict.fromkeys(looks))


def parts_of(
    market: Market, account: Account, axes: tuple[str, ...], start: date, end: date
) -> Iterator[Parts]:
    """The account's delivery of these days by the values of axes of one dimension, in blocks of days."""
    dimension, looks = AXES[axes[0]][0], values_of(axes)
    merged = [looks.index(tuple(value[AXES[a][1]] for a in axes)) for value, _, _ in DIMENSIONS[dimension]]
    for parts in _divided(market, account, dimension, start, end):
        yield _merged(parts, np.array(merged)[parts.value])


def _merged(parts: Parts, value: Whole) -> Parts:
    """Values that look the same in the axes asked for, added up."""
    keys, at = np.unique(
        np.stack([parts.day, parts.campaign, parts.ad_set, parts.ad, value]), axis=1, return_inverse=True
    )
    counts = {
        metric: np.bincount(at.reshape(-1), count, keys.shape[1]).astype(np.int64)
        for metric, count in parts.counts.items()
    }
    return Parts(keys[0], keys[1], keys[2], keys[3], keys[4], counts)


def _divided(market: Market, account: Account, dimension: str, start: date, end: date) -> Iterator[Parts]:
    for report in market.report(account, "ad", start, end):
        if len(report):
            yield _parts(market, account, dimension, report)
    catalog = market.catalog(account)
    hidden = np.array([channel == "PERFORMANCE_MAX" for channel in catalog.campaigns.channel])
    if not hidden.any():
        return
    for report in market.report(account, "campaign", start, end):
        rows = np.flatnonzero(hidden[report.campaign])
        if len(rows):
            yield _parts(market, account, dimension, report, rows)


def _parts(
    market: Market, account: Account, dimension: str, report: Report, rows: Whole | None = None
) -> Parts:
    catalog = market.catalog(account)
    rows = np.arange(len(report)) if rows is None else rows
    if report.ad is not None:
        entity = catalog.ads.id[report.ad[rows]]
    else:
        assert report.campaign is not None  # noqa: S101 — a report of campaigns
        entity = catalog.campaigns.id[report.campaign[rows]]
    day = report.day[rows]
    values, seed = DIMENSIONS[dimension], catalog.seed
    numbers = np.arange(len(values))[None, :]
    usual, converts = np.array([v[1] for v in values]), np.array([v[2] for v in values])
    weight = _shares_of_people(market, account, dimension, report)
    if weight is None:
        weight = usual * np.exp(0.35 * normal(seed, _STREAM[dimension], entity[:, None], numbers))
    dealt = {}
    for number, metric in enumerate(METRICS):
        unit = account.unit_micros if metric in _MONEY else 1
        shares = _cumulative(weight * converts if metric in _CONVERSIONS else weight)
        jitter = uniform(
            seed, _STREAM[dimension] + 50, entity[:, None], day[:, None] * 16 + _jitter(number, metric)
        )
        dealt[metric] = _dealt(getattr(report, metric)[rows] // unit, shares, jitter) * unit
    some = np.any([count > 0 for count in dealt.values()], axis=0)
    at, value = np.nonzero(some)
    none = np.full(len(at), NOT_REPORTED)
    return Parts(
        day=day[at],
        campaign=report.campaign[rows][at] if report.campaign is not None else none,
        ad_set=report.ad_set[rows][at] if report.ad_set is not None else none,
        ad=report.ad[rows][at] if report.ad is not None else none,
        value=value,
        counts={metric: count[at, value] for metric, count in dealt.items()},
    )


def _shares_of_people(market: Market, account: Account, dimension: str, report: Report) -> Floats | None:
    """Shares of each row of an ad report by the people whom its ad set reaches; None where the world does not
    simulate them or does not say.
    """
    people = market.people.population(account)
    if people is None or report.ad_set is None or dimension not in _OF_POPULATION:
        return None
    if dimension == "device":
        shares = people.shares("device")
    elif dimension == "age_gender":
        ages = np.pad(people.shares("age") * (1 - UNKNOWN_AGE), ((0, 0), (0, 1)), constant_values=UNKNOWN_AGE)
        shares = (ages[:, :, None] * people.shares("gender")[:, None, :]).reshape(len(ages), -1)
    else:
        platforms = [PLACEMENTS.index(value[0]) for value, _, _ in DIMENSIONS["placement"]]
        usual = np.array([share for _, share, _ in DIMENSIONS["placement"]])
        within = usual / np.bincount(platforms, usual)[platforms]
        shares = people.shares("publisher_platform")[:, platforms] * within
    return np.asarray(shares[report.ad_set])


def _jitter(number: int, metric: str) -> int:
    """Which draw decides a metric's rounding: the value of purchases follows the purchases."""
    return METRICS.index("purchases") if metric == "purchase_value_micros" else number


def _cumulative(weight: Floats) -> Floats:
    return np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)


def _dealt(total: Whole, cumulative: Floats, jitter: Floats) -> Whole:
    reached = np.floor(total[:, None] * cumulative + np.minimum(jitter, 0.999)).astype(np.int64)
    reached = np.minimum(reached, total[:, None])
    reached[:, -1] = total
    return np.diff(reached, axis=1, prepend=0)
