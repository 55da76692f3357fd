"""Incidents from flags: consecutive flags of a series as one incident with stake, severity and cause.

Flags of one series within `quiet_days` of each other are one incident. An incident of a campaign within one
of its account is linked to it. The stake is money per day in the reporting currency: overspend, or value that
was lost.
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from assets.signals.anomalies.causes import WORDS, ChangePart, children, factors
from assets.signals.anomalies.measures import FOLLOWS, KNOWN
from assets.signals.anomalies.series import place_of
from resources.policy.anomalies import AnomalyThresholds

OPEN, ENDED = "open", "ended"
LOW, MEDIUM, HIGH = "low", "medium", "high"
_HIGH_SHARE = 0.10
_WORSE = {measure.name: measure.worse for measure in KNOWN}
_STOPPED = np.log(0.1)


def effect(rows: pd.DataFrame) -> pd.Series:
    """Log ratio of observed to expected."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(rows["value"].astype(float) / rows["expected"].astype(float))


def incidents(
    flags: pd.DataFrame, frame: pd.DataFrame, *, as_of: date, policy: AnomalyThresholds
) -> list[dict[str, Any]]:
    """Incidents that are open at the end of `as_of` or ended on it, the largest stake first.

    Args:
        flags: Result of `detect` for the last weeks.
        frame: Its input (`assets.signals.anomalies.series.watch_frame`).
        as_of: The day.
        policy: When an incident has ended, and the stake below which its severity is low.

    Returns:
        A dictionary each: incident_id, series_id and its keys, part_of, state, began, last_day, metric,
        value, expected, low, high, p_value, effect, stake, severity and cause.
    """
    flagged = flags[flags["is_anomaly"]]
    if flagged.empty:
        return []
    last, quiet = pd.Timestamp(as_of), pd.Timedelta(days=policy.quiet_days + 1)
    spells = _spells(flagged, quiet)
    spells = spells[spells["last_day"] >= last - quiet]
    series_flags = flags[flags["series_id"].isin(spells["series_id"])]
    by_series = {str(name): rows for name, rows in series_flags.groupby("series_id", observed=True)}
    days = frame[frame["day"] > last - pd.Timedelta(days=60)]
    spend = _spend_of_day(days)
    day_incidents = [
        _incident(
            spell, by_series[spell["series_id"]], days, last=last, quiet=quiet, spend=spend, policy=policy
        )
        for spell in spells.to_dict("records")
    ]
    _link_to_parents(day_incidents)
    recent = flags[flags["day"] >= last - quiet]
    recent = recent.assign(series_id=recent["series_id"].astype(str), metric=recent["metric"].astype(str))
    for incident in day_incidents:
        incident["cause"] = _cause(incident, day_incidents, recent)
    return sorted(day_incidents, key=lambda incident: -incident["stake"])


def _spells(flagged: pd.DataFrame, quiet: pd.Timedelta) -> pd.DataFrame:
    """Newest run of flagged days per series: series_id, began, last_day."""
    days = flagged[["series_id", "day"]].drop_duplicates().sort_values(["series_id", "day"])
    days["series_id"] = days["series_id"].astype(str)
    breaks = days.groupby("series_id")["day"].diff() > quiet
    days["run"] = breaks.groupby(days["series_id"]).cumsum()
    runs = days.groupby(["series_id", "run"])["day"].agg(began="min", last_day="max").reset_index()
    return runs.drop_duplicates("series_id", keep="last").drop(columns="run")


def _spend_of_day(days: pd.DataFrame) -> float:
    """Median daily spend of all accounts in the reporting currency; without an exchange rate, in account
    currency as stakes are.
    """
    accounts = days[days["group"] == ""]
    by_day = (accounts["spend"] * accounts["rate"].fillna(1.0)).groupby(accounts["day"]).sum(min_count=1)
    return float(by_day.median()) if len(by_day) else 0.0


def _incident(
    spell: Mapping[str, Any],
    rows: pd.DataFrame,
    days: pd.DataFrame,
    *,
    last: pd.Timestamp,
    quiet: pd.Timedelta,
    spend: float,
    policy: AnomalyThresholds,
) -> dict[str, Any]:
    of_day = rows[rows["day"] == spell["last_day"]].assign(effect=effect)
    of_day = of_day.assign(metric=of_day["metric"].astype(str)).set_index("metric")
    day_figures = days[(days["series_id"] == spell["series_id"]) & (days["day"] == spell["last_day"])].iloc[0]
    stakes = {metric: _stake(metric, of_day, day_figures) for metric in of_day.index[of_day["is_anomaly"]]}
    leading = {name: stake for name, stake in stakes.items() if name not in FOLLOWS} or stakes
    metric = max(leading, key=lambda name: (leading[name], -of_day.loc[name, "p_value"]))
    row, stake = of_day.loc[metric], leading[metric]
    name = hashlib.sha256(f"{spell['series_id']} {spell['began']:%Y%m%d}".encode()).hexdigest()[:12]
    return {
        "incident_id": name,
        "series_id": spell["series_id"],
        **place_of(spell["series_id"]),
        "part_of": None,
        "state": ENDED if spell["last_day"] <= last - quiet else OPEN,
        "began": spell["began"].date(),
        "last_day": spell["last_day"].date(),
        "metric": metric,
        "metrics": ", ".join(sorted(stakes)),
        "value": float(row["value"]),
        "expected": float(row["expected"]),
        "low": float(row["low"]),
        "high": float(row["high"]),
        "p_value": float(row["p_value"]),
        "effect": float(np.clip(row["effect"], -9, 9)),
        "stake": stake,
        "severity": _severity(metric, float(row["effect"]), stake, spend, policy),
        "is_good": _WORSE.get(metric, 0) * row["effect"] < 0,
        "factors": factors(metric, of_day["value"].to_dict(), of_day["expected"].to_dict()),
    }


