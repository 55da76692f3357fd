"""How leads qualify: the chance of each day, learned per channel from leads of every age, most of which are still undecided.

Discrete-time survival with a share that never qualifies (the cure share): a lead that has not qualified after `within_days` will not.
The shape over days is each channel's own as far as it has seen enough, else that of all together; each span of days is a Gamma
posterior, so that few leads mean a wide range. How late leads appear after their click is learned likewise, from the days on which it can be seen.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Numbers = npt.NDArray[np.float64]
SHAPE_WEIGHT = 40.0
"""Lead-days at the pooled shape that a channel's own shape is mixed with, on each day."""
SPANS = np.array([0, 4, 8, 15, 30, 60])
"""Days after the lead from which on its chances are known apart."""
LEVEL_WEIGHT = 4.0
"""Qualified leads at the pooled level that a channel's own level is mixed with."""
FEW, FADES_A_DAY = 10.0, 0.93
"""Lead-days that count as much as what the days before tell; and how that fades where there is nothing else."""
LONGEST_ARRIVAL = 45
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Learned:
    """Per channel: chance to qualify on each day after the lead, on how many it rests, and the share of leads that are there by age."""

    channels: tuple[str, ...]
    hazard: Numbers
    """Channels x days, at the most likely level."""
    events: Numbers
    """Channels x spans of days (`SPANS`): qualified leads that each part of the hazard rests on."""
    arrived: Numbers
    """Channels x ages: share of a click day's leads that are there after so many days."""

    def hazards(self, row: int, rng: np.random.Generator, size: int) -> Numbers:
        """Draws of a channel's hazard, size x days: each span of days as uncertain as the leads that qualified in it are few."""
        level = rng.gamma(self.events[row], 1.0 / self.events[row], (size, len(SPANS)))
        span = np.searchsorted(SPANS, np.arange(self.hazard.shape[1]), side="right") - 1
        return np.minimum(self.hazard[row] * level[:, span], 0.95)

    def row(self, channel: str) -> int:
        """A channel's row; one that was never seen has the last, which is all together."""
        return self.channels.index(channel) if channel in self.channels else len(self.channels)


def learned(leads: pd.DataFrame, *, now: pd.Timestamp, within_days: int) -> Learned:
    """What leads (channel, click_at, lead_at, qualified_at) known at `now` tell of those to come."""
    channels = tuple(sorted(leads["channel"].unique()))
    number = leads["channel"].map({name: n for n, name in enumerate(channels)}).to_numpy(dtype=int)
    age = _whole_days(now - leads["lead_at"])
    took = _whole_days(leads["qualified_at"] - leads["lead_at"], missing=-1)
    hits = (took >= 0) & (took < np.minimum(age, within_days))
    stayed = np.where(
        hits, took + 1, np.clip(age, 0, within_days)
    )  # whole days in which it could have qualified
    size = len(channels)
    happened, at_risk = np.zeros((size, within_days)), np.zeros((size, within_days))
    np.add.at(happened, (number[hits], took[hits]), 1.0)
    for n in range(size):
        longer = np.bincount(stayed[number == n], minlength=within_days + 1)
        at_risk[n] = longer.sum() - longer.cumsum()[:within_days]
    pooled = _pooled(happened.sum(axis=0), at_risk.sum(axis=0))
    expected = at_risk @ pooled
    level = (happened.sum(axis=1) + LEVEL_WEIGHT) / (expected + LEVEL_WEIGHT)
    own = (happened + SHAPE_WEIGHT * pooled * level[:, None]) / (at_risk + SHAPE_WEIGHT)
    hazard = np.vstack([own, pooled]).clip(0.0, 0.9)
    starts = np.minimum(SPANS, within_days - 1)
    events = np.add.reduceat(np.vstack([happened, happened.sum(axis=0)]), starts, axis=1) + LEVEL_WEIGHT
    return Learned(channels, hazard, events, _arrivals(leads, number, size, now))


def _pooled(happened: Numbers, at_risk: Numbers) -> Numbers:
    """The chance of each day over all channels; where few leads are that old, that of the fortnight before, fading."""
    found = np.zeros(len(happened))
    whole = happened.sum() / max(at_risk.sum(), 1.0)
    for day in range(len(happened)):
        near = slice(max(day - 14, 0), day)
        before = found[near].mean() * FADES_A_DAY if day else whole
        found[day] = (happened[day] + FEW * before) / (at_risk[day] + FEW)
    return found


def _arrivals(leads: pd.DataFrame, number: npt.NDArray[np.int64], size: int, now: pd.Timestamp) -> Numbers:
    """Share of a click day's leads that are there at each age, by how many more each further day brought where it is over."""
    click = leads["click_at"].dt.normalize()
    lag = _whole_days(leads["lead_at"].dt.normalize() - click).clip(0, LONGEST_ARRIVAL)
    age = _whole_days(now.normalize() - click) - 1  # the last day that is over
    came, there = np.zeros((size + 1, LONGEST_ARRIVAL + 1)), np.zeros((size + 1, LONGEST_ARRIVAL + 1))
    for day in range(LONGEST_ARRIVAL + 1):
        over = age >= day
        for where, on in ((came, over & (lag == day)), (there, over & (lag <= day))):
            where[:size, day] = np.bincount(number[on], minlength=size)
            where[size, day] = on.sum()
    pooled = came[size] / np.maximum(there[size], 1.0)
    share = (came + SHAPE_WEIGHT * pooled) / (there + SHAPE_WEIGHT)
    share[:, 0] = 0.0
    kept = np.cumprod((1.0 - share)[:, ::-1], axis=1)[:, ::-1]  # of day d: what no later day adds, from d on
    return np.concatenate([kept[:, 1:], np.ones((size + 1, 1))], axis=1).clip(0.02, 1.0)


def still_to_qualify(hazard: Numbers) -> Numbers:
    """Chance to qualify from each age on, the first entry for a new lead, the last (too old) zero."""
    stays = np.cumprod(np.concatenate([np.ones((*hazard.shape[:-1], 1)), 1.0 - hazard], axis=-1), axis=-1)
    return 1.0 - stays[..., -1:] / np.maximum(stays, 1e-300)


def _whole_days(span: pd.Series, *, missing: int = 0) -> npt.NDArray[np.int64]:
    return np.floor(span / DAY).fillna(missing).to_numpy(dtype=np.int64)
