"""From flags to incidents: what begins, goes on and ends, once, with what it costs and why.

Flags of one series that follow each other within `quiet_days` are one incident. An incident of a campaign that lies within one of its account is part
of it. What is at stake is money a day in the reporting currency: too much spent, or worth that did not come.
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from assets.signals.anomalies.causes import WORDS, Part, children, factors
from assets.signals.anomalies.measures import FOLLOWS, KNOWN
from assets.signals.anomalies.series import place_of
from resources.policy.anomalies import Watching

OPEN, ENDED = "open", "ended"
LOW, MEDIUM, HIGH = "low", "medium", "high"
_HIGH_SHARE = 0.10
_WORSE = {measure.name: measure.worse for measure in KNOWN}
_STOPPED = np.log(0.1)


def effect(rows: pd.DataFrame) -> pd.Series:
    """Logarithm of what was over what was expected."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(rows["value"].astype(float) / rows["expected"].astype(float))


def incidents(
    found: pd.DataFrame, frame: pd.DataFrame, *, as_of: date, policy: Watching
) -> list[dict[str, Any]]:
    """What is on at the end of `as_of`, or ended on it, the most money first.

    Args:
        found: What `detect` said, of the last weeks.
        frame: What it was given (`assets.signals.anomalies.series.watch_frame`).
        as_of: The day.
        policy: When an incident has ended, and what is of low severity.

    Returns:
        A dictionary each: incident_id, series_id and its place, part_of, state, began, last_day, metric, value, expected, low, high, p_value, effect,
        stake, severity and cause.
    """
    flagged = found[found["is_anomaly"]]
    if flagged.empty:
        return []
    last, quiet = pd.Timestamp(as_of), pd.Timedelta(days=policy.quiet_days + 1)
    spells = _spells(flagged, quiet)
    spells = spells[spells["last_day"] >= last - quiet]
    own = found[found["series_id"].isin(spells["series_id"])]
    by_series = {str(name): rows for name, rows in own.groupby("series_id", observed=True)}
    days = frame[frame["day"] > last - pd.Timedelta(days=60)]
    spend = _spend_of_day(days)
    told = [
        _told(spell, by_series[spell["series_id"]], days, last=last, quiet=quiet, spend=spend, policy=policy)
        for spell in spells.to_dict("records")
    ]
    _take_together(told)
    recent = found[found["day"] >= last - quiet]
    recent = recent.assign(series_id=recent["series_id"].astype(str), metric=recent["metric"].astype(str))
    for one in told:
        one["cause"] = _cause(one, told, recent)
    return sorted(told, key=lambda one: -one["stake"])


def _spells(flagged: pd.DataFrame, quiet: pd.Timedelta) -> pd.DataFrame:
    """Per series the newest run of flagged days: series_id, began, last_day."""
    days = flagged[["series_id", "day"]].drop_duplicates().sort_values(["series_id", "day"])
    days["series_id"] = days["series_id"].astype(str)
    breaks = days.groupby("series_id")["day"].diff() > quiet
    days["run"] = breaks.groupby(days["series_id"]).cumsum()
    runs = days.groupby(["series_id", "run"])["day"].agg(began="min", last_day="max").reset_index()
    return runs.drop_duplicates("series_id", keep="last").drop(columns="run")


def _spend_of_day(days: pd.DataFrame) -> float:
    """What all accounts spend a day, reporting currency: the median of the last weeks. Without a rate money stays as it is, as stakes do."""
    accounts = days[days["group"] == ""]
    by_day = (accounts["spend"] * accounts["rate"].fillna(1.0)).groupby(accounts["day"]).sum(min_count=1)
    return float(by_day.median()) if len(by_day) else 0.0


def _told(
    spell: Mapping[str, Any],
    rows: pd.DataFrame,
    days: pd.DataFrame,
    *,
    last: pd.Timestamp,
    quiet: pd.Timedelta,
    spend: float,
    policy: Watching,
) -> dict[str, Any]:
    of_day = rows[rows["day"] == spell["last_day"]].assign(effect=effect)
    of_day = of_day.assign(metric=of_day["metric"].astype(str)).set_index("metric")
    own = days[(days["series_id"] == spell["series_id"]) & (days["day"] == spell["last_day"])].iloc[0]
    stakes = {metric: _stake(metric, of_day, own) for metric in of_day.index[of_day["is_anomaly"]]}
    leading = {name: stake for name, stake in stakes.items() if name not in FOLLOWS} or stakes
    metric = max(leading, key=lambda name: (leading[name], -of_day.loc[name, "p_value"]))
    row, stake = of_day.loc[metric], leading[metric]
    name = hashlib.sha256(f"{spell['series_id']} {spell['began']:%Y%m%d}".encode()).hexdigest()[:12]
    return {
        "incident_id": name, "series_id": spell["series_id"], **place_of(spell["series_id"]), "part_of": None,
        "state": ENDED if spell["last_day"] <= last - quiet else OPEN, "began": spell["began"].date(), "last_day": spell["last_day"].date(),
        "metric": metric, "metrics": ", ".join(sorted(stakes)), "value": float(row["value"]), "expected": float(row["expected"]), "low": float(row["low"]),
        "high": float(row["high"]), "p_value": float(row["p_value"]), "effect": float(np.clip(row["effect"], -9, 9)), "stake": stake,
        "severity": _severity(metric, float(row["effect"]), stake, spend, policy), "is_good": _WORSE.get(metric, 0) * row["effect"] < 0,
        "factors": factors(metric, of_day["value"].to_dict(), of_day["expected"].to_dict()),
    }  # fmt: skip


