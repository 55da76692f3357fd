"""The response of spend: the truth that the control API tells is what a changed budget brings, and each
effect has an off switch.
"""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from sandbox.behaviour import SHAPES
from sandbox.clock import Clock
from sandbox.market import Market
from sandbox.response_truth import ad_set_truth, best_split
from sandbox.world import World

BEGINS, NOW = date(2025, 1, 1), datetime(2026, 11, 23, 6, tzinfo=UTC)
START, END = date(2025, 6, 1), date(2026, 9, 30)
ALL_BUT_STEP = {"hill": 1, "logistic": 1, "power": 1, "dead": 1}
QUIET = {
    "daily_budget": 400, "budget_spread": 0.2, "demand": 6, "conversion_rate": 0.2, "ctr": 0.05, "lead_share": 0,
    "paused_share": 0, "campaign_budget_share": 0, "noise": 0.05, "weekday_swing": 0.0, "season_swing": 0.0,
    "longest_lag_days": 1,
}  # fmt: skip


def world(response: dict[str, Any] | None, *, ad_sets: int = 6, seed: int = 5, **behaviour: Any) -> World:
    account = {
        "platform": "meta_ads", "id": "2000000001", "name": "A", "currency": "EUR", "time_zone": "UTC", "campaigns": 1,
        "ad_sets_per_campaign": ad_sets, "ads_per_ad_set": 1, "behaviour": QUIET | behaviour | {"response": response},
    }  # fmt: skip
    return World.model_validate({"name": "response", "seed": seed, "begins": BEGINS, "accounts": [account]})


def totals(m: Market, metric: str, start: date = START, end: date = END) -> np.ndarray:
    """Per ad set, summed over the days."""
    account = m.world.accounts[0]
    sums = np.zeros(len(m.catalog(account).ad_sets.id))
    for report in m.report(account, "ad_set", start, end):
        sums += np.bincount(report.ad_set, getattr(report, metric), len(sums))
    return sums


def with_budgets(given: World, multiple: np.ndarray | float) -> Market:
    """The market in which every ad set's budget was that multiple from the beginning."""
    m = Market(given, Clock(datetime(2024, 12, 31, tzinfo=UTC)))
    account = given.accounts[0]
    sets = m.catalog(account).ad_sets
    budgets = (
        np.rint(sets.budget_micros * np.broadcast_to(multiple, len(sets.id)) / 10_000).astype(int) * 10_000
    )
    for own, budget in zip(sets.id.tolist(), budgets.tolist(), strict=True):
        m.change(account, "ad_set", own, "budget_micros", budget)
    m.clock.set(NOW)
    return m


def elasticities(given: World, metric: str = "clicks") -> np.ndarray:
    """Of a metric to spend, per ad set, from all budgets up and down a tenth."""
    low, high = with_budgets(given, 0.9), with_budgets(given, 1.1)
    change = np.log(totals(high, metric) / totals(low, metric))
    return change / np.log(totals(high, "spend_micros") / totals(low, "spend_micros"))


def test_without_a_response_every_ad_set_answers_alike() -> None:
    assert elasticities(world(None)) == pytest.approx(0.85, abs=0.03)


def test_with_drawn_curves_ad_sets_answer_differently_and_as_the_truth_says() -> None:
    given = world({"shapes": ALL_BUT_STEP, "half_saturation_spread": 1.0, "slope_spread": 0.4}, ad_sets=12)
    m = Market(given, Clock(NOW))
    truth = ad_set_truth(m, given.accounts[0], START, END)
    measured = elasticities(given)
    assert measured == pytest.approx(truth.elasticity, abs=0.06)
    assert truth.elasticity.std() > 0.15
    assert totals(m, "clicks") / ((END - START).days + 1) == pytest.approx(truth.clicks, rel=0.02)
    mean_value = totals(m, "purchase_value_micros") / 1e6 / ((END - START).days + 1)
    assert mean_value == pytest.approx(truth.value, rel=0.05, abs=2)


