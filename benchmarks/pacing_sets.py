"""Daily spend to project: real series from a folder, series made to known rules, and those of a sandbox world
with changes that are known beforehand.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from assets.signals.pacing.known_events import budget_effect
from benchmarks.days import MORNING
from sandbox.changes import Change
from sandbox.clock import Clock
from sandbox.market import Market
from sandbox.world import Account, World

COLUMNS = ["series_id", "day", "spend"]
FEWEST_CLICKS = 365
MADE_DAYS, WORLD_MONTHS = 212, 7


@dataclass(frozen=True, eq=False)
class Set:
    """Series with what is known of them beforehand: nothing, for real ones."""

    name: str
    days: pd.DataFrame
    known: pd.DataFrame | None = None
    budgets: pd.DataFrame | None = None
    kinds: dict[str, str] = field(default_factory=dict)


def real_sets(folder: Path) -> list[Set]:
    """Every file of the folder whose columns are known: display lines, clicks of keywords, or series_id, day
    and spend.
    """
    sets = []
    for path in sorted(p for p in folder.iterdir() if p.suffix in {".csv", ".parquet"}):
        rows = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
        if {"series_id", "day", "spend"} <= set(rows.columns):
            whole = rows[COLUMNS].assign(
                day=pd.to_datetime(rows["day"]), series_id=rows["series_id"].astype(str)
            )
            sets.append(Set(path.stem, whole, budgets=_budgets(rows)))
        elif {"date", "line_item", "campaign_number", "placement", "banner", "cost"} <= set(rows.columns):
            sets.append(Set("display", display_series(rows)))
        elif {"id", "date", "clicks", "impressions"} <= set(rows.columns):
            sets.append(Set("adwords", keyword_series(rows)))
    return sets


def display_series(rows: pd.DataFrame) -> pd.DataFrame:
    """Cost by campaign, placement, banner and line item."""
    parts = [
        rows.groupby([level, "date"])["cost"]
        .sum()
        .reset_index()
        .set_axis(COLUMNS, axis=1)
        .assign(series_id=lambda frame, level=level: level + ": " + frame["series_id"].astype(str))
        for level in ("campaign_number", "placement", "banner", "line_item")
    ]
    return pd.concat(parts, ignore_index=True).assign(day=lambda frame: pd.to_datetime(frame["day"]))


def keyword_series(rows: pd.DataFrame) -> pd.DataFrame:
    """Clicks at a constant price, of keywords with one a day or more."""
    whole = rows.groupby("id")["clicks"].transform("sum")
    some = rows.loc[whole >= FEWEST_CLICKS, ["id", "date", "clicks"]].set_axis(COLUMNS, axis=1)
    return some.assign(
        day=pd.to_datetime(some["day"]),
        spend=some["spend"].astype(float),
        series_id=some["series_id"].astype(str),
    )


def _budgets(rows: pd.DataFrame) -> pd.DataFrame | None:
    if "budget" not in rows.columns:
        return None
    months = rows.assign(month=pd.to_datetime(rows["day"]).dt.to_period("M").dt.to_timestamp())
    return (
        months.assign(series_id=rows["series_id"].astype(str))
        .groupby(["series_id", "month"], as_index=False)["budget"]
        .max()
    )


def made_set(seed: int, count: int = 150) -> Set:
    """Series as in BASELINES 2: free, capped, with a budget change in the middle of each month, with a ramp
    at its end, and with a month's budget that runs out. Changes and month's budgets are known beforehand; the
    ramp is not.
    """
    rng, days = np.random.default_rng(seed), pd.date_range("2025-01-01", periods=MADE_DAYS)
    months = days.to_period("M")
    parts: list[pd.DataFrame] = []
    events: list[tuple[str, pd.Timestamp, pd.Timestamp, float]] = []
    budgets: list[tuple[str, pd.Timestamp, float]] = []
    kinds: dict[str, str] = {}
    for number in range(count):
        kind = ("free", "capped", "changed", "ramp", "runs out")[number % 5]
        name = f"{kind} {number}"
        kinds[name] = kind
        level, shape = np.exp(rng.normal(4.5, 1)), np.exp(rng.normal(0, 0.18, 7))
        noise, memory = rng.normal(0, rng.uniform(0.08, 0.2), MADE_DAYS), rng.uniform(0.3, 0.7)
        for day in range(1, MADE_DAYS):
            noise[day] += memory * noise[day - 1]
        spend = (
            level
            * (shape / shape.mean())[days.day_of_week]
            * np.exp(noise + np.cumsum(rng.normal(0, 0.01, MADE_DAYS)))
        )
        if kind == "capped":
            spend = np.minimum(spend, 0.9 * level * np.exp(rng.normal(0, 0.03, MADE_DAYS)))
        if kind == "ramp":
            spend *= np.where(days.days_in_month - days.day < 7, rng.uniform(1.2, 1.8), 1.0)
        for month in months.unique():
            inside = np.flatnonzero(months == month)
            if kind == "changed":
                at, factor = inside[rng.integers(8, 24)], rng.uniform(0.5, 1.8)
                spend[at:] *= factor / (1.0 if not events or events[-1][0] != name else events[-1][3])
                events += [(name, days[at], days[-1], factor)]
            if kind == "runs out":
                budget = level * len(inside) * rng.uniform(0.7, 1.0)
                before = np.cumsum(spend[inside]) - spend[inside]
                spend[inside] = np.clip(budget - before, 0, spend[inside])
                budgets.append((name, month.to_timestamp(), budget))
        parts.append(pd.DataFrame({"series_id": name, "day": days, "spend": spend}))
    steps = pd.DataFrame(events, columns=["series_id", "start", "end", "factor"])
    later = steps.groupby("series_id")["start"].shift(-1) - pd.Timedelta(days=1)
    steps["end"] = later.fillna(steps["end"])
    return Set(
        "made",
        pd.concat(parts),
        steps,
        pd.DataFrame(budgets, columns=["series_id", "month", "budget"]),
        kinds,
    )


def world_set(world: World, seed: int) -> Set:
    """Campaigns and ad sets of a world over seven months. A third of the ad sets meet a planned budget
    change, pause or end, or a late start: known beforehand, as they are to whoever plans them.
    """
    first = world.begins.replace(day=1)
    last = (pd.Timestamp(first) + pd.DateOffset(months=WORLD_MONTHS) - pd.Timedelta(days=1)).date()
    market = Market(world, Clock(datetime.combine(last + timedelta(days=40), MORNING)))
    rng = np.random.default_rng(seed)
    plans, parts = [], []
    for account in world.accounts:
        plans += _planned(market, account, rng, pd.Timestamp(first), pd.Timestamp(last))
        for level in ("campaign", "ad_set"):
            for block in market.report(account, level, first, last):
                ids = getattr(market.catalog(account), level + "s").id
                rows = block.campaign if level == "campaign" else block.ad_set
                parts.append(
                    pd.DataFrame(
                        {
                            "series_id": [f"{level} {account.id} {entity_id}" for entity_id in ids[rows]],
                            "day": block.day.astype("datetime64[D]"),
                            "spend": block.spend_micros / 1e6,
                        }
                    )
                )
    days = pd.concat(parts, ignore_index=True)
    events = pd.DataFrame(plans, columns=["series_id", "start", "end", "factor"])
    kinds = dict(
        zip(events["series_id"], np.where(events["factor"] == 0, "paused", "budget changed"), strict=True)
    )
    return Set("world", days, events, kinds=kinds)


def _planned(
    market: Market, account: Account, rng: np.random.Generator, first: pd.Timestamp, last: pd.Timestamp
) -> list[tuple]:
    """Record changes in the market, and say of each what it does to the series of the ad set: its days and
    factor.
    """
    catalog, plans = market.catalog(account), []
    for row, ad_set in enumerate(catalog.ad_sets.id):
        if rng.random() > 1 / 3 or catalog.ad_sets.hidden[row]:
            continue
        name, day = (
            f"ad_set {account.id} {ad_set}",
            first + pd.Timedelta(days=int(rng.integers(70, (last - first).days - 10))),
        )
        holds = bool(catalog.campaigns.holds_budget[catalog.ad_sets.campaign[row]])
        if holds or rng.random() < 0.4:
            end = day + pd.Timedelta(days=int(rng.integers(4, 20)))
            _record(market, account, ad_set, "active", value=False, day=day)
            _record(
                market,
                account,
                ad_set,
                "active",
                value=not bool(catalog.ad_sets.paused[row]),
                day=end + pd.Timedelta(days=1),
            )
            plans.append((name, day, end, 0.0))
            continue
        ratio = float(rng.choice([0.6, 0.8, 1.2, 1.4]))
        _record(
            market,
            account,
            ad_set,
            "budget_micros",
            value=int(catalog.ad_sets.budget_micros[row] * ratio),
            day=day,
        )
        plans.append((name, day, last, budget_effect(ratio)))
    return plans


def _record(
    market: Market, account: Account, ad_set: int, field_: str, *, value: int | bool, day: pd.Timestamp
) -> None:
    at = datetime.combine(day.date() - timedelta(days=1), MORNING)
    market.changes.record(
        Change(account.platform, account.id, "ad_set", int(ad_set), field_, value, at, day.date())
    )
