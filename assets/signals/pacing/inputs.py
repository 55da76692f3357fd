"""Inputs of the pacing asset, read point in time, and its rows for any day; the weekly report uses them
too.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from assets.core.performance.point_in_time import core_days, entities, known_by
from assets.signals.pacing.month import month
from assets.signals.pacing.verdicts import pacing_rows
from resources.lake.lake import Lake
from resources.policy.budgets import Budgets
from resources.policy.pacing import Pacing

HISTORY_DAYS = 400


@dataclass(frozen=True, eq=False)
class PacingDay:
    """Rows of signals/pacing and signals/pacing_accuracy of one day."""

    rows: pd.DataFrame
    accuracy: pd.DataFrame


def pacing_on(
    lake: Lake, day: date, *, budgets: Budgets, policy: Pacing, reporting_currency: str, now: datetime
) -> PacingDay | None:
    """Pacing at the end of `day` from the data known on the next morning; None if there was none."""
    return _pacing_known_at(
        lake,
        day,
        known_by(day, now=now),
        budgets=budgets,
        policy=policy,
        reporting_currency=reporting_currency,
    )


def pacing_in_hindsight(
    lake: Lake, day: date, *, budgets: Budgets, policy: Pacing, reporting_currency: str, now: datetime
) -> PacingDay | None:
    """The same from the data known now, for days that were read late; None if there is none."""
    return _pacing_known_at(
        lake, day, now, budgets=budgets, policy=policy, reporting_currency=reporting_currency
    )


def _pacing_known_at(
    lake: Lake, day: date, at: datetime, *, budgets: Budgets, policy: Pacing, reporting_currency: str
) -> PacingDay | None:
    days = core_days(lake, "campaign", start=day - timedelta(days=HISTORY_DAYS - 1), end=day, as_of=at)
    if days.empty or pd.to_datetime(days["day"]).max() < pd.Timestamp(day.replace(day=1)):
        return None
    month_state = month(
        frame_of_floats(days),
        entities(lake, as_of=at),
        budgets,
        as_of=day,
        policy=policy,
        reporting_currency=reporting_currency,
    )
    rows = pacing_rows(month_state, as_of=day, policy=policy).assign(known_by=at)
    past = month_state.accuracy.rename(columns={"month": "of_month"}).assign(day=day)
    return PacingDay(rows, past)


def frame_of_floats(days: pd.DataFrame) -> pd.DataFrame:
    """Money as floats, since projections are not exact to the cent."""
    return days.assign(
        spend=days["spend"].astype(float), spend_reporting=days["spend_reporting"].astype(float)
    )
