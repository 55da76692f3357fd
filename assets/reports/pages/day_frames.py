"""Day frames as the pages need them: plain numbers, no day after the page's own, sums that know what is
missing.
"""

from datetime import date, timedelta

import pandas as pd

from assets.reports.pages.metrics import SUMS, Figures, figures

NO_FIGURES: Figures = figures(dict.fromkeys(SUMS))


def tidy(rows: pd.DataFrame, *, columns: tuple[str, ...], as_of: date) -> pd.DataFrame:
    """Rows up to `as_of`, with `day` as midnight, `columns` as floats and every other column as it came.

    A frame without rows may also lack columns: a table nobody has written yet has none.
    """
    whole = rows.reindex(columns=list(dict.fromkeys([*rows.columns, "platform", "day", *columns])))
    numbers = {name: whole[name].astype("float64") for name in columns}
    typed = whole.assign(day=pd.to_datetime(whole["day"]), **numbers)
    return typed[typed["day"] <= pd.Timestamp(as_of)]


def window(rows: pd.DataFrame, *, end: date, days: int) -> pd.DataFrame:
    """The rows of the `days` days that end with `end`."""
    last = pd.Timestamp(end)
    return rows[(rows["day"] > last - timedelta(days=days)) & (rows["day"] <= last)]


def totals(rows: pd.DataFrame) -> Figures:
    """Sums of the rows and their ratios. A sum of nothing is not known, rather than zero."""
    return figures({key: known(rows[key].sum(min_count=1)) for key in SUMS})


def known(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
