"""Paid share where touches go unobserved: on drawn paths whose truth is known, then the rules of the range."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from assets.core.crm.attribution import UNATTRIBUTED, attribute
from assets.core.crm.path_completion import FEWEST, PaidShares, _path_types, _thinning, paid_shares

PAID = ("google_ads", "meta_ads")
CHANNELS = (*PAID, "organic", "direct")
RATES = np.array([0.9, 1.2, 0.5, 0.2])
START = pd.Timestamp("2026-06-01", tz="UTC")


def observed_market(
    seed: int, *, touch_loss: float, never_seen: float, people: int = 12_000
) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Observed touches and orders, and the true paid value: each touch convinces at its channel's rate."""
    rng = np.random.default_rng(seed)
    size = 1 + np.minimum(rng.poisson(1.0, people), 4)
    person = np.repeat(np.arange(people), size)
    came_by_ad = rng.random(people) < 0.6
    channel = np.where(
        came_by_ad[person] & (rng.random(len(person)) < 0.7),
        rng.integers(0, 2, len(person)),
        rng.integers(2, 4, len(person)),
    )
    pull = np.bincount(person, RATES[channel], people)
    bought = rng.random(people) < -np.expm1(-0.3 * pull)
    value = rng.lognormal(4.0, 0.7, people)
    paid = np.bincount(person, RATES[channel] * (channel < len(PAID)), people) / pull
    lost = (rng.random(people) < never_seen)[person] | (rng.random(len(person)) < touch_loss)
    at = START + pd.to_timedelta(rng.uniform(0, 60, len(person)), unit="D")
    touches = pd.DataFrame(
        {"person_id": person.astype(str), "touch_at": at, "channel": np.array(CHANNELS)[channel]}
    )[~lost]
    buyers = np.flatnonzero(bought)
    orders = pd.DataFrame(
        {
            "outcome_id": buyers.astype(str),
            "person_id": buyers.astype(str),
            "at": START + timedelta(days=61),
            "value": value[buyers],
        }
    )
    return touches, orders, float((paid * value)[buyers].sum())


def completed(touches: pd.DataFrame, orders: pd.DataFrame) -> tuple[PaidShares, float]:
    """The completed shares, and the paid value if unattributed orders were paid as often as the others."""
    credited = attribute(touches, orders, repeats_follow=True)
    by_channel = credited.groupby("channel")["value"].sum()
    seen = by_channel.drop(UNATTRIBUTED, errors="ignore")
    proportional = float(seen.reindex(list(PAID)).sum() / seen.sum() * by_channel.sum())
    return paid_shares(credited, touches, orders, paid=PAID), proportional


def test_completed_paths_are_nearer_to_the_truth_and_the_range_holds_it() -> None:
    errors, proportional_errors, held = [], [], []
    for seed in range(6):
        touch_loss, never_seen = (0.1, 0.2, 0.3)[seed % 3], 0.1
        touches, orders, truth = observed_market(seed, touch_loss=touch_loss, never_seen=never_seen)
        shares, proportional = completed(touches, orders)
        estimate, low, high = shares.paid_value()
        errors.append(abs(estimate / truth - 1))
        proportional_errors.append(abs(proportional / truth - 1))
        held.append(low <= truth <= high)
    assert np.mean(errors) < 0.6 * np.mean(proportional_errors)
    assert max(errors) < 0.05
    assert sum(held) >= 5  # of six: an 80 % range misses at most one in most draws


def test_without_loss_nothing_is_changed() -> None:
    touches, orders, truth = observed_market(7, touch_loss=0.0, never_seen=0.0)
    shares, proportional = completed(touches, orders)
    estimate, low, high = shares.paid_value()
    assert estimate == pytest.approx(proportional, rel=1e-9)
    assert shares.loss_rates.tolist() == [0.0]
    assert low <= estimate <= high
    assert estimate == pytest.approx(truth, rel=0.03)


def test_few_orders_complete_no_paths() -> None:
    touches, orders, _ = observed_market(8, touch_loss=0.2, never_seen=0.1, people=FEWEST)
    shares, _ = completed(touches, orders)
    assert not shares.is_completed
    assert shares.loss_rates.tolist() == [0.0]


def test_days_add_up_to_the_whole_and_shares_are_shares() -> None:
    touches, orders, _ = observed_market(9, touch_loss=0.2, never_seen=0.2, people=4_000)
    spread = orders.assign(at=orders["at"] + pd.to_timedelta(np.arange(len(orders)) % 9, unit="D"))
    shares, _ = completed(touches, spread)
    days = shares.by_day()
    assert len(days) == 9
    assert days["revenue"].sum() == pytest.approx(shares.paid_value()[0])
    assert (days["revenue_low"] <= days["revenue"]).all()
    assert (days["revenue"] <= days["revenue_high"]).all()
    assert ((shares.mean >= 0) & (shares.mean <= 1)).all()
    assert shares.weights.sum() == pytest.approx(1.0)
    assert shares.paid_value(shares.day == date(1999, 1, 1)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("loss", [0.0, 0.2, 0.6])
def test_a_complete_path_is_observed_as_one_of_its_parts(loss: float) -> None:
    partial = _path_types(3, 4)
    chances = _thinning(partial[1:], partial, loss)
    assert chances.sum(axis=1) == pytest.approx(np.ones(len(partial) - 1))
    if loss == 0.0:
        assert (chances[:, 1:] == np.eye(len(partial) - 1)).all()
