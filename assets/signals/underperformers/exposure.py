"""What each ad set had the chance to earn by now: its spend, weighed by the share of its conversions that can be seen yet.

An ad set whose conversions are still to come is not worse than one whose conversions are there. Exposure is therefore
e = sum of spend x F(age of the day), F being the learned share visible at that age (FEATURES 3.3); conversions are compared
with e and never with spend.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from assets.core.conversion_lag.curve import prior_curve

Floats = npt.NDArray[np.float64]
Lag: TypeAlias = (
    pd.DataFrame
    | pd.Series
    | Mapping[int, float]
    | Sequence[float]
    | Floats
    | Callable[[Floats], Floats]
    | None
)
KEYS = ("platform", "account_id", "ad_set_id")
GOAL = "goal"
SALES, LEADS = "sales", "leads"
_FEWEST_FREE = 50
_LEAST_SHARE = 0.05
"""A share smaller than that would make a guess of a day's luck; such days count for nothing."""


def share_visible(rows: pd.DataFrame, ages: Floats, lag: Lag) -> Floats:
    """Share (0..1) of the final conversions that can be seen at each row's age in days.

    Args:
        rows: The rows whose ages are asked, with platform and account_id where `lag` has them.
        ages: Per row, days from its day to the reading.
        lag: core/conversion_lag or a part of it (age_days and share, with platform, account_id and action where curves differ);
            shares by age in a mapping, a series, or a sequence from age 0 on; a function of ages; None for the column `matured`
            of the rows, or where they have none the stated prior.

    Raises:
        ValueError: It is none of these, or a share is not within 0 and 1.2.
    """
    if lag is None and "matured" in rows:
        found = rows["matured"].fillna(0.0).to_numpy(float)
    elif lag is None:
        return _along(ages, np.arange(91.0), prior_curve())
    elif callable(lag):
        found = np.asarray(lag(ages), float)
    elif isinstance(lag, pd.DataFrame):
        found = _from_frame(rows, ages, lag)
    elif isinstance(lag, pd.Series | Mapping):
        points = sorted((float(age), float(share)) for age, share in lag.items())
        found = _along(ages, *np.array(points).T)
    else:
        shares = np.asarray(lag, float)
        found = _along(ages, np.arange(float(len(shares))), shares)
    if not ((found >= 0) & (found <= 1.2)).all():
        raise ValueError(
            "The lag curve has shares outside 0 to 1: give the share of final conversions visible at each age."
        )
    return np.minimum(found, 1.0)


def _along(ages: Floats, at: Floats, shares: Floats) -> Floats:
    return np.interp(ages, at, shares)


def _from_frame(rows: pd.DataFrame, ages: Floats, lag: pd.DataFrame) -> Floats:
    """The account's own curve of all actions, else the platform's, else the only one there is."""
    curves = lag[lag["action"] == "*"] if "action" in lag else lag
    by = [name for name in ("platform", "account_id") if name in curves and name in rows]
    if not by:
        plain = curves.sort_values("age_days")
        return _along(ages, plain["age_days"].to_numpy(float), plain["share"].to_numpy(float))
    points = {
        place if isinstance(place, tuple) else (place,): part.sort_values("age_days")[["age_days", "share"]]
        .to_numpy(float)
        .T
        for place, part in curves.groupby(by)
    }
    found = np.full(len(rows), np.nan)
    for place, where in rows.groupby(by, dropna=False).indices.items():
        own = place if isinstance(place, tuple) else (place,)
        curve = points.get(own, points.get((*own[:1], "")))
        found[where] = _along(
            ages[where], *(curve if curve is not None else (np.arange(91.0), prior_curve()))
        )
    return found


