"""Paid share of outcomes where touches go unobserved: paths completed by EM, with an 80 % range.

Cookies refused and devices changed hide touches. A path that lost its paid touch looks organic, and an
order that lost all of its touches looks unattributed, so the paid share of what was observed is too low.
Here the distribution of complete paths is estimated from the observed ones (EM for data with missing
parts, Dempster, Laird and Rubin 1977), given the share of touches that go unobserved. The data cannot tell
that share from the share of customers who were never observed at all; both are given the same exponential
prior, limited by the share of outcomes without a touch, and what is unknown about them widens the range.

Known weaknesses: touches are assumed to go unobserved independently and equally often in all channels, and
nothing here changes the credit of a channel, campaign or ad set: those stay what was observed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations_with_replacement

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaln

from assets.core.crm.attribution import (
    UNATTRIBUTED,
    clean_outcomes,
    clean_touches,
    inherited_paths,
    paths_in_window,
    training_histories,
)
from assets.core.crm.data_driven import noisy_or_rates

Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
LOSS_RATES = np.arange(0.0, 0.61, 0.05)
"""Shares of touches that may go unobserved; larger ones are not tried."""
USUAL_LOSS = 0.15
"""Prior mean of the share of touches, and of the share of customers, that go unobserved."""
MOST_TOUCHES, ROUNDS = 6, 100
"""Longer paths are not completed; rounds of EM."""
FEWEST = 200
"""Observed outcomes below which paths are not completed: the loss rate is then taken for zero."""
VALUE_QUANTILES = (0.5, 0.8, 0.95)
"""Bounds of the value classes in which unattributed outcomes are compared with attributed ones."""
RECENT_DAYS, POOLED_OUTCOMES = 60, 30.0
"""Days whose attributed outcomes tell the paid share of a day's unattributed ones, and outcomes' worth of
all days.
"""
DRAWS = 400


@dataclass(frozen=True, eq=False)
class PaidShares:
    """Expected paid share of every outcome under each loss rate that was tried, with its variance."""

    outcome_id: npt.NDArray[np.object_]
    day: npt.NDArray[np.object_]
    value: Numbers
    mean: Numbers
    """Outcomes x loss rates."""
    variance: Numbers
    loss_rates: Numbers
    weights: Numbers
    """Posterior probability of each loss rate."""
    is_completed: bool
    """Whether there were enough outcomes to complete paths."""

    def paid_value(self, chosen: npt.NDArray[np.bool_] | None = None) -> tuple[float, float, float]:
        """Paid value of the chosen outcomes (by default of all): expected, with its 80 % range."""
        rows = np.ones(len(self.value), dtype=bool) if chosen is None else chosen
        value = np.nan_to_num(self.value[rows])
        totals = value @ self.mean[rows]
        spreads = np.sqrt(value**2 @ self.variance[rows])
        noise = np.random.default_rng(0).normal(size=(len(totals), DRAWS))
        draws = np.clip(totals[:, None] + spreads[:, None] * noise, 0.0, value.clip(min=0.0).sum()).ravel()
        order = np.argsort(draws)
        reached = np.repeat(self.weights / DRAWS, DRAWS)[order].cumsum()
        low, high = draws[order][np.searchsorted(reached, [0.1, 0.9]).clip(max=len(draws) - 1)]
        expected = float(totals @ self.weights)
        return expected, min(float(low), expected), max(float(high), expected)

    def by_day(self) -> pd.DataFrame:
        """Expected paid value by day of the outcome, with its 80 % range: day, revenue, revenue_low,
        revenue_high.
        """
        rows = [(day, *self.paid_value(self.day == day)) for day in pd.unique(self.day)]
        return pd.DataFrame(rows, columns=["day", "revenue", "revenue_low", "revenue_high"])


def paid_shares(
    credited: pd.DataFrame,
    touchpoints: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    paid: Sequence[str],
    window_days: float = 90,
) -> PaidShares:
    """Paid share of each of these outcomes.

    Args:
        credited: Credit per touch of the outcomes, as `attribute(…, repeats_follow=True)` returns it.
        touchpoints: As for `attribute`; people without an outcome belong in it too.
        outcomes: As for `attribute`.
        paid: Channels that are paid for.
        window_days: Days for which a touch counts.
    """
    window = timedelta(days=window_days)
    touches, ends = clean_touches(touchpoints), clean_outcomes(outcomes)
    paths = paths_in_window(touches, ends, window=window)
    paths = pd.concat([paths, inherited_paths(paths, ends)], ignore_index=True)
    observed = _observed_share(credited, ends, paid)
    groups = {channel: number for number, channel in enumerate(paid)}
    counts = np.zeros((len(ends), len(paid) + 1), dtype=np.int64)
    group = paths["channel"].map(groups).fillna(len(paid)).to_numpy(dtype=np.int64)
    np.add.at(counts, (paths["row"].to_numpy(dtype=np.int64), group), 1)
    is_first = ~ends.sort_values("at", kind="stable").duplicated("person_id").reindex(ends.index).to_numpy()
    is_completed = int((counts[is_first].sum(axis=1) > 0).sum()) >= FEWEST
    if is_completed:
        rates = noisy_or_rates(*training_histories(touches, ends, window=window))
        completion = _Completion.of(counts, is_first, _group_rates(paths, rates, groups))
        loss_rates, weights, shifts = completion.posterior()
    else:
        loss_rates, weights = np.zeros(1), np.ones(1)
        shifts = [_Shift(np.zeros(len(ends)), np.zeros(len(ends)), 0.0)]
    day = ends["at"].dt.date.to_numpy()
    value = ends["whole_value"].to_numpy(dtype=float)
    parts = [_with_unattributed(observed, shift, day, value) for shift in shifts]
    return PaidShares(
        ends["outcome_id"].to_numpy(dtype=object),
        day,
        value,
        np.column_stack([mean for mean, _ in parts]),
        np.column_stack([variance for _, variance in parts]),
        loss_rates,
        weights,
        is_completed,
    )


def _observed_share(credited: pd.DataFrame, ends: pd.DataFrame, paid: Sequence[str]) -> Numbers:
    """Credit of paid channels per outcome; NaN for those without an observed touch."""
    seen = credited[credited["channel"] != UNATTRIBUTED]
    share = (seen["credit"] * seen["channel"].isin(list(paid))).groupby(seen["outcome_id"]).sum()
    return share.reindex(ends["outcome_id"]).to_numpy(dtype=float)


def _group_rates(paths: pd.DataFrame, rates: dict[str, float], groups: dict[str, int]) -> Numbers:
    """Rate of each paid channel, and the mean rate of the other touches."""
    rate, is_other = paths["channel"].map(rates).fillna(0.0), ~paths["channel"].isin(list(groups))
    other = float(rate[is_other].mean()) if is_other.any() else float(rate.mean())
    return np.maximum([*(rates.get(channel, other) for channel in groups), other], 1e-9)


@dataclass(frozen=True, eq=False)
class _Shift:
    """What completing paths changes under one loss rate."""

    share: Numbers
    """Per outcome: change of its paid share."""
    variance: Numbers
    """Per outcome: variance of its paid share."""
    unattributed: float
    """Change of the paid share of unattributed outcomes against the others."""


@dataclass(frozen=True, eq=False)
class _Completion:
    """Observed paths by type (touches per group of channels), and the types of complete paths."""

    complete: Whole
    partial: Whole
    type_of: Whole
    """Per outcome the number of its partial type; -1 for paths that are too long."""
    people: Numbers
    """People by partial type of their first outcome; the first type is the empty path."""
    rates: Numbers

    @staticmethod
    def of(counts: Whole, is_first: npt.NDArray[np.bool_], rates: Numbers) -> "_Completion":
        partial = _path_types(counts.shape[1], MOST_TOUCHES)
        radix = (MOST_TOUCHES + 1) ** np.arange(counts.shape[1])
        number = {int(code): position for position, code in enumerate(partial @ radix)}
        codes = np.where(counts.max(axis=1) <= MOST_TOUCHES, counts @ radix, -1)
        type_of = np.array([number.get(int(code), -1) for code in codes], dtype=np.int64)
        people = np.bincount(type_of[is_first & (type_of >= 0)], minlength=len(partial)).astype(float)
        return _Completion(partial[1:], partial, type_of, people, rates)

    def posterior(self) -> tuple[Numbers, Numbers, list[_Shift]]:
        """Loss rates that the unattributed outcomes allow, their probabilities, and the change under each."""
        empty = float(self.people[0] / self.people.sum())
        tried: list[tuple[float, float, _Shift]] = []
        for loss in LOSS_RATES:
            likelihood = _thinning(self.complete, self.partial, float(loss))
            frequency = self._frequencies(likelihood)
            all_lost = float(frequency @ likelihood[:, 0])
            never_observed = (empty - all_lost) / max(1.0 - all_lost, 1e-9)
            if never_observed < 0 and tried:
                break
            weight = float(np.exp(-(loss + max(never_observed, 0.0)) / USUAL_LOSS))
            tried.append((float(loss), weight, self._shift(likelihood, frequency, all_lost, empty)))
        weights = np.array([weight for _, weight, _ in tried])
        return (
            np.array([loss for loss, _, _ in tried]),
            weights / weights.sum(),
            [shift for *_, shift in tried],
        )

    def _frequencies(self, likelihood: Numbers) -> Numbers:
        """Frequency of complete types, by EM on the people with an observed touch."""
        observable = 1.0 - likelihood[:, 0]
        frequency = np.full(len(self.complete), 1.0 / len(self.complete))
        for _ in range(ROUNDS):
            joint = frequency[:, None] * likelihood[:, 1:]
            responsibility = joint / np.maximum(joint.sum(axis=0), 1e-300)
            frequency = (responsibility @ self.people[1:]) / observable
            frequency /= frequency.sum()
        return frequency

    def _shift(self, likelihood: Numbers, frequency: Numbers, all_lost: float, empty: float) -> _Shift:
        is_paid = np.arange(self.complete.shape[1]) < self.complete.shape[1] - 1
        complete_share = (self.complete[:, is_paid] @ self.rates[is_paid]) / (self.complete @ self.rates)
        joint = frequency[:, None] * likelihood
        weight = np.maximum(joint.sum(axis=0), 1e-300)
        mean = (joint * complete_share[:, None]).sum(axis=0) / weight
        variance = np.maximum((joint * complete_share[:, None] ** 2).sum(axis=0) / weight - mean**2, 0.0)
        apparent = np.append(
            0.0, (self.partial[1:, is_paid] @ self.rates[is_paid]) / (self.partial[1:] @ self.rates)
        )
        has_type = self.type_of > 0
        number = np.maximum(self.type_of, 0)
        # Of the unattributed, some had touches that were all lost; the others are customers like any.
        never_observed = max(empty - all_lost, 0.0) / max(1.0 - all_lost, 1e-9)
        lost_share = min(all_lost * (1.0 - never_observed) / max(empty, 1e-9), 1.0)
        overall = float(frequency @ complete_share)
        of_observed = float(np.average(mean[1:], weights=np.maximum(self.people[1:], 1e-12)))
        return _Shift(
            np.where(has_type, (mean - apparent)[number], 0.0),
            np.where(has_type, variance[number], 0.0),
            lost_share * (float(mean[0]) - overall) + overall - of_observed,
        )


def _path_types(groups: int, most: int) -> Whole:
    """All multisets of up to `most` touches, as touches per group; the first is the empty path."""
    rows = [
        np.bincount(np.array(chosen, dtype=np.int64), minlength=groups)
        for size in range(most + 1)
        for chosen in combinations_with_replacement(range(groups), size)
    ]
    return np.array(rows, dtype=np.int64)


def _thinning(complete: Whole, partial: Whole, loss: float) -> Numbers:
    """Chance to observe each partial path of each complete one, where every touch is lost with chance
    `loss`.
    """
    missing = complete[:, None, :] - partial[None, :, :]
    possible = (missing >= 0).all(axis=2)
    ways = (
        gammaln(complete + 1)[:, None, :] - gammaln(partial + 1)[None] - gammaln(np.maximum(missing, 0) + 1)
    )
    lost, observed_touches = np.where(possible, missing.sum(axis=2), 0), partial.sum(axis=1)[None, :]
    chance = np.exp(ways.sum(axis=2)) * loss**lost * (1.0 - loss) ** observed_touches
    return np.where(possible, chance, 0.0)


def _with_unattributed(
    observed: Numbers, shift: _Shift, day: npt.NDArray[np.object_], value: Numbers
) -> tuple[Numbers, Numbers]:
    """Mean and variance of every outcome's paid share.

    An unattributed outcome is compared with the attributed ones of about its value, of the days up to its
    own.
    """
    is_seen = np.isfinite(observed)
    share = np.clip(np.where(is_seen, observed, 0.0) + shift.share, 0.0, 1.0)
    amounts = np.nan_to_num(value)
    bounds = np.quantile(amounts, VALUE_QUANTILES) if len(amounts) else np.array([])
    value_class = np.searchsorted(bounds, amounts, side="left")
    mean, variance = share.copy(), shift.variance.copy()
    days = pd.to_datetime(pd.Series(day)).to_numpy().astype("datetime64[D]").astype(np.int64)
    for one_class in np.unique(value_class):
        inside = value_class == one_class
        seen, lost = inside & is_seen, inside & ~is_seen
        if not lost.any():
            continue
        pool = share[seen] if seen.any() else share[is_seen]
        average = float(pool.mean()) if len(pool) else 0.0
        recent, count = _recent_sums(days[seen], share[seen], days[lost])
        estimate = (recent + POOLED_OUTCOMES * average) / (count + POOLED_OUTCOMES)
        mean[lost] = np.clip(estimate + shift.unattributed, 0.0, 1.0)
        variance[lost] = float(pool.var()) if len(pool) else 0.25
    return mean, variance


def _recent_sums(days: Whole, shares: Numbers, until: Whole) -> tuple[Numbers, Numbers]:
    """Sum and number of the shares of the days up to each asked day, `RECENT_DAYS` back."""
    order = np.argsort(days, kind="stable")
    sorted_days, sums = days[order], np.append(0.0, shares[order].cumsum())
    end = np.searchsorted(sorted_days, until, side="right")
    start = np.searchsorted(sorted_days, until - RECENT_DAYS, side="right")
    return sums[end] - sums[start], (end - start).astype(float)
