"""Root causes of an incident: data quality first, then the factor that moved, the child it moved in, and
recorded changes nearby.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

WORDS = {
    "spend": "spend",
    "impressions": "impressions",
    "clicks": "clicks",
    "conversions": "conversions",
    "conversion_value": "conversion value",
    "cpc": "CPC",
    "ctr": "CTR",
    "cvr": "conversions per click",
    "roas": "ROAS",
    "cpm": "price of impressions",
    "order": "value of a conversion",
}
_FACTORS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "roas": (("cvr", 1), ("order", 1), ("cpc", -1)),
    "cpc": (("cpm", 1), ("ctr", -1)),
    "clicks": (("spend", 1), ("cpc", -1)),
    "impressions": (("spend", 1), ("cpm", -1)),
    "conversions": (("clicks", 1), ("cvr", 1)),
    "conversion_value": (("clicks", 1), ("cvr", 1), ("order", 1)),
}
"""Each metric as a product of others to the power of 1 or -1, so that contributions on the log scale add up
exactly."""
_MOSTLY = 0.6
LOST, STEADY = np.log(0.4), np.log(1.2)
"""Tracking counts as broken where more than 60 % of conversions are missing while clicks stay within 20 %."""


@dataclass(frozen=True)
class ChangePart:
    """A factor or child entity with its share of the total change; above 1 where others moved in the opposite
    direction.
    """

    name: str
    share: float


def factors(metric: str, value: Mapping[str, float], expected: Mapping[str, float]) -> list[ChangePart]:
    """Decomposition of a change on the log scale, largest share first; shares add up to 1.

    Empty where the metric has no factors or one of them is unknown.

    Args:
        metric: The metric that changed.
        value: Observed value of every metric of the series.
        expected: Expected values of the same metrics.
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
        (ChangePart(name, float(move / whole)) for name, move in moves.items()), key=lambda part: -part.share
    )


def _with_parts(values: Mapping[str, float]) -> dict[str, float]:
    values_and_parts = dict(values)
    if _known(values_and_parts, "cpc") and _known(values_and_parts, "ctr"):
        values_and_parts["cpm"] = values_and_parts["cpc"] * values_and_parts["ctr"]
    if (
        _known(values_and_parts, "roas")
        and _known(values_and_parts, "cpc")
        and _known(values_and_parts, "cvr")
        and values_and_parts["cvr"] > 0
    ):
        values_and_parts["order"] = (
            values_and_parts["roas"] * values_and_parts["cpc"] / values_and_parts["cvr"]
        )
    return values_and_parts


def _known(values: Mapping[str, float], name: str) -> bool:
    return name in values and bool(np.isfinite(values[name]))


def _positive(now: Mapping[str, float], then: Mapping[str, float], name: str) -> bool:
    return all(_known(side, name) and side[name] > 0 for side in (now, then))


def children(whole: float, parts: Mapping[str, float]) -> list[ChangePart]:
    """The at most three children that together explain 60 % of the change of an amount, largest first; empty
    if they do not.

    Args:
        whole: Observed minus expected.
        parts: The same of each child.
    """
    if abs(whole) < 1e-9:
        return []
    shares = sorted(
        (ChangePart(name, part / whole) for name, part in parts.items() if part / whole > 0),
        key=lambda part: -part.share,
    )
    leading, explained = [], 0.0
    for part in shares[:3]:
        leading.append(part)
        explained += part.share
        if explained >= _MOSTLY:
            return leading
    return []


def recorded_changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Differences between two snapshots of entities: platform, account_id, level, entity_id, campaign_id,
    ad_set_id and words.

    Budgets, statuses, bid strategies and the learning phase are compared; entities that appeared or vanished
    are "new" or "gone".
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
    changes: list[str] = []
    for name in fields:
        old, new = row[f"{name}_before"], row[name]
        if (pd.isna(old) and pd.isna(new)) or old == new:
            continue
        if name == "native_status" and any(part.startswith("status ") for part in changes):
            continue
        changes.append(f"{name.replace('_', ' ').removeprefix('native ')} {_cell(old)} to {_cell(new)}")
    return ", ".join(changes)


def _cell(value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return "none"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def broken_tracking(flags: pd.DataFrame) -> dict[str, str]:
    """Per platform a sentence where every judged account lost most of its conversions while clicks continued.

    Args:
        flags: The day's rows of accounts: platform, series_id, metric, is_anomaly, effect (logarithm).
    """
    lost: dict[str, bool] = {}
    for platform, account_flags in flags.groupby("platform"):
        by_series = account_flags.pivot_table(
            index="series_id", columns="metric", values="effect", aggfunc="last", observed=True
        )
        flagged_series = account_flags[
            account_flags["metric"].isin(["cvr", "conversions"]) & account_flags["is_anomaly"]
        ]["series_id"].unique()
        if {"cvr", "clicks"} <= set(by_series.columns) and len(flagged_series):
            some = by_series.loc[by_series.index.isin(flagged_series)]
            broken = (some["cvr"] <= LOST) & (some["clicks"].abs() <= STEADY)
            lost[str(platform)] = bool(broken.all() and len(flagged_series) == by_series["cvr"].notna().sum())
    down = sorted(platform for platform, is_lost in lost.items() if is_lost)
    everywhere = len(down) > 1 and len(down) == flags["platform"].nunique()
    where = "all platforms at once" if everywhere else "every account of the platform"
    return dict.fromkeys(
        down, f"Conversions stopped on {where} while clicks go on: the tracking, not the ads."
    )
