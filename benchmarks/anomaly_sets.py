"""What anomaly flags are measured on: series with faults that are known, from three places.

`generated` draws campaigns with every fault of BASELINES 1a, `keywords` plants faults into real series (1b),
`labelled` reads series with labelled windows (1c). Faults stand in `Event`s; promotions and planned steps of
a budget are in the series and are no faults.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

CAMPAIGNS, DAYS, SCORED_FROM = 40, 180, 56
KEYWORDS, PER_KEYWORD = 40, 7
UNSCORED = 0.15
"""Of a labelled series, the part from its beginning in which a detector may learn."""


@dataclass(frozen=True)
class Event:
    """Something that a buyer wants to be told of: from `start` to `end` (both included, places in the
    series).
    """

    series: str
    start: int
    end: int
    kind: str
    also: tuple[str, ...] = ()
    """Series above and below it, in which it may be seen as well."""
    lasts: int = 0
    """Periods after its end in which its series are still not as they were."""


@dataclass(frozen=True)
class LabelledSet:
    """Series of one kind: `days` as `detect` takes them, on one regular grid per series, and the events in
    them.

    `grace` and `page` are in periods: how long after its end an event may still be found, and how long an
    alarm says the same thing.
    """

    name: str
    days: pd.DataFrame
    metrics: tuple[str, ...]
    events: tuple[Event, ...]
    scored_from: dict[str, int]
    grace: int = 2
    page: int = 3
    season: int = 7
    periods_a_day: float = 1.0
    calendar: tuple[pd.Timestamp, ...] = ()
    scope: dict[str, str] = field(default_factory=dict)
    """Series that are told of together, by what they belong to; others are told of by themselves."""


def generated(seed: int, *, campaigns: int = CAMPAIGNS, days: int = DAYS) -> LabelledSet:
    """Campaigns with weekdays, noise that lasts, drift, budgets that bind and are changed on purpose, six
    promotions, and three faults each.
    """
    rng = np.random.default_rng([seed, 1])
    dates = pd.date_range("2026-01-05", periods=days)
    promotions = np.sort(rng.choice(np.arange(20, days - 5), 6, replace=False))
    parts, events = [], []
    for number in range(campaigns):
        name = f"c{number:02d}"
        campaign = _drawn(rng, days, dates.day_of_week.to_numpy(), promotions)
        kinds = rng.permutation(_KINDS)[:3] if number % 8 else rng.choice(_KINDS, 3)
        for slot, kind in enumerate(kinds):
            width = (days - SCORED_FROM - 6) // 3
            length = int(rng.integers(*_LENGTHS[kind]))
            start = SCORED_FROM + 2 + slot * width + int(rng.integers(0, max(width - length - 8, 1)))
            _plant(campaign, kind, start, length, rng)
            events.append(Event(name, start, min(start + length, days) - 1, kind))
        parts.append(_counted(campaign, rng).assign(series_id=name, day=dates))
    return LabelledSet(
        "generated",
        pd.concat(parts, ignore_index=True),
        ("spend", "cpc", "ctr", "cvr", "roas"),
        tuple(events),
        dict.fromkeys([f"c{n:02d}" for n in range(campaigns)], SCORED_FROM),
        calendar=tuple(dates[promotions]),
    )


_KINDS = ("spend_spike", "spend_stop", "cpc_jump", "ctr_drop", "tracking_break", "roas_decay")
_LENGTHS = {
    "spend_spike": (1, 4),
    "spend_stop": (2, 6),
    "cpc_jump": (4, 11),
    "ctr_drop": (4, 11),
    "tracking_break": (3, 8),
    "roas_decay": (14, 24),
}


def _drawn(
    rng: np.random.Generator, days: int, weekday: np.ndarray, promotions: np.ndarray
) -> dict[str, np.ndarray]:
    """What the market would do without faults: spend, price and rates by day."""

    def lasting(sd: float, memory: float) -> np.ndarray:
        noise = rng.normal(0, sd, days)
        for n in range(1, days):
            noise[n] += memory * noise[n - 1]
        return noise

    week = 1 + rng.uniform(0.05, 0.35) * np.sin(2 * np.pi * (weekday + rng.uniform(0, 7)) / 7)
    promo = np.zeros(days)
    promo[promotions] = 1.0
    wanted = (
        rng.lognormal(5.5, 0.7)
        * week
        * np.exp(lasting(0.10, 0.3) + np.cumsum(rng.normal(0, 0.008, days)) + 0.25 * promo)
    )
    budget = np.full(days, np.median(wanted) * (rng.uniform(0.95, 1.3) if rng.random() < 0.4 else 9.0))
    step, factor = np.ones(days), 1.0
    for at in np.sort(rng.choice(np.arange(30, days), int(rng.integers(0, 3)), replace=False)):
        factor *= rng.choice([0.7, 0.8, 1.25, 1.4])
        step[at:] = factor
    return {
        "spend": np.minimum(wanted, budget) * step,
        "budget": budget * step,
        "cpc": rng.lognormal(-0.1, 0.5) * np.exp(lasting(0.05, 0.4) + np.cumsum(rng.normal(0, 0.004, days))),
        "ctr": rng.uniform(0.012, 0.05) * np.exp(lasting(0.04, 0.3) + np.cumsum(rng.normal(0, 0.003, days))),
        "cvr": rng.uniform(0.02, 0.07) * np.exp(lasting(0.06, 0.3) + 0.35 * promo),
        "order": np.full(days, rng.uniform(40, 120)) * np.exp(0.05 * promo),
    }


def _plant(
    campaign: dict[str, np.ndarray], kind: str, start: int, length: int, rng: np.random.Generator
) -> None:
    """Change the series from `start` for `length` days."""
    when = slice(start, start + length)
    ramp = np.linspace(1.0, rng.uniform(0.4, 0.6), len(campaign["spend"][when]))
    if kind == "spend_spike":
        campaign["spend"][when] *= rng.uniform(1.8, 3.5)
    elif kind == "spend_stop":
        campaign["spend"][when] *= rng.choice([0.0, 0.03])
    elif kind == "cpc_jump":
        campaign["cpc"][when] *= rng.uniform(1.45, 2.2)
    elif kind == "ctr_drop":
        campaign["ctr"][when] *= rng.uniform(0.4, 0.65)
    elif kind == "tracking_break":
        campaign["cvr"][when] *= rng.choice([0.0, 0.1, 0.3])
    else:
        campaign["cvr"][when] *= ramp


def _counted(campaign: dict[str, np.ndarray], rng: np.random.Generator) -> pd.DataFrame:
    clicks = rng.poisson(campaign["spend"] / campaign["cpc"])
    impressions = rng.poisson(campaign["spend"] / campaign["cpc"] / campaign["ctr"])
    clicks = np.minimum(clicks, impressions)
    conversions = rng.binomial(clicks, np.minimum(campaign["cvr"], 0.9))
    value = np.array(
        [rng.gamma(4 * n, o / 4) if n else 0.0 for n, o in zip(conversions, campaign["order"], strict=True)]
    )
    return pd.DataFrame(
        {
            "spend": campaign["spend"].round(2),
            "impressions": impressions,
            "clicks": clicks,
            "conversions": conversions.astype(float),
            "conversion_value": value.round(2),
        }
    )


def keywords(path: Path, seed: int) -> LabelledSet:
    """The largest keyword groups of a file (id, date, impressions, clicks), with spikes, stops, CTR drops and
    slow decays planted.
    """
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    frame["date"] = pd.to_datetime(frame["date"])
    ids = np.sort(frame["id"].unique())
    group = pd.Series(np.arange(len(ids)) % KEYWORDS, index=ids)
    sums = (
        frame.assign(group=frame["id"].map(group)).groupby(["group", "date"])[["impressions", "clicks"]].sum()
    )
    whole = sums.index.get_level_values("group").unique()
    dates = pd.date_range(frame["date"].min(), frame["date"].max())
    rng, parts = np.random.default_rng([seed, 2]), []
    events: list[Event] = []
    for number in whole:
        name = f"k{number:03d}"
        keyword_sums = sums.loc[number].reindex(dates, fill_value=0).astype(float)
        parts.append(_planted(keyword_sums, name, rng, events).assign(series_id=name, day=dates))
    return LabelledSet(
        "keywords",
        pd.concat(parts, ignore_index=True),
        ("impressions", "clicks", "ctr"),
        tuple(events),
        dict.fromkeys([f"k{n:03d}" for n in whole], SCORED_FROM),
    )


def _planted(
    keyword_days: pd.DataFrame, name: str, rng: np.random.Generator, events: list[Event]
) -> pd.DataFrame:
    """Seven faults on one real series, apart from each other; clicks are thinned or drawn, so that they stay
    counts.
    """
    impressions, clicks = np.array(keyword_days["impressions"]), np.array(keyword_days["clicks"])
    width = (len(keyword_days) - SCORED_FROM - 4) // PER_KEYWORD
    for slot in range(PER_KEYWORD):
        kind = ("spike", "stop", "ctr_drop", "decay")[int(rng.integers(0, 4))]
        length = int(
            rng.integers(*{"spike": (1, 4), "stop": (2, 6), "ctr_drop": (4, 11), "decay": (14, 22)}[kind])
        )
        start = SCORED_FROM + 2 + slot * width + int(rng.integers(0, max(width - length - 6, 1)))
        when = slice(start, start + length)
        if kind == "spike":
            factor = rng.uniform(1.8, 3.5)
            impressions[when], clicks[when] = (
                np.rint(impressions[when] * factor),
                np.rint(clicks[when] * factor),
            )
        elif kind == "stop":
            impressions[when], clicks[when] = 0.0, 0.0
        else:
            low = rng.uniform(0.35, 0.6)
            remaining_share = low if kind == "ctr_drop" else np.linspace(1.0, low, len(clicks[when]))
            clicks[when] = rng.binomial(clicks[when].astype(int), remaining_share)
            if kind == "decay":
                impressions[when] = np.rint(impressions[when] * remaining_share)
        events.append(Event(name, start, min(start + length, len(keyword_days)) - 1, kind))
    return pd.DataFrame({"impressions": impressions, "clicks": clicks})


def labelled(path: Path) -> LabelledSet:
    """Series, timestamp, value and label (1 inside a window somebody marked) from a file, each on its own
    regular grid.
    """
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    frame["timestamp"] = pd.to_datetime(frame["timestamp"])
    frame = frame.sort_values(["series", "timestamp"]).drop_duplicates(["series", "timestamp"])
    events, first = [], {}
    for name, series_rows in frame.groupby("series"):
        inside = np.concatenate([[0], series_rows["label"].to_numpy(int), [0]])
        starts, ends = np.flatnonzero(np.diff(inside) == 1), np.flatnonzero(np.diff(inside) == -1) - 1
        first[str(name)] = int(UNSCORED * len(series_rows))
        events += [
            Event(str(name), int(a), int(b), "labelled")
            for a, b in zip(starts, ends, strict=True)
            if b >= first[str(name)]
        ]
    period = frame.groupby("series")["timestamp"].diff().dropna().mode()[0]
    a_day = pd.Timedelta(days=1) / period
    days = frame.rename(columns={"series": "series_id", "timestamp": "day"})[["series_id", "day", "value"]]
    return LabelledSet(
        path.stem,
        days.reset_index(drop=True),
        ("value",),
        tuple(events),
        first,
        grace=0,
        page=max(3, round(a_day)),
        season=7 if a_day <= 1 else round(a_day),
        periods_a_day=a_day,
    )


def labelled_sets(folder: Path, seed: int) -> Iterator[LabelledSet]:
    """Every file of the folder that has the columns of a labelled series or of a keyword's days."""
    for path in sorted([*folder.glob("*.csv"), *folder.glob("*.parquet")]):
        if path.suffix == ".csv":
            columns = set(pd.read_csv(path, nrows=0).columns)
        else:
            import pyarrow.parquet as pq

            columns = set(pq.read_schema(path).names)
        if {"series", "timestamp", "value", "label"} <= columns:
            yield labelled(path)
        elif {"id", "date", "impressions", "clicks"} <= columns:
            yield keywords(path, seed)
