"""How long it takes until clicks have earned what they cost: days from the click, per platform and campaign.

Young clicks have had little time to earn. So what each further day of age brings is taken from the clicks that are that old, and added up:
an order is counted at its age, the days' cost is that of every click day which has reached it.
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
    """Per place with spend: share of it that is back by the age of 90 days, days until all of it is, and 80 % of where that may lie.

    Args:
        earned: A row per share of an order: place, outcome_id, touch_day, day (both dates), value (what it earned, such as its margin).
        spent: place, day, spend; a day of a place once.
        last: Last day that is known.
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
    own = earned[earned["place"].isin(index)]
    own = own.assign(age=(_number(own["day"]) - _number(own["touch_day"])).clip(0, None))
    own = own[own["age"] <= LONGEST_DAYS]
    place, age = index.get_indexer(own["place"]), own["age"].to_numpy(dtype=int)
    per_cost = np.divide(
        own["value"].to_numpy(dtype=float), exposed[place, age], out=np.zeros(len(own)), where=exposed[place, age] > 0
    )  # fmt: skip
    cell = place * (LONGEST_DAYS + 1) + age
    curve = _curves(per_cost, cell, len(places))
    order, orders = pd.factorize(own["outcome_id"])
    rng = np.random.default_rng(seed)
    drawn = [
        _day(_curves(per_cost * rng.poisson(1.0, len(orders))[order], cell, len(places)))
        for _ in range(DRAWS if len(own) else 0)
    ]
    low, high = np.quantile(drawn, [0.1, 0.9], axis=0, method="nearest") if drawn else (_day(curve),) * 2
    return pd.DataFrame(
        {
            "place": places, "returned": curve[:, -1], "payback_days": _known(_day(curve)), "payback_low": _known(low),
            "payback_high": _known(high),
        }
    )  # fmt: skip


def _exposed(place: Whole, age: Whole, spend: pd.Series, size: int) -> Numbers:
    """Per place and age the cost of the click days that have reached it."""
    found = np.zeros((size, LONGEST_DAYS + 1))
    np.add.at(found, (place, np.clip(age, 0, LONGEST_DAYS)), spend.to_numpy(dtype=float))
    return found[:, ::-1].cumsum(axis=1)[:, ::-1]


def _curves(per_cost: Numbers, cell: Whole, size: int) -> Numbers:
    """Per place the share of the cost that is back by each age."""
    bins = size * (LONGEST_DAYS + 1)
    return np.bincount(cell, per_cost, bins).reshape(size, LONGEST_DAYS + 1).cumsum(axis=1)


def _day(curve: Numbers) -> Numbers:
    """The first age at which all of it is back, infinite where it is not."""
    return np.where(curve[:, -1] >= 1.0, (curve >= 1.0).argmax(axis=1), np.inf)


def _known(days: Numbers) -> pd.Series:
    return pd.Series(np.where(np.isfinite(days), days, np.nan))


def _ages(days: pd.Series, last: date) -> Whole:
    return (np.datetime64(last, "D").astype(int) - _number(days)).to_numpy(dtype=int)


def _number(days: pd.Series) -> pd.Series:
    """Days since 1970."""
    return pd.Series(pd.to_datetime(days).to_numpy().astype("datetime64[D]").astype(int), days.index)