def _stake(metric: str, of_day: pd.DataFrame, own: pd.Series) -> float:
    """Money of a day, reporting currency: what was spent beyond what was expected, or what it should have brought and did not."""
    rate = float(own["rate"]) if pd.notna(own["rate"]) else 1.0
    wanted, seen = of_day["expected"], of_day["value"]
    by_metric = {
        "spend": lambda: seen["spend"] - wanted["spend"],
        "cpc": lambda: (seen["cpc"] - wanted["cpc"]) * own["clicks"],
        "ctr": lambda: (wanted["ctr"] - seen["ctr"]) * own["impressions"] * wanted["cpc"],
        "clicks": lambda: (wanted["clicks"] - seen["clicks"]) * wanted["cpc"],
        "impressions": lambda: (wanted["impressions"] - seen["impressions"]) * wanted["ctr"] * wanted["cpc"],
        "cvr": lambda: (1.0 - seen["cvr"] / wanted["cvr"]) * _worth(wanted, own),
        "conversions": lambda: (1.0 - seen["conversions"] / wanted["conversions"]) * _worth(wanted, own),
        "conversion_value": lambda: wanted["conversion_value"] - seen["conversion_value"],
        "roas": lambda: (wanted["roas"] - seen["roas"]) * own["spend"],
    }
    try:
        amount = float(by_metric[metric]()) if metric in by_metric else 0.0
    except (KeyError, ZeroDivisionError):
        return 0.0
    return abs(amount * rate) if np.isfinite(amount) else 0.0


def _worth(wanted: pd.Series, own: pd.Series) -> float:
    """What the day was to bring: its value where it sells, else what is spent to get it."""
    value = float(wanted.get("roas", 0.0)) * float(own["spend"])
    return value if np.isfinite(value) and value > 0 else float(own["spend"])


def _severity(metric: str, size: float, stake: float, spend: float, policy: Watching) -> str:
    share = stake / spend if spend > 0 else 0.0
    if share >= _HIGH_SHARE or (metric == "spend" and size <= _STOPPED and share >= policy.least_stake):
        return HIGH
    return MEDIUM if share >= policy.least_stake else LOW


def _take_together(told: list[dict[str, Any]]) -> None:
    """Name for each the incident above it that it is part of: same direction, and on at the same time."""
    by_series = {one["series_id"]: one for one in told}
    for one in told:
        above = one["series_id"].rsplit("|", 1)[0]
        while above.count("|") >= 1:
            larger = by_series.get(above)
            if (
                larger
                and np.sign(larger["effect"]) == np.sign(one["effect"])
                and larger["last_day"] >= one["began"]
                and one["last_day"] >= larger["began"]
            ):
                one["part_of"] = larger["incident_id"]
                break
            above = above.rsplit("|", 1)[0]


def _cause(one: Mapping[str, Any], told: list[dict[str, Any]], recent: pd.DataFrame) -> str:
    """A sentence: which factor moved, and in which child."""
    said = []
    parts: list[Part] = one["factors"]
    if parts and parts[0].share > 0:
        said.append(
            "mostly "
            + " and ".join(f"{WORDS[part.name]} ({part.share:.0%})" for part in parts if part.share >= 0.25)
        )
    inside = _children(one, recent)
    if inside:
        said.append(
            "within it "
            + ", ".join(
                f"{place_of(part.name)['ad_set_id'] or place_of(part.name)['campaign_id']} ({part.share:.0%})"
                for part in inside
            )
        )
    fewer = sum(other["part_of"] == one["incident_id"] for other in told)
    if fewer:
        said.append(f"{fewer} more incidents below it")
    return "; ".join(said)


def _children(one: Mapping[str, Any], recent: pd.DataFrame) -> list[Part]:
    """The children that the change comes from: what each has beyond its own expectation, for ratios at the clicks (or spend) that it had."""
    below = {measure.name: measure.denominator for measure in KNOWN}[one["metric"]]
    inside = recent["series_id"].str.startswith(one["series_id"] + "|")
    some = recent[inside & (recent["day"] == pd.Timestamp(one["last_day"]))]
    some = some[some["series_id"].str.count(r"\|") == one["series_id"].count("|") + 1]
    own = some[some["metric"] == one["metric"]].set_index("series_id")
    times = some[some["metric"] == below].set_index("series_id")["value"].reindex(own.index) if below else 1.0
    more = ((own["value"] - own["expected"]) * times).dropna().astype(float)
    return children(float(more.sum()), more.to_dict()) if len(more) > 1 else []
