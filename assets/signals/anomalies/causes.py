"""Why something stood out: which factor moved, in which child, near which recorded change, and first of all whether the data can be trusted."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

WORDS = {
    "spend": "spend", "impressions": "impressions", "clicks": "clicks", "conversions": "conversions", "conversion_value": "conversion value",
    "cpc": "CPC", "ctr": "CTR", "cvr": "conversions per click", "roas": "ROAS", "cpm": "price of impressions", "order": "value of a conversion",
}  # fmt: skip
_FACTORS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "roas": (("cvr", 1), ("order", 1), ("cpc", -1)),
    "cpc": (("cpm", 1), ("ctr", -1)),
    "clicks": (("spend", 1), ("cpc", -1)),
    "impressions": (("spend", 1), ("cpm", -1)),
    "conversions": (("clicks", 1), ("cvr", 1)),
    "conversion_value": (("clicks", 1), ("cvr", 1), ("order", 1)),
}
"""Each as a product of others to the power of 1 or -1, so that logarithms add up exactly."""
_MOSTLY = 0.6
LOST, STEADY = np.log(0.4), np.log(1.2)
"""Tracking is broken where more than three in five conversions are gone and clicks are within a fifth (FEATURES 6)."""


@dataclass(frozen=True)
class Part:
    """A factor or a child with its share of the whole change, which may be above 1 where others went the other way."""

    name: str
    share: float


def factors(metric: str, value: Mapping[str, float], expected: Mapping[str, float]) -> list[Part]:
    """The change of a metric taken apart, the largest share first; shares add up to 1. Empty where it has no parts or they are unknown.

    Args:
        metric: What moved.
        value: What every metric of the series was.
        expected: What it was expected to be.
    """
    now, then = _with_parts(value), _with_parts(expected)
    parts = _FACTORS.get(metric, ())
    moves = {
        name: power * np.log(now.get(name, np.nan) / then.get(name, np.nan))
        for name, power in parts
        if _positive(now, then, name)
    }
    whole = sum(moves.values())
    if len(moves) < len(parts) or not parts or abs(whole) < 1e-9:
        return []
    return sorted(
        (Part(name, float(move / whole)) for name, move in moves.items()), key=lambda part: -part.share
    )


def _with_parts(values: Mapping[str, float]) -> dict[str, float]:
    found = dict(values)
    if _known(found, "cpc") and _known(found, "ctr"):
        found["cpm"] = found["cpc"] * found["ctr"]
    if _known(found, "roas") and _known(found, "cpc") and _known(found, "cvr") and found["cvr"] > 0:
        found["order"] = found["roas"] * found["cpc"] / found["cvr"]
    return found


def _known(values: Mapping[str, float], name: str) -> bool:
    return name in values and bool(np.isfinite(values[name]))


def _positive(now: Mapping[str, float], then: Mapping[str, float], name: str) -> bool:
    return all(_known(side, name) and side[name] > 0 for side in (now, then))


def children(whole: float, parts: Mapping[str, float]) -> list[Part]:
    """Which children the change of an amount comes from, the largest first: those that together make three fifths of it.

    Args:
        whole: What was more than expected (negative: less).
        parts: The same of each child.
    """
    if abs(whole) < 1e-9:
        return []
    shares = sorted(
        (Part(name, part / whole) for name, part in parts.items() if part / whole > 0),
        key=lambda one: -one.share,
    )
    kept, told = [], 0.0
    for one in shares[:3]:
        kept.append(one)
        told += one.share
        if told >= _MOSTLY:
            return kept
    return []


def recorded_changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """What moved between two listings of entities: platform, account_id, level, entity_id, campaign_id and words.

    Budgets, statuses, bid strategies and the learning phase are compared; what is new or gone is said as such.
    """
    key = ["platform", "account_id", "level", "entity_id"]
    fields = ["daily_budget", "lifetime_budget", "status", "native_status", "bid_strategy", "learning_state"]
    some = [frame[[*key, "campaign_id", "ad_set_id", *fields]] for frame in (before, after)]
    both = some[0].merge(some[1], on=key, how="outer", suffixes=("_before", ""), indicator=True)
    rows = []
    for row in both.to_dict("records"):
        if words := _moved(row, fields):
            campaign, ad_set = (
                row[n] if isinstance(row[n], str) else row[f"{n}_before"]
                for n in ("campaign_id", "ad_set_id")
            )
            rows.append(
                {name: row[name] for name in key}
                | {"campaign_id": campaign, "ad_set_id": ad_set, "words": words}
            )
    return pd.DataFrame(rows, columns=[*key, "campaign_id", "ad_set_id", "words"])


def _moved(row: Mapping[str, object], fields: list[str]) -> str:
    if row["_merge"] != "both":
        return "new" if row["_merge"] == "right_only" else "gone"
    said: list[str] = []
    for name in fields:
        old, new = row[f"{name}_before"], row[name]
        if (pd.isna(old) and pd.isna(new)) or old == new:
            continue
        if name == "native_status" and any(part.startswith("status ") for part in said):
            continue
        said.append(f"{name.replace('_', ' ').removeprefix('native ')} {_cell(old)} to {_cell(new)}")
    return ", ".join(said)


def _cell(value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return "none"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def broken_tracking(flags: pd.DataFrame) -> dict[str, str]:
    """Per platform a sentence where all its accounts with a verdict lost most conversions while clicks went on.

    Args:
        flags: The day's rows of accounts: platform, series_id, metric, is_anomaly, effect (logarithm).
    """
    lost: dict[str, bool] = {}
    for platform, own in flags.groupby("platform"):
        by_series = own.pivot_table(
            index="series_id", columns="metric", values="effect", aggfunc="last", observed=True
        )
        told = own[own["metric"].isin(["cvr", "conversions"]) & own["is_anomaly"]]["series_id"].unique()
        if {"cvr", "clicks"} <= set(by_series.columns) and len(told):
            some = by_series.loc[by_series.index.isin(told)]
            broken = (some["cvr"] <= LOST) & (some["clicks"].abs() <= STEADY)
            lost[str(platform)] = bool(broken.all() and len(told) == by_series["cvr"].notna().sum())
    down = sorted(platform for platform, is_lost in lost.items() if is_lost)
    everywhere = len(down) > 1 and len(down) == flags["platform"].nunique()
    where = "all platforms at once" if everywhere else "every account of the platform"
    return dict.fromkeys(
        down, f"Conversions stopped on {where} while clicks go on: the tracking, not the ads."
    )
