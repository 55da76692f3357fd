"""The true answer to "where does the next unit of money bring most": marginal values per ad set, and the best
split of budgets.

Values are expected ones: the chain of the market's means, without the luck of the days. A marginal value is
that of a lasting change of the budget, with adstock in its steady state. What a sale brings is its value;
what a lead brings is the ad set's order value, so that both kinds of campaign can be compared.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from sandbox.audience_reach import Rivalry, rivalry
from sandbox.behaviour import SHAPES
from sandbox.catalog import Catalog
from sandbox.conditions import shares_of_ads
from sandbox.market import Market
from sandbox.random_draws import Floats, Whole
from sandbox.response import Curves
from sandbox.world import Account

USUAL_ELASTICITY = 0.85
"""Of clicks to spend where a world simulates no response: the auction gets dearer by the 0.15th power."""
GRID, ROUNDS, HALVINGS = 61, 25, 60
LUCK = float(np.exp(0.08**2 / 2 + 0.06**2 / 2))
"""What the daily noise of prices and click rates adds to mean clicks."""


@dataclass(frozen=True)
class AdSetTruth:
    """One account over some days, per ad set: means a day, money in major units of the account's currency."""

    catalog: Catalog
    spend: Floats
    wanted: Floats
    """What would be spent if no budget bound."""
    clicks: Floats
    conversions: Floats
    value: Floats
    elasticity: Floats
    """Of value to the ad set's own spend."""
    spillover: Floats
    """Value that others lose per unit that this ad set spends more; 0 without competition, else negative."""
    curves: Curves | None
    rivals: Rivalry | None
    day: int
    """The last day, whose exclusions count."""

    @property
    def marginal_value(self) -> Floats:
        """Value of one more unit of money in this ad set; not a number where nothing is spent."""
        spending = self.spend > 0
        return np.divide(
            self.value * self.elasticity, self.spend, out=np.full(len(self.spend), np.nan), where=spending
        )


def ad_set_truth(market: Market, account: Account, start: date, end: date) -> AdSetTruth:
    """The truth of the days from `start` to `end`, both included."""
    days = np.arange(np.datetime64(start, "D").astype(int), np.datetime64(end, "D").astype(int) + 1)
    catalog, settings = market.catalog(account), account.behaviour.response
    met, on = market.conditions(account, days)
    ads, sets = catalog.ads, catalog.ad_sets
    weight = shares_of_ads(catalog, on["ad"])
    relative = np.maximum(met.planned / np.maximum(sets.budget_micros, 1), 0.05)
    efficiency = relative**-0.15 if met.efficiency is None else met.efficiency
    impressions = (met.planned * efficiency / sets.cpm / 1_000.0)[:, ads.ad_set] * weight
    rate = sets.ctr[ads.ad_set] * ads.appeal * (1.0 if met.click_rate is None else met.click_rate)
    clicks = impressions * np.minimum(rate, 0.6) * LUCK
    converting = sets.conversion_rate[ads.ad_set] * (
        1.0 if met.conversion_rate is None else met.conversion_rate
    )
    conversions = clicks * np.minimum(converting, 0.8)
    per_set = np.add.reduceat(conversions, catalog.ad_starts, axis=1)
    value = per_set * sets.order_value * mean_order(account)
    parts = market.people.parts(account)
    rivals = rivalry(catalog, settings, parts) if settings else None
    daily, spillover = _elasticities(catalog, rivals, days, met.planned, value)
    total = value.sum(axis=0)
    return AdSetTruth(
        catalog=catalog,
        spend=met.planned.mean(axis=0) / 1e6,
        wanted=met.wanted.mean(axis=0) / 1e6,
        clicks=np.add.reduceat(clicks, catalog.ad_starts, axis=1).mean(axis=0),
        conversions=per_set.mean(axis=0),
        value=value.mean(axis=0),
        elasticity=np.divide((value * daily).sum(axis=0), total, out=np.zeros_like(total), where=total > 0),
        spillover=spillover,
        curves=Curves(settings, catalog) if settings else None,
        rivals=rivals,
        day=int(days[-1]),
    )


def mean_order(account: Account) -> float:
    """Mean value of a purchase, in medians of the ad set's ordinary orders."""
    b = account.behaviour
    return float(np.exp(b.order_value_spread**2 / 2)) * (
        1.0 + b.wholesale_share * (b.wholesale_multiple - 1.0)
    )


