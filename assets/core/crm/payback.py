"""Payback time: days from the click until orders have returned the cost, per platform and campaign.

Young clicks have had little time to earn, so the curve adds the increments of each day of age, each taken
from the click days that are at least that old: an order counts at its age, over the cost of all click days
that reached it.
"""

from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

LONGEST_DAYS = 90
DRAWS = 200
COLUMNS = ["place", "returned", "payback_days", "payback_low", "payback_high"]
Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def payback(earned: pd.DataFrame, spent: pd.DataFrame, *, last: date, seed: int = 0) -> pd.DataFrame:
    """Per key with spend: share returned by the age of 90 days, days until all of it is, and their 80 % range
    (bootstrap).

    Args:
        earned: A row per share of an order: place (the key), outcome_id, touch_day, day (both dates), value
            (such as margin).
        spent: place, day, spend; each day of a key once.
        last: Last known day.
        seed: Same seed and frames, same answer.

    Returns:
        place, returned, payback_days, payback_low, payback_high. Empty days: not within 90 days of the click.
    """
    cost = spent[spent["spend"] > 0]
    places = sorted(set(cost["place"]))
    if not places:
        return pd.DataFrame(columns=COLUMNS)
    index = pd.Index(places)
    exposed = _exposed(index.get_indexer(cost["place"]), _ages(cost["day"], last), cost["spend"], len(places))
    shares = earned[earned["place"].isin(index)]
    shares = shares.assign(age=(_number(shares["day"]) - _number(shares["touch_day"])).clip(0, None))
    shares = shares[shares["age"] <= LONGEST_DAYS]
    key_number, age = index.get_indexer(shares["place"]), shares["age"].to_numpy(dtype=int)
    per_cost = np.divide(
        shares["value"].to_numpy(dtype=float),
        exposed[key_number, age],
        out=np.zeros(len(shares)),
        where=exposed[key_number, age] > 0,
    )
    cell = key_number * (LONGEST_DAYS + 1) + age
    curve = _curves(per_cost, cell, len(places))
    order, orders = pd.factorize(shares["outcome_id"])
    rng = np.random.default_rng(seed)
    drawn = [
        _day(_curves(per_cost * rng.poisson(1.0, len(orders))[order], cell, len(places)))
        for _ in range(DRAWS if len(shares) else 0)
    ]
    low, high = np.quantile(drawn, [0.1, 0.9], axis=0, method="nearest") if drawn else (_day(curve),) * 2
    return pd.DataFrame(
        {
            "place": places,
            "returned": curve[:, -1],
            "payback_days": _known(_day(curve)),
            "payback_low": _known(low),
            "payback_high": _known(high),
        }
    )


def _exposed(key_number: Whole, age: Whole, spend: pd.Series, size: int) -> Numbers:
    """Per key and age the cost of the click days that have reached it."""
    exposed = np.zeros((size, LONGEST_DAYS + 1))
    np.add.at(exposed, (key_number, np.clip(age, 0, LONGEST_DAYS)), spend.to_numpy(dtype=float))
    return exposed[:, ::-1].cumsum(axis=1)[:, ::-1]


def _curves(per_cost: Numbers, cell: Whole, size: int) -> Numbers:
    """Per key the share of the cost returned by each age."""
    bins = size * (LONGEST_DAYS + 1)
    return np.bincount(cell, per_cost, bins).reshape(size, LONGEST_DAYS + 1).cumsum(axis=1)


def _day(curve: Numbers) -> Numbers:
    """The first age at which all cost is returned, infinite where it is not."""
    return np.where(curve[:, -1] >= 1.0, (curve >= 1.0).argmax(axis=1), np.inf)


def _known(days: Numbers) -> pd.Series:
    return pd.Series(np.where(np.isfinite(days), days, np.nan))


def _ages(days: pd.Series, last: date) -> Whole:
    return (np.datetime64(last, "D").astype(int) - _number(days)).to_numpy(dtype=int)


def _number(days: pd.Series) -> pd.Series:
    """Days since 1970."""
    return pd.Series(pd.to_datetime(days).to_numpy().astype("datetime64[D]").astype(int), days.index)