def test_a_dead_ad_set_is_paid_for_and_brings_next_to_nothing() -> None:
    given = world({"shapes": {"hill": 1, "dead": 1}}, ad_sets=12)
    truth = ad_set_truth(Market(given, Clock(NOW)), given.accounts[0], START, END)
    assert truth.curves is not None
    dead = truth.curves.shape == SHAPES.index("dead")
    assert 0 < dead.sum() < 12
    roas = truth.value / truth.spend
    assert roas[dead].max() < 0.2 * roas[~dead].min()


def test_the_best_split_brings_what_it_promises_and_more_than_today() -> None:
    given = world({"half_saturation": 0.6, "half_saturation_spread": 1.0}, ad_sets=8)
    m = Market(given, Clock(NOW))
    split = best_split(
        [ad_set_truth(m, given.accounts[0], START, END)], to_eur={"EUR": 1.0}, low=0.5, high=2.0
    )
    owners = split["owners"]
    assert sum(owners["best_spend_eur"]) == pytest.approx(split["spend_eur"], rel=0.02)
    order = {own: n for n, own in enumerate(m.catalog(given.accounts[0]).ad_sets.id.astype(str).tolist())}
    multiple = np.ones(len(order))
    for own, factor in zip(owners["entity_id"], owners["multiple"], strict=True):
        multiple[order[own]] = factor
    moved = with_budgets(given, multiple)
    days = (END - START).days + 1
    gain = (
        (totals(moved, "purchase_value_micros").sum() - totals(m, "purchase_value_micros").sum()) / 1e6 / days
    )
    promised = split["best_value_eur"] - split["value_eur"]
    assert promised > 0.03 * split["value_eur"]
    assert gain == pytest.approx(promised, rel=0.15)
    alike = best_split(
        [ad_set_truth(Market(world(None), Clock(NOW)), given.accounts[0], START, END)],
        to_eur={"EUR": 1.0},
        low=1.0,
        high=1.0,
    )
    assert alike["best_value_eur"] == pytest.approx(alike["value_eur"])


def test_competition_makes_a_sibling_pay_for_a_raised_budget() -> None:
    raised = np.array([2.0, 1, 1, 1])
    for competition, loses in ((0.8, True), (0.0, False)):
        given = world({"competition": competition, "group_size": 4, "half_saturation": 0.7}, ad_sets=4)
        before, after = with_budgets(given, 1.0), with_budgets(given, raised)
        others = totals(after, "clicks")[1:] / totals(before, "clicks")[1:]
        truth = ad_set_truth(before, given.accounts[0], START, END)
        if loses:
            assert (others < 0.95).all()
            assert (truth.spillover < 0).all()
        else:
            assert (others == 1).all()
            assert (truth.spillover == 0).all()


def test_a_stronger_ad_set_starves_the_others_of_its_group_until_it_is_paused() -> None:
    given = world({"starvation": 0.7, "group_size": 3}, ad_sets=3, demand=0.8)
    m = Market(given, Clock(NOW))
    account = given.accounts[0]
    catalog = m.catalog(account)
    strongest = int(np.argmax(catalog.ad_sets.ctr * catalog.ad_sets.conversion_rate / catalog.ad_sets.cpm))
    free = totals(Market(world({}, ad_sets=3, demand=0.8), Clock(NOW)), "spend_micros")
    starved = totals(m, "spend_micros")
    weaker = np.arange(3) != strongest
    assert starved[strongest] == free[strongest]
    assert (starved[weaker] < 0.8 * free[weaker]).all()
    m.clock.set(datetime(2025, 5, 30, tzinfo=UTC))
    m.change(account, "ad_set", int(catalog.ad_sets.id[strongest]), "active", value=False)
    m.clock.set(NOW)
    assert (
        totals(m, "spend_micros")[weaker].max()
        > 0.98 * free[weaker][np.argmax(totals(m, "spend_micros")[weaker])]
    )


