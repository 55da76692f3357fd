"""Sequential anomaly detection: every row is tested period by period, from earlier periods only.

Sums over 1, 3, 7 and 14 days are tested against their expectation, those of 7 and 14 days also against the
level of weeks ago, so that a slow decay which the level follows is detected. The variance is that of the
counts plus the row's overdispersion, shrunk towards its pool. Flagged periods do not update the level. Known
weakness: of two faults that overlap in one row only the first is reported.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assets.signals.anomalies.episodes import Episodes
from assets.signals.anomalies.expected import Expected
from assets.signals.anomalies.grid import Grid
from assets.signals.anomalies.group_effects import FEW, GroupEffects
from assets.signals.anomalies.metric_series import OFFSET_SDS, MetricRows
from assets.signals.anomalies.noise import (
    benjamini_hochberg_threshold,
    standardized_residual,
    two_sided_p_values,
)
from assets.signals.anomalies.overdispersion import Overdispersion
from resources.policy.anomalies import AnomalyThresholds

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
WINDOWS = ((1, 1), (3, 3), (7, 7), (7, 21), (14, 28))
"""Length of each window in periods, and the age of the level it is compared with."""
_LENGTHS = np.array([length for length, _ in WINDOWS])
_MULTIPLE_WINDOWS = 1.0 + 0.35 * (len(WINDOWS) - 1)
"""Multiplicity factor on the smallest p-value of the overlapping windows."""
_DEGREES_OF_FREEDOM, _DEGREES_OF_FREEDOM_UNEXPLAINED = 20.0, 8.0
"""Degrees of freedom of the Student tails; fewer for rows without peers whose noise no event count explains.
"""
_LEARNS_WITHIN_SDS = 2.5
"""Residuals are winsorised at this many standard deviations before they update the level."""
_LEAST_SDS_OF_OFFSET_SERIES = 3.0
"""Least standardized change at which a series with negative values is flagged."""
_STILL_SHARE = 0.4
"""Share of an incident's size that its newest days must still show, where they are precise enough."""
_NOTHING = np.log(1e-8)
"""Log level below which a row counts as never active."""
_FEW_EVENTS = 5
_RETURNED, _BEFORE = 0.35, 35
"""A row within 35 % of the change of its level five weeks ago has only returned, which is not flagged."""
_NARROW, _BROAD = 0.5, 0.6
"""Standard deviations, as shares of an incident's size, below which one day, and three days, are precise
enough."""
_TO_P10 = 1.2816
"""90 % quantile of the standard normal distribution."""


@dataclass(frozen=True)
class DetectionArrays:
    """Arrays of periods x rows, as ratios; `effect` is the log ratio of observed to expected in the window
    with the smallest p-value.
    """

    expected: npt.NDArray
    low: npt.NDArray
    high: npt.NDArray
    chance: npt.NDArray
    effect: npt.NDArray
    window: npt.NDArray
    flagged: Bools


@dataclass(frozen=True)
class _WindowSum:
    """Sum of a window that ends at a period: its start, the period of the level it is compared with, and its
    p-value.
    """

    start: Whole
    base: Whole
    chance: Floats
    size: Floats
    off: Floats
    variance: Floats


