"""One account's delivery for a block of days: budgets bind, auctions answer, people click, buy, and are seen
to have bought.

Arrays are days x ads. A draw's key is (seed, stream, entity, day), never its place in an array.
"""

from dataclasses import dataclass

import numpy as np

from sandbox.catalog import Catalog
from sandbox.conditions import Conditions, Overlays, shares_of_ads
from sandbox.incident_effects import AS_USUAL, Effects
from sandbox.random_draws import Floats, Whole, lognormal, normal, poisson, uniform


@dataclass(frozen=True)
class Delivered:
    """Whole numbers per day and ad, as visible at the age the days have."""

    day: Whole
    impressions: Whole
    clicks: Whole
    spend_micros: Whole
    purchases: Whole
    purchase_value_micros: Whole
    leads: Whole
    signups: Whole
    converting: Floats
    """Conversions per click that the market meant, incidents apart; of each ad, or of each day and ad."""


def order_values(catalog: Catalog, ad_set: Whole, whose: tuple[Whole, ...]) -> Floats:
    """The values of purchases in major units, before rounding; `whose` addresses each, `ad_set` is its row."""
    b, seed = catalog.account.behaviour, catalog.seed
    value = lognormal(catalog.ad_sets.order_value[ad_set], b.order_value_spread, seed, 63, *whose)
    if b.wholesale_share:
        is_wholesale = uniform(seed, 70, *whose) < b.wholesale_share
        value = np.where(is_wholesale, value * b.wholesale_multiple, value)
    return value


def deliver(
    catalog: Catalog,
    *,
    days: Whole,
    age_days: Floats,
    on: Overlays,
    conditions: Conditions,
    lookback_days: float | None = None,
    effects: Effects = AS_USUAL,
) -> Delivered:
    """What the account's ads delivered on `days`.

    Args:
        catalog: The account's entities and their hidden traits.
        days: Days since 1970.
        age_days: Per day, how long ago it began; below 1 the day is still running and only that share of it
            delivered.
        on: Per level, days x entities: may it deliver.
        conditions: What is planned to be spent, and the market that it meets.
        lookback_days: How long after its click a conversion still counts; None counts all.
        effects: What incidents do to it.
    """
    ad_set_spend = conditions.planned
    ads, sets, seed = catalog.ads, catalog.ad_sets, catalog.seed
    weight = shares_of_ads(catalog, on["ad"])
    elapsed = np.minimum(np.clip(age_days, 0.0, 1.0)[:, None] / effects.served, 1.0)
    unit = catalog.account.unit_micros
    spent = ad_set_spend[:, ads.ad_set] * weight * elapsed * effects.spend
    spend = np.floor(spent / unit).astype(np.int64) * unit

    d, who = days[:, None], ads.id[None, :]
    if conditions.efficiency is None:
        pressure = (ad_set_spend / np.maximum(sets.budget_micros, 1))[:, ads.ad_set] * effects.spend
        dearer = np.maximum(pressure, 0.05) ** 0.15
    else:  # incidents move the price as they do where no response is simulated
        dearer = np.maximum(effects.spend, 0.05) ** 0.15 / conditions.efficiency[:, ads.ad_set]
    cpm = sets.cpm[ads.ad_set] * dearer * np.exp(0.08 * normal(seed, 41, who, d))
    cpm = cpm * effects.price
    impressions = poisson(spend / 1_000_000 / cpm * 1000.0, seed, 42, who, d)
    rate = sets.ctr[ads.ad_set] * ads.appeal * np.exp(0.06 * normal(seed, 43, who, d)) * effects.click_rate
    if conditions.click_rate is not None:
        rate = rate * conditions.click_rate
    rate = np.minimum(rate, 0.6)
    clicks = np.minimum(poisson(impressions * rate, seed, 44, who, d), impressions)
    converting = sets.conversion_rate[ads.ad_set]
    if conditions.conversion_rate is not None:
        converting = np.minimum(converting * conditions.conversion_rate, 0.8)
    claims = _claims(catalog, days, age_days, clicks, converting, lookback_days, effects)
    valid_share = 1.0 - _credited(catalog, days, age_days)
    clicks = np.minimum(np.ceil(clicks * valid_share).astype(np.int64), clicks)
    spend = np.floor(spend * valid_share / unit).astype(np.int64) * unit
    return Delivered(days, impressions, clicks, spend, *claims, converting=converting)


