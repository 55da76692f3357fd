"""Transaction logs for the value benchmark: real ones from a folder, and generated ones of known processes.

A log is customer_id, day and value with the day on which it is cut: what came later is to be forecast.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

CUSTOMERS, HISTORY, HORIZON, JOINING = 3_000, 365, 180, 300
"""Of each generated log: customers, days before and after the cut, and days over which customers arrived."""
CUTS = {"cdnow_transactions": ("1997-09-30", 273)}
"""Customary cuts of published comparisons: last known day, days to forecast. Other files are cut in the
middle.
"""


@dataclass(frozen=True, eq=False)
class Log:
    """A log with its cut. `as_of` is the last known day; the sum of the `horizon_days` after it is to be
    forecast.
    """

    name: str
    rows: pd.DataFrame
    as_of: pd.Timestamp
    horizon_days: int

    @property
    def known(self) -> pd.DataFrame:
        return self.rows[self.rows["day"] <= self.as_of]

    def came(self) -> tuple[pd.Series, pd.Series]:
        """Order days and value (net of returns) in the horizon, by customer who had ordered before."""
        end = self.as_of + pd.Timedelta(days=self.horizon_days)
        who = pd.Index(np.sort(self.known.loc[self.known["value"] >= 0, "customer_id"].unique()))
        later = self.rows[(self.rows["day"] > self.as_of) & (self.rows["day"] <= end)]
        orders = (
            later[later["value"] >= 0].drop_duplicates(["customer_id", "day"]).groupby("customer_id").size()
        )
        worth = later.groupby("customer_id")["value"].sum()
        return orders.reindex(who, fill_value=0).astype(float), worth.reindex(who, fill_value=0.0)


def real_logs(folder: Path) -> list[Log]:
    """Every file of the folder with customer_id, value and a day (day, date or ts)."""
    logs = []
    for path in sorted(p for p in folder.iterdir() if p.suffix in {".csv", ".parquet"}):
        rows = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
        when = next((name for name in ("day", "date", "ts") if name in rows), None)
        if when is None or not {"customer_id", "value"} <= set(rows.columns):
            continue
        day = pd.to_datetime(rows[when]).dt.normalize()
        log = pd.DataFrame(
            {"customer_id": rows["customer_id"].astype(str), "day": day, "value": rows["value"].astype(float)}
        )
        span = (day.max() - day.min()).days
        cut, horizon = CUTS.get(path.stem, (day.min() + pd.Timedelta(days=span // 2), span - span // 2))
        logs.append(Log(path.stem, log, pd.Timestamp(cut), horizon))
    return logs


def made_logs(seed: int, size: int = CUSTOMERS) -> list[Log]:
    """A generated log of each kind below."""
    return [
        _made(name, kind, seed=seed + 1_000 * n, size=size) for n, (name, kind) in enumerate(KINDS.items())
    ]


@dataclass(frozen=True)
class _People:
    """Parameters of each customer: orders a day, chance to drop out after an order and per day, order
    value.
    """

    rate: np.ndarray
    stops_after: np.ndarray
    stops_a_day: np.ndarray
    spend: np.ndarray
    spread: float = 0.5
    """Log standard deviation of one order around the customer's own mean."""
    season: float = 0.0
    """Amplitude of a yearly wave of all rates."""
    fades: float = 0.0
    """Share of its rate that a customer loses over a year."""
    shift: float = 0.0
    """Relative change of all rates halfway through the history."""
    returned: float = 0.0
    """Share of orders that are returned."""


Rng = np.random.Generator


def _gamma_spend(rng: Rng, size: int) -> np.ndarray:
    return 40 * 3.0 / rng.gamma(4.0, size=size)


def _dropping_after_orders(rng: Rng, size: int) -> _People:
    rate = rng.gamma(0.6, 1 / 25.0, size)
    return _People(rate, rng.beta(0.8, 3.0, size), np.zeros(size), _gamma_spend(rng, size))


def _dropping_any_day(rng: Rng, size: int) -> _People:
    return _People(
        rng.gamma(0.7, 1 / 30.0, size),
        np.zeros(size),
        rng.gamma(0.6, 1 / 100.0, size),
        _gamma_spend(rng, size),
    )


