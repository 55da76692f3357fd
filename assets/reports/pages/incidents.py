"""Anomaly incidents as the page shows them: those with the most money at stake first, and how many series
were checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from assets.formatting.numbers import count, money, multiple, percent
from assets.formatting.platform_names import short, spoken
from assets.reports.pages.day_frames import known
from assets.signals.anomalies.causes import WORDS
from assets.signals.anomalies.feedback import precision, quiet

SHOWN = 5
"""As many as people read in a minute."""


@dataclass(frozen=True)
class IncidentRow:
    """One incident. `stake` is money a day in the reporting currency."""

    incident_id: str
    name: str
    level: str
    platform: str
    platform_label: str
    metric: str
    metric_label: str
    value: float
    value_text: str
    range_text: str
    share: float
    stake: float
    severity: str
    is_good: bool
    since: str
    data: str
    cause: str
    change: str
    action: str


@dataclass(frozen=True)
class IncidentSummary:
    """Open incidents of the day, the most money first, how many closed, and how many series were checked."""

    rows: tuple[IncidentRow, ...]
    open: int
    ended: int
    quiet: int
    series: int
    tests: int
    by_chance: float
    right: int
    marked: int
    losses: int = 0
    """How many of the open ones cost money."""
    stake: float = 0.0
    """What these cost a day together, reporting currency."""
    is_of_campaign: bool = False
    """Whether these are of one campaign; then the number of series checked is not known."""


def incident_summary(
    incidents: pd.DataFrame, watched: pd.DataFrame, marks: pd.DataFrame, *, as_of: date
) -> IncidentSummary | None:
    """Incidents of the day from signals/anomalies and signals/watched; None where the day was not checked."""
    if watched.empty:
        return None
    silenced = quiet(marks, on=as_of)
    whole = incidents[incidents["part_of"].isna()]
    open_incidents = whole[whole["state"] == "open"]
    audible = open_incidents[~open_incidents["incident_id"].isin(silenced)].sort_values(
        ["is_good", "stake"], ascending=[True, False]
    )
    right, marked = precision(marks)
    return IncidentSummary(
        rows=tuple(_row(line) for line in audible.head(SHOWN).to_dict("records")),
        open=len(audible),
        ended=int((whole["state"] == "ended").sum()),
        quiet=len(open_incidents) - len(audible),
        series=int(watched["series"].sum()),
        tests=int(watched["tests"].sum()),
        by_chance=float(watched["by_chance"].sum()),
        right=right,
        marked=marked,
        losses=int((~audible["is_good"].astype(bool)).sum()),
        stake=float(audible.loc[~audible["is_good"].astype(bool), "stake"].sum()),
    )


def campaign_incidents(
    incidents: pd.DataFrame, marks: pd.DataFrame, *, as_of: date
) -> IncidentSummary | None:
    """Open incidents of one campaign, parts of larger incidents included; None where there are none."""
    on = incidents[(incidents["state"] == "open") & ~incidents["incident_id"].isin(quiet(marks, on=as_of))]
    if on.empty:
        return None
    rows = tuple(map(_row, on.sort_values(["is_good", "stake"], ascending=[True, False]).to_dict("records")))
    return IncidentSummary(
        rows,
        open=len(rows),
        ended=0,
        quiet=0,
        series=0,
        tests=0,
        by_chance=0.0,
        right=0,
        marked=0,
        is_of_campaign=True,
    )


def _row(line: Mapping[str, Any]) -> IncidentRow:
    name = (
        line["name"]
        if isinstance(line["name"], str)
        else line["ad_set_id"] or line["campaign_id"] or line["account_id"]
    )
    text = {
        key: line[key] if isinstance(line[key], str) else "" for key in ("data", "cause", "change", "action")
    }
    expected = known(line["expected"]) or 0.0
    return IncidentRow(
        incident_id=line["incident_id"],
        name=name,
        level=line["level"].replace("_", " "),
        platform=line["platform"],
        platform_label=spoken(line["platform"]),
        metric=line["metric"],
        metric_label=WORDS.get(line["metric"], line["metric"]),
        value=line["value"],
        value_text=_reads(line, "value"),
        range_text=f"{_reads(line, 'low')} to {_reads(line, 'high')}",
        share=line["value"] / expected - 1.0 if expected else 0.0,
        stake=line["stake"],
        severity=line["severity"],
        is_good=bool(line["is_good"]),
        since=short(pd.Timestamp(line["began"]).date()),
        **text,
    )


def _reads(line: Mapping[str, Any], key: str) -> str:
    """A figure of the incident with its unit, in the account's own currency."""
    metric, value = line["metric"], known(line[key])
    if metric in {"spend", "cpc", "conversion_value"}:
        return money(value, line["currency"]) if isinstance(line["currency"], str) else count(value)
    if metric in {"ctr", "cvr"}:
        return percent(value)
    return multiple(value) if metric == "roas" else count(None if value is None else round(value, 1))
