"""Expected value per row: an exponentially smoothed level times weekday (and hour) factors times the effect
common to the group.

One causal pass: the expectation of a period uses earlier periods only. Levels are ratios of discounted sums,
so days with more clicks weigh more. Weekday factors are shrunk towards those of the pool while a row has few
weeks of its own.
"""

import numpy as np
import numpy.typing as npt

from assets.signals.anomalies.metric_series import MetricRows
from assets.signals.anomalies.noise import pool_mean

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
OFFSET = 0.02
"""Offset under the logarithm, as a share of the usual amount; smaller amounts count as zero."""
_MASS, _MASS_AGAIN = 8.0, 5.6
"""Prior weight, in periods, of the first estimate of a level and of one after an accepted change of level."""
_SEASON_MEMORY, _SEASON_WEIGHT = 10.0, 3.0
"""Half-life of seasonal factors in weeks (or days), and the prior weight of the pool's factors in the same
unit."""


class Expected:
    """Levels, seasonal factors and expected event counts, as of the period before the one that is judged."""

    def __init__(self, rows: MetricRows, slots: list[Whole], *, half_life: float, warm: int) -> None:
        self.rows, self._slots = rows, slots
        self.size = rows.above.shape[1]
        self._all = np.arange(self.size)
        self._fade, self._season_fade = 0.5 ** (1.0 / half_life), 0.5 ** (1.0 / _SEASON_MEMORY)
        first = rows.known & (np.cumsum(rows.known, axis=0) <= warm)
        self.unit = _mean(rows.below, first)
        level = _first_level(rows, first)
        self.usual = np.maximum(level * self.unit, 1e-9)
        self._above, self._below = level * _MASS * self.unit, _MASS * self.unit
        self.first_events = _mean(rows.carrier, first)
        self._events, self._events_below = self.first_events * _MASS, _MASS * self.unit
        periods = len(rows.above)
        self.level = np.zeros((periods + 1, self.size))
        self._kept_above, self._kept_below = np.zeros_like(self.level), np.zeros_like(self.level)
        self.summed, self.share = np.zeros_like(self.level), np.zeros_like(self.level)
        """Cumulated numerators, and cumulated denominators times seasonal and group factors."""
        self._keep(0, np.zeros(self.size, bool), np.zeros(self.size, np.int64))
        self.season = [
            (
                np.zeros((int(s.max(initial=0)) + 1, self.size)),
                np.zeros((int(s.max(initial=0)) + 1, self.size)),
            )
            for s in slots
        ]

    @property
    def events_per_share(self) -> Floats:
        return self._events / np.maximum(self._events_below, 1e-12)

    @property
    def offset(self) -> Floats:
        """Offset added under the logarithm: half an event for counts, 2 % of the usual amount otherwise."""
        rows, events = self.rows, self.events_per_share * self.unit
        of_values = 0.5 * rows.spread * self.usual / np.maximum(events, 0.3)
        return np.where(rows.is_integer, 0.5, np.where(rows.is_sum, of_values, OFFSET * self.usual))

    def seasonal(self, t: int, weight: Floats) -> Floats:
        """Log seasonal factor of period `t`; `weight` is the inverse variance of each row's days."""
        whole = np.zeros(self.size)
        for (sums, counts), slot in zip(self.season, self._slots, strict=True):
            row_season = sums / np.maximum(counts, 1e-9)
            of_pool = np.stack(
                [pool_mean(row_season[n], counts[n] * weight, self.rows.pool) for n in range(len(sums))]
            )
            drawn = of_pool + (row_season - of_pool) * counts / (counts + _SEASON_WEIGHT)
            drawn -= drawn.mean(axis=0)
            whole += drawn[slot[t], self._all]
        return whole

    def add(self, t: int, share: Floats) -> None:
        """Add period `t` to the cumulated sums, its expected share included; periods that are not judged are
        left out.
        """
        is_known = self.rows.known[t]
        self.summed[t + 1] = self.summed[t] + np.where(is_known, self.rows.above[t], 0.0)
        self.share[t + 1] = self.share[t] + np.where(is_known, share, 0.0)

    def since(self, t: int, start: Whole, base: Whole) -> tuple[Floats, Floats, Floats]:
        """Observed sum, expected sum and expected events from `start` through `t`, by the level before
        `base`.
        """
        seen = self.summed[t + 1] - self.summed[start, self._all]
        share = self.share[t + 1] - self.share[start, self._all]
        return (
            seen,
            share * np.exp(self.level[base, self._all]),
            share * self.events_per_share,
        )

    def learn(
        self,
        t: int,
        *,
        learns: Bools,
        frozen: Bools,
        start: Whole,
        share: Floats,
        most: Floats,
        season: Floats,
        common: Floats,
    ) -> None:
        """Update levels with period `t`, winsorised at `most` (log ratio) from the expectation; `frozen` rows
        keep the level at `start`.
        """
        rows, c = self.rows, self.offset
        expected = share * np.exp(self.level[t])
        off = np.log((rows.above[t] + c) / (expected + c))
        nearest = np.maximum((expected + c) * np.exp(np.clip(off, -most, most)) - c, 0.0)
        near = np.where(np.abs(off) > most, nearest, rows.above[t])
        fade = np.where(learns, self._fade, 1.0)
        flat = np.maximum(np.exp(season + common), 1e-9)
        self._above = self._above * fade + np.where(learns, near / flat, 0.0)
        self._below = self._below * fade + np.where(learns, rows.below[t], 0.0)
        self._events = self._events * fade + np.where(learns, rows.carrier[t], 0.0)
        self._events_below = self._events_below * fade + np.where(learns, share, 0.0)
        self._keep(t + 1, frozen, start)
        plain = np.log((rows.above[t] + c) / (rows.below[t] * np.exp(common + self.level[t]) + c))
        self._learn_season(t, learns & np.isfinite(most), np.clip(plain - season, -most, most), season)

    def roll_back(self, which: Bools, to: Whole) -> None:
        """Restore the state at `to`, the start of an incident that was detected later."""
        at = np.flatnonzero(which)
        self._above[at], self._below[at] = self._kept_above[to[at], at], self._kept_below[to[at], at]

    def restart(self, which: Bools, t: int, since: Whole) -> None:
        """Use the mean from `since` through `t` as the new level, with the prior weight of a first
        estimate.
        """
        seen = self.summed[t + 1] - self.summed[since, self._all]
        share = self.share[t + 1] - self.share[since, self._all]
        self._below = np.where(which, _MASS_AGAIN * self.unit, self._below)
        self._above = np.where(
            which, np.maximum(seen / np.maximum(share, 1e-12), 1e-9) * self._below, self._above
        )

    def scale(self, t: int, factor: Floats) -> None:
        """Multiply the level at period `t` by a known factor."""
        self._above = self._above * factor
        self.level[t] += np.log(factor)
        self.usual = np.maximum(self.usual, self.usual * factor)

    def loosen(self, which: Bools) -> None:
        """Reduce the weight of the past to half a period, after a change of unknown size."""
        weight = np.where(which, 0.5 * self.unit / np.maximum(self._below, 1e-12), 1.0)
        self._above, self._below = self._above * weight, self._below * weight

    def _keep(self, at: int, frozen: Bools, start: Whole) -> None:
        level = np.log(np.maximum(self._above, 1e-9) / np.maximum(self._below, 1e-12))
        self.level[at] = np.where(frozen, self.level[np.minimum(start, at), self._all], level)
        self._kept_above[at], self._kept_below[at] = self._above, self._below
        self.usual = np.maximum(self.usual, np.exp(np.minimum(level, 700.0)) * self.unit)

    def _learn_season(self, t: int, learns: Bools, off: Floats, season: Floats) -> None:
        at = np.flatnonzero(learns)
        for sums, counts, slot in [
            (*arrays, slot) for arrays, slot in zip(self.season, self._slots, strict=True)
        ]:
            slots = np.broadcast_to(slot[t], self.size)[at]
            slot_level = (
                season[at] if len(self._slots) == 1 else sums[slots, at] / np.maximum(counts[slots, at], 1e-9)
            )
            sums[slots, at] = sums[slots, at] * self._season_fade + off[at] + slot_level
            counts[slots, at] = counts[slots, at] * self._season_fade + 1.0


def _mean(values: Floats, of: Bools) -> Floats:
    return np.where(of, values, 0.0).sum(axis=0) / np.maximum(of.sum(axis=0), 1)


def _first_level(rows: MetricRows, first: Bools) -> Floats:
    """Median of the ratios of the first periods; their mean where the median is zero."""
    ratios = np.where(first, rows.above / np.where(first, rows.below, 1.0), np.nan)
    some = first.any(axis=0)
    middle = np.zeros(ratios.shape[1])
    reach = int(np.flatnonzero(first.any(axis=1)).max(initial=-1)) + 1
    middle[some] = np.nanmedian(ratios[:reach, some], axis=0)
    mean = np.where(first, rows.above, 0.0).sum(axis=0) / np.maximum(
        np.where(first, rows.below, 0.0).sum(axis=0), 1e-12
    )
    return np.maximum(np.where(middle > 0, middle, mean), 1e-9)