def _elasticities(
    catalog: Catalog, rivals: Rivalry | None, days: Whole, planned: Floats, value: Floats
) -> tuple[Floats, Floats]:
    """Elasticity of value to own spend, days x ad sets, and per ad set what others lose per unit spent more."""
    settings = catalog.account.behaviour.response
    if settings is None or rivals is None:
        return np.full(planned.shape, USUAL_ELASTICITY), np.zeros(planned.shape[1])
    curves, spending = Curves(settings, catalog), planned > 0
    others = rivals.others(days, planned) if settings.competition else np.zeros_like(planned)
    effective = curves.effective(planned, others)
    elasticity = np.divide(
        curves.marginal(planned, others) * planned, effective, out=np.zeros_like(planned), where=spending
    )
    if settings.competition == 0:
        return elasticity, np.zeros(planned.shape[1])
    # ln effective = ln spend + ln efficiency(spend + competition * others), so both derivatives share one
    # term
    per_unit = np.divide(elasticity - 1.0, planned, out=np.zeros_like(planned), where=spending)
    lost = value * settings.competition * per_unit * 1e6
    return elasticity, rivals.lost_by_others(days, lost).mean(axis=0)


def best_split(
    truths: Iterable[AdSetTruth], *, to_eur: dict[str, float], low: float, high: float
) -> dict[str, Any]:
    """The split of today's money over budget owners that brings most, each within `low` to `high` times its
    spend now.

    Owners are campaigns that hold their budget and ad sets elsewhere. No owner spends beyond what its ad sets
    want. Solved by a common price of money: each owner takes the spend at which its value less the price is
    highest; with competition this repeats, each time with what the others spend now, and the best of all
    rounds counts.
    """
    parts = [
        _Owners.of(truth, to_eur[truth.catalog.account.currency], low=low, high=high) for truth in truths
    ]
    steps = [np.ones(len(part.ids)) for part in parts]
    budget = sum(float(part.spend(step).sum()) for part, step in zip(parts, steps, strict=True))
    now = sum(part.value(step) for part, step in zip(parts, steps, strict=True))
    best, best_steps = now, steps
    for _ in range(ROUNDS):
        tables = [part.table(step) for part, step in zip(parts, steps, strict=True)]
        aim = _at_price(parts, tables, budget)
        steps = [0.5 * (old + new) for old, new in zip(steps, aim, strict=True)]
        for candidate in (aim, steps):
            spent = sum(float(part.spend(step).sum()) for part, step in zip(parts, candidate, strict=True))
            value = sum(part.value(step) for part, step in zip(parts, candidate, strict=True))
            if spent <= budget * (1 + 1e-9) and value > best:
                best, best_steps = value, candidate
    columns: dict[str, list[Any]] = {
        name: []
        for name in (
            "platform",
            "account_id",
            "level",
            "entity_id",
            "spend_eur",
            "best_spend_eur",
            "multiple",
        )
    }
    for part, step in zip(parts, best_steps, strict=True):
        account = part.truth.catalog.account
        columns["platform"] += [account.platform] * len(part.ids)
        columns["account_id"] += [account.id] * len(part.ids)
        columns["level"] += part.levels
        columns["entity_id"] += part.ids
        columns["spend_eur"] += part.spend(np.ones(len(part.ids))).tolist()
        columns["best_spend_eur"] += part.spend(step).tolist()
        columns["multiple"] += step.tolist()
    return {"value_eur": now, "best_value_eur": best, "spend_eur": budget, "owners": columns}


