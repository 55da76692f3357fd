"""Conversion lag: the share of a click day's conversions, and of their value, that can be seen k days later.

Method: the chain-ladder of claims reserving (Mack 1993), which is the maximum-likelihood estimate of a
reporting delay under right truncation (Kalbfleisch and Lawless 1989). For every age, what was seen one day
earlier is divided by what is seen now, over the days that were read at both ages, so young days count for the
ages they have reached and for no others. The curve is the product of these ratios from an age to the end.
Each ratio is pulled towards that of the level above (account and action, action, platform, stated prior) by a
weight that is itself fitted (empirical Bayes, beta-binomial). Days between two readings are filled in the
proportions of the curve itself, and the estimate is repeated.

Known weaknesses: what arrives after the longest age looked at is taken as nothing; an account whose lag
changes is followed only as older days leave the window.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaln
from scipy.stats import norm

from assets.core.conversion_lag.sightings import EVERY

Floats = npt.NDArray[np.float64]
PRIOR: Mapping[int, float] = {
    0: 0.30,
    1: 0.58,
    2: 0.66,
    3: 0.72,
    5: 0.80,
    7: 0.86,
    10: 0.91,
    14: 0.95,
    21: 0.985,
    30: 1.0,
}
"""The stated prior: share visible at each age before anything was learned, straight lines between. It ends at
a lookback window of 30 days."""
PRIOR_WEIGHT = 25.0
"""Conversions that the prior counts for at each age."""
WEIGHTS = np.array([3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0])
"""What a level above may count for, in conversions; the data choose."""
INTERVAL = 0.80
LONGEST_DAYS = 90
REPEATS = 4
_LEAST = 1e-3


@dataclass(frozen=True)
class ChainLadder:
    """Sums over days read at two neighbouring ages:

    `before` at age j - 1 and `after` at age j, for j = 1 .. longest.
    """

    before: Floats
    after: Floats
    value_before: Floats
    value_after: Floats
    spread: float
    """How much more the counts vary than independent conversions would, 1 or more."""
    value_spread: float
    days: int

    @property
    def value_per_conversion(self) -> float:
        """Value per conversion."""
        return float(self.value_after.sum() / self.after.sum()) if self.after.sum() > 0 else 0.0


def curves(seen: pd.DataFrame, *, platforms: Sequence[str] = (), longest: int = LONGEST_DAYS) -> pd.DataFrame:
    """The curve of every platform, action and account, from what was seen.

    Args:
        seen: platform, account_id, action, day, age_days, conversions, value: a row per reading
            (`sightings`).
        platforms: Platforms that get a curve although nothing was seen of them: the prior.
        longest: The last age looked at, in days.

    Returns:
        platform, account_id (empty: all accounts), action (`*`: all actions), age_days 0 .. longest, share
        with share_low and share_high (80 % interval), value_share with value_low and value_high, conversions
        (own sample size), days, source (own, pooled or prior). Shares are of what is seen at `longest`; where
        conversions are taken back they pass 1.
    """
    rows = _with_sums(seen[seen["age_days"] <= longest])
    names = sorted({*platforms, *rows["platform"].unique()})
    frames = [part for name in names for part in _of_platform(name, rows[rows["platform"] == name], longest)]
    return pd.concat(frames, ignore_index=True)


def prior_curve(longest: int = LONGEST_DAYS) -> Floats:
    """The stated prior at ages 0 .. longest."""
    ages = sorted(PRIOR)
    return np.interp(np.arange(longest + 1), ages, [PRIOR[age] for age in ages])


def _with_sums(seen: pd.DataFrame) -> pd.DataFrame:
    """With a row for all actions of an account together, wherever every action was read at that age."""
    rows = seen.astype({"conversions": float, "value": float})
    rows = rows[(rows["age_days"] >= 0)]
    key = ["platform", "account_id", "day", "age_days"]
    whole = rows.groupby(key, as_index=False)[["conversions", "value"]].sum().assign(action=EVERY)
    return pd.concat([rows, whole], ignore_index=True)


def _of_platform(platform: str, rows: pd.DataFrame, longest: int) -> list[pd.DataFrame]:
    stated = _ratios(prior_curve(longest))
    grids = {
        (str(account), str(action)): _grid(part, longest)
        for (account, action), part in rows.groupby(["account_id", "action"])
        if part["conversions"].sum() > 0
    }
    ladders = {key: _ladder(grid, prior_curve(longest)) for key, grid in grids.items()}
    top = _pooled([ladder for (_, action), ladder in ladders.items() if action == EVERY], stated)
    above = _shrunk(top, stated, PRIOR_WEIGHT)
    # Days between readings were filled by the prior; now by what was learned.
    for _ in range(REPEATS - 1):
        learned = _product(above)
        ladders = {key: _ladder(grid, learned) for key, grid in grids.items()}
        top = _pooled([ladder for (_, action), ladder in ladders.items() if action == EVERY], stated)
        above = _shrunk(top, stated, PRIOR_WEIGHT)
    # Effective sample sizes: a level above lends at most what it has itself.
    sizes_above = _effective_sizes(top, PRIOR_WEIGHT, np.full(len(stated), np.inf))
    frames = [_frame(platform, "", EVERY, top, above, PRIOR_WEIGHT, sizes_above, is_own=bool(ladders))]
    for action in sorted({action for _, action in ladders}):
        by_account = {
            account: ladder for (account, ladder_action), ladder in ladders.items() if ladder_action == action
        }
        middle, lent = above, sizes_above
        if action != EVERY:
            pooled = _pooled(list(by_account.values()), stated)
            weight = _weight([pooled], above)
            middle, lent = _shrunk(pooled, above, weight), _effective_sizes(pooled, weight, sizes_above)
            frames.append(_frame(platform, "", action, pooled, middle, weight, lent, is_own=True))
        weight = _weight(list(by_account.values()), middle)
        frames += [
            _frame(
                platform,
                account,
                action,
                ladder,
                _shrunk(ladder, middle, weight),
                weight,
                _effective_sizes(ladder, weight, lent),
                is_own=True,
            )
            for account, ladder in by_account.items()
        ]
    return frames


def _grid(part: pd.DataFrame, longest: int) -> tuple[Floats, Floats]:
    """Conversions and value per day and age, not a number where it was not read."""
    days = {day: n for n, day in enumerate(sorted(part["day"].unique()))}
    counts = np.full((len(days), longest + 1), np.nan)
    values = counts.copy()
    at = part["day"].map(days).to_numpy(), part["age_days"].to_numpy()
    counts[at], values[at] = part["conversions"], part["value"]
    return counts, values


def _ladder(grid: tuple[Floats, Floats], curve: Floats) -> ChainLadder:
    counts, values = (_filled(values, curve) for values in grid)
    both = ~np.isnan(counts[:, :-1]) & ~np.isnan(counts[:, 1:])
    before, after = np.where(both, counts[:, :-1], 0.0), np.where(both, counts[:, 1:], 0.0)
    value_before, value_after = np.where(both, values[:, :-1], 0.0), np.where(both, values[:, 1:], 0.0)
    value_per_conversion = value_after.sum() / after.sum() if after.sum() > 0 else 0.0
    return ChainLadder(
        before.sum(axis=0),
        after.sum(axis=0),
        value_before.sum(axis=0),
        value_after.sum(axis=0),
        spread=_spread(before, after, after),
        value_spread=_spread(value_before, value_after, after * value_per_conversion**2),
        days=len(counts),
    )


def _filled(grid: Floats, curve: Floats) -> Floats:
    """Ages between two readings, in the proportions of the curve; before the first and after the last reading
    nothing.
    """
    filled = grid.copy()
    for row in filled:
        at = np.flatnonzero(~np.isnan(row))
        for low, high in pairwise(at):
            if high - low > 1:
                between = np.arange(low + 1, high)
                step = curve[high] - curve[low]
                part = (
                    (curve[between] - curve[low]) / step if step > _LEAST else (between - low) / (high - low)
                )
                row[between] = row[low] + (row[high] - row[low]) * part
    return filled


def _spread(before: Floats, after: Floats, size: Floats) -> float:
    """Pearson's dispersion of what is seen one day earlier, given what is seen now."""
    total = after.sum(axis=0)
    share = np.divide(before.sum(axis=0), total, out=np.ones_like(total), where=total > 0)
    expected = (np.clip(share * (1 - share), 0.0, None) * size).sum()
    observed = ((before - share * after) ** 2)[:, share < 1].sum()
    return float(max(1.0, observed / expected)) if expected > 0 else 1.0


