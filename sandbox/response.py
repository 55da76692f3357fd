"""How an ad set answers its spend: saturation, adstock, competition for the same people, demand, shocks.

A day's spend buys `effective` spend: what it would buy if every unit bought as much as at the ad set's
nominal daily budget. Impressions, clicks and conversions follow the effective spend, so the response is seen
in all of them. Adstock raises or lowers the conversion rate by the ratio of remembered to present effective
spend: conversions are dated by the click, so a day without clicks has none. Every draw is addressed by (seed,
ad set, day), and memory reaches back a fixed number of days.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sandbox.behaviour import SHAPES, Response
from sandbox.catalog import Catalog
from sandbox.random_draws import Floats, Whole, autocorrelated, key, lognormal, uniform

LEAST_EFFICIENCY, MOST_EFFICIENCY = 0.05, 8.0
MOST_REMEMBERED = 4.0
"""By how much adstock may raise a conversion rate; it lowers it by as much."""
DEAD_CONVERSION = 0.02
STEP_DAYS, STEP_SIZE = 120, 0.4
SHOCK_PERIOD = 60
_DEMAND, _OWN_DEMAND, _SHOCK = 101, 102, 103


@dataclass(frozen=True)
class Curves:
    """The response curves of an account's ad sets. Spend is in micros a day, ad sets along the last axis."""

    settings: Response
    catalog: Catalog

    @cached_property
    def shape(self) -> Whole:
        """Number in `SHAPES`, per ad set."""
        shares = np.array([self.settings.shapes.get(name, 0.0) for name in SHAPES]).cumsum()
        return np.searchsorted(
            shares / shares[-1], uniform(self.catalog.seed, 104, self.catalog.ad_sets.id), "right"
        )

    @cached_property
    def half_saturation(self) -> Floats:
        """In nominal daily budgets."""
        s = self.settings
        return lognormal(
            s.half_saturation, s.half_saturation_spread, self.catalog.seed, 105, self.catalog.ad_sets.id
        )

    @cached_property
    def slope(self) -> Floats:
        """Exponent of hill and step curves, and, squeezed between .35 and .95, of power curves."""
        s = self.settings
        return np.clip(
            lognormal(s.slope, s.slope_spread, self.catalog.seed, 106, self.catalog.ad_sets.id), 0.4, 4.0
        )

    @cached_property
    def reference(self) -> Floats:
        """Spend at which effective spend equals spend: the nominal daily budget, in micros."""
        return self.catalog.ad_sets.budget_micros.astype(float)

    def _reached(self, u: Floats) -> Floats:
        """The curve before it is scaled, at spend of `u` nominal budgets."""
        half, slope = self.half_saturation, self.slope
        hill = u**slope / (u**slope + half**slope)
        steep = 3.0 / half
        logistic = 1.0 / (1.0 + np.exp(-steep * (u - half))) - 1.0 / (1.0 + np.exp(steep * half))
        power = u ** np.clip(0.65 * slope, 0.35, 0.95)
        return np.choose(self.shape, [hill, logistic, power, u**0.85, hill])

    def efficiency(self, spend: Floats) -> Floats:
        """Effective spend per unit of spend."""
        u = np.maximum(spend / self.reference, 1e-4)
        per_unit = self._reached(u) / u / self._reached(np.ones(len(self.reference)))
        return np.clip(per_unit, LEAST_EFFICIENCY, MOST_EFFICIENCY)

    def effective(self, spend: Floats, others: Floats | float = 0.0) -> Floats:
        """Effective spend where ad sets after the same people spend `others` (weighted by how much they
        share).
        """
        return spend * self.efficiency(spend + self.settings.competition * np.maximum(others, 0.0))

    def marginal(self, spend: Floats, others: Floats | float = 0.0) -> Floats:
        """Effective spend that one more unit of spend would bring, by symmetric difference."""
        step = np.maximum(spend, 0.01 * self.reference) * 1e-4
        low, high = np.maximum(spend - step, 0.0), spend + step
        return (self.effective(high, others) - self.effective(low, others)) / (high - low)


@dataclass(frozen=True)
class Groups:
    """Ad sets that are after the same people, by group number; alone in a group means no competition."""

    group: Whole
    strength: Floats
    """How well an ad set turns money into conversions: the platform prefers the strongest of a group."""

    def others(self, amount: Floats) -> Floats:
        """Per ad set the sum of an amount over the others of its group; days x ad sets."""
        totals = np.zeros((len(amount), int(self.group.max()) + 1))
        for row, number in enumerate(self.group.tolist()):
            totals[:, number] += amount[:, row]
        return totals[:, self.group] - amount

    def held_back(self, wanted: Floats, starvation: float) -> Floats:
        """Factor on what each ad set wants to spend: a stronger ad set of the group that is on takes delivery
        away.
        """
        size = int(self.group.max()) + 1
        if starvation == 0 or size == len(self.group):
            return np.ones((1, 1))
        best = np.zeros((len(wanted), size))
        best_strength = np.full((len(wanted), size), -1.0)
        for row in np.argsort(self.strength, kind="stable").tolist():
            number, is_on = int(self.group[row]), wanted[:, row] > 0
            best[is_on, number] = wanted[is_on, row]
            best_strength[is_on, number] = self.strength[row]
        ahead = best[:, self.group]
        share = np.divide(ahead, ahead + wanted, out=np.zeros_like(wanted), where=ahead + wanted > 0)
        return np.where(best_strength[:, self.group] > self.strength, 1.0 - starvation * share, 1.0)