def exposures(days: pd.DataFrame, *, as_of: date, window: int, lag: Lag) -> pd.DataFrame:
    """A row per ad set: what it spent, had the chance to earn and earned on the `window` days before `as_of`.

    Args:
        days: Ad set days as core has them: ad_set_id, day, spend, conversions, conversion_value; clicks, impressions,
            spend_reporting, platform, account_id, campaign_id, goal and read_at where known.
        as_of: The day of the reading. It and later days are not looked at: today is never judged.
        window: Days looked at.
        lag: See `share_visible`.

    Returns:
        KEYS, goal, spend, ripe (matured spend), conversions, value, clicks, days, dispersion (of its group's counts). Money in the
        reporting currency where the days have `spend_reporting`, so that ad sets of several accounts are peers.
    """
    last = pd.Timestamp(as_of)
    rows = days.assign(day=pd.to_datetime(days["day"]))
    rows = rows[
        (rows["day"] >= last - pd.Timedelta(days=window)) & (rows["day"] < last) & rows["spend"].notna()
    ]
    rows = rows.assign(**{name: "" for name in ("platform", "account_id") if name not in rows})
    amounts = {
        "conversions": 0.0,
        "conversion_value": 0.0,
        "clicks": np.nan,
        "spend_reporting": rows["spend"],
    }
    rows = rows.assign(**{name: value for name, value in amounts.items() if name not in rows})
    numbers = ["spend", *amounts]
    rows = rows.astype(dict.fromkeys(numbers, float))
    ages = (last - rows["day"]).dt.days.to_numpy(float)
    share = share_visible(rows, ages, lag)
    counts = share >= _LEAST_SHARE  # or its conversions would count, and its exposure would not
    share = np.where(counts, share, 0.0)
    rows = rows.assign(
        conversions=rows["conversions"].fillna(0.0).where(counts, 0.0),
        value=rows["conversion_value"].fillna(0.0).where(counts, 0.0),
    )
    if GOAL not in rows:
        rows[GOAL] = _goals(rows)
    rate = (rows["spend_reporting"] / rows["spend"]).where(rows["spend"] > 0)
    by_account = rate.groupby([rows["platform"], rows["account_id"]]).transform("median").fillna(1.0)
    rate = rate.fillna(by_account)
    rows = rows.assign(spend=rows["spend"] * rate, value=rows["value"] * rate)
    rows = rows.assign(ripe=rows["spend"] * share)
    keys = [*KEYS, GOAL]
    grouped = rows.groupby(keys, as_index=False, sort=True)
    found = grouped[["spend", "ripe", "conversions", "value"]].sum()
    found["clicks"] = grouped["clicks"].sum(min_count=1)["clicks"]
    found["days"] = grouped["day"].nunique()["day"]
    found["dispersion"] = _dispersion(rows, found, keys)
    return found[found["spend"] > 0].reset_index(drop=True)


def _dispersion(rows: pd.DataFrame, found: pd.DataFrame, keys: list[str]) -> pd.Series:
    """How much more the days of a group's ad sets vary than Poisson counts around each ad set's own mean: Pearson, 1 to 4."""
    whole = rows.merge(found[[*keys, "ripe", "conversions", "days"]], on=keys, suffixes=("", "_whole"))
    mean = whole["ripe"] * whole["conversions_whole"] / whole["ripe_whole"].where(whole["ripe_whole"] > 0)
    pearson = (
        ((whole["conversions"] - mean) ** 2 / mean.where(mean > 0))
        .groupby([whole["platform"], whole[GOAL]])
        .sum()
    )
    free = (
        (found["days"] - 1.0).where(found["conversions"] > 0).groupby([found["platform"], found[GOAL]]).sum()
    )
    spread = (pearson / free.where(free >= _FEWEST_FREE)).clip(1.0, 4.0).fillna(1.0)
    places = pd.MultiIndex.from_frame(found[["platform", GOAL]])
    return pd.Series(spread.reindex(places).fillna(1.0).to_numpy(), index=found.index)


def _goals(rows: pd.DataFrame) -> pd.Series:
    """Sales where the campaign (or the ad set, where campaigns are not told) has any value, leads elsewhere."""
    own = "campaign_id" if "campaign_id" in rows else "ad_set_id"
    whole = rows.groupby(["platform", "account_id", own])["value"].transform("sum")
    return pd.Series(np.where(whole > 0, SALES, LEADS), index=rows.index)