@dataclass(frozen=True)
class _Owners:
    """The budget owners of an account, and what multiples of their spend would bring."""

    truth: AdSetTruth
    to_eur: float
    owner: Whole
    """Per ad set the row of its owner; -1 where nothing is spent."""
    levels: list[str]
    ids: list[str]
    multiples: Floats

    @classmethod
    def of(cls, truth: AdSetTruth, to_eur: float, *, low: float, high: float) -> "_Owners":
        catalog = truth.catalog
        holds = catalog.campaigns.holds_budget[catalog.ad_sets.campaign]
        key = np.where(
            holds, catalog.campaigns.budget_owner[catalog.ad_sets.campaign], -1 - np.arange(len(holds))
        )
        spending = truth.spend > 0
        keys, rows = np.unique(key[spending], return_inverse=True)
        owner = np.full(len(holds), -1)
        owner[spending] = rows
        ids = [str(catalog.campaigns.id[k] if k >= 0 else catalog.ad_sets.id[-1 - k]) for k in keys.tolist()]
        levels = ["campaign" if k >= 0 else "ad_set" for k in keys.tolist()]
        return cls(truth, to_eur, owner, levels, ids, np.linspace(low, high, GRID))

    def _spends(self, multiple: Floats) -> Floats:
        """Per ad set, in major units of the account's currency; multiples per owner, or multiples x owners."""
        spends = self.truth.spend * np.where(self.owner >= 0, multiple[..., np.maximum(self.owner, 0)], 0.0)
        return np.minimum(spends, np.maximum(self.truth.wanted, self.truth.spend))

    def spend(self, multiple: Floats) -> Floats:
        """Per owner, in EUR."""
        has_owner = self.owner >= 0
        amounts = self._spends(multiple)[has_owner] * self.to_eur
        return np.bincount(self.owner[has_owner], amounts, len(self.ids)).astype(np.float64)

    def _values(self, spends: Floats, at: Floats) -> Floats:
        """Per ad set its expected value in EUR where it spends `spends` and the others spend as in `at`."""
        truth = self.truth
        if truth.curves is None:
            ratio = np.divide(spends, truth.spend, out=np.zeros_like(spends), where=truth.spend > 0)
            return truth.value * ratio**USUAL_ELASTICITY * self.to_eur
        base = truth.curves.effective(truth.spend * 1e6, self._others(truth.spend))
        reached = truth.curves.effective(spends * 1e6, self._others(at))
        return (
            truth.value * np.divide(reached, base, out=np.zeros_like(reached), where=base > 0) * self.to_eur
        )

    def _others(self, spends: Floats) -> Floats | float:
        """Micros that others spend on each ad set's people."""
        rivals, curves = self.truth.rivals, self.truth.curves
        if rivals is None or curves is None or curves.settings.competition == 0:
            return 0.0
        return rivals.others(np.array([self.truth.day]), spends[None, :] * 1e6)[0]

    def value(self, multiple: Floats) -> float:
        spends = self._spends(multiple)
        return float(self._values(spends, spends).sum())

    def table(self, multiple: Floats) -> tuple[Floats, Floats]:
        """Spend and value of every owner at each multiple of the grid, the others being at `multiple`; grid x
        owners.

        What a multiple costs the others is in the value.
        """
        now = self._spends(multiple)
        grid = np.broadcast_to(self.multiples[:, None], (GRID, len(self.ids)))
        spends = self._spends(grid)
        lost = self._spillover(now)
        values = self._values(spends, now) + (spends - now) * lost
        at = self.owner >= 0
        both = [np.zeros((GRID, len(self.ids))) for _ in "ab"]
        for target, amounts in zip(both, (spends * self.to_eur, values), strict=True):
            np.add.at(target.T, self.owner[at], amounts[:, at].T)
        return both[0], both[1]

    def _spillover(self, spends: Floats) -> Floats:
        truth = self.truth
        if truth.curves is None or truth.curves.settings.competition == 0:
            return np.zeros(len(spends))
        value = self._values(spends, spends)
        day = np.array([truth.day])
        _, lost = _elasticities(truth.catalog, truth.rivals, day, spends[None, :] * 1e6, value[None, :])
        return lost


def _at_price(parts: list[_Owners], tables: list[tuple[Floats, Floats]], budget: float) -> list[Floats]:
    """The multiples at the lowest price of money at which all owners together stay within the budget."""

    def chosen(price: float) -> tuple[list[Floats], float]:
        rows = [np.argmax(value - price * spend, axis=0) for spend, value in tables]
        spent = sum(
            float(np.take_along_axis(table[0], row[None, :], 0).sum())
            for table, row in zip(tables, rows, strict=True)
        )
        return [part.multiples[row] for part, row in zip(parts, rows, strict=True)], spent

    low, high = 0.0, 1e6
    best = chosen(high)[0]
    for _ in range(HALVINGS):
        price = 0.5 * (low + high) if low else high / 4
        multiples, spent = chosen(price)
        if spent <= budget * (1 + 1e-9):
            best, high = multiples, price
        else:
            low = price
    return best


def columns_of(truth: AdSetTruth) -> dict[str, list[Any]]:
    """Rows for the control API, one per ad set that is reported."""
    catalog, curves = truth.catalog, truth.curves
    rows = np.flatnonzero(~catalog.ad_sets.hidden)
    account, size = catalog.account, len(rows)
    shape = ["usual"] * size if curves is None else [SHAPES[n] for n in curves.shape[rows]]
    half = (
        [None] * size if curves is None else (curves.half_saturation * curves.reference / 1e6)[rows].tolist()
    )
    return {
        "platform": [account.platform] * size,
        "account_id": [account.id] * size,
        "currency": [account.currency] * size,
        "ad_set_id": catalog.ad_sets.id[rows].astype(str).tolist(),
        "shape": shape,
        "half_saturation": half,
        "spend": truth.spend[rows].tolist(),
        "wanted": truth.wanted[rows].tolist(),
        "clicks": truth.clicks[rows].tolist(),
        "conversions": truth.conversions[rows].tolist(),
        "value": truth.value[rows].tolist(),
        "elasticity": truth.elasticity[rows].tolist(),
        "marginal_value": [None if np.isnan(v) else v for v in truth.marginal_value[rows].tolist()],
        "value_lost_by_others": truth.spillover[rows].tolist(),
    }
