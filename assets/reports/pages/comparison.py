"""What a figure is held against: a day against the same weekday of four weeks, a week against the week
before.

Like is compared with like: only the platforms that have figures now, each by its own average, so that a
platform whose figures have not come in does not look like a fall in spend. Ratios are compared by the
averages of their parts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from assets.reports.pages.day_frames import NO_FIGURES, known, totals, window
from assets.reports.pages.metrics import SUMS, Figures, figures

WEEKS, FEWEST_WEEKS = 4, 2
"""How many earlier weeks are looked at, and how many of them must have figures: one day alone is no average.
"""


@dataclass(frozen=True)
class Baseline:
    """Figures to compare with, and in words what they are; `words` says why where there is nothing to compare
    with.
    """

    figures: Figures
    words: str

    def change(self, key: str, value: float | None) -> float | None:
        """How far `value` is above the baseline, as a fraction of it."""
        base = self.figures[key]
        return value / base - 1 if base and value is not None else None


def same_weekday(days: pd.DataFrame, *, as_of: date) -> Baseline:
    """The average of `as_of`'s weekday over the four weeks before, for the platforms with figures on `as_of`.

    Args:
        days: Key figures per platform and day, without a total.
        as_of: The day that is to be compared.
    """
    earlier = [pd.Timestamp(as_of - timedelta(weeks=week)) for week in range(1, WEEKS + 1)]
    now = days.loc[days["day"] == pd.Timestamp(as_of), "platform"]
    past = days[days["platform"].isin(now) & days["day"].isin(earlier)]
    weeks, weekday = past["day"].nunique(), f"{as_of:%A}"
    if weeks < FEWEST_WEEKS:
        return Baseline(NO_FIGURES, "no comparison yet")
    sums = past.groupby("platform")[list(SUMS)].mean().sum(min_count=1)
    return Baseline(figures({key: known(sums[key]) for key in SUMS}), f"vs average of {weeks} {weekday}s")


def same_weekday_each(
    days: pd.DataFrame, by: Sequence[str], *, as_of: date
) -> Mapping[tuple[str, ...], Baseline]:
    """The same for each of many things apart; one that has no row on `as_of` is not in it.

    Args:
        days: A row per thing and day.
        by: Columns that say which thing it is.
        as_of: The day that is to be compared.
    """
    earlier = [pd.Timestamp(as_of - timedelta(weeks=week)) for week in range(1, WEEKS + 1)]
    now = days.loc[days["day"] == pd.Timestamp(as_of), list(by)].drop_duplicates()
    past = days[days["day"].isin(earlier)].groupby(list(by), sort=False)
    weeks, means = past["day"].nunique().to_dict(), past[list(SUMS)].mean().to_dict("index")
    baselines = {}
    for key in now.itertuples(index=False, name=None):
        count = weeks.get(key, 0)
        if count < FEWEST_WEEKS:
            baselines[key] = Baseline(NO_FIGURES, "no comparison yet")
        else:
            sums = {name: known(value) for name, value in means[key].items()}
            baselines[key] = Baseline(figures(sums), f"vs average of {count} {as_of:%A}s")
    return baselines


def week_before(days: pd.DataFrame, *, as_of: date) -> Baseline:
    """The seven days before the seven that end with `as_of`; only where every platform has all fourteen."""
    fortnight = window(days, end=as_of, days=14)
    if fortnight.empty or (fortnight.groupby("platform")["day"].nunique() < 14).any():
        return Baseline(NO_FIGURES, "no comparison: not every day of both weeks has figures")
    return Baseline(totals(window(days, end=as_of - timedelta(days=7), days=7)), "vs the 7 days before")