def _seasonal(rng: Rng, size: int) -> _People:
    rate, stops = rng.gamma(0.9, 1 / 40.0, size), rng.gamma(0.6, 1 / 200.0, size)
    return _People(rate, np.zeros(size), stops, _gamma_spend(rng, size), season=0.6)


def _spending_apart(rng: Rng, size: int) -> _People:
    """Few wholesale customers order often and much; returns happen."""
    both = rng.multivariate_normal([0, 0], [[1.4, 0.7], [0.7, 1.2]], size)
    big = rng.random(size) < 0.02
    spend = 60 * np.exp(both[:, 1]) * np.where(big, 15, 1)
    rate = 0.008 * np.exp(both[:, 0]) * np.where(big, 3, 1)
    return _People(rate, rng.beta(0.6, 6.0, size), np.zeros(size), spend, spread=0.8, returned=0.05)


def _changing(rng: Rng, size: int) -> _People:
    """All customers order less with age, and less from the middle of the history on."""
    rate = rng.gamma(0.8, 1 / 30.0, size)
    return _People(
        rate, rng.beta(0.5, 5.0, size), np.zeros(size), _gamma_spend(rng, size), fades=0.5, shift=-0.3
    )


KINDS: dict[str, Callable[[Rng, int], _People]] = {
    "stops after orders": _dropping_after_orders,
    "stops any day": _dropping_any_day,
    "seasonal": _seasonal,
    "spending apart": _spending_apart,
    "changing": _changing,
}


def _made(name: str, kind: Callable[[Rng, int], _People], *, seed: int, size: int) -> Log:
    rng = np.random.default_rng(seed)
    people = kind(rng, size)
    start = rng.integers(0, JOINING, size).astype(float)
    ends_after = np.where(people.stops_after > 0, rng.geometric(np.maximum(people.stops_after, 1e-9)), 10**9)
    lives = np.where(
        people.stops_a_day > 0, rng.exponential(1 / np.maximum(people.stops_a_day, 1e-12)), np.inf
    )
    until = HISTORY + HORIZON
    who, at = [np.arange(size)], [start.copy()]
    now, count = start.copy(), np.ones(size)
    fastest = np.minimum(people.rate, 1.0) * (1 + people.season)
    going = np.arange(size)
    # Orders are drawn at each customer's fastest rate and thinned to the rate of the day.
    while len(going):
        now[going] += rng.exponential(1 / np.maximum(fastest[going], 1e-9))
        going = going[
            (now[going] < until)
            & (now[going] - start[going] < lives[going])
            & (count[going] < ends_after[going])
        ]
        ordering = going[
            rng.random(len(going))
            < _pace(people, now[going], now[going] - start[going]) / (1 + people.season)
        ]
        count[ordering] += 1
        who.append(ordering)
        at.append(now[ordering].copy())
    ids, days = np.concatenate(who), np.floor(np.concatenate(at))
    value = people.spend[ids] * np.exp(rng.normal(-(people.spread**2) / 2, people.spread, len(ids)))
    rows = pd.DataFrame({"customer_id": ids, "day": days, "value": value.round(2)})
    back = rows[rng.random(len(rows)) < people.returned]
    rows = pd.concat(
        [rows, back.assign(value=-back["value"], day=back["day"] + rng.integers(1, 20, len(back)))]
    )
    first = pd.Timestamp("2024-01-01")
    rows = rows.assign(
        day=first + pd.to_timedelta(rows["day"], unit="D"), customer_id=rows["customer_id"].astype(str)
    )
    return Log(name, rows.reset_index(drop=True), first + pd.Timedelta(days=HISTORY - 1), HORIZON)


def _pace(people: _People, day: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Rate of the day as a share of the customer's own."""
    wave = 1 + people.season * np.sin(2 * np.pi * day / 365)
    fade = np.exp(np.log1p(-people.fades) * age / 365)
    return wave * fade * np.where(day > HISTORY / 2, 1 + people.shift, 1.0)
