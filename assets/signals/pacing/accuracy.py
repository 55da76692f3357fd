"""Backtest of projections: the last six months projected on the same day of the month, against their actual
spend.
"""

from datetime import date

import pandas as pd

from assets.signals.pacing.projection import project
from resources.policy.pacing import Pacing

PAST_MONTHS, FEWEST_DAYS_BEFORE = 6, 28


def accuracy(series: pd.DataFrame, as_of: date, policy: Pacing) -> pd.DataFrame:
    """Projections of the last six months on the same day of the month, against their actual spend.

    A row per series and month: projected, p10, p90, came (actual spend) and error (a share of it). Projected
    again from the spend by then.
    """
    month_frames, today = [], pd.Timestamp(as_of)
    began = series["day"].min()
    for back in range(1, PAST_MONTHS + 1):
        end = today.replace(day=1) - pd.DateOffset(months=back - 1) - pd.Timedelta(days=1)
        then = end.replace(day=min(today.day, end.day))
        if pd.isna(began) or (then - began).days < FEWEST_DAYS_BEFORE:
            break
        guess = project(series[series["day"] <= then], as_of=then, policy=policy).set_index("series_id")
        inside = series[(series["day"] >= end.replace(day=1)) & (series["day"] <= end)]
        came = inside.groupby("series_id")["spend"].sum(skipna=False).reindex(guess.index)
        month_rows = pd.DataFrame(
            {
                "month": end.replace(day=1),
                "projected": guess["p50"],
                "p10": guess["p10"],
                "p90": guess["p90"],
                "came": came,
            }
        )
        month_frames.append(month_rows[month_rows["came"] > 0].dropna(subset=["projected"]).reset_index())
    columns = ["series_id", "month", "projected", "p10", "p90", "came"]
    rows = pd.concat(month_frames, ignore_index=True) if month_frames else pd.DataFrame(columns=columns)
    return rows.assign(error=(rows["projected"] - rows["came"]).abs() / rows["came"])
