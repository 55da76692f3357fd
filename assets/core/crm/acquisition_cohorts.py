"""What a qualified lead costs by campaign and ad set, where leads are few: how often a place's leads qualify is drawn towards its platform's.

The chance of each day is the platform's (`assets.core.crm.survival`), times how much better the place has done than that chance expects.
How far that is believed is fitted to how much places really differ (gamma-Poisson, marginal likelihood): a fixed strength hurts
where they do. Ranges come from the first two moments, so that ten thousand ad sets take seconds.
"""

from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaln
from scipy.stats import gamma

from assets.core.crm.survival import LONGEST_ARRIVAL, Learned, learned, still_to_qualify

STRENGTHS = np.geomspace(1.0, 1_000.0, 25)
"""Expected qualified leads that the platform's level may count for in a place's."""
DRAWS = 200
DAY = pd.Timedelta(days=1)
Numbers = npt.NDArray[np.float64]


def eventual(
    leads: pd.DataFrame, *, now: pd.Timestamp, start: date, end: date, within_days: int
) -> pd.DataFrame:
    """Per place with leads of the clicks of `start` to `end`: leads, qualified, projected, projected_low and projected_high (80 %).

    Args:
        leads: place, channel, click_at, lead_at, qualified_at (UTC); a row per lead of any time that is known at `now`.
        now: The instant.
        start: First click day.
        end: Last click day.
        within_days: A lead that is older will not qualify any more.
    """
    known = leads[leads["lead_at"] <= now]
    known = known.assign(qualified_at=known["qualified_at"].where(known["qualified_at"] <= now))
    if known.empty:
        return pd.DataFrame(
            columns=["place", "leads", "qualified", "projected", "projected_low", "projected_high"]
        )
    found = learned(known, now=now, within_days=within_days)
    level = _levels(known, found, now, within_days)
    first, last = pd.Timestamp(start, tz="UTC"), pd.Timestamp(end, tz="UTC") + DAY
    cohort = known[(known["click_at"] >= first) & (known["click_at"] < last)]
    row = (
        cohort["channel"]
        .map({name: found.row(name) for name in cohort["channel"].unique()})
        .to_numpy(dtype=int)
    )
    chance = still_to_qualify(found.hazard)
    is_open = cohort["qualified_at"].isna().to_numpy()
    age = _days(now - cohort["lead_at"]).clip(0, within_days)
    old = (_days(now.normalize() - cohort["click_at"].dt.normalize()) - 1).clip(0, LONGEST_ARRIVAL)
    later = np.where(is_open, chance[row, age], 0.0)
    share = found.arrived[row, old]
    unseen = (1.0 - share) / share  # leads that the click day still brings, per lead that is there
    parts = cohort.assign(
        one=1.0, done=~is_open, later=later, later_spread=later * (1.0 - later), new=unseen * chance[row, 0], new_spread=unseen / share,
    )  # fmt: skip
    sums = parts.groupby("place")[["one", "done", "later", "later_spread", "new", "new_spread"]].sum()
    own = level.reindex(sums.index)
    mean = own["mean"] * (sums["later"] + sums["new"])
    spread = (
        own["mean"] * sums["later_spread"]
        + own["mean"] * sums["new"]
        + own["mean"] ** 2 * (sums["new_spread"] - sums["new"]).clip(0)
    )
    shared = _shared_spread(
        parts.assign(row=row, age=age, waits=np.where(is_open, 1.0, 0.0), unseen=unseen), found
    )
    spread = (
        spread
        + own["spread"] * (sums["later"] + sums["new"]) ** 2
        + own["mean"] ** 2 * shared.reindex(sums.index)
    )
    low, high = _range(mean.to_numpy(dtype=float), spread.to_numpy(dtype=float))
    done = sums["done"].astype(float)
    return pd.DataFrame(
        {
            "place": sums.index, "leads": sums["one"].astype(int), "qualified": done.astype(int), "projected": done + mean,
            "projected_low": done + low, "projected_high": done + high,
        }
    ).reset_index(drop=True)  # fmt: skip


def _shared_spread(leads: pd.DataFrame, found: Learned) -> pd.Series:
    """Per place the variance from not knowing its platform's own chances well: the same luck for all of a platform's places."""
    parts = []
    for row, own in leads.groupby("row"):
        chance = still_to_qualify(found.hazards(int(str(row)), np.random.default_rng(0), DRAWS))
        names, place = np.unique(own["place"].to_numpy(dtype=str), return_inverse=True)
        waiting = np.zeros((len(names), chance.shape[1]))
        np.add.at(waiting, (place, own["age"].to_numpy(dtype=int)), own["waits"].to_numpy())
        np.add.at(waiting[:, 0], place, own["unseen"].to_numpy())
        parts.append(pd.Series((waiting @ chance.T).var(axis=1), names))
    whole = pd.concat(parts) if parts else pd.Series(dtype=float)
    return whole[~whole.index.duplicated()]


def _levels(known: pd.DataFrame, found: Learned, now: pd.Timestamp, within_days: int) -> pd.DataFrame:
    """Per place how often its leads qualify over what its platform's chance expects: mean and variance."""
    took = _days(known["qualified_at"] - known["lead_at"], missing=-1)
    age = _days(now - known["lead_at"]).clip(0, within_days)
    hit = (took >= 0) & (took < age)
    stayed = np.where(hit, took + 1, age)
    row = (
        known["channel"]
        .map({name: found.row(name) for name in known["channel"].unique()})
        .to_numpy(dtype=int)
    )
    reached = np.concatenate([np.zeros((len(found.hazard), 1)), found.hazard.cumsum(axis=1)], axis=1)
    sums = (
        known.assign(hit=hit, expected=reached[row, stayed])
        .groupby(["channel", "place"])[["hit", "expected"]]
        .sum()
    )
    parts = []
    for _, own in sums.groupby(level="channel"):
        strength = _strength(own["hit"].to_numpy(dtype=float), own["expected"].to_numpy(dtype=float))
        shape, rate = own["hit"] + strength, own["expected"] + strength
        parts.append(pd.DataFrame({"mean": shape / rate, "spread": shape / rate**2}).droplevel("channel"))
    levels = pd.concat(parts)
    return levels[~levels.index.duplicated()]


def _strength(hits: Numbers, expected: Numbers) -> float:
    """The strength under which the places' counts are most likely; the strongest where they differ no more than by chance."""
    a = STRENGTHS[:, None]
    told = gammaln(hits + a) - gammaln(a) + a * np.log(a) - (hits + a) * np.log(expected + a)
    return float(STRENGTHS[int(np.argmax(told.sum(axis=1)))])


def _range(mean: Numbers, spread: Numbers) -> tuple[Numbers, Numbers]:
    """80 % of a count with that mean and variance, spread over its whole number as `cohorts` does; never below none."""
    middle, whole = mean + 0.5, spread + 1.0 / 12.0
    low, high = (gamma.ppf(q, middle**2 / whole, scale=whole / middle) - 0.5 for q in (0.1, 0.9))
    return np.maximum(np.minimum(low, mean), 0.0), np.maximum(high, mean)


def _days(span: pd.Series, *, missing: int = 0) -> npt.NDArray[np.int64]:
    return np.floor(span / DAY).fillna(missing).to_numpy(dtype=np.int64)
