"""Pacing as pages show it: a line per budget, platform or campaign with its bullet, and what changed in a
week.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from assets.formatting.platform_names import spoken
from assets.reports.pages.day_frames import known

LEVELS = ("total", "budget", "platform", "account", "campaign")
TITLES = {
    "total": "All platforms",
    "budget": "Budgets",
    "platform": "Platforms",
    "account": "Accounts",
    "campaign": "Campaigns",
}
ICONS = {"red": "■", "amber": "◆", "on plan": "●", "early": "○", "no plan": "–"}
SCENARIOS = (
    ("20 % less", "p50_minus_20"),
    ("10 % less", "p50_minus_10"),
    ("10 % more", "p50_plus_10"),
    ("20 % more", "p50_plus_20"),
)
MOST_CAMPAIGNS, WIDTH = 60, 1000.0
_NUMBERS = (
    "spent",
    "p10",
    "p50",
    "p90",
    "budget",
    "carried",
    "target_to_date",
    "p_over",
    "p_under",
    "p_beyond",
    "required_daily",
    "daily_budget",
    "advised_daily",
    "accuracy",
    *(column for _, column in SCENARIOS),
)


@dataclass(frozen=True)
class Bullet:
    """Where things stand on a bar of WIDTH; None what is not known."""

    spent: float
    low: float | None
    middle: float | None
    high: float | None
    budget: float | None
    today: float | None


@dataclass(frozen=True)
class PacingLine:
    """One line. Money in `currency`; `figures` are the asset's own numbers by column name, None where not
    known.
    """

    series_id: str
    level: str
    name: str
    platform: str
    currency: str
    status: str
    verdict: str
    figures: Mapping[str, float | None]
    budget_source: str
    hard_cap: bool
    feasible: bool | None
    days_left: int
    unknown_days: int
    drivers: str
    note: str
    accuracy_months: int
    bullet: Bullet
    moved: float | None = None
    """How far the middle of the projection moved in a week, in `currency`; None where the week before was
    another month.
    """
    was: str = ""
    """Last week's verdict."""

    @property
    def icon(self) -> str:
        return ICONS[self.status]

    @property
    def is_shown(self) -> bool:
        """Whether the daily page shows it unfolded: the total, and what is off plan."""
        return self.level == "total" or self.status in {"red", "amber"}

    @property
    def css(self) -> str:
        return self.status.replace(" ", "-")


@dataclass(frozen=True, eq=False)
class PacingView:
    """The weekly report of one week. `groups` are its lines by level, `everything` the asset's rows."""

    as_of: date
    week: tuple[date, date]
    generated_at: datetime
    profile: str
    groups: Mapping[str, tuple[PacingLine, ...]]
    left_out: int
    everything: pd.DataFrame
    is_late: bool = False
    """The days were read only later: these figures were not known then."""

    @property
    def lines(self) -> tuple[PacingLine, ...]:
        return tuple(line for group in self.groups.values() for line in group)


def pacing_view(
    rows: pd.DataFrame,
    before: pd.DataFrame,
    *,
    as_of: date,
    week: tuple[date, date],
    generated_at: datetime,
    profile: str,
    is_late: bool = False,
) -> PacingView:
    """The report.

    Args:
        rows: signals/pacing of `as_of`.
        before: The same of a week earlier; may be empty.
        as_of: The last day that counts.
        week: Its first and last day.
        generated_at: When the page is written (UTC).
        profile: Which world the figures are from.
        is_late: Nothing had been read by then; `rows` are from what is known now.
    """
    groups = {level: paces(rows, before, level=level) for level in LEVELS}
    left_out = max(len(groups["campaign"]) - MOST_CAMPAIGNS, 0)
    groups["campaign"] = groups["campaign"][:MOST_CAMPAIGNS]
    return PacingView(
        as_of, week, generated_at, profile, {k: v for k, v in groups.items() if v}, left_out, rows, is_late
    )


def paces(rows: pd.DataFrame, before: pd.DataFrame | None = None, *, level: str) -> tuple[PacingLine, ...]:
    """The lines of a level: what is off plan first, then the largest."""
    at_level = rows[rows["level"] == level] if len(rows) else rows
    past = (
        {}
        if before is None or before.empty
        else {str(row["series_id"]): row for row in before.to_dict("records")}
    )
    lines = [_pace(row, past.get(str(row["series_id"]))) for row in at_level.to_dict("records")]
    order = list(ICONS)
    return tuple(
        sorted(
            lines, key=lambda line: (order.index(line.status), -(line.figures["p50"] or 0.0), line.series_id)
        )
    )


def _pace(row: Mapping[str, Any], past: Mapping[str, Any] | None) -> PacingLine:
    figures = {name: known(row[name]) for name in _NUMBERS}
    same_month = past is not None and pd.Timestamp(past["day"]).month == pd.Timestamp(row["day"]).month
    was = known(past["p50"]) if past is not None and same_month else None
    platform = row["platform"] if isinstance(row["platform"], str) else ""
    return PacingLine(
        series_id=str(row["series_id"]),
        level=row["level"],
        name=_name(row, platform),
        platform=platform,
        currency=row["currency"],
        status=row["status"],
        verdict=row["verdict"],
        figures=figures,
        budget_source=row["budget_source"],
        hard_cap=bool(row["hard_cap"]),
        feasible=None if pd.isna(row["feasible"]) else bool(row["feasible"]),
        days_left=int(row["days_left"]),
        unknown_days=int(row["unknown_days"]),
        drivers=row["drivers"],
        note=row["note"],
        accuracy_months=int(row["accuracy_months"]),
        bullet=bullet(figures),
        moved=None if was is None or figures["p50"] is None else figures["p50"] - was,
        was=str(past["verdict"]) if past is not None and same_month else "",
    )


def _name(row: Mapping[str, Any], platform: str) -> str:
    if row["level"] == "total":
        return "Total"
    return spoken(platform) if row["level"] == "platform" else str(row["name"])


def bullet(figures: Mapping[str, float | None]) -> Bullet:
    """Places on a bar that ends a little beyond the furthest of budget and range."""
    ends = [figures[name] or 0.0 for name in ("spent", "budget", "p90")]
    scale = WIDTH / (1.05 * max(ends)) if max(ends) > 0 else 0.0

    def place(name: str) -> float | None:
        value = figures[name]
        return None if value is None else round(value * scale, 1)

    return Bullet(
        place("spent") or 0.0,
        place("p10"),
        place("p50"),
        place("p90"),
        place("budget"),
        place("target_to_date"),
    )


def off_plan(lines: Sequence[PacingLine]) -> list[PacingLine]:
    return [line for line in lines if line.status in {"red", "amber"}]