def _credited(catalog: Catalog, days: Whole, age_days: Floats) -> Floats:
    """Share of clicks and cost that was found invalid by now, days x ads."""
    b = catalog.account.behaviour
    invalid_share = b.credit_share * 2.0 * uniform(catalog.seed, 45, catalog.ads.id[None, :], days[:, None])
    return np.where((age_days >= 1.0 + b.credit_days)[:, None], invalid_share, 0.0)


def _claims(
    catalog: Catalog,
    days: Whole,
    age_days: Floats,
    clicks: Whole,
    converting: Floats,
    lookback_days: float | None,
    effects: Effects,
) -> tuple[Whole, Whole, Whole, Whole]:
    """Purchases, their value, leads and sign-ups that followed those clicks and have happened by now."""
    ads, sets, seed = catalog.ads, catalog.ad_sets, catalog.seed
    d, who = days[:, None], ads.id[None, :]
    mean = clicks * converting * effects.conversion_rate
    final = np.minimum(poisson(mean, seed, 61, who, d), clicks)
    at_day, at_ad = np.nonzero(final)
    times = final[at_day, at_ad]
    cell = np.repeat(np.arange(len(times)), times)
    nth = np.arange(len(cell)) - np.repeat(np.cumsum(times) - times, times)
    whose = (ads.id[at_ad][cell], days[at_day][cell], nth)
    lag, age = _lag_days(catalog, whose), age_days[at_day][cell]
    # Clicks of a day that is still running came before now.
    happens = lag + uniform(seed, 62, *whose) * np.clip(age, 0.0, 1.0)
    seen = happens <= age
    if lookback_days is not None:
        seen &= lag <= lookback_days
    if (effects.arriving < 1).any():  # what a broken tag misses never comes, however late the purchase
        arriving = np.broadcast_to(effects.arriving, clicks.shape)[at_day, at_ad][cell]
        seen &= uniform(seed, 69, *whose) < arriving
    b = catalog.account.behaviour
    if b.retracted_share:
        undone = happens - np.log(uniform(seed, 68, *whose)) * b.retraction_days
        seen &= ~((uniform(seed, 67, *whose) < b.retracted_share) & (undone <= age))

    sells = catalog.campaigns.sells[sets.campaign[ads.ad_set[at_ad]]][cell]
    unit = catalog.account.unit_micros
    value = order_values(catalog, ads.ad_set[at_ad][cell], whose)
    micros = np.maximum(np.rint(value * 1_000_000 / unit), 1).astype(np.int64) * unit
    bought = seen & sells
    shape = clicks.shape
    purchases, leads = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    values = np.zeros(shape, np.int64)
    np.add.at(purchases, (at_day[cell[bought]], at_ad[cell[bought]]), 1)
    np.add.at(values, (at_day[cell[bought]], at_ad[cell[bought]]), micros[bought])
    np.add.at(leads, (at_day[cell[seen & ~sells]], at_ad[cell[seen & ~sells]]), 1)
    return purchases, values, leads, poisson(mean * 0.4 * effects.arriving, seed, 64, who, d)


def _lag_days(catalog: Catalog, whose: tuple[Whole, ...]) -> Floats:
    """Days from click to conversion: within hours for some, days to weeks for the rest."""
    b, seed = catalog.account.behaviour, catalog.seed
    quick = uniform(seed, 65, *whose) < b.same_day_share
    wait = -np.log(uniform(seed, 66, *whose))
    return np.minimum(np.where(quick, wait * 0.05, wait * b.lag_days), float(b.longest_lag_days))
