"""What makes a market hard to judge: order values that vary, wholesale, noise that lasts, chargebacks.

Each has a world without it.
"""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from sandbox.clock import Clock
from sandbox.customers.customer_records import Bookkeeper
from sandbox.market import Market
from sandbox.world import World

BEGINS, NOW = date(2026, 1, 1), datetime(2026, 11, 23, 6, tzinfo=UTC)
START, END = date(2026, 2, 1), date(2026, 10, 20)


def market(crm: dict[str, Any] | None = None, **behaviour: Any) -> Market:
    account = {
        "platform": "meta_ads", "id": "2000000001", "name": "A", "currency": "EUR", "time_zone": "UTC", "campaigns": 1,
        "ad_sets_per_campaign": 12, "ads_per_ad_set": 1,
        "behaviour": {"daily_budget": 200, "lead_share": 0, "paused_share": 0, "conversion_rate": 0.1, "ctr": 0.03} | behaviour,
    }  # fmt: skip
    given = {"name": "hard", "seed": 3, "begins": BEGINS, "accounts": [account], "crm": crm or {}}
    return Market(World.model_validate(given), Clock(NOW))


def values_of_people(m: Market) -> np.ndarray:
    people = Bookkeeper(m).books().people
    paid = people.ad_set >= 0
    catalog = m.catalog(m.world.accounts[0])
    return people.value[paid] / catalog.ad_sets.order_value[people.ad_set[paid]]


def mean_claim(m: Market) -> float:
    (report,) = m.report(m.world.accounts[0], "account", START, END)
    return float(report.purchase_value_micros.sum() / report.purchases.sum())


@pytest.mark.parametrize("spread", [0.3, 0.45, 1.6])
def test_order_values_spread_as_the_world_says_at_the_platform_and_in_the_crm(spread: float) -> None:
    m = market({"begins": date(2026, 9, 1)}, order_value_spread=spread)
    assert np.log(values_of_people(m)).std() == pytest.approx(spread, rel=0.04)
    claimed, usual = mean_claim(m), mean_claim(market(order_value_spread=0))
    assert claimed / usual == pytest.approx(np.exp(spread**2 / 2), rel=0.08)


@pytest.mark.parametrize("share", [0.0, 0.05])
def test_a_share_of_the_orders_is_wholesale(share: float) -> None:
    values = values_of_people(
        market(
            {"begins": date(2026, 9, 1)}, order_value_spread=0.3, wholesale_share=share, wholesale_multiple=20
        )
    )
    assert (values > 8).mean() == pytest.approx(share, abs=0.01)


def _daily_log_spend(m: Market) -> np.ndarray:
    """Days x ad sets, less each ad set's mean."""
    spend = np.zeros(((END - START).days + 1, 12))
    for report in m.report(m.world.accounts[0], "ad_set", START, END):
        spend[report.day - int(np.datetime64(START, "D").astype(int)), report.ad_set] = report.spend_micros
    logs = np.log(np.maximum(spend, 1))
    return logs - logs.mean(axis=0)


@pytest.mark.parametrize(("memory", "low", "high"), [(0.0, -0.1, 0.1), (0.7, 0.6, 0.8)])
def test_noise_of_spend_lasts_as_the_world_says(memory: float, low: float, high: float) -> None:
    free = {
        "demand": 0.2,
        "demand_spread": 0.0,
        "weekday_swing": 0.0,
        "season_swing": 0.0,
        "campaign_budget_share": 0.0,
    }
    logs = _daily_log_spend(market(noise=0.05, noise_most=0.5, noise_memory=memory, **free))
    correlations = [np.corrcoef(series[1:], series[:-1])[0, 1] for series in logs.T]
    assert low < np.median(correlations) < high
    spreads = logs.std(axis=0)
    assert 0.04 < spreads.min() < 0.15 < 0.25 < spreads.max() < 0.6
    alike = _daily_log_spend(market(noise=0.12, **free)).std(axis=0)
    assert alike == pytest.approx(np.full(12, 0.12), rel=0.2)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_chargebacks_take_orders_back_weeks_later(share: float) -> None:
    books = Bookkeeper(
        market({"begins": date(2026, 6, 1), "refund_share": 0.0, "chargeback_share": share})
    ).books()
    ordered = np.isfinite(books.funnel.order_at)
    taken_back = np.isfinite(books.funnel.refunded_at)
    assert taken_back.sum() / ordered.sum() == pytest.approx(share, abs=0.02)
    if share:
        days = (books.funnel.refunded_at[taken_back] - books.funnel.order_at[taken_back]) / 86_400
        assert np.mean(days) == pytest.approx(45, rel=0.1)