def _pooled(ladders: Sequence[ChainLadder], stated: Floats) -> ChainLadder:
    if not ladders:
        nothing = np.zeros(len(stated))
        return ChainLadder(nothing, nothing, nothing, nothing, 1.0, 1.0, 0)
    weight = [ladder.after.sum() + 1.0 for ladder in ladders]
    return ChainLadder(
        before=np.sum([ladder.before for ladder in ladders], axis=0),
        after=np.sum([ladder.after for ladder in ladders], axis=0),
        value_before=np.sum([ladder.value_before for ladder in ladders], axis=0),
        value_after=np.sum([ladder.value_after for ladder in ladders], axis=0),
        spread=float(np.average([ladder.spread for ladder in ladders], weights=weight)),
        value_spread=float(np.average([ladder.value_spread for ladder in ladders], weights=weight)),
        days=max(ladder.days for ladder in ladders),
    )


def _ratios(curve: Floats) -> Floats:
    return np.divide(curve[:-1], curve[1:], out=np.ones(len(curve) - 1), where=curve[1:] > 0)


def _shrunk(ladder: ChainLadder, above: Floats, weight: float) -> Floats:
    """Ratios of an own ladder, pulled towards those above as if these stood on `weight` conversions."""
    return np.asarray((ladder.before + weight * above) / (ladder.after + weight))


