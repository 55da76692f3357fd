"""Generated customers with known segments, or with none: traits, purchases until a day, and purchases after
it.

Every world is drawn from its seed: number and size of segments, favoured levels of traits, order rates and
values. The kinds differ in what is hard; the seeds vary the rest, so that a method cannot be tuned to one
world.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

AS_OF = pd.Timestamp("2026-06-28")
PAST_DAYS, LATER_DAYS = 540, 180
LEVELS = {
    "country": ("DE", "FR", "GB", "NL", "US"),
    "industry": ("software", "retail", "health care", "finance", "logistics"),
    "company_size": ("1-9", "10-49", "50-249", "250-999", "1000 or more"),
    "use_case": ("reporting", "forecasting", "automation", "compliance"),
    "first_channel": ("google_ads", "meta_ads", "linkedin_ads", "organic"),
}


@dataclass(frozen=True, eq=False)
class SegmentWorld:
    """Customers with traits and purchases; `truth` is their segment (all 0 where there are none)."""

    name: str
    customers: pd.DataFrame
    transactions: pd.DataFrame
    later: pd.DataFrame
    """Per customer_id value and orders after `as_of`."""
    truth: np.ndarray
    as_of: pd.Timestamp = AS_OF

    @property
    def has_segments(self) -> bool:
        return len(np.unique(self.truth)) > 1


def draw(kind: str, *, seed: int, size: int = 4000) -> SegmentWorld:
    """The world of that kind and seed.

    Raises:
        FileNotFoundError: There is no such kind.
    """
    if kind not in KINDS:
        raise FileNotFoundError(f"There is no world {kind}. There are: {', '.join(KINDS)}.")
    return KINDS[kind](kind, np.random.default_rng([seed, sum(map(ord, kind))]), size)


def _world(
    kind: str,
    rng: np.random.Generator,
    size: int,
    *,
    sure: float,
    gap: float,
    heterogeneity: float = 3.0,
    noise: int = 0,
    numbers: int = 1,
    missing: float = 0.05,
    texts: int = 3,
    rare: bool = False,
) -> SegmentWorld:
    """Segments with traits.

    Args:
        kind: Its name.
        rng: Source of all draws.
        size: Customers.
        missing: Share of every trait that is unknown.
        sure: Chance that a customer has the level that its segment favours.
        gap: Ratio of order rates (and order values) between neighbouring segments.
        heterogeneity: Shape of the gamma within a segment; small means much variation.
        noise: Traits unrelated to anything.
        numbers: Traits that are numbers, with a centre per segment.
        texts: Traits that are texts.
        rare: Whether one segment has seven in a hundred customers.
    """
    k = int(rng.integers(3, 6))
    weight = rng.dirichlet(np.full(k, 12.0))
    if rare:
        weight = np.concatenate([[0.07], 0.93 * rng.dirichlet(np.full(k - 1, 12.0))])
    truth = rng.choice(k, size, p=weight)
    names = list(rng.permutation(list(LEVELS))[:texts])
    favoured = _favoured(rng, names, k)
    columns: dict[str, np.ndarray] = {}
    for name in names:
        levels = np.array(LEVELS[name], dtype=object)
        is_favoured = rng.random(size) < sure
        columns[name] = np.where(is_favoured, levels[favoured[name][truth]], rng.choice(levels, size))
    for number in range(numbers):
        centre = rng.permutation(k) * (1.2 + 3.6 * (sure - 0.5)) + 1.0
        columns[("visits", "seats", "sessions")[number]] = np.exp(rng.normal(centre[truth] / 2, 0.5)).round(1)
    rate = np.cumprod(np.full(k, gap))[rng.permutation(k)] * rng.uniform(0.6, 1.2)
    basket = 30.0 * np.cumprod(np.full(k, np.sqrt(gap)))[rng.permutation(k)]
    rates = rate[truth] * rng.gamma(heterogeneity, 1 / heterogeneity, size)
    columns |= _noise(rng, size, noise)
    return _bought(kind, rng, _with_gaps(columns, rng, missing), rates, basket[truth], truth)


def _favoured(rng: np.random.Generator, names: list[str], k: int) -> dict[str, np.ndarray]:
    """Per trait the level that each segment favours; any two segments differ in all but one of the traits
    (of two, in one).
    """
    while True:
        levels_of = {name: rng.integers(len(LEVELS[name]), size=k) for name in names}
        differing = sum((levels_of[name][:, None] != levels_of[name][None, :]).astype(int) for name in names)
        if (differing + 2 * np.eye(k, dtype=int) >= max(1, len(names) - 1)).all():
            return levels_of


def _noise(rng: np.random.Generator, size: int, count: int) -> dict[str, np.ndarray]:
    """Traits unrelated to segments; every third repeats the one before it for most people, as languages
    repeat countries.
    """
    columns: dict[str, np.ndarray] = {}
    for number in range(count):
        if number % 3 == 2:
            before = columns[f"noise_{number - 1}"]
            columns[f"noise_{number}"] = np.where(rng.random(size) < 0.8, before, rng.permutation(before))
        elif number % 3:
            columns[f"noise_{number}"] = rng.choice(
                np.array(list("abcde"), dtype=object), size, p=rng.dirichlet(np.full(5, 2.0))
            )
        else:
            columns[f"noise_{number}"] = rng.lognormal(1, 1, size).round(2)
    return columns


def _with_gaps(
    columns: dict[str, np.ndarray], rng: np.random.Generator, missing: float
) -> dict[str, np.ndarray]:
    with_gaps = {}
    for name, values in columns.items():
        gone = rng.random(len(values)) < missing
        nothing: Any = None if values.dtype == object else np.nan
        with_gaps[name] = np.where(gone, nothing, values)
    return with_gaps


def _bought(
    kind: str,
    rng: np.random.Generator,
    columns: dict[str, np.ndarray],
    rates: np.ndarray,
    basket: np.ndarray,
    truth: np.ndarray,
) -> SegmentWorld:
    """Orders at a constant rate (`rates` a year) from the day a customer joined, each about `basket`."""
    size = len(rates)
    joined = rng.integers(-PAST_DAYS, 0, size)
    joined = np.where(rng.random(size) < 0.7, -PAST_DAYS, joined)
    counts = rng.poisson(rates * (LATER_DAYS - joined) / 365.0)
    who = np.repeat(np.arange(size), counts)
    day = np.floor(joined[who] + rng.random(len(who)) * (LATER_DAYS - joined[who])).astype(int) + 1
    customer_factor = np.exp(rng.normal(0, 0.25, size))
    value = (basket[who] * customer_factor[who] * np.exp(rng.normal(0, 0.35, len(who)))).round(2)
    ids = np.array([f"c{number:06}" for number in rng.permutation(size)])
    rows = pd.DataFrame(
        {"customer_id": ids[who], "day": AS_OF + pd.to_timedelta(day, unit="D"), "value": value}
    )
    is_later = rows["day"] > AS_OF
    later = rows[is_later].groupby("customer_id")["value"].agg(["sum", "count"]).reindex(ids).fillna(0.0)
    return SegmentWorld(
        kind,
        pd.DataFrame({"customer_id": ids} | columns),
        rows[~is_later].reset_index(drop=True),
        pd.DataFrame(
            {"customer_id": ids, "value": later["sum"].to_numpy(), "orders": later["count"].to_numpy()}
        ),
        truth,
    )


def _separable(kind: str, rng: np.random.Generator, size: int) -> SegmentWorld:
    return _world(kind, rng, size, sure=0.95, gap=1.8)


def _overlapping(kind: str, rng: np.random.Generator, size: int) -> SegmentWorld:
    return _world(kind, rng, size, sure=0.75, gap=1.6)


def _mixed(kind: str, rng: np.random.Generator, size: int) -> SegmentWorld:
    return _world(kind, rng, size, sure=0.9, gap=1.7, texts=2, numbers=2, missing=0.15)


def _noisy(kind: str, rng: np.random.Generator, size: int) -> SegmentWorld:
    return _world(kind, rng, size, sure=0.93, gap=1.8, noise=8)


def _rare(kind: str, rng: np.random.Generator, size: int) -> SegmentWorld:
    return _world(kind, rng, size, sure=0.95, gap=1.8, rare=True)


def _purchases(kind: str, rng: np.random.Generator, size: int) -> SegmentWorld:
    """Segments visible in purchases alone: how often and for how much; the traits are noise."""
    k = int(rng.integers(2, 4))
    truth = rng.choice(k, size, p=rng.dirichlet(np.full(k, 20.0)))
    rate = np.array([1.5, 6.0, 18.0])[:k][rng.permutation(k)]
    basket = np.array([30.0, 120.0, 450.0])[rng.permutation(3)[:k]]
    rates = rate[truth] * rng.gamma(12.0, 1 / 12.0, size)
    return _bought(kind, rng, _with_gaps(_noise(rng, size, 5), rng, 0.05), rates, basket[truth], truth)


def _structureless(kind: str, rng: np.random.Generator, size: int) -> SegmentWorld:
    """Traits unrelated to purchases; customers differ in how often they buy, by no trait and in no groups."""
    rates = rng.uniform(1, 4) * rng.gamma(2.0, 0.5, size)
    columns = {name: rng.choice(np.array(levels, dtype=object), size) for name, levels in LEVELS.items()}
    columns |= _noise(rng, size, 6)
    return _bought(
        kind, rng, _with_gaps(columns, rng, 0.05), rates, np.full(size, 60.0), np.zeros(size, dtype=int)
    )


def _alike(kind: str, rng: np.random.Generator, size: int) -> SegmentWorld:
    """All customers buy alike."""
    rates = np.full(size, rng.uniform(1.5, 4))
    return _bought(
        kind,
        rng,
        _with_gaps(_noise(rng, size, 8), rng, 0.05),
        rates,
        np.full(size, 60.0),
        np.zeros(size, dtype=int),
    )


def _decoration(kind: str, rng: np.random.Generator, size: int) -> SegmentWorld:
    """Groups with distinct traits that buy alike: they are no segments."""
    world = _world(kind, rng, size, sure=0.95, gap=1.0, heterogeneity=2.0)
    return SegmentWorld(kind, world.customers, world.transactions, world.later, np.zeros(size, dtype=int))


KINDS: dict[str, Callable[[str, np.random.Generator, int], SegmentWorld]] = {
    "separable": _separable,
    "overlapping": _overlapping,
    "mixed": _mixed,
    "noisy": _noisy,
    "rare": _rare,
    "purchases": _purchases,
    "structureless": _structureless,
    "alike": _alike,
    "decoration": _decoration,
}
