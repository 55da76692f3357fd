"""Every row judged period by period, each by nothing but what came before it.

Sums over 1, 3, 7 and 14 days are compared with what was expected, those of 7 and 14 also with the level of weeks ago, so that a slow decay
that the level follows is seen. The noise is what counts explain plus what each row did beyond them so far, drawn towards its pool. What
is flagged teaches the level nothing. Known weakness: of two faults that begin while the first still lasts only the first is told.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assets.signals.anomalies.episodes import Episodes
from assets.signals.anomalies.expected import Expected
from assets.signals.anomalies.grid import Grid
from assets.signals.anomalies.group_effects import FEW, Common
from assets.signals.anomalies.metric_series import LIFT, Rows
from assets.signals.anomalies.noise import chances, surprise, surprising
from assets.signals.anomalies.overdispersion import Process
from resources.policy.anomalies import Watching

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
WINDOWS = ((1, 1), (3, 3), (7, 7), (7, 21), (14, 28))
"""Periods summed, and periods back to the level they are compared with."""
_LENGTHS = np.array([length for length, _ in WINDOWS])
_MANY = 1.0 + 0.35 * (len(WINDOWS) - 1)
"""Looking through so many windows finds more by chance: what that costs, as they overlap."""
_FREE, _FREE_ALONE = 20.0, 8.0
"""Degrees of freedom of the tails: those of a series without peers are known less."""
_REACH = 2.5
"""Standard deviations beyond which a period teaches the level no more."""
_LEAST_LIFTED = 3.0
"""Standard deviations below which a series that goes below zero is not flagged."""
_STILL = 0.4
"""Of an incident's size, what its newest days must show where they can tell."""
_NOTHING = np.log(1e-8)
"""A row that never was anything is not expected to be."""
_FEW_EVENTS = 5
_RETURNED, _BEFORE = 0.35, 35
"""What is back where it was five weeks ago, but for a third of the way, is no news."""
_NARROW, _BROAD = 0.5, 0.6
"""Standard deviations, as shares of an incident's size, below which a day, and three days, can tell."""
_TO_P10 = 1.2816
"""Standard deviations from the middle to the tenth and the ninetieth of a hundred."""


@dataclass(frozen=True)
class Watched:
    """Arrays of periods x rows. Ratios of numerator and denominator; `effect` is the logarithm of seen over expected in the window that tells most."""

    expected: npt.NDArray
    low: npt.NDArray
    high: npt.NDArray
    chance: npt.NDArray
    effect: npt.NDArray
    window: npt.NDArray
    flagged: Bools


@dataclass(frozen=True)
class _Sum:
    """A window up to a period: where it starts, the period whose level it is compared with, and how surprising its sum is."""

    start: Whole
    base: Whole
    chance: Floats
    size: Floats
    off: Floats
    variance: Floats


