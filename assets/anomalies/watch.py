"""Every row judged period by period, each by nothing but what came before it.

Sums over 1, 3, 7 and 14 days are compared with what was expected, those of 7 and 14 also with the level of weeks ago, so that a slow decay
that the level follows is seen. The noise is what counts explain plus what each row did beyond them so far, drawn towards its pool. What
is flagged teaches the level nothing. Known weakness: of two faults that begin while the first still lasts only the first is told.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assets.anomalies.episodes import Episodes
from assets.anomalies.expected import FEW, Expected, common_move
from assets.anomalies.grid import Grid
from assets.anomalies.noise import chances, pooled, surprise, surprising
from assets.anomalies.rows import Rows
from resources.watching import Watching

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
WINDOWS = ((1, 1), (3, 3), (7, 7), (7, 21), (14, 28))
"""Periods summed, and periods back to the level they are compared with."""
_SUM_PERIODS = np.array([window for window, _ in WINDOWS])
_BASES = np.array([base for _, base in WINDOWS])
_MANY = 1.0 + 0.35 * (len(WINDOWS) - 1)
"""Looking through so many windows finds more by chance: what that costs, as they overlap."""
_FREE, _FREE_ALONE = 20.0, 8.0
_CLIP, _CORRECTION = 4.0, 1.1
"""Squares above that many variances count as that many, which makes the mean a tenth too small (normal)."""
_FORGETS = 0.03
_LEAST_SD = 0.02
_LEAST_SD_AMOUNT = 0.12
"""Nobody wants to hear of an amount that is an eighth off, however steady it was: budgets are rounded, auctions breathe."""
_LEARNED_FROM_INCIDENT = 0.05
_STILL = 0.4
_NOTHING = np.log(1e-8)
"""A row that never was anything is not expected to be."""
_RETURNED, _BEFORE = 0.35, 35
"""What is back where it was five weeks ago, but for a third of the way, is no news."""


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
    tested: Bools


class _Watch:
    def __init__(self, rows: Rows, grid: Grid, policy: Watching, changes: Floats | None) -> None:
        self.rows, self.policy = rows, policy
        self.periods, self.size = rows.above.shape
        a_day = max(grid.periods_a_day, 1.0)
        self.warm = policy.warm_periods if a_day == 1 else int(2 * a_day)
        half_life = policy.half_life if a_day == 1 else 3.0 * a_day
        self.expected = Expected(rows, grid.slots(), half_life=half_life, warm=self.warm)
        self.episodes = Episodes(self.size, policy, rows.is_level, a_day)
        self.floor = np.where(rows.is_level & ~rows.plain, _LEAST_SD_AMOUNT, _LEAST_SD) ** 2
        self.own = np.repeat(self._first_process()[None, :], len(WINDOWS), axis=0)
        self.own[1:] *= 0.7
        self.process = np.maximum(self.own, self.floor)
        self.learned = np.full((len(WINDOWS), self.size), self.warm / 3.0)
        self.seen = np.zeros(self.size)
        self.alone = np.bincount(rows.pool)[rows.pool] < FEW
        self.changes = changes
        shape = (self.periods, self.size)
        empty = [np.full(shape, np.nan, np.float32) for _ in range(3)]
        self.told = Watched(
            empty[0], empty[1], empty[2], np.full(shape, np.nan), np.zeros(shape, np.float32), np.zeros(shape, np.int8),
            np.zeros(shape, bool), np.zeros(shape, bool),
        )  # fmt: skip

    def run(self) -> Watched:
        for t in range(self.periods):
            self._period(t)
        return self.told

    def _period(self, t: int) -> None:
        rows, expected, episodes = self.rows, self.expected, self.episodes
        if self.changes is not None:
            self._take_in_change(t, self.changes[t])
        season = expected.seasonal(t, 1.0 / (self.process[0] + self._chance_of(expected.unit)))
        share = rows.below[t] * np.exp(season)
        level = np.exp(expected.level[t])
        offset = expected.offset
        off = np.log((rows.above[t] + offset) / (share * level + offset))
        variance = self._variance(0, share * expected.events / np.maximum(expected.events_below, 1e-12), t)
        ready = rows.known[t] & (self.seen >= self.warm // 3)
        common = common_move(off, variance, rows, ready)
        share = share * np.exp(common)
        expected.add(t, share)
        off = np.log((rows.above[t] + offset) / (share * level + offset))
        sums = [self._window(n, t, offset) for n in range(len(WINDOWS))]
        flagged, best, size = self._flag(t, sums, off, variance)
        self._tell(t, share * level, variance, best, size, flagged)
        begins = flagged & ~episodes.on
        going = episodes.on.copy()
        starts = self._starts(t, best)
        episodes.begin(begins, t=t, start=starts, size=size)
        expected.roll_back(begins, starts)
        self._go_on(t, going, off, variance, offset)
        frozen = episodes.on
        reach = 2.5 * np.sqrt(variance)
        expected.learn(
            t, frozen=frozen, start=episodes.start, share=share, most=reach, season=season, common=common
        )
        self.seen += rows.known[t]
        for n, one in enumerate(sums):
            self._learn_noise(n, t, one, rows.known[t] & ~frozen)

    def _window(self, n: int, t: int, offset: Floats) -> dict[str, Floats]:
        """The sums of a window up to `t`, with their surprise and its probability."""
        rows, length = self.rows, WINDOWS[n][0]
        start, base = self._span(n, t)
        seen, wanted, events = self.expected.since(t, start, base)
        span = t + 1 - start
        variance = self._variance(n, events, t)
        z = surprise(seen, wanted, offset * span, variance, symmetric=rows.plain)
        per_event = np.maximum(events, 1e-9) / np.maximum(wanted * rows.spread, 1e-12)
        chance = chances(
            z, freedom=np.where(self.alone, _FREE_ALONE, _FREE), events=np.where(rows.whole, np.rint(seen), seen * per_event),
            expected_events=np.where(rows.whole, wanted, events / np.maximum(rows.spread, 1e-9)), process=self.process[n], whole=rows.whole,
            counted=rows.whole | rows.is_sum,
        )  # fmt: skip
        shorter = _SUM_PERIODS[n - 1] if n and WINDOWS[n][0] == WINDOWS[n][1] else length // 2
        useless = (span <= shorter) if n else np.zeros(self.size, bool)
        if WINDOWS[n][1] > length:
            useless |= self.seen < self.warm + WINDOWS[n][1]
        return {
            "chance": np.where(useless, 1.0, chance), "size": np.log((seen + offset * span) / (wanted + offset * span)), "variance": variance,
            "off": (seen - wanted) / np.maximum(wanted, 1e-12), "full": span == length,
        }  # fmt: skip

    def _flag(
        self, t: int, sums: list[dict[str, Floats]], off: Floats, variance: Floats
    ) -> tuple[Bools, Whole, Floats]:
        """Which rows are flagged, by which window, and by how much."""
        rows, policy, told = self.rows, self.policy, self.told
        chance = np.stack([one["chance"] for one in sums])
        best = chance.argmin(axis=0)
        at = np.arange(self.size)
        size = np.stack([one["size"] for one in sums])[best, at]
        least = np.minimum(1.0, chance[best, at] * _MANY)
        tested = rows.known[t] & (self.seen >= self.warm) & (self.expected.level[t] > _NOTHING)
        told.tested[t], told.chance[t] = tested, np.where(tested, least, np.nan)
        alpha = np.where(self.alone, policy.alpha_alone, policy.alpha)
        alpha = np.where(rows.worse * np.sign(size) < 0, alpha * policy.favourable, alpha)
        flagged = tested & (least < alpha)
        together = tested & ~self.alone
        if (flagged & together).any():
            flagged &= self.alone | (least <= surprising(least, together, policy.false_discovery))
        flagged &= np.abs(size) >= np.where(
            rows.is_level & ~rows.plain, policy.least_amount, policy.least_ratio
        )
        flagged &= self._still(size, sums, off, variance)
        before = self.expected.level[max(t + 1 - _BEFORE, 0)]
        now = self.expected.level[self._span_base(t, best), at]
        returned = np.abs(size + now - before) < _RETURNED * np.abs(size)
        flagged &= self.episodes.on | ~(returned | self.episodes.is_habit(size, t))
        leads = np.zeros(int(rows.series.max()) + 1, bool)
        leads[rows.series[flagged & ~rows.follows]] = True
        return flagged & (~rows.follows | leads[rows.series]), best, size

    def _still(self, size: Floats, sums: list[dict[str, Floats]], off: Floats, variance: Floats) -> Bools:
        """Whether the newest days, as far as they can tell, still show it."""
        threes, doubt = sums[1]["size"], np.sqrt(sums[1]["variance"])
        clear, fair = np.sqrt(variance) < 0.5 * np.abs(size), doubt < 0.6 * np.abs(size)
        recent = np.where(clear, off, np.where(fair, threes, size))
        return recent * np.sign(size) >= _STILL * np.abs(size)

    def _go_on(self, t: int, going: Bools, off: Floats, variance: Floats, offset: Floats) -> None:
        """Incidents that were on before `t`: worse, over, or the new level."""
        if not going.any():
            return
        episodes = self.episodes
        seen, wanted, _ = self.expected.since(t, episodes.start, episodes.start)
        span = t + 1 - episodes.start
        over = episodes.go_on(going, off, variance, self.rows.known[t])
        settled = episodes.settled(going & ~over, t)
        episodes.worsen(going & ~over, np.log((seen + offset * span) / (wanted + offset * span)))
        if not (over | settled).any():
            return
        self.own += np.where(over | settled, _LEARNED_FROM_INCIDENT * np.minimum(episodes.size**2, 2.0), 0.0)
        since = np.maximum(np.minimum(episodes.began, t - 2), np.maximum(t - 6, episodes.start))
        seen = self.expected.summed[t + 1] - self.expected.summed[since, np.arange(self.size)]
        share = self.expected.share[t + 1] - self.expected.share[since, np.arange(self.size)]
        self.expected.restart(settled, seen / np.maximum(share, 1e-12))
        episodes.end(over, settled, t)

    def _learn_noise(self, n: int, t: int, one: dict[str, Floats], learns: Bools) -> None:
        """What the row did beyond its counts, in sums of that window, drawn towards the pool where little is known."""
        length, variance = WINDOWS[n][0], one["variance"]
        counts = variance - self.process[n] - self.rows.doubt[t]
        square = np.minimum(one["off"] ** 2, _CLIP * variance) * _CORRECTION - (variance - self.process[n])
        learns = learns & one["full"].astype(bool)
        weight = np.where(learns, np.maximum(_FORGETS / np.sqrt(length), 1.0 / (self.learned[n] + 1.0)), 0.0)
        self.own[n] = self.own[n] * (1.0 - weight) + weight * square
        self.learned[n] += np.where(learns, 1.0 / length, 0.0)
        sure = 1.0 / (np.maximum(self.own[n], 1e-4) + counts) ** 2
        of_pool = np.maximum(pooled(np.clip(self.own[n], -0.05, 1.0), sure, self.rows.pool), 0.0)
        own = np.minimum(self.learned[n], 1.0 / (_FORGETS * np.sqrt(length)))
        drawn = np.where(
            self.alone & (np.bincount(self.rows.pool)[self.rows.pool] == 1), 0.0, self.policy.peers_weigh
        )
        self.process[n] = np.maximum((own * self.own[n] + drawn * of_pool) / (own + drawn), self.floor)

    def _variance(self, n: int, events: Floats, t: int) -> Floats:
        return self.process[n] + self._chance_of(events) + self.rows.doubt[t]

    def _chance_of(self, events: Floats) -> Floats:
        return np.where(self.rows.counted, self.rows.spread / np.maximum(events, 0.3), 0.0)

    def _first_process(self) -> Floats:
        """Variance beyond the counts in the first periods, by their median."""
        rows, e = self.rows, self.expected
        first = rows.known & (np.cumsum(rows.known, axis=0) <= self.warm)
        reach = int(np.flatnonzero(first.any(axis=1)).max(initial=-1)) + 1
        c, some = e.offset, first.any(axis=0)
        off = np.log((rows.above[:reach] + c) / (rows.below[:reach] * np.exp(e.level[0]) + c))
        off = np.where(first[:reach], off, np.nan)
        spread = np.full(self.size, 0.3)
        middle = np.nanmedian(off[:, some], axis=0)
        spread[some] = 1.4826 * np.nanmedian(np.abs(off[:, some] - middle), axis=0)
        return np.maximum(spread**2 - self._chance_of(e.events / 8.0), _LEAST_SD**2)

    def _span(self, n: int, t: int) -> tuple[Whole, Whole]:
        length, back = WINDOWS[n]
        start = np.clip(np.maximum(t + 1 - length, self.episodes.usable_from), 0, t)
        base = np.minimum(np.maximum(t + 1 - back, self.episodes.base_from), start)
        return start, np.maximum(base, 0)

    def _span_base(self, t: int, best: Whole) -> Whole:
        start = np.clip(np.maximum(t + 1 - _SUM_PERIODS[best], self.episodes.usable_from), 0, t)
        return np.maximum(np.minimum(np.maximum(t + 1 - _BASES[best], self.episodes.base_from), start), 0)

    def _starts(self, t: int, best: Whole) -> Whole:
        return self._span_base(t, best)

    def _take_in_change(self, t: int, factor: Floats) -> None:
        """A change that people made moves amounts by its factor; where that is not known, the level is learned anew."""
        changed = self.rows.is_level & (factor > 0) & (factor != 1.0)
        if changed.any():
            self.expected.scale(np.where(changed, factor, 1.0))
            self.expected.level[t] += np.where(changed, np.log(np.where(changed, factor, 1.0)), 0.0)
            self.episodes.forget_before(changed, t)

    def _tell(
        self, t: int, expected: Floats, variance: Floats, best: Whole, size: Floats, flagged: Bools
    ) -> None:
        told, below = self.told, np.where(self.rows.below[t] > 0, self.rows.below[t], np.nan)
        sd = np.sqrt(variance)
        told.expected[t] = expected / below
        told.low[t], told.high[t] = (
            expected / below * np.exp(-1.2816 * sd),
            expected / below * np.exp(1.2816 * sd),
        )
        told.window[t], told.effect[t], told.flagged[t] = _SUM_PERIODS[best], size, flagged


def watched(rows: Rows, grid: Grid, *, policy: Watching, changes: Floats | None = None) -> Watched:
    """What every row was expected to be in each period, what it was, and whether that is flagged.

    Args:
        rows: What is watched.
        grid: Where the rows come from: its frequency and its calendar.
        policy: Thresholds.
        changes: Periods x rows: factor of an amount by a change that people made, 1 for none.
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # what is not known is masked
        return _Watch(rows, grid, policy, changes).run()
