"""Cost per qualified lead by campaign and ad set: qualification rates of few leads are shrunk to their
platform's.

The chance of each day is the platform's (`assets.core.crm.survival`), times the ratio of qualified to
expected leads of the campaign. The strength of the shrinkage is fitted to how much campaigns really differ
(gamma-Poisson, marginal likelihood): a fixed strength hurts where they do. Ranges come from the first two
moments, so that ten thousand ad sets take seconds.
"""

from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaln
from scipy.stats import gamma

from assets.core.crm.survival import LONGEST_ARRIVAL, QualificationModel, fit_qualification, still_to_qualify

STRENGTHS = np.geomspace(1.0, 1_000.0, 25)
"""Prior strengths tried, in expected qualified leads."""
DRAWS = 200
DAY = pd.Timedelta(days=1)
Numbers = npt.NDArray[np.float64]


def eventual(
    leads: pd.DataFrame, *, now: pd.Timestamp, start: date, end: date, within_days: int
) -> pd.DataFrame:
    """Per key with leads of the clicks of `start` to `end`: leads, qualified, projected, projected_low and
    projected_high (80 %).

    Args:
        leads: place (the key), channel, click_at, lead_at, qualified_at (UTC); a row per lead of any time
            known at `now`.
        now: The instant.
        start: First click day.
        end: Last click day.
        within_days: An older lead will not qualify any more.
    """
    leads_so_far = leads[leads["lead_at"] <= now]
    leads_so_far = leads_so_far.assign(
        qualified_at=leads_so_far["qualified_at"].where(leads_so_far["qualified_at"] <= now)
    )
    if leads_so_far.empty:
        return pd.DataFrame(
            columns=["place", "leads", "qualified", "projected", "projected_low", "projected_high"]
        )
    model = fit_qualification(leads_so_far, now=now, within_days=within_days)
    level = _levels(leads_so_far, model, now, within_days)
    first, last = pd.Timestamp(start, tz="UTC"), pd.Timestamp(end, tz="UTC") + DAY
    cohort = leads_so_far[(leads_so_far["click_at"] >= first) & (leads_so_far["click_at"] < last)]
    row = (
        cohort["channel"]
        .map({name: model.row(name) for name in cohort["channel"].unique()})
        .to_numpy(dtype=int)
    )
    chance = still_to_qualify(model.hazard)
    is_open = cohort["qualified_at"].isna().to_numpy()
    age = _days(now - cohort["lead_at"]).clip(0, within_days)
    old = (_days(now.normalize() - cohort["click_at"].dt.normalize()) - 1).clip(0, LONGEST_ARRIVAL)
    later = np.where(is_open, chance[row, age], 0.0)
    share = model.arrived[row, old]
    unseen = (1.0 - share) / share  # leads that the click day still brings, per lead that is there
    parts = cohort.assign(
        one=1.0,
        done=~is_open,
        later=later,
        later_spread=later * (1.0 - later),
        new=unseen * chance[row, 0],
        new_spread=unseen / share,
    )
    sums = parts.groupby("place")[["one", "done", "later", "later_spread", "new", "new_spread"]].sum()
    relative = level.reindex(sums.index)
    mean = relative["mean"] * (sums["later"] + sums["new"])
    spread = (
        relative["mean"] * sums["later_spread"]
        + relative["mean"] * sums["new"]
        + relative["mean"] ** 2 * (sums["new_spread"] - sums["new"]).clip(0)
    )
    shared = _shared_spread(
        parts.assign(row=row, age=age, waits=np.where(is_open, 1.0, 0.0), unseen=unseen), model
    )
    spread = (
        spread
        + relative["spread"] * (sums["later"] + sums["new"]) ** 2
        + relative["mean"] ** 2 * shared.reindex(sums.index)
    )
    low, high = _range(mean.to_numpy(dtype=float), spread.to_numpy(dtype=float))
    done = sums["done"].astype(float)
    return pd.DataFrame(
        {
            "place": sums.index,
            "leads": sums["one"].astype(int),
            "qualified": done.astype(int),
            "projected": done + mean,
            "projected_low": done + low,
            "projected_high": done + high,
        }
    ).reset_index(drop=True)


def _shared_spread(leads: pd.DataFrame, model: QualificationModel) -> pd.Series:
    """Per key the variance from the uncertainty of its platform's chances, which all of a platform's keys
    share.
    """
    parts = []
    for row, platform_leads in leads.groupby("row"):
        chance = still_to_qualify(model.hazards(int(str(row)), np.random.default_rng(0), DRAWS))
        names, key_number = np.unique(platform_leads["place"].to_numpy(dtype=str), return_inverse=True)
        waiting = np.zeros((len(names), chance.shape[1]))
        np.add.at(
            waiting,
            (key_number, platform_leads["age"].to_numpy(dtype=int)),
            platform_leads["waits"].to_numpy(),
        )
        np.add.at(waiting[:, 0], key_number, platform_leads["unseen"].to_numpy())
        parts.append(pd.Series((waiting @ chance.T).var(axis=1), names))
    whole = pd.concat(parts) if parts else pd.Series(dtype=float)
    return whole[~whole.index.duplicated()]


def _levels(
    leads: pd.DataFrame, model: QualificationModel, now: pd.Timestamp, within_days: int
) -> pd.DataFrame:
    """Per key the ratio of qualified to expected leads: posterior mean and variance."""
    took = _days(leads["qualified_at"] - leads["lead_at"], missing=-1)
    age = _days(now - leads["lead_at"]).clip(0, within_days)
    hit = (took >= 0) & (took < age)
    stayed = np.where(hit, took + 1, age)
    row = (
        leads["channel"]
        .map({name: model.row(name) for name in leads["channel"].unique()})
        .to_numpy(dtype=int)
    )
    reached = np.concatenate([np.zeros((len(model.hazard), 1)), model.hazard.cumsum(axis=1)], axis=1)
    sums = (
        leads.assign(hit=hit, expected=reached[row, stayed])
        .groupby(["channel", "place"])[["hit", "expected"]]
        .sum()
    )
    parts = []
    for _, platform_sums in sums.groupby(level="channel"):
        strength = _strength(
            platform_sums["hit"].to_numpy(dtype=float), platform_sums["expected"].to_numpy(dtype=float)
        )
        shape, rate = platform_sums["hit"] + strength, platform_sums["expected"] + strength
        parts.append(pd.DataFrame({"mean": shape / rate, "spread": shape / rate**2}).droplevel("channel"))
    levels = pd.concat(parts)
    return levels[~levels.index.duplicated()]


def _strength(hits: Numbers, expected: Numbers) -> float:
    """The strength of highest marginal likelihood; the strongest where keys differ no more than by chance."""
    a = STRENGTHS[:, None]
    log_likelihood = gammaln(hits + a) - gammaln(a) + a * np.log(a) - (hits + a) * np.log(expected + a)
    return float(STRENGTHS[int(np.argmax(log_likelihood.sum(axis=1)))])


def _range(mean: Numbers, spread: Numbers) -> tuple[Numbers, Numbers]:
    """80 % range of a count with that mean and variance, with a continuity correction as in `cohorts`; 0 at
    least.
    """
    middle, whole = mean + 0.5, spread + 1.0 / 12.0
    low, high = (gamma.ppf(q, middle**2 / whole, scale=whole / middle) - 0.5 for q in (0.1, 0.9))
    return np.maximum(np.minimum(low, mean), 0.0), np.maximum(high, mean)


def _days(span: pd.Series, *, missing: int = 0) -> npt.NDArray[np.int64]:
    return np.floor(span / DAY).fillna(missing).to_numpy(dtype=np.int64)