def _stake(metric: str, of_day: pd.DataFrame, day_figures: pd.Series) -> float:
    """Money of a day, reporting currency: what was spent beyond what was expected, or what it should have
    brought and did not.
    """
    rate = float(day_figures["rate"]) if pd.notna(day_figures["rate"]) else 1.0
    wanted, seen = of_day["expected"], of_day["value"]
    by_metric = {
        "spend": lambda: seen["spend"] - wanted["spend"],
        "cpc": lambda: (seen["cpc"] - wanted["cpc"]) * day_figures["clicks"],
        "ctr": lambda: (wanted["ctr"] - seen["ctr"]) * day_figures["impressions"] * wanted["cpc"],
        "clicks": lambda: (wanted["clicks"] - seen["clicks"]) * wanted["cpc"],
        "impressions": lambda: (wanted["impressions"] - seen["impressions"]) * wanted["ctr"] * wanted["cpc"],
        "cvr": lambda: (1.0 - seen["cvr"] / wanted["cvr"]) * _expected_worth(wanted, day_figures),
        "conversions": lambda: (
            (1.0 - seen["conversions"] / wanted["conversions"]) * _expected_worth(wanted, day_figures)
        ),
        "conversion_value": lambda: wanted["conversion_value"] - seen["conversion_value"],
        "roas": lambda: (wanted["roas"] - seen["roas"]) * day_figures["spend"],
    }
    try:
        amount = float(by_metric[metric]()) if metric in by_metric else 0.0
    except (KeyError, ZeroDivisionError):
        return 0.0
    return abs(amount * rate) if np.isfinite(amount) else 0.0


def _expected_worth(wanted: pd.Series, day_figures: pd.Series) -> float:
    """Expected conversion value of the day; its spend where no value is known."""
    value = float(wanted.get("roas", 0.0)) * float(day_figures["spend"])
    return value if np.isfinite(value) and value > 0 else float(day_figures["spend"])


def _severity(metric: str, size: float, stake: float, spend: float, policy: AnomalyThresholds) -> str:
    share = stake / spend if spend > 0 else 0.0
    if share >= _HIGH_SHARE or (metric == "spend" and size <= _STOPPED and share >= policy.least_stake):
        return HIGH
    return MEDIUM if share >= policy.least_stake else LOW


def _link_to_parents(day_incidents: list[dict[str, Any]]) -> None:
    """Set `part_of` to the parent incident that overlaps in time and moves in the same direction."""
    by_series = {incident["series_id"]: incident for incident in day_incidents}
    for incident in day_incidents:
        above = incident["series_id"].rsplit("|", 1)[0]
        while above.count("|") >= 1:
            larger = by_series.get(above)
            if (
                larger
                and np.sign(larger["effect"]) == np.sign(incident["effect"])
                and larger["last_day"] >= incident["began"]
                and incident["last_day"] >= larger["began"]
            ):
                incident["part_of"] = larger["incident_id"]
                break
            above = above.rsplit("|", 1)[0]


def _cause(incident: Mapping[str, Any], day_incidents: list[dict[str, Any]], recent: pd.DataFrame) -> str:
    """Sentence on the factor and the children that explain the change."""
    sentences = []
    parts: list[ChangePart] = incident["factors"]
    if parts and parts[0].share > 0:
        sentences.append(
            "mostly "
            + " and ".join(f"{WORDS[part.name]} ({part.share:.0%})" for part in parts if part.share >= 0.25)
        )
    inside = _children(incident, recent)
    if inside:
        sentences.append(
            "within it "
            + ", ".join(
                f"{place_of(part.name)['ad_set_id'] or place_of(part.name)['campaign_id']} ({part.share:.0%})"
                for part in inside
            )
        )
    fewer = sum(other["part_of"] == incident["incident_id"] for other in day_incidents)
    if fewer:
        sentences.append(f"{fewer} more incidents below it")
    return "; ".join(sentences)


def _children(incident: Mapping[str, Any], recent: pd.DataFrame) -> list[ChangePart]:
    """Children that explain the change: each one's deviation from its own expectation, ratios times their
    denominator.
    """
    below = {measure.name: measure.denominator for measure in KNOWN}[incident["metric"]]
    inside = recent["series_id"].str.startswith(incident["series_id"] + "|")
    some = recent[inside & (recent["day"] == pd.Timestamp(incident["last_day"]))]
    some = some[some["series_id"].str.count(r"\|") == incident["series_id"].count("|") + 1]
    child_rows = some[some["metric"] == incident["metric"]].set_index("series_id")
    times = (
        some[some["metric"] == below].set_index("series_id")["value"].reindex(child_rows.index)
        if below
        else 1.0
    )
    more = ((child_rows["value"] - child_rows["expected"]) * times).dropna().astype(float)
    return children(float(more.sum()), more.to_dict()) if len(more) > 1 else []