@pytest.mark.parametrize(("power", "low", "high"), [(1.0, 0.9, 1.5), (0.0, -0.15, 0.15)])
def test_demand_that_moves_spend_and_conversion_rate_together_misleads_who_reads_natural_variation(
    power: float, low: float, high: float
) -> None:
    """Budgets do not bind: on good days more is spent and more of the clicks convert, though no budget was
    changed.
    """
    given = world(
        {"shapes": {"power": 1}, "demand_swing": 0.3, "demand_conversion": power},
        demand=0.5,
        demand_spread=0.1,
    )
    m = Market(given, Clock(NOW))
    account, days = given.accounts[0], (END - START).days + 1
    spend, rate = np.zeros(days), np.zeros(days)
    for report in m.report(account, "account", START, END):
        at = report.day - int(np.datetime64(START, "D").astype(int))
        spend[at] = report.spend_micros
        rate[at] = report.purchases / report.clicks
    weeks = days // 7 * 7
    spend, rate = (series[:weeks].reshape(-1, 7).mean(axis=1) for series in (spend, rate))
    slope = np.polyfit(np.log(spend), np.log(rate), 1)[0]
    assert low < slope < high


def test_adstock_lets_a_cut_be_felt_later_and_only_where_it_is_on() -> None:
    early, late = [], []
    for carry_over in (0.0, 0.7):
        given = world({"carry_over": carry_over, "shapes": {"power": 1}}, ad_sets=8)
        m = Market(given, Clock(datetime(2026, 3, 31, tzinfo=UTC)))
        account = given.accounts[0]
        sets = m.catalog(account).ad_sets
        plain = Market(given, Clock(NOW))
        for own, budget in zip(sets.id.tolist(), sets.budget_micros.tolist(), strict=True):
            m.change(account, "ad_set", own, "budget_micros", int(budget) // 20_000 * 10_000)
        m.clock.set(NOW)

        def per_click(market: Market, start: date, end: date) -> float:
            return totals(market, "purchases", start, end).sum() / totals(market, "clicks", start, end).sum()

        for kept, (start, end) in (
            (early, (date(2026, 4, 1), date(2026, 4, 2))),
            (late, (date(2026, 5, 1), date(2026, 5, 30))),
        ):
            kept.append(per_click(m, start, end) / per_click(plain, start, end))
    assert early[0] == pytest.approx(1, abs=0.06)
    assert early[1] > 1.2
    assert late == pytest.approx([1, 1], abs=0.03)


def test_shocks_move_conversion_rates_for_days_and_only_where_they_are_on() -> None:
    spreads = []
    for a_year in (0.0, 6.0):
        given = world({"shapes": {"power": 1}, "shocks_a_year": a_year, "shock_size": 0.8})
        m = Market(given, Clock(NOW))
        account, rates = given.accounts[0], []
        for month in range(1, 9):
            start, end = date(2026, month, 1), date(2026, month, 14)
            rates.append(totals(m, "purchases", start, end) / totals(m, "clicks", start, end))
        spreads.append(np.log(rates).std(axis=0).mean())
        assert account.behaviour.response is not None
    assert spreads[0] < 0.05
    assert spreads[1] > 3 * spreads[0]


def test_a_step_changes_the_level_for_months() -> None:
    given = world({"shapes": {"step": 1}})
    m = Market(given, Clock(NOW))
    rates = np.array([
        totals(m, "purchases", date(2026, n, 1), date(2026, n, 25)) / totals(m, "clicks", date(2026, n, 1), date(2026, n, 25))
        for n in range(1, 10)
    ])  # fmt: skip
    jumps = np.abs(np.diff(np.log(rates), axis=0))
    assert (jumps.max(axis=0) > 0.15).mean() > 0.5
    assert np.median(jumps) < 0.08


def test_a_day_is_the_same_alone_and_among_other_days_with_every_memory_on() -> None:
    given = world(
        {"carry_over": 0.6, "competition": 0.5, "group_size": 3, "demand_swing": 0.3, "demand_conversion": 1.0, "shocks_a_year": 4},
        noise_memory=0.6, noise_most=0.5,
    )  # fmt: skip
    m, account = Market(given, Clock(NOW)), given.accounts[0]
    (among,) = m.report(account, "ad", START, END)
    day = date(2026, 2, 3)
    (alone,) = m.report(account, "ad", day, day)
    same_day = among.day == np.datetime64(day, "D").astype(int)
    for metric in ("ad", "impressions", "clicks", "spend_micros", "purchases", "purchase_value_micros"):
        assert np.array_equal(getattr(among, metric)[same_day], getattr(alone, metric))
