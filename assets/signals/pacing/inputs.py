"""Pacing on any day, from nothing but what was known on the morning after it: what the signal writes and the weekly report reads."""

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
class Known:
    """Rows of signals/pacing and signals/pacing_accuracy of one day."""

    rows: pd.DataFrame
    accuracy: pd.DataFrame


def pacing_on(
    lake: Lake, day: date, *, budgets: Budgets, policy: Pacing, reporting_currency: str, now: datetime
) -> Known | None:
    """Where every month stood at the end of `day`; None where nothing was known by then."""
    return _seen_at(
        lake,
        day,
        known_by(day, now=now),
        budgets=budgets,
        policy=policy,
        reporting_currency=reporting_currency,
    )


def pacing_in_hindsight(
    lake: Lake, day: date, *, budgets: Budgets, policy: Pacing, reporting_currency: str, now: datetime
) -> Known | None:
    """The same from what is known now: for days that were read only later. None where there are no figures at all."""
    return _seen_at(lake, day, now, budgets=budgets, policy=policy, reporting_currency=reporting_currency)


def _seen_at(
    lake: Lake, day: date, at: datetime, *, budgets: Budgets, policy: Pacing, reporting_currency: str
) -> Known | None:
    days = core_days(lake, "campaign", start=day - timedelta(days=HISTORY_DAYS - 1), end=day, as_of=at)
    if days.empty or pd.to_datetime(days["day"]).max() < pd.Timestamp(day.replace(day=1)):
        return None
    found = month(
        frame_of_floats(days), entities(lake, as_of=at), budgets, as_of=day, policy=policy,
        reporting_currency=reporting_currency,
    )  # fmt: skip
    rows = pacing_rows(found, as_of=day, policy=policy).assign(known_by=at)
    past = found.accuracy.rename(columns={"month": "of_month"}).assign(day=day)
    return Known(rows, past)


def frame_of_floats(days: pd.DataFrame) -> pd.DataFrame:
    """Money as floats: what is projected is no sum to the cent."""
    return days.assign(
        spend=days["spend"].astype(float), spend_reporting=days["spend_reporting"].astype(float)
    )
