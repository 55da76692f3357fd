"""Exposure of each ad set: spend weighted by the share of its conversions that is visible by now.

Conversions arrive late (right-censoring), so recent spend has brought only part of its conversions. Exposure
is the sum of spend times F(age of the day), F being the learned lag curve; conversions are compared with
exposure, never with spend.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from assets.core.conversion_lag.curve import prior_curve
from assets.frame_contract import consistent_ids, day_stamps, figures, once_per_key
from assets.signals.underperformers.order_values import order_values

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
FIGURES = ("spend", "conversions", "conversion_value", "clicks", "spend_reporting")
SALES, LEADS = "sales", "leads"
_FEWEST_FREE = 50
_LEAST_SHARE = 0.05
"""Days with a smaller visible share are left out, since their projection would be mostly noise."""


def share_visible(rows: pd.DataFrame, ages: Floats, lag: Lag) -> Floats:
    """Share (0..1) of the final conversions visible at each row's age in days.

    Args:
        rows: Rows of ad set days, with platform and account_id where `lag` has them.
        ages: Per row, days from its day to `as_of`.
        lag: core/conversion_lag or a part of it (age_days and share, with platform, account_id and action
            where curves differ); shares by age in a mapping, a series, or a sequence from age 0 on; a
            function of ages; None for the column `matured` of the rows, or the prior curve where they have
            none.

    Raises:
        ValueError: It is none of these, or a share is not within 0 and 1.2.
    """
    if lag is None and "matured" in rows:
        shares = rows["matured"].fillna(0.0).to_numpy(float)
    elif lag is None:
        return _along(ages, np.arange(91.0), prior_curve())
    elif callable(lag):
        shares = np.asarray(lag(ages), float)
    elif isinstance(lag, pd.DataFrame):
        shares = _from_frame(rows, ages, lag)
    elif isinstance(lag, pd.Series | Mapping):
        points = sorted((float(age), float(share)) for age, share in lag.items())
        shares = _along(ages, *np.array(points).T)
    else:
        shares = np.asarray(lag, float)
        shares = _along(ages, np.arange(float(len(shares))), shares)
    if not ((shares >= 0) & (shares <= 1.2)).all():
        raise ValueError(
            "The lag curve has shares outside 0 to 1: give the "
            "share of final conversions visible at each age."
        )
    return np.minimum(shares, 1.0)


def _along(ages: Floats, at: Floats, shares: Floats) -> Floats:
    return np.interp(ages, at, shares)


def _from_frame(rows: pd.DataFrame, ages: Floats, lag: pd.DataFrame) -> Floats:
    """Share by the account's curve of all actions, else the platform's, else the prior."""
    curves = lag[lag["action"] == "*"] if "action" in lag else lag
    by = [name for name in ("platform", "account_id") if name in curves and name in rows]
    if not by:
        plain = curves.sort_values("age_days")
        return _along(ages, plain["age_days"].to_numpy(float), plain["share"].to_numpy(float))
    points = {
        key if isinstance(key, tuple) else (key,): (
            part.sort_values("age_days")[["age_days", "share"]].to_numpy(float).T
        )
        for key, part in curves.groupby(by)
    }
    shares = np.full(len(rows), np.nan)
    for key, where in rows.groupby(by, dropna=False).indices.items():
        curve_key = key if isinstance(key, tuple) else (key,)
        curve = points.get(curve_key, points.get((*curve_key[:1], "")))
        shares[where] = _along(
            ages[where], *(curve if curve is not None else (np.arange(91.0), prior_curve()))
        )
    return shares


def exposures(days: pd.DataFrame, *, as_of: date, window: int, lag: Lag) -> pd.DataFrame:
    """Spend, exposure, conversions and value per ad set over the `window` days before `as_of`.

    Args:
        days: Ad set days as core has them: ad_set_id, day, spend, conversions, conversion_value; clicks,
            impressions, spend_reporting, platform, account_id, campaign_id, goal and read_at where known.
        as_of: Day of the evaluation; it and later days are ignored.
        window: Number of days.
        lag: See `share_visible`.

    Returns:
        KEYS, goal, spend, exposure, conversions, value, clicks, days, dispersion (of its group's counts), and
        the columns of `order_values`. Money in the reporting currency where the days have `spend_reporting`,
        so that ad sets of several accounts can be compared.
    """
    last = pd.Timestamp(as_of)
    rows = _cleaned(days, first=last - pd.Timedelta(days=window), last=last)
    ages = (last - rows["day"]).dt.days.to_numpy(float)
    share = share_visible(rows, ages, lag)
    counts = share >= _LEAST_SHARE  # conversions and exposure are dropped together
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
    rows = rows.assign(exposure=rows["spend"] * share)
    keys = [*KEYS, GOAL]
    grouped = rows.groupby(keys, as_index=False, sort=True)
    sums = grouped[["spend", "exposure", "conversions", "value"]].sum()
    sums["clicks"] = grouped["clicks"].sum(min_count=1)["clicks"]
    sums["days"] = grouped["day"].nunique()["day"]
    sums["dispersion"] = _dispersion(rows, sums, keys)
    in_order = rows.sort_values(
        [*keys, "day"], kind="stable"
    )  # halves of days must not depend on the rows' order
    sums = sums.merge(order_values(in_order, ["platform", GOAL], keys), on=keys)
    return sums[sums["spend"] > 0].reset_index(drop=True)


def _cleaned(days: pd.DataFrame, *, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Rows of known ad sets and spend from `first` to the day before `last`, each once, with every column
    that is used.
    """
    rows = figures(days.reset_index(drop=True), FIGURES, what="days")
    rows = rows.assign(day=day_stamps(rows["day"], name="days.day").dt.normalize())
    for name in ("account_id", "campaign_id", "ad_set_id"):
        if name in rows:
            rows[name] = consistent_ids(rows[name])
    rows = rows[(rows["day"] >= first) & (rows["day"] < last) & rows["ad_set_id"].notna()]
    rows = rows.assign(
        **{name: rows[name].fillna("") if name in rows else "" for name in ("platform", "account_id")}
    )
    rows = once_per_key(rows, (*KEYS, "day"), what="days")
    rows = rows[rows["spend"].notna()]
    return rows.assign(
        clicks=rows.get("clicks", np.nan),
        spend_reporting=rows["spend_reporting" if "spend_reporting" in rows else "spend"],
    )


def _dispersion(rows: pd.DataFrame, sums: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Pearson dispersion of daily counts around each ad set's own mean, per group, 1 to 4 (1: Poisson)."""
    whole = rows.merge(sums[[*keys, "exposure", "conversions", "days"]], on=keys, suffixes=("", "_whole"))
    mean = (
        whole["exposure"]
        * whole["conversions_whole"]
        / whole["exposure_whole"].where(whole["exposure_whole"] > 0)
    )
    pearson = (
        ((whole["conversions"] - mean) ** 2 / mean.where(mean > 0))
        .groupby([whole["platform"], whole[GOAL]])
        .sum()
    )
    free = (sums["days"] - 1.0).where(sums["conversions"] > 0).groupby([sums["platform"], sums[GOAL]]).sum()
    spread = (pearson / free.where(free >= _FEWEST_FREE)).clip(1.0, 4.0).fillna(1.0)
    places = pd.MultiIndex.from_frame(sums[["platform", GOAL]])
    return pd.Series(spread.reindex(places).fillna(1.0).to_numpy(), index=sums.index)


def _goals(rows: pd.DataFrame) -> pd.Series:
    """Goal per row: sales where the campaign (or ad set, if campaigns are unknown) has any value, else leads.

    Refunds count as value: a campaign whose refunds exceed its sales still sells.
    """
    campaign = rows["ad_set_id"]
    if "campaign_id" in rows:
        campaign = rows["campaign_id"].where(rows["campaign_id"].notna(), campaign)
    size = rows["value"].abs()
    whole = size.groupby([rows["platform"], rows["account_id"], campaign]).transform("sum")
    return pd.Series(np.where(whole > 0, SALES, LEADS), index=rows.index)
