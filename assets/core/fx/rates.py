"""Exchange rates: units of the reporting currency per unit of each currency and day, from the user's table.

The table has a row per currency and day: how many units of `base` one unit of `currency` was worth. Central
banks publish nothing at weekends, so a rate holds for up to seven days after its own; longer gaps stay gaps.
"""

from datetime import date
from pathlib import PurePath

import pandas as pd

from resources.errors import DataUnusable

COLUMNS = ("day", "currency", "base", "rate")
HOLDS_DAYS = 7


def rates_between(
    table: pd.DataFrame, *, reporting: str, start: date, end: date, source: str
) -> pd.DataFrame:
    """One row per currency and day with a rate: currency, day, reporting_currency, rate, source.

    Args:
        table: The user's table, columns `COLUMNS`; one base only, or `reporting` itself among the bases.
        reporting: Currency of reports. It is worth 1 in itself on every day, whatever the table says.
        start: First day, included.
        end: Last day, included.
        source: What to name as the origin.

    Raises:
        DataUnusable: A column is missing, a rate is not a positive number, or a currency and day stand twice.
    """
    worth = _checked(table, source=source)
    worth = worth[worth["day"] <= pd.Timestamp(end)]
    calendar = pd.date_range(start, end, name="day")
    frames = [_reporting_currency_rows(reporting, calendar)]
    for currency, base in sorted(set(zip(worth["currency"], worth["base"], strict=True))):
        if currency == reporting:
            continue
        rate = _daily_rates(worth, currency=currency, base=base, calendar=calendar)
        if base != reporting:
            rate = rate / _daily_rates(worth, currency=reporting, base=base, calendar=calendar)
        frames.append(pd.DataFrame({"currency": currency, "rate": rate, "source": source}).dropna())
    rows = pd.concat(frames).rename_axis("day").reset_index()
    return rows.drop_duplicates(["currency", "day"]).assign(reporting_currency=reporting)


def _reporting_currency_rows(reporting: str, calendar: pd.DatetimeIndex) -> pd.DataFrame:
    return pd.DataFrame(
        {"currency": reporting, "rate": 1.0, "source": "the reporting currency itself"}, index=calendar
    )


def _daily_rates(worth: pd.DataFrame, *, currency: str, base: str, calendar: pd.DatetimeIndex) -> pd.Series:
    if currency == base:
        return pd.Series(1.0, calendar)
    quoted = (
        worth[(worth["currency"] == currency) & (worth["base"] == base)].set_index("day")["rate"].sort_index()
    )
    everyday = pd.date_range(min([calendar[0], *quoted.index[:1]]), calendar[-1])
    return quoted.reindex(everyday).ffill(limit=HOLDS_DAYS).reindex(calendar)


def _checked(table: pd.DataFrame, *, source: str) -> pd.DataFrame:
    name = PurePath(source).name
    if missing := [column for column in COLUMNS if column not in table.columns]:
        raise DataUnusable(
            f"Exchange rates in {name} have no column {', '.join(missing)}: it needs {', '.join(COLUMNS)}."
        )
    day = pd.to_datetime(table["day"], format="%Y-%m-%d", errors="coerce")
    rate = pd.to_numeric(table["rate"], errors="coerce")
    wrong = day.isna() | ~(rate > 0) | ~(rate < float("inf"))
    if wrong.any():
        line = int(wrong.to_numpy().argmax()) + 2
        raise DataUnusable(
            f"Exchange rates in {name}, line {line}: day must be like 2026-11-23 and rate a positive number."
        )
    clean = pd.DataFrame(
        {
            "day": day,
            "currency": table["currency"].str.upper(),
            "base": table["base"].str.upper(),
            "rate": rate,
        }
    )
    if (twice := clean.duplicated(["day", "currency", "base"])).any():
        row = clean[twice].iloc[0]
        raise DataUnusable(
            f"Exchange rates in {name} give {row['currency']} on {row['day'].date()} twice: keep one."
        )
    return clean