@pytest.mark.parametrize(
    ("demand", "spread", "low", "high"), [(1.1, 0.35, 0.2, 0.8), (6, 0.1, 0.97, 1.0), (0.3, 0.1, 0.0, 0.02)]
)
def test_budgets_bind_where_demand_is_above_them(
    demand: float, spread: float, low: float, high: float
) -> None:
    m = market(demand=demand, demand_spread=spread, campaign_budget_share=0)
    account = m.world.accounts[0]
    met, _ = m.conditions(account, np.arange(20_500, 20_600))
    assert low <= (met.planned < 0.99 * met.wanted).mean() <= high


CLAIMED = {"begins": date(2026, 7, 1), "organic_share": 0.0}


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_refunds_take_a_share_of_the_orders_back(share: float) -> None:
    funnel = Bookkeeper(market({"begins": date(2026, 6, 1), "refund_share": share})).books().funnel
    taken_back = np.isfinite(funnel.refunded_at).sum() / np.isfinite(funnel.order_at).sum()
    assert taken_back == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_platforms_take_a_share_of_their_claims_back(share: float) -> None:
    """The platform's own figure of a day falls once its claims have been taken back."""
    m = market(retracted_share=share, retraction_days=3, same_day_share=1.0)
    account, day = m.world.accounts[0], date(2026, 9, 1)
    m.clock.set(datetime(2026, 9, 2, 1, tzinfo=UTC))
    (soon,) = m.report(account, "account", day, day)
    m.clock.set(NOW)
    (later,) = m.report(account, "account", day, day)
    assert 1 - later.purchases.sum() / soon.purchases.sum() == pytest.approx(share, abs=0.12)


@pytest.mark.parametrize("excess", [0.0, 0.3, 1.0])
def test_claims_exceed_the_orders_as_the_world_says(excess: float) -> None:
    books = Bookkeeper(market(CLAIMED | {"claim_excess": excess})).books()
    claimed = books.people.ad_set >= 0
    assert claimed.sum() / books.funnel.is_real[claimed].sum() - 1 == pytest.approx(excess, abs=0.12)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.6])
def test_touches_are_lost_as_the_world_says(share: float) -> None:
    touches = Bookkeeper(market(CLAIMED | {"touch_lost_share": share, "lost_share": 0.0})).books().touches
    assert touches.is_lost[~touches.is_form].mean() == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize("lag_days", [4, 12])
def test_conversions_come_as_late_as_the_world_says(lag_days: int) -> None:
    people = (
        Bookkeeper(market(CLAIMED, lag_days=lag_days, same_day_share=0.0, longest_lag_days=90)).books().people
    )
    days = (people.converts_at - people.click_at)[people.ad_set >= 0] / 86_400
    assert np.mean(days) == pytest.approx(lag_days, rel=0.2)


@pytest.mark.parametrize("multiple", [1, 3, 10])
def test_customer_segments_differ_in_value_as_the_world_says(multiple: int) -> None:
    segments = [{"name": "small", "share": 1.0}, {"name": "large", "share": 1.0, "order_value": multiple}]
    books = Bookkeeper(market(CLAIMED | {"segments": segments}, order_value_spread=0.2)).books()
    medians = [np.median(books.people.value[books.segment == number]) for number in (0, 1)]
    assert medians[1] / medians[0] == pytest.approx(multiple, rel=0.1)


@pytest.mark.parametrize("share", [0.1, 0.8])
def test_as_many_people_agree_to_advertising_as_the_world_says(share: float) -> None:
    books = Bookkeeper(market(CLAIMED | {"consent_share": share})).books()
    assert books.traits.agreed.mean() == pytest.approx(share, abs=0.03)
