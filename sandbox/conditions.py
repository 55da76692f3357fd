"""What a day's delivery meets: how much each ad set plans to spend, and how the market answers it.

Effects that a world's behaviour does not switch on are None here, so that they cost nothing and change no
byte.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sandbox import ad_texts, response
from sandbox.audience_reach import rivalry
from sandbox.behaviour import Behaviour
from sandbox.catalog import Catalog
from sandbox.population import Parts
from sandbox.random_draws import Floats, Whole, autocorrelated, normal, uniform

_YEAR = 365.25
Overlays = dict[str, npt.NDArray]
"""Per level, days x entities."""


@dataclass(frozen=True)
class Conditions:
    """Per day; factors that are None stand for 1 everywhere."""

    planned: Floats
    """Micros that each ad set spends on the whole day, days x ad sets."""
    wanted: Floats
    """Micros that it would spend if no budget bound."""
    efficiency: Floats | None = None
    """Impressions per unit of money, against those at the nominal budget; days x ad sets."""
    click_rate: Floats | None = None
    """Factor on click rates, days x ads."""
    conversion_rate: Floats | None = None
    """Factor on conversion rates, days x ads."""


def memory_days(behaviour: Behaviour) -> int:
    """How many days before a day its delivery depends on."""
    adstock = response.memory_days(behaviour.response) if behaviour.response else 0
    texts = behaviour.ad_texts
    return max(adstock, texts.novelty_days if texts and texts.novelty_decay else 0)


def conditions(
    catalog: Catalog,
    days: Whole,
    on: Overlays,
    budgets: Overlays,
    *,
    searches_left: tuple[Floats, Floats] | None = None,
    text_effects: tuple[Floats, Floats] | None = None,
    parts: Parts | None = None,
    before: int,
) -> Conditions:
    """The conditions of all `days` but the first `before`, which only are looked back on.

    Args:
        catalog: The account's entities and their hidden traits.
        days: Consecutive days since 1970.
        on: Per level, days x entities: may it deliver.
        budgets: For campaign and ad_set, days x entities: daily budget in micros.
        searches_left: What negatives leave of each ad set's searches: share and mean quality; days x ad sets.
        text_effects: What the words of ads do to click rates and conversion rates, as factors; days x ads.
        parts: Whom the ad sets reach, with what they exclude.
        before: As `memory_days` says.
    """
    settings = catalog.account.behaviour.response
    demanded = response.demand(catalog, settings, days) if settings else None
    wanted = _wanted(catalog, days, on, demanded)
    if searches_left is not None:
        wanted = wanted * searches_left[0]
    people_left = None if parts is None or not parts.exclusions else _people_left(parts, days)
    if people_left is not None:
        wanted = wanted * people_left[0]
    rivals = rivalry(catalog, settings, parts) if settings else None
    if settings and rivals:
        wanted = wanted * rivals.groups.held_back(wanted, settings.starvation)
    planned = _within_budgets(catalog, days, wanted, budgets)
    efficiency, converting = None, None if searches_left is None else searches_left[1][before:]
    if people_left is not None:
        converting = people_left[1][before:] * (1.0 if converting is None else converting)
    if settings and rivals and demanded is not None:
        curves = response.Curves(settings, catalog)
        others = rivals.others(days, planned) if settings.competition else 0.0
        effective = curves.effective(planned, others)
        efficiency = np.divide(effective, planned, out=np.ones_like(planned), where=planned > 0)[before:]
        season = _season(catalog, days)
        factor = response.conversion_factor(catalog, settings, curves, days, season, demanded)[before:]
        lags = response.memory_days(settings)
        factor = factor * response.remembered(settings, effective[before - lags :], lags)
        converting = factor if converting is None else converting * factor
    per_ad = None if converting is None else converting[:, catalog.ads.ad_set]
    clicking = None
    if (texts := catalog.account.behaviour.ad_texts) is not None and text_effects is not None:
        weight = shares_of_ads(catalog, on["ad"])
        clicking = text_effects[0][before:] * ad_texts.novelty(
            texts, catalog, planned, weight, window=min(before, texts.novelty_days)
        )
        per_ad = text_effects[1][before:] * (1.0 if per_ad is None else per_ad)
    return Conditions(planned[before:], wanted[before:], efficiency, clicking, per_ad)


def _people_left(parts: Parts, days: Whole) -> tuple[Floats, Floats]:
    """Share of each ad set's people that exclusions leave, and their ease to convert against all of them;
    days x ad sets.
    """
    left = [(parts.left(int(days[low])), high - low) for low, high in parts.spans(days)]
    share, ease = (np.concatenate([np.tile(figures[n], (size, 1)) for figures, size in left]) for n in (0, 1))
    return share, ease


def shares_of_ads(catalog: Catalog, on: npt.NDArray) -> Floats:
    """Share of its ad set's spend that each ad takes, days x ads: those that may deliver share it by weight."""
    weight = np.where(on, catalog.ads.weight, 0.0)
    whole = np.add.reduceat(weight, catalog.ad_starts, axis=1)[:, catalog.ads.ad_set]
    return np.divide(weight, whole, out=np.zeros_like(weight), where=whole > 0)


def _season(catalog: Catalog, days: Whole) -> Floats:
    """Demand by the time of the year, days x 1."""
    swing: float = catalog.account.behaviour.season_swing
    return np.asarray(1.0 + swing * np.sin(2 * np.pi * (days / _YEAR + 0.1))[:, None])


def _wanted(catalog: Catalog, days: Whole, on: Overlays, demanded: Floats | None) -> Floats:
    """Micros per day and ad set that could be spent if no budget bound."""
    sets, b = catalog.ad_sets, catalog.account.behaviour
    d, who = days[:, None], sets.id[None, :]
    weekend = ((days + 3) % 7 >= 5)[:, None]
    quiet = b.weekday_swing * (0.5 + 0.5 * uniform(catalog.seed, 51, who))
    week = np.where(weekend, 1.0 - quiet, 1.0)
    noise = np.exp(sets.noise * autocorrelated(b.noise_memory, days, catalog.seed, 52, who))
    wanted = sets.demand * sets.budget_micros * week * _season(catalog, days) * noise
    if demanded is not None:
        wanted = wanted * demanded
    alive = on["ad_set"] & on["campaign"][:, sets.campaign] & (d >= sets.first_day)
    return np.where(alive, wanted, 0.0)


def _within_budgets(catalog: Catalog, days: Whole, wanted: Floats, budgets: Overlays) -> Floats:
    """What of it the budget that binds allows: the ad set's own, or its campaign's where that holds the
    budget.
    """
    sets, campaigns = catalog.ad_sets, catalog.campaigns
    d, who = days[:, None], sets.id[None, :]
    slack = 1.0 + 0.04 * np.tanh(normal(catalog.seed, 53, who, d))
    within_own = np.minimum(wanted, budgets["ad_set"] * slack)
    campaign_wanted = np.add.reduceat(wanted, catalog.ad_set_starts, axis=1)
    limit = budgets["campaign"] * (1.0 + 0.04 * np.tanh(normal(catalog.seed, 54, campaigns.id[None, :], d)))
    share = np.divide(limit, campaign_wanted, out=np.ones_like(limit), where=campaign_wanted > limit)
    return np.where(campaigns.holds_budget[sets.campaign], wanted * share[:, sets.campaign], within_own)