class _Watch:
    def __init__(self, rows: Rows, grid: Grid, policy: Watching, changes: Floats | None) -> None:
        self.rows, self.policy, self.changes = rows, policy, changes
        self.periods, self.size = rows.above.shape
        self.warm, a_day = warm_periods(grid, policy), grid.periods_a_day
        half_life = policy.half_life if a_day <= 1 else 3.0 * a_day
        self.expected = Expected(rows, grid.slots(len(rows.measures)), half_life=half_life, warm=self.warm)
        self.process = Process(rows, self.expected, _LENGTHS, warm=self.warm, peers_weigh=policy.peers_weigh)
        self.episodes = Episodes(self.size, policy, rows.is_level, a_day)
        self.common = Common(rows)
        self.joins, self.all = _joins(rows, self.warm), np.arange(self.size)
        self.seen, self.quiet_until = np.zeros(self.size), np.zeros(self.size, np.int64)
        self.quiet = policy.new_level_after if a_day <= 1 else round(a_day)
        shape = (self.periods, self.size)
        empty = [np.full(shape, np.nan, np.float32) for _ in range(3)]
        self.told = Watched(
            empty[0], empty[1], empty[2], np.full(shape, np.nan), np.zeros(shape, np.float32), np.zeros(shape, np.int8), np.zeros(shape, bool)
        )  # fmt: skip

    def run(self) -> Watched:
        for t in range(self.periods):
            self._period(t)
        return self.told

    def _period(self, t: int) -> None:
        rows, expected, episodes = self.rows, self.expected, self.episodes
        if self.changes is not None:
            self._take_in_change(t, self.changes[t])
        self._learn_anew(t, self._wakes(t))
        self.joined = self.joins <= t
        self.alone = np.bincount(rows.pool, self.joined)[rows.pool] < FEW
        season = expected.seasonal(t, self.joined / self.process.with_counts(0, expected.unit, t))
        share = rows.below[t] * np.exp(season)
        off, variance = self._day(t, share)
        ready = rows.known[t] & self.joined & (self.seen >= self.warm // 3)
        common = self.common.move(off, variance, ready)
        share = share * np.exp(common)
        off = self._day(t, share)[0]
        expected.add(t, share)
        sums = [self._window(n, t) for n in range(len(WINDOWS))]
        flagged, best, size = self._flag(t, sums, off, variance)
        self._tell(t, share * np.exp(expected.level[t]), variance, best, size, flagged)
        begins, going = flagged & ~episodes.on, episodes.on.copy()
        starts = np.stack([one.base for one in sums])[best, self.all]
        episodes.begin(begins, t=t, start=starts, size=size)
        expected.roll_back(begins, starts)
        settled = self._go_on(t, going, off, variance)
        self._learn(t, sums, share, season, common, most=_REACH * np.sqrt(variance), settled=settled)

    def _day(self, t: int, share: Floats) -> tuple[Floats, Floats]:
        """How far a period is off what was expected (logarithm), and the relative variance of that."""
        expected, offset = self.expected, self.expected.offset
        off = np.log((self.rows.above[t] + offset) / (share * np.exp(expected.level[t]) + offset))
        return off, self.process.with_counts(0, share * expected.events_per_share, t)

    def _learn(
        self, t: int, sums: list[_Sum], share: Floats, season: Floats, common: Floats, *, most: Floats, settled: Bools
    ) -> None:  # fmt: skip
        known, anew = self.rows.known[t], t < self.quiet_until
        learns = known & ~self.episodes.on & ~settled
        self.expected.learn(
            t, learns=learns, frozen=self.episodes.on, start=self.episodes.start, share=share,
            most=np.where(anew, np.inf, most), season=season, common=common,
        )  # fmt: skip
        self.seen += known
        for n, one in enumerate(sums):
            whole = learns & ~anew & (t + 1 - one.start == _LENGTHS[n])
            self.process.learn(n, t, one.off, one.variance, learns=whole, joined=self.joined)

    def _window(self, n: int, t: int) -> _Sum:
        """The sum of a window up to `t`, with its surprise and its probability."""
        rows, (length, back) = self.rows, WINDOWS[n]
        start = np.clip(np.maximum(t + 1 - length, self.episodes.usable_from), 0, t)
        base = np.maximum(np.minimum(np.maximum(t + 1 - back, self.episodes.base_from), start), 0)
        seen, wanted, events = self.expected.since(t, start, base)
        span = t + 1 - start
        variance, offset = self.process.with_counts(n, events, t), self.expected.offset * span
        per_event = np.maximum(events, 1e-9) / np.maximum(wanted * rows.spread, 1e-12)
        chance = chances(
            surprise(seen, wanted, offset, variance, symmetric=rows.unexplained), freedom=np.where(self.alone, _FREE_ALONE, _FREE),
            events=np.where(rows.whole, np.rint(seen), seen * per_event),
            expected_events=np.where(rows.whole, wanted, events / np.maximum(rows.spread, 1e-9)),
            process=self.process.variance[n], whole=rows.whole, counted=rows.whole | rows.is_sum,
        )  # fmt: skip
        useless = self._is_useless(n, span)
        return _Sum(
            start, base, np.where(useless, 1.0, chance), np.log((seen + offset) / (wanted + offset)),
            (seen - wanted) / np.maximum(wanted, 1e-12), variance,
        )  # fmt: skip

    def _is_useless(self, n: int, span: Whole) -> Bools:
        """Where a window was cut so short that a shorter one says the same, or where the level it looks back to was hardly known."""
        length, back = WINDOWS[n]
        shorter = WINDOWS[n - 1][0] if n and length == back else length // 2
        return ((span <= shorter) & (n > 0)) | ((back > length) & (self.seen < self.warm + back))

    def _flag(self, t: int, sums: list[_Sum], off: Floats, variance: Floats) -> tuple[Bools, Whole, Floats]:
        """Which rows are flagged, by which window, and by how much."""
        rows, policy = self.rows, self.policy
        chance = np.stack([one.chance for one in sums])
        best = chance.argmin(axis=0)
        size = np.stack([one.size for one in sums])[best, self.all]
        least = np.minimum(1.0, chance[best, self.all] * _MANY)
        tested = (
            rows.known[t]
            & (self.seen >= self.warm)
            & (self.expected.level[t] > _NOTHING)
            & (t >= self.quiet_until)
        )
        self.told.chance[t] = np.where(tested, least, np.nan)
        flagged = tested & (least < self._alpha(size))
        together = tested & ~self.alone
        if (flagged & together).any():
            flagged &= self.alone | (least <= surprising(least, together, policy.false_discovery))
        least_size = np.where(rows.is_level & ~rows.plain, policy.least_amount, policy.least_ratio)
        flagged &= np.abs(size) >= np.where(rows.shift == 0, least_size, _LEAST_LIFTED / LIFT)
        flagged &= _is_still(size, sums[1], off, variance)
        flagged &= self.episodes.on | ~(self._returned(t, sums, best, size) | self.episodes.is_habit(size, t))
        leads = np.zeros(int(rows.series.max()) + 1, bool)
        leads[rows.series[flagged & ~rows.follows]] = True
        return flagged & (~rows.follows | leads[rows.series]), best, size

    def _alpha(self, size: Floats) -> Floats:
        alpha = np.where(self.alone, self.policy.alpha_alone, self.policy.alpha)
        return np.where(self.rows.worse * np.sign(size) < 0, alpha * self.policy.favourable, alpha)

    def _returned(self, t: int, sums: list[_Sum], best: Whole, size: Floats) -> Bools:
        """Whether a row is only back where it was five weeks ago."""
        before = self.expected.level[max(t + 1 - _BEFORE, 0)]
        now = self.expected.level[np.stack([one.base for one in sums])[best, self.all], self.all]
        return np.abs(size + now - before) < _RETURNED * np.abs(size)

    def _go_on(self, t: int, going: Bools, off: Floats, variance: Floats) -> Bools:
        """Incidents that were on before `t`: worse, over, or the new level. The rows that `t` is part of the new level of."""
        if not going.any():
            return going
        episodes = self.episodes
        seen, wanted, _ = self.expected.since(t, episodes.start, episodes.start)
        offset = self.expected.offset * (t + 1 - episodes.start)
        over = episodes.go_on(going, off, variance, self.rows.known[t])
        settled = episodes.settled(going & ~over, t)
        episodes.worsen(going & ~over, np.log((seen + offset) / (wanted + offset)))
        self.process.learn_from_incident(over | settled, episodes.size)
        since = np.maximum(np.minimum(episodes.began, t - 2), np.maximum(t - 6, episodes.start))
        self.expected.restart(settled, t, since)
        episodes.end(over, settled, t)
        return settled

    def _take_in_change(self, t: int, factor: Floats) -> None:
        """A change that people made moves amounts by its factor; where that is not known, the level is learned anew."""
        changed = self.rows.is_level & (factor > 0) & (factor != 1.0)
        if changed.any():
            self.expected.scale(t, np.where(changed, factor, 1.0))
            self.episodes.forget_before(changed, t)
        self._learn_anew(t, self.rows.is_level & np.isnan(factor))

    def _learn_anew(self, t: int, which: Bools) -> None:
        """Judge the rows no more for some periods, which tell their level."""
        if which.any():
            self.expected.loosen(which)
            self.quiet_until[which] = t + self.quiet
            self.episodes.forget_before(which, t + self.quiet)

    def _wakes(self, t: int) -> Bools:
        """Rows that had long been nothing and are something again: nobody can say how much is usual. A few events are no waking."""
        rows = self.rows
        many = ~rows.counted | (rows.carrier[t] > _FEW_EVENTS)
        return rows.known[t] & (self.expected.level[t] <= _NOTHING) & (rows.above[t] > 0) & many

    def _tell(
        self, t: int, expected: Floats, variance: Floats, best: Whole, size: Floats, flagged: Bools
    ) -> None:
        told, below = self.told, np.where(self.rows.below[t] > 0, self.rows.below[t], np.nan)
        middle, most = expected / below, np.exp(_TO_P10 * np.sqrt(variance))
        told.expected[t], told.low[t], told.high[t] = middle, middle / most, middle * most
        told.window[t], told.effect[t], told.flagged[t] = _LENGTHS[best], size, flagged


def watched(rows: Rows, grid: Grid, *, policy: Watching, changes: Floats | None = None) -> Watched:
    """What every row was expected to be in each period, what it was, and whether that is flagged.

    Args:
        rows: What is watched.
        grid: Where the rows come from: its frequency and its calendar.
        policy: Thresholds.
        changes: Periods x rows: factor of an amount by a change that people made, 1 for none, NaN for one of unknown size.
    """
    return _Watch(rows, grid, policy, changes).run()


def warm_periods(grid: Grid, policy: Watching) -> int:
    """Known periods from which on a series is judged: two days of hours, or as policy says."""
    return policy.warm_periods if grid.periods_a_day <= 1 else int(2 * grid.periods_a_day)


def _joins(rows: Rows, warm: int) -> Whole:
    """Per row the period from which on it speaks for its peers.

    A first level rests on the row's first periods as a whole. Whoever joins after the first row is judged may do so only when these are past:
    else a day's flags would rest on later days. Those that are ready with the first row may from the start, as nothing is judged before.
    """
    whole = np.cumsum(rows.known, axis=0) >= warm
    ready = np.where(whole.any(axis=0), whole.argmax(axis=0) + 1, len(whole) + 1)
    return np.where(ready <= ready.min(), 0, ready)


def _is_still(size: Floats, threes: _Sum, off: Floats, variance: Floats) -> Bools:
    """Whether the newest days, as far as they can tell, still show it."""
    clear, fair = np.sqrt(variance) < _NARROW * np.abs(size), np.sqrt(threes.variance) < _BROAD * np.abs(size)
    recent = np.where(clear, off, np.where(fair, threes.size, size))
    return recent * np.sign(size) >= _STILL * np.abs(size)
