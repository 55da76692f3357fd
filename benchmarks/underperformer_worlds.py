"""Ad sets drawn from a known prior, with single orders: the world in which the Bayes rule can be computed.

Conversions are Poisson around a log-normal rate; order values are log-normal around a log-normal mean of the
ad set, or drawn from the orders of a real shop. The Bayes rule knows all parameters of the world and sees
every order, which no platform reports: it is a bound, not a competitor.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import logsumexp, ndtr

Floats = npt.NDArray[np.float64]
DAYS, SPEND = 28, 60.0
AS_OF = date(2026, 11, 23)
MEAN_ORDER = 80.0
GOOD_SHARE, BAD_BELOW = 0.77, 0.75
EQUAL_ABOVE_TARGET = 1.11
_STEPS = np.linspace(-5.0, 5.0, 201)


@dataclass(frozen=True)
class OrderWorld:
    """Parameters of a world: spreads are standard deviations of logarithms."""

    ad_sets: int = 2_000
    conversions_a_week: float = 25.0
    order_variation: float = 1.0
    """Coefficient of variation of one order."""
    rate_spread: float = 0.4
    order_spread: float = 0.25

    @property
    def is_equal(self) -> bool:
        """Whether all ad sets have the same ROAS."""
        return self.rate_spread == 0 and self.order_spread == 0


@dataclass(frozen=True)
class Sample:
    """One drawing: days as core has them, true ROAS, target, and P(below target) by the Bayes rule."""

    days: pd.DataFrame
    roas: Floats
    target: float
    bayes: Floats

    @property
    def is_good(self) -> npt.NDArray[np.bool_]:
        """ROAS at or above target."""
        return self.roas >= self.target

    @property
    def is_bad(self) -> npt.NDArray[np.bool_]:
        """Clearly below target."""
        return self.roas < BAD_BELOW * self.target


def draw(world: OrderWorld, *, seed: int, days: int = DAYS, orders: Floats | None = None) -> Sample:
    """Ad sets with `days` days before `AS_OF`.

    Args:
        world: Parameters.
        seed: Of the generator.
        days: Length of the history.
        orders: Real order values that are resampled, scaled to a mean of 1; log-normal ones if None.
    """
    rng = np.random.default_rng(seed)
    size = world.ad_sets
    level = world.conversions_a_week / 7.0 / SPEND
    log_rate = world.rate_spread * rng.standard_normal(size) - world.rate_spread**2 / 2
    log_order = world.order_spread * rng.standard_normal(size) - world.order_spread**2 / 2
    rate, mean = level * np.exp(log_rate), MEAN_ORDER * np.exp(log_order)
    roas = rate * mean
    target = level * MEAN_ORDER / EQUAL_ABOVE_TARGET
    if not world.is_equal:
        target = float(np.quantile(roas, 1 - GOOD_SHARE))
    counts = rng.poisson(np.repeat(rate[:, None] * SPEND, days, axis=1))
    total = int(counts.sum())
    variance = np.log1p(world.order_variation**2)
    luck = (
        rng.choice(orders / orders.mean(), total)
        if orders is not None
        else np.exp(np.sqrt(variance) * rng.standard_normal(total) - variance / 2)
    )
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    ad_set = cell // days
    values = np.bincount(cell, luck * mean[ad_set], counts.size)
    frame = pd.DataFrame(
        {
            "platform": "meta_ads",
            "account_id": "a",
            "campaign_id": np.repeat(np.arange(size) // 5, days).astype(str),
            "ad_set_id": np.repeat(np.arange(size), days).astype(str),
            "day": np.tile([AS_OF - timedelta(days=n) for n in range(days, 0, -1)], size),
            "spend": SPEND,
            "conversions": counts.ravel().astype(float),
            "conversion_value": values,
        }
    )
    logs = np.bincount(ad_set, np.log(luck * mean[ad_set] / MEAN_ORDER) + variance / 2, size).astype(float)
    bayes = _bayes_rule(world, counts.sum(axis=1).astype(float), logs, SPEND * days, target, variance)
    return Sample(frame, roas, target, bayes)


def _bayes_rule(
    world: OrderWorld, counts: Floats, logs: Floats, exposure: float, target: float, variance: float
) -> Floats:
    """P(ROAS below target) with all parameters known: a grid over the rate, the conjugate normal over log
    order values.
    """
    level = world.conversions_a_week / 7.0 / SPEND
    spread, between = max(world.rate_spread, 1e-6), max(world.order_spread, 1e-6)
    log_rate = spread * _STEPS - world.rate_spread**2 / 2
    mean = level * exposure * np.exp(log_rate)
    density = counts[:, None] * np.log(mean)[None, :] - mean[None, :] - 0.5 * _STEPS[None, :] ** 2
    weights = np.exp(density - logsumexp(density, axis=1, keepdims=True))
    precision = 1.0 / between**2 + counts / variance
    middle = (-(world.order_spread**2) / 2 / between**2 + logs / variance) / precision
    limit = np.log(target / (level * MEAN_ORDER)) - log_rate
    below = ndtr((limit[None, :] - middle[:, None]) * np.sqrt(precision)[:, None])
    return np.asarray((weights * below).sum(axis=1))


def real_orders(folder: Path) -> Floats | None:
    """Positive order values of a wholesaler (online_retail_invoices.csv), None where the file is missing."""
    path = folder / "online_retail_invoices.csv"
    if not path.is_file():
        return None
    values = pd.read_csv(path)["value"].to_numpy(float)
    return values[values > 0]