def groups_of(catalog: Catalog, settings: Response, pools: Whole | None) -> Groups:
    """Whom each ad set competes with: the ad sets of its pool, or a drawn group of `group_size` ad sets."""
    sets = catalog.ad_sets
    size = len(sets.id)
    if pools is not None:
        group = pools
    elif settings.group_size > 1:
        group = (
            key(catalog.seed, 107, sets.id) % np.uint64(max(1, round(size / settings.group_size)))
        ).astype(int)
    else:
        group = np.arange(size)
    return Groups(np.asarray(group), sets.ctr * sets.conversion_rate / sets.cpm)


def demand(catalog: Catalog, settings: Response, days: Whole) -> Floats:
    """Factor on what ad sets want to spend, days x ad sets: three quarters of its variance are the account's
    own.
    """
    if settings.demand_swing == 0:
        return np.ones((1, 1))
    shared = autocorrelated(settings.demand_memory, days, catalog.seed, _DEMAND, np.zeros((1, 1), int))
    of_ad_set = autocorrelated(
        settings.demand_memory, days, catalog.seed, _OWN_DEMAND, catalog.ad_sets.id[None, :]
    )
    return np.exp(settings.demand_swing * (np.sqrt(0.75) * shared + np.sqrt(0.25) * of_ad_set))


def conversion_factor(
    catalog: Catalog, settings: Response, curves: Curves, days: Whole, season: Floats, demanded: Floats
) -> Floats:
    """Factor on conversion rates, days x ad sets: demand and season, steps, shocks and ad sets that are dead."""
    sets = catalog.ad_sets
    factor = np.broadcast_to(
        (season * demanded) ** settings.demand_conversion, (len(days), len(sets.id))
    ).copy()
    factor[:, curves.shape == SHAPES.index("dead")] *= DEAD_CONVERSION
    if (stepping := np.flatnonzero(curves.shape == SHAPES.index("step"))).size:
        ids = sets.id[stepping][None, :]
        begun = (
            days[:, None] + (key(catalog.seed, 108, ids) % np.uint64(STEP_DAYS)).astype(int)
        ) // STEP_DAYS
        factor[:, stepping] *= lognormal(1.0, STEP_SIZE, catalog.seed, 109, ids, begun)
    return factor * _shocks(catalog, settings, days)


def _shocks(catalog: Catalog, settings: Response, days: Whole) -> Floats:
    """Each ad set has at most one shock that begins in each period of 60 days."""
    if settings.shocks_a_year == 0:
        return np.ones((1, 1))
    ids, factor = catalog.ad_sets.id[None, :], np.ones((len(days), len(catalog.ad_sets.id)))
    chance = min(1.0, settings.shocks_a_year * SHOCK_PERIOD / 365.25)
    for back in (0, 1):
        period = days[:, None] // SHOCK_PERIOD - back
        happens = uniform(catalog.seed, _SHOCK, ids, period, 1) < chance
        first = period * SHOCK_PERIOD + (uniform(catalog.seed, _SHOCK, ids, period, 2) * SHOCK_PERIOD).astype(
            int
        )
        length = 5 + (uniform(catalog.seed, _SHOCK, ids, period, 3) * 21).astype(int)
        lasts = happens & (days[:, None] >= first) & (days[:, None] < first + length)
        size = lognormal(1.0, settings.shock_size, catalog.seed, _SHOCK, ids, period, 4)
        factor *= np.where(lasts, size, 1.0)
    return factor


def memory_days(settings: Response) -> int:
    """Days before a day that its adstock looks back on: until less than a hundredth is left."""
    return 0 if settings.carry_over == 0 else int(np.ceil(np.log(0.01) / np.log(settings.carry_over)))


def remembered(settings: Response, effective: Floats, lags: int) -> Floats:
    """Ratio of remembered to present effective spend, for all days but the first `lags`."""
    if lags == 0:
        return np.ones((1, 1))
    weights = settings.carry_over ** np.arange(lags + 1)
    weights = weights / weights.sum()
    now = effective[lags:]
    past = np.zeros_like(now)
    for lag, weight in enumerate(weights.tolist()):
        past += weight * effective[lags - lag : len(effective) - lag]
    ratio = np.divide(past, now, out=np.ones_like(now), where=now > 0)
    return np.clip(ratio, 1.0 / MOST_REMEMBERED, MOST_REMEMBERED)
