"""Qualification of leads: the chance of each day, learned per channel from leads of every age, most still
undecided.

Discrete-time survival with a cure share (a share that never qualifies): a lead that has not qualified
after `within_days` will not. The shape over days is the channel's own as far as it has data, else the
pooled one; each span of days has a Gamma posterior, so that few leads mean a wide range. The delay from
click to lead is learned likewise.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Numbers = npt.NDArray[np.float64]
SHAPE_WEIGHT = 40.0
"""Lead-days at the pooled shape that a channel's own shape is mixed with, on each day."""
SPANS = np.array([0, 4, 8, 15, 30, 60])
"""Days after the lead at which its chances change."""
LEVEL_WEIGHT = 4.0
"""Qualified leads at the pooled level that a channel's own level is mixed with."""
FEW, FADES_A_DAY = 10.0, 0.93
"""Lead-days that outweigh the estimate from earlier days, and the decay per day of that estimate."""
LONGEST_ARRIVAL = 45
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class QualificationModel:
    """Per channel: hazard of each day after the lead, the events it rests on, and the share of leads that
    have arrived by age.
    """

    channels: tuple[str, ...]
    hazard: Numbers
    """Channels x days, at the most likely level."""
    events: Numbers
    """Channels x spans of days (`SPANS`): qualified leads behind each part of the hazard."""
    arrived: Numbers
    """Channels x ages: share of a click day's leads that have arrived after so many days."""

    def hazards(self, row: int, rng: np.random.Generator, size: int) -> Numbers:
        """Draws of a channel's hazard, size x days, as uncertain as its qualified leads are few."""
        level = rng.gamma(self.events[row], 1.0 / self.events[row], (size, len(SPANS)))
        span = np.searchsorted(SPANS, np.arange(self.hazard.shape[1]), side="right") - 1
        return np.minimum(self.hazard[row] * level[:, span], 0.95)

    def row(self, channel: str) -> int:
        """A channel's row; an unseen channel has the last row, which is pooled."""
        return self.channels.index(channel) if channel in self.channels else len(self.channels)


def fit_qualification(leads: pd.DataFrame, *, now: pd.Timestamp, within_days: int) -> QualificationModel:
    """Qualification model from the leads (channel, click_at, lead_at, qualified_at) known at `now`."""
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
    channel_hazard = (happened + SHAPE_WEIGHT * pooled * level[:, None]) / (at_risk + SHAPE_WEIGHT)
    hazard = np.vstack([channel_hazard, pooled]).clip(0.0, 0.9)
    starts = np.minimum(SPANS, within_days - 1)
    events = np.add.reduceat(np.vstack([happened, happened.sum(axis=0)]), starts, axis=1) + LEVEL_WEIGHT
    return QualificationModel(channels, hazard, events, _arrivals(leads, number, size, now))


def _pooled(happened: Numbers, at_risk: Numbers) -> Numbers:
    """Hazard of each day over all channels; where few leads are that old, that of the fortnight before,
    decaying.
    """
    hazard = np.zeros(len(happened))
    whole = happened.sum() / max(at_risk.sum(), 1.0)
    for day in range(len(happened)):
        near = slice(max(day - 14, 0), day)
        before = hazard[near].mean() * FADES_A_DAY if day else whole
        hazard[day] = (happened[day] + FEW * before) / (at_risk[day] + FEW)
    return hazard


def _arrivals(leads: pd.DataFrame, number: npt.NDArray[np.int64], size: int, now: pd.Timestamp) -> Numbers:
    """Share of a click day's leads that have arrived at each age (chain ladder)."""
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
    arrived = np.cumprod((1.0 - share)[:, ::-1], axis=1)[
        :, ::-1
    ]  # of day d: what no later day adds, from d on
    return np.concatenate([arrived[:, 1:], np.ones((size + 1, 1))], axis=1).clip(0.02, 1.0)


def still_to_qualify(hazard: Numbers) -> Numbers:
    """Chance to qualify from each age on, the first entry for a new lead, the last (too old) zero."""
    stays = np.cumprod(np.concatenate([np.ones((*hazard.shape[:-1], 1)), 1.0 - hazard], axis=-1), axis=-1)
    return 1.0 - stays[..., -1:] / np.maximum(stays, 1e-300)


def _whole_days(span: pd.Series, *, missing: int = 0) -> npt.NDArray[np.int64]:
    return np.floor(span / DAY).fillna(missing).to_numpy(dtype=np.int64)