def _weight(ladders: Sequence[ChainLadder], above: Floats) -> float:
    """What the level above counts for: the weight under which the ladders are most likely (beta-binomial)."""
    share = np.clip(above, _LEAST, 1 - _LEAST)
    scores = np.zeros(len(WEIGHTS))
    for ladder in ladders:
        n = ladder.after / ladder.spread
        k = np.clip(ladder.before / ladder.spread, 0.0, n)
        for at, weight in enumerate(WEIGHTS):
            a, b = weight * share, weight * (1 - share)
            scores[at] += (betaln(k + a, n - k + b) - betaln(a, b))[n > 0].sum()
    return float(WEIGHTS[int(np.argmax(scores))])


def _effective_sizes(ladder: ChainLadder, weight: float, above: Floats) -> Floats:
    """Effective sample size per ratio: own conversions plus those borrowed from the level above, at most what
    that has.
    """
    mine = ladder.after / ladder.spread
    if np.isinf(above).all():
        return np.asarray(mine + weight)
    others = np.clip(above - mine, 0.0, None)
    return np.asarray(mine + weight * others / (weight + others))


def _product(ratios: Floats) -> Floats:
    """The curve from its ratios: the share at an age is the product of all ratios after it."""
    return np.append(np.cumprod(ratios[::-1])[::-1], 1.0)


def _frame(
    platform: str,
    account_id: str,
    action: str,
    ladder: ChainLadder,
    ratios: Floats,
    weight: float,
    sizes: Floats,
    *,
    is_own: bool,
) -> pd.DataFrame:
    share, low, high = _interval(ratios, sizes)
    if ladder.value_per_conversion > 0:
        value_per_conversion = ladder.value_per_conversion
        values = (ladder.value_before + weight * value_per_conversion * ratios) / (
            ladder.value_after + weight * value_per_conversion
        )
        value_sizes = sizes * ladder.spread / ladder.value_spread
        value_share, value_low, value_high = _interval(np.asarray(values), value_sizes)
    else:
        value_share, value_low, value_high = share, low, high
    return pd.DataFrame(
        {
            "platform": platform,
            "account_id": account_id,
            "action": action,
            "age_days": np.arange(len(share)),
            "share": share,
            "share_low": low,
            "share_high": high,
            "value_share": value_share,
            "value_low": value_low,
            "value_high": value_high,
            "conversions": float(ladder.after.max(initial=0.0)),
            "days": ladder.days,
            "source": (
                "prior" if not is_own else "own" if ladder.after.max(initial=0.0) >= weight else "pooled"
            ),
        }
    )


def _interval(ratios: Floats, sizes: Floats) -> tuple[Floats, Floats, Floats]:
    """The curve with its interval: errors of the ratios are independent and add up in the logarithm."""
    ratios = np.clip(ratios, 0.05, 1.5)
    inside = np.clip(ratios, _LEAST, 1 - 1e-6)
    variance = inside * (1 - inside) / (sizes + 1.0) / inside**2
    share = _product(ratios)
    width = norm.ppf(0.5 + INTERVAL / 2) * np.sqrt(np.append(np.cumsum(variance[::-1])[::-1], 0.0))
    return share, share * np.exp(-width), share * np.exp(width)
