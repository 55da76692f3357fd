"""The market: the same for the same seed, free of the order in which it is asked, and moved only by what
people change.
"""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.behaviour import Behaviour
from sandbox.clock import Clock
from sandbox.market import Market
from sandbox.random_draws import poisson
from sandbox.report import LEVELS, METRICS, Report
from sandbox.world import Account, World, load_world
from tests.examples import examples

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
START, END = date(2026, 10, 1), date(2026, 11, 22)


def market(world: World | None = None, *, now: datetime = NOW) -> Market:
    return Market(world or load_world("kind"), Clock(now))


def rows(m: Market, account: Account, level: str, start: date = START, end: date = END) -> Report:
    blocks = list(m.report(account, level, start, end))
    assert len(blocks) == 1
    return blocks[0]


def small_world(seed: int, **traits: object) -> World:
    account = Account(
        platform="meta_ads",
        id="2000000009",
        name="One",
        currency="EUR",
        time_zone="Europe/Berlin",
        campaigns=2,
        ad_sets_per_campaign=3,
        behaviour=Behaviour(**traits),
    )
    return World(name="small", seed=seed, begins=date(2026, 1, 1), accounts=(account,))


def as_bytes(report: Report) -> bytes:
    return b"".join(getattr(report, name).tobytes() for name in ("day", "campaign", *METRICS))


def test_the_same_world_and_seed_give_the_same_bytes() -> None:
    for account in load_world("kind").accounts:
        one, two = (as_bytes(rows(market(), account, "ad")) for _ in "ab")
        assert one == two


def test_another_seed_gives_another_market() -> None:
    account = load_world("kind").accounts[0]
    assert as_bytes(rows(market(), account, "ad")) != as_bytes(
        rows(market(load_world("kind", seed=1)), account, "ad")
    )


@settings(max_examples=examples(15), deadline=None)
@given(day=st.dates(START, END), seed=st.integers(0, 2**32 - 1))
def test_a_day_is_the_same_alone_and_among_other_days(day: date, seed: int) -> None:
    world = small_world(seed)
    account = world.accounts[0]
    among, alone = rows(market(world), account, "ad"), rows(market(world), account, "ad", day, day)
    kept = among.day == np.datetime64(day, "D").astype(int)
    for metric in (*METRICS, "ad"):
        assert np.array_equal(getattr(among, metric)[kept], getattr(alone, metric))


@settings(max_examples=examples(15), deadline=None)
@given(seed=st.integers(0, 2**32 - 1), spread=st.floats(0, 1.5), noise=st.floats(0, 0.8))
def test_levels_sum_to_each_other_exactly(seed: int, spread: float, noise: float) -> None:
    world = small_world(seed, budget_spread=spread, noise=noise)
    m, account = market(world), world.accounts[0]
    totals = [
        {metric: int(getattr(rows(m, account, level), metric).sum()) for metric in METRICS}
        for level in LEVELS
    ]
    assert totals[0] == totals[1] == totals[2]


def test_performance_max_is_seen_at_campaign_level_alone() -> None:
    m = market()
    account = m.world.accounts[0]
    campaign, ad_set = rows(m, account, "campaign"), rows(m, account, "ad_set")
    hidden = m.catalog(account).campaigns.channel.index("PERFORMANCE_MAX")
    assert campaign.spend_micros[campaign.campaign == hidden].sum() > 0
    assert hidden not in ad_set.campaign
    assert campaign.spend_micros[campaign.campaign != hidden].sum() == ad_set.spend_micros.sum()


def test_conversions_only_grow_as_time_passes_and_spend_of_a_closed_day_stays() -> None:
    account = load_world("kind").accounts[2]
    views = [rows(market(now=NOW + timedelta(days=d)), account, "ad", END, END) for d in (0, 3, 10, 40)]
    claims = [int(v.purchases.sum() + v.leads.sum()) for v in views]
    assert claims == sorted(claims)
    assert claims[-1] > claims[0] > 0
    assert len({int(v.spend_micros.sum()) for v in views}) == 1


def test_the_day_that_runs_has_delivered_a_part_and_the_next_nothing() -> None:
    account = load_world("kind").accounts[2]
    morning = rows(market(), account, "ad", NOW.date(), NOW.date())
    night = rows(market(now=NOW + timedelta(days=1)), account, "ad", NOW.date(), NOW.date())
    assert 0 < morning.spend_micros.sum() < night.spend_micros.sum()
    assert (
        list(market().report(account, "ad", NOW.date() + timedelta(days=1), NOW.date() + timedelta(days=5)))
        == []
    )


@pytest.mark.parametrize("level", ["campaign", "ad_set", "ad"])
def test_a_pause_stops_later_days_of_that_entity_and_no_other(level: str) -> None:
    m = market()
    account = m.world.accounts[2]
    before = rows(m, account, level)
    busiest = int(np.bincount(getattr(before, level), before.spend_micros).argmax())
    entity = int(getattr(m.catalog(account), level + "s").id[busiest])
    m.clock.set(NOW - timedelta(days=10))
    first_day = m.change(account, level, entity, "active", value=False).day
    m.clock.set(NOW)
    after = rows(m, account, level)
    stopped = getattr(after, level) == busiest
    assert after.day[stopped].max() < np.datetime64(first_day, "D").astype(int)
    if level != "ad":  # an ad set's spend moves on to its other ads
        kept = getattr(before, level) != busiest
        same_campaign = before.campaign == (
            busiest if level == "campaign" else m.catalog(account).ad_sets.campaign[busiest]
        )
        untouched = kept & ~same_campaign
        others = ~stopped & ~np.isin(after.campaign, np.unique(before.campaign[same_campaign]))
        assert np.array_equal(before.spend_micros[untouched], after.spend_micros[others])


def test_budgets_bind_and_a_halved_budget_halves_what_was_bound() -> None:
    world = small_world(7, demand=5.0, campaign_budget_share=0.0, budget_spread=0.2, paused_share=0.0)
    m, account = market(world), world.accounts[0]
    budget = int(m.catalog(account).ad_sets.budget_micros[0])
    spent = rows(m, account, "ad_set")
    assert spent.spend_micros[spent.ad_set == 0].max() <= budget * 1.05
    m.clock.set(NOW - timedelta(days=10))
    m.change(account, "ad_set", int(m.catalog(account).ad_sets.id[0]), "budget_micros", budget // 2)
    m.clock.set(NOW)
    later = rows(m, account, "ad_set", END - timedelta(days=5), END)
    assert later.spend_micros[later.ad_set == 0].max() <= budget / 2 * 1.05


def test_blocks_of_days_keep_memory_flat_and_lose_nothing() -> None:
    m = market(load_world("large"))
    account = m.world.of("google_ads")[0]
    blocks = list(m.report(account, "ad_set", date(2025, 1, 1), date(2026, 6, 30)))
    assert len(blocks) > 1
    days = np.concatenate([np.unique(block.day) for block in blocks])
    assert np.array_equal(days, np.arange(days[0], days[0] + 546))


@pytest.mark.parametrize("mean", [0.03, 0.7, 4.0, 29.0, 31.0, 400.0])
def test_poisson_draws_have_their_mean_and_variance(mean: float) -> None:
    draws = poisson(np.full(200_000, mean), 5, np.arange(200_000))
    assert draws.mean() == pytest.approx(mean, rel=0.02)
    assert draws.var() == pytest.approx(mean, rel=0.03)