class SequentialDetector:
    def __init__(
        self, rows: MetricRows, grid: Grid, policy: AnomalyThresholds, changes: Floats | None
    ) -> None:
        self.rows, self.policy, self.changes = rows, policy, changes
        self.periods, self.size = rows.above.shape
        self.warm, a_day = warm_periods(grid, policy), grid.periods_a_day
        half_life = policy.half_life if a_day <= 1 else 3.0 * a_day
        self.expected = Expected(rows, grid.slots(len(rows.measures)), half_life=half_life, warm=self.warm)
        self.overdispersion = Overdispersion(
            rows, self.expected, _LENGTHS, warm=self.warm, peers_weigh=policy.peers_weigh
        )
        self.episodes = Episodes(self.size, policy, rows.is_level, a_day)
        self.group_effects = GroupEffects(rows)
        self.joins, self.all = _joins_pool_at(rows, self.warm), np.arange(self.size)
        self.seen, self.quiet_until = np.zeros(self.size), np.zeros(self.size, np.int64)
        self.quiet = policy.new_level_after if a_day <= 1 else round(a_day)
        shape = (self.periods, self.size)
        empty = [np.full(shape, np.nan, np.float32) for _ in range(3)]
        self.result = DetectionArrays(
            empty[0],
            empty[1],
            empty[2],
            np.full(shape, np.nan),
            np.zeros(shape, np.float32),
            np.zeros(shape, np.int8),
            np.zeros(shape, bool),
        )

    def run(self) -> DetectionArrays:
        for t in range(self.periods):
            self._period(t)
        return self.result

    def _period(self, t: int) -> None:
        rows, expected, episodes = self.rows, self.expected, self.episodes
        if self.changes is not None:
            self._take_in_change(t, self.changes[t])
        self._learn_anew(t, self._restarts_from_zero(t))
        self.joined = self.joins <= t
        self.is_lone = np.bincount(rows.pool, self.joined)[rows.pool] < FEW
        season = expected.seasonal(t, self.joined / self.overdispersion.with_counts(0, expected.unit, t))
        share = rows.below[t] * np.exp(season)
        off, variance = self._day(t, share)
        ready = rows.known[t] & self.joined & (self.seen >= self.warm // 3)
        common = self.group_effects.move(off, variance, ready)
        share = share * np.exp(common)
        off = self._day(t, share)[0]
        expected.add(t, share)
        sums = [self._window(n, t) for n in range(len(WINDOWS))]
        flagged, best, size = self._flag(t, sums, off, variance)
        self._record(t, share * np.exp(expected.level[t]), variance, best, size, flagged)
        begins, going = flagged & ~episodes.on, episodes.on.copy()
        starts = np.stack([window.base for window in sums])[best, self.all]
        episodes.begin(begins, t=t, start=starts, size=size)
        expected.roll_back(begins, starts)
        settled = self._go_on(t, going, off, variance)
        self._learn(
            t, sums, share, season, common, most=_LEARNS_WITHIN_SDS * np.sqrt(variance), settled=settled
        )

    def _day(self, t: int, share: Floats) -> tuple[Floats, Floats]:
        """Log ratio of a period to its expectation, and the relative variance of that."""
        expected, offset = self.expected, self.expected.offset
        off = np.log((self.rows.above[t] + offset) / (share * np.exp(expected.level[t]) + offset))
        return off, self.overdispersion.with_counts(0, share * expected.events_per_share, t)

    def _learn(
        self,
        t: int,
        sums: list[_WindowSum],
        share: Floats,
        season: Floats,
        common: Floats,
        *,
        most: Floats,
        settled: Bools,
    ) -> None:
        is_known, anew = self.rows.known[t], t < self.quiet_until
        learns = is_known & ~self.episodes.on & ~settled
        self.expected.learn(
            t,
            learns=learns,
            frozen=self.episodes.on,
            start=self.episodes.start,
            share=share,
            most=np.where(anew, np.inf, most),
            season=season,
            common=common,
        )
        self.seen += is_known
        for n, window in enumerate(sums):
            whole = learns & ~anew & (t + 1 - window.start == _LENGTHS[n])
            self.overdispersion.learn(n, t, window.off, window.variance, learns=whole, joined=self.joined)

    def _window(self, n: int, t: int) -> _WindowSum:
        """The sum of a window that ends at `t`, with its p-value and size."""
        rows, (length, back) = self.rows, WINDOWS[n]
        start = np.clip(np.maximum(t + 1 - length, self.episodes.usable_from), 0, t)
        base = np.maximum(np.minimum(np.maximum(t + 1 - back, self.episodes.base_from), start), 0)
        seen, wanted, events = self.expected.since(t, start, base)
        span = t + 1 - start
        variance, offset = self.overdispersion.with_counts(n, events, t), self.expected.offset * span
        per_event = np.maximum(events, 1e-9) / np.maximum(wanted * rows.spread, 1e-12)
        chance = two_sided_p_values(
            standardized_residual(seen, wanted, offset, variance, symmetric=rows.unexplained),
            freedom=np.where(
                self.is_lone & rows.unexplained, _DEGREES_OF_FREEDOM_UNEXPLAINED, _DEGREES_OF_FREEDOM
            ),
            events=np.where(rows.is_integer, np.rint(seen), seen * per_event),
            expected_events=np.where(rows.is_integer, wanted, events / np.maximum(rows.spread, 1e-9)),
            process=self.overdispersion.variance[n],
            whole=rows.is_integer,
            counted=rows.is_integer | rows.is_sum,
        )
        useless = self._is_useless(n, span)
        return _WindowSum(
            start,
            base,
            np.where(useless, 1.0, chance),
            np.log((seen + offset) / (wanted + offset)),
            (seen - wanted) / np.maximum(wanted, 1e-12),
            variance,
        )

    def _is_useless(self, n: int, span: Whole) -> Bools:
        """Whether a window was truncated to no more than the next shorter one, or its reference level was
        still warming up.
        """
        length, back = WINDOWS[n]
        shorter = WINDOWS[n - 1][0] if n and length == back else length // 2
        return ((span <= shorter) & (n > 0)) | ((back > length) & (self.seen < self.warm + back))

    def _flag(
        self, t: int, sums: list[_WindowSum], off: Floats, variance: Floats
    ) -> tuple[Bools, Whole, Floats]:
        """Rows that are flagged, the window with the smallest p-value, and the log ratio in it."""
        rows, policy = self.rows, self.policy
        chance = np.stack([window.chance for window in sums])
        best = chance.argmin(axis=0)
        size = np.stack([window.size for window in sums])[best, self.all]
        least = np.minimum(1.0, chance[best, self.all] * _MULTIPLE_WINDOWS)
        tested = (
            rows.known[t]
            & (self.seen >= self.warm)
            & (self.expected.level[t] > _NOTHING)
            & (t >= self.quiet_until)
        )
        self.result.chance[t] = np.where(tested, least, np.nan)
        flagged = tested & (least < self._alpha(size))
        together = tested & ~self.is_lone
        if (flagged & together).any():
            flagged &= self.is_lone | (
                least <= benjamini_hochberg_threshold(least, together, policy.false_discovery)
            )
        least_size = np.where(rows.is_level & ~rows.is_generic, policy.least_amount, policy.least_ratio)
        flagged &= np.abs(size) >= np.where(
            rows.shift == 0, least_size, _LEAST_SDS_OF_OFFSET_SERIES / OFFSET_SDS
        )
        flagged &= _still_shows(size, sums[1], off, variance)
        flagged &= self.episodes.on | ~(self._returned(t, sums, best, size) | self.episodes.is_habit(size, t))
        leads = np.zeros(int(rows.series.max()) + 1, bool)
        leads[rows.series[flagged & ~rows.follows]] = True
        return flagged & (~rows.follows | leads[rows.series]), best, size

    def _alpha(self, size: Floats) -> Floats:
        lone = np.where(self.rows.unexplained, self.policy.alpha_alone, self.policy.alpha_few_peers)
        alpha = np.where(self.is_lone, lone, self.policy.alpha)
        return np.where(self.rows.worse * np.sign(size) < 0, alpha * self.policy.favourable, alpha)

    def _returned(self, t: int, sums: list[_WindowSum], best: Whole, size: Floats) -> Bools:
        """Whether a row has only returned to its level of five weeks ago."""
        before = self.expected.level[max(t + 1 - _BEFORE, 0)]
        now = self.expected.level[np.stack([window.base for window in sums])[best, self.all], self.all]
        return np.abs(size + now - before) < _RETURNED * np.abs(size)

    def _go_on(self, t: int, going: Bools, off: Floats, variance: Floats) -> Bools:
        """Update incidents that were open before `t`; the rows whose incident was accepted as the new
        level.
        """
        if not going.any():
            return going
        episodes = self.episodes
        seen, wanted, _ = self.expected.since(t, episodes.start, episodes.start)
        offset = self.expected.offset * (t + 1 - episodes.start)
        over = episodes.go_on(going, off, variance, self.rows.known[t])
        settled = episodes.settled(going & ~over, t)
        episodes.worsen(going & ~over, np.log((seen + offset) / (wanted + offset)))
        self.overdispersion.learn_from_incident(over | settled, episodes.size)
        since = np.maximum(np.minimum(episodes.began, t - 2), np.maximum(t - 6, episodes.start))
        self.expected.restart(settled, t, since)
        episodes.end(over, settled, t)
        return settled

    def _take_in_change(self, t: int, factor: Floats) -> None:
        """Apply known changes to levels; after one of unknown size the level is learned again."""
        changed = self.rows.is_level & (factor > 0) & (factor != 1.0)
        if changed.any():
            self.expected.scale(t, np.where(changed, factor, 1.0))
            self.episodes.forget_before(changed, t)
        self._learn_anew(t, self.rows.is_level & np.isnan(factor))

    def _learn_anew(self, t: int, which: Bools) -> None:
        """Suspend tests for some periods, which re-estimate the level."""
        if which.any():
            self.expected.loosen(which)
            self.quiet_until[which] = t + self.quiet
            self.episodes.forget_before(which, t + self.quiet)

    def _restarts_from_zero(self, t: int) -> Bools:
        """Rows that restart after a long time at zero, whose usual level is unknown; a few events do not
        count.
        """
        rows = self.rows
        many = ~rows.counted | (rows.carrier[t] > _FEW_EVENTS)
        return rows.known[t] & (self.expected.level[t] <= _NOTHING) & (rows.above[t] > 0) & many

    def _record(
        self, t: int, expected: Floats, variance: Floats, best: Whole, size: Floats, flagged: Bools
    ) -> None:
        result, below = self.result, np.where(self.rows.below[t] > 0, self.rows.below[t], np.nan)
        middle, most = expected / below, np.exp(_TO_P10 * np.sqrt(variance))
        result.expected[t], result.low[t], result.high[t] = middle, middle / most, middle * most
        result.window[t], result.effect[t], result.flagged[t] = _LENGTHS[best], size, flagged


def run_detector(
    rows: MetricRows, grid: Grid, *, policy: AnomalyThresholds, changes: Floats | None = None
) -> DetectionArrays:
    """Expectation, range, p-value and flag of every row and period.

    Args:
        rows: Metric rows to test.
        grid: The grid they come from, with frequency and calendar.
        policy: Thresholds.
        changes: Periods x rows: factor on an amount by a known change, 1 for none, NaN for unknown size.
    """
    return SequentialDetector(rows, grid, policy, changes).run()


def warm_periods(grid: Grid, policy: AnomalyThresholds) -> int:
    """Periods with data before a series is tested: two days of hourly data, else by policy."""
    return policy.warm_periods if grid.periods_a_day <= 1 else int(2 * grid.periods_a_day)


def _joins_pool_at(rows: MetricRows, warm: int) -> Whole:
    """Per row the period from which it contributes to its pool.

    A first level uses all of the row's first periods. A row that starts after the first row is tested may
    contribute only after these, or a day's flags would depend on later days. Rows ready together with the
    first contribute from the start, as nothing is tested before.
    """
    whole = np.cumsum(rows.known, axis=0) >= warm
    ready = np.where(whole.any(axis=0), whole.argmax(axis=0) + 1, len(whole) + 1)
    return np.where(ready <= ready.min(), 0, ready)


def _still_shows(size: Floats, threes: _WindowSum, off: Floats, variance: Floats) -> Bools:
    """Whether the newest days, where they are precise enough, still show the change."""
    clear, fair = np.sqrt(variance) < _NARROW * np.abs(size), np.sqrt(threes.variance) < _BROAD * np.abs(size)
    recent = np.where(clear, off, np.where(fair, threes.size, size))
    return recent * np.sign(size) >= _STILL_SHARE * np.abs(size)
