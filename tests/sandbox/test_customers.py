"""The market's customers: as many as are claimed, fewer that are real, with credit that adds up and deals
that are won as often as said.
"""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from sandbox.clock import Clock
from sandbox.customer_settings import PAID, STAGES, Crm
from sandbox.customers.customer_records import Bookkeeper
from sandbox.customers.funnel import win_chance
from sandbox.customers.people import DAY, TooManyPeople, came
from sandbox.market import Market
from sandbox.segment_mix import NOBODY
from sandbox.world import World, load_world

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
BEGAN = date(2026, 8, 1)


def market(seed: int = 7, *, begins: date = BEGAN, **crm: object) -> Market:
    world = load_world("kind", seed=seed)
    return Market(world.model_copy(update={"crm": Crm(begins=begins, **crm)}), Clock(NOW))


@pytest.fixture(scope="module")
def shop() -> Bookkeeper:
    return Bookkeeper(market())


def test_there_is_a_person_behind_every_conversion_that_will_ever_be_claimed() -> None:
    made = market()
    people, sets = came(made, start=BEGAN, end=BEGAN + timedelta(days=6))
    for number, account in enumerate(made.world.accounts):
        claimed = sum(
            int(block.purchases.sum() + block.leads.sum())
            for block in made.report(account, "account", BEGAN, BEGAN + timedelta(days=6), at=NOW)
        )
        own = (people.account == number) & (people.ad_set != NOBODY)
        assert own.sum() == claimed
        assert set(sets.channel[people.ad_set[own]]) == {PAID.index(account.platform)}


def test_a_person_is_the_same_whoever_asks_for_which_days() -> None:
    made = market()
    whole, _ = came(made, start=BEGAN, end=BEGAN + timedelta(days=9))
    part, _ = came(made, start=BEGAN + timedelta(days=4), end=BEGAN + timedelta(days=6))
    among = np.isin(whole.key, part.key)
    assert among.sum() == len(part)
    for name in ("converts_at", "value", "day"):
        assert sorted(getattr(whole, name)[among]) == sorted(getattr(part, name))


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_claims_exceed_what_really_happened_by_a_fifth_to_two_fifths(seed: int) -> None:
    books = Bookkeeper(market(seed)).books()
    claimed = books.people.ad_set != NOBODY
    assert 0.2 <= claimed.sum() / books.funnel.is_real[claimed].sum() - 1 <= 0.4


def test_every_persons_credit_adds_up_to_one_and_the_claimed_click_is_the_last_paid_touch(
    shop: Bookkeeper,
) -> None:
    books = shop.books()
    touches = books.touches
    assert np.allclose(np.bincount(touches.person, touches.weight), 1.0)
    paid = touches.channel < len(PAID)
    last = np.full(len(books.people), -np.inf)
    np.maximum.at(last, touches.person[paid], touches.at[paid])  # noqa: PD008 — an array
    has_paid = books.people.ad_set != NOBODY
    assert np.allclose(last[has_paid], books.people.click_at[has_paid])


def test_whoever_was_convinced_more_is_more_often_real(shop: Bookkeeper) -> None:
    books = shop.books()
    pull = np.bincount(books.touches.person, books.touches.pull)
    low, high = np.quantile(pull, [0.25, 0.75])
    assert books.funnel.is_real[pull < low].mean() + 0.1 < books.funnel.is_real[pull > high].mean()


def test_deals_are_won_as_often_as_their_stage_and_age_say() -> None:
    keeper = Bookkeeper(
        market(
            begins=date(2025, 1, 1), quality=dict.fromkeys(("google_ads", "meta_ads", "linkedin_ads"), 0.9)
        )
    )
    funnel = keeper.books().funnel
    said, was = [], []
    for day in range(60, 500, 40):
        at = datetime(2025, 1, 1, tzinfo=UTC).timestamp() + day * DAY
        rows = np.flatnonzero((funnel.deal_at <= at) & (funnel.closed_at > at))
        stage = (funnel.stage_at[rows][:, : len(STAGES)] <= at).sum(axis=1) - 1
        age = (at - funnel.stage_at[rows, stage]) / DAY
        said.append(win_chance(keeper._market.world.crm, stage, age))
        was.append(np.isfinite(funnel.won_at[rows]))
    chance, won = np.concatenate(said), np.concatenate(was)
    for share in np.array_split(np.argsort(chance), 4):
        assert chance[share].mean() == pytest.approx(won[share].mean(), abs=0.04)


def test_revenue_knows_no_refund_and_no_test(shop: Bookkeeper) -> None:
    books, start, end = shop.books(), date(2026, 9, 1), date(2026, 10, 31)
    people, what = books.people, books.funnel
    at = np.minimum(what.order_at, what.won_at)
    inside = (at >= datetime(2026, 9, 1, tzinfo=UTC).timestamp()) & (
        at < datetime(2026, 11, 1, tzinfo=UTC).timestamp()
    )
    kept = inside & ~what.is_test & ~(what.refunded_at <= NOW.timestamp())
    value = np.where(np.isfinite(what.order_at), people.value, what.amount)
    truth = pd.DataFrame(shop.revenue(start, end))
    assert truth["value"].sum() == pytest.approx(value[kept].sum())
    assert (inside & (what.refunded_at <= NOW.timestamp())).any()
    assert truth["orders"].sum() == pytest.approx(kept.sum())


def test_a_world_whose_people_do_not_fit_says_what_to_set() -> None:
    with pytest.raises(TooManyPeople, match=r"set crm\.begins later"):
        came(market(), start=BEGAN, end=BEGAN + timedelta(days=3), most=100)


def test_a_world_file_without_a_crm_section_has_one() -> None:
    assert World.model_validate(load_world("kind").model_dump(exclude={"crm"})).crm == Crm()
