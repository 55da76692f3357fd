"""Random numbers addressed by name: the draw for (seed, stream, entity, day) is the same whoever asks, and in
any order.

A counter-based hash (SplitMix64's finaliser) stands in for a generator with state. That is what makes a day
producible without the days before it, and one entity's mutation invisible to every other entity's luck.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_FEW = 30.0


def key(*parts: npt.ArrayLike) -> Keys:
    """One well-mixed 64-bit key per element of the broadcast parts (whole numbers)."""
    mixed: Keys = np.zeros((), np.uint64)
    with np.errstate(over="ignore"):
        for part in parts:
            mixed = _finalise(mixed * _MIX_1 + np.asarray(part).astype(np.uint64) + _GOLDEN)
    return mixed


def _finalise(z: Keys) -> Keys:
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return z ^ (z >> np.uint64(31))


def uniform(*parts: npt.ArrayLike) -> Floats:
    """Draws strictly between 0 and 1."""
    return (key(*parts) >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54


def normal(*parts: npt.ArrayLike) -> Floats:
    """Standard normal draws (Box and Muller)."""
    return np.sqrt(-2.0 * np.log(uniform(1, *parts))) * np.cos(2.0 * np.pi * uniform(2, *parts))


def lognormal(median: npt.ArrayLike, spread: npt.ArrayLike, *parts: npt.ArrayLike) -> Floats:
    return np.asarray(median) * np.exp(np.asarray(spread) * normal(*parts))


def autocorrelated(memory: float, days: Whole, *parts: npt.ArrayLike) -> Floats:
    """Standard normal draws, days x `parts`, each correlated with the day before by about `memory` (0: not at
    all).

    A moving average of independent draws with geometric weights, cut off where they fall below a hundredth,
    so that a day's draw needs no state of the days before it. `days` are consecutive.
    """
    lags = 1 if memory <= 0 else max(1, int(np.ceil(np.log(0.01) / np.log(memory))))
    weights = memory ** np.arange(lags) if memory > 0 else np.ones(1)
    weights = weights / np.sqrt((weights**2).sum())
    reach = np.arange(days[0] - lags + 1, days[-1] + 1)
    fresh = normal(*parts, reach[:, None])
    total = np.zeros((len(days), fresh.shape[1]))
    for lag, weight in enumerate(weights.tolist()):
        total += weight * fresh[lags - 1 - lag : len(reach) - lag]
    return total


def poisson(mean: npt.NDArray, *parts: npt.ArrayLike) -> Whole:
    """Poisson counts that rise with `mean` for the same key, so that half a day never shows more than the
    whole.

    Small means invert the distribution exactly; from 30 up a normal approximation stands in.
    """
    u = np.broadcast_to(uniform(*parts), mean.shape)
    counts = np.zeros(mean.shape, np.int64)
    many = mean >= _FEW
    if many.any():
        m = mean[many]
        z = _normal_quantile(u[many])
        counts[many] = np.maximum(0, np.rint(m + np.sqrt(m) * z + (z * z - 1.0) / 6.0)).astype(np.int64)
    few = (mean > 0) & ~many
    if few.any():
        counts[few] = _inverted(mean[few], u[few])
    return counts


def _inverted(mean: Floats, u: Floats) -> Whole:
    term = np.exp(-mean)
    total, counts = term.copy(), np.zeros(mean.shape, np.int64)
    open_ = np.flatnonzero(u > total)
    step = 0
    while open_.size and step < 120:
        step += 1
        term[open_] *= mean[open_] / step
        total[open_] += term[open_]
        counts[open_] += 1
        open_ = open_[u[open_] > total[open_]]
    return counts


def _normal_quantile(u: Floats) -> Floats:
    """Standard normal quantile, within 5e-4 (Abramowitz and Stegun 26.2.23)."""
    tail = np.minimum(u, 1.0 - u)
    t = np.sqrt(-2.0 * np.log(tail))
    top = 2.515517 + t * (0.802853 + t * 0.010328)
    bottom = 1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    return np.where(u < 0.5, -1.0, 1.0) * (t - top / bottom)
