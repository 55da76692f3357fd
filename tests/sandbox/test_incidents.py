"""Incidents: each kind moves what it should, by how much it says, from its first day to its last, and nothing
beside it.
"""

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from sandbox.clock import Clock
from sandbox.incident import KINDS
from sandbox.incidents import drawn
from sandbox.market import Market
from sandbox.report import METRICS
from sandbox.world import World, load_world
from tests.sandbox.incident_worlds import (
    AT,
    DAYS,
    END,
    FIRST,
    NOW,
    START,
    an,
    busy_world,
    entity_id,
    figures,
    market,
)

DEMO_BEFORE = "3747a783bbd3d00f220b9e4be5c669e3daf66c4d52c717f3ae5433f64f478e01"
DEMO_SEED_7_BEFORE = "f5e2fef85456fe9105d9fde63717d7835ed7dd5cad895caa54187162056de5c6"
"""What the demo world's ads delivered from 1 October to 23 November 2026, computed before there were
incidents.
"""
EXPECTED = [
    # kind, size, and what becomes of spend, impressions, clicks, conversions: as multiples of usual
    ("spend_spike", 3.0, (3.0, 2.54, 2.54, 2.54)),  # more spend meets a dearer auction: by its 0.15th power
    ("spend_stop", 0.0, (0, 0, 0, 0)),
    ("spend_stop", 0.1, (0.1, 0.141, 0.141, 0.141)),
    ("cpc_jump", 2.0, (1, 0.5, 0.5, 0.5)),
    ("ctr_drop", 0.5, (1, 1, 0.5, 0.5)),
    ("tracking_break", 0.1, (1, 1, 1, 0.1)),
    ("budget_exhausted_early", 0.25, (1, 0.5, 0.5, 0.5)),
    ("disapproved_ads", 0.0, (0, 0, 0, 0)),
    ("bid_strategy_change", 1.6, (0.7906, 0.512, 0.512, 0.647)),
    ("promotion", 2.0, (1.189, 1.159, 1.159, 2.32)),
    ("holiday", 0.5, (0.5, 0.555, 0.555, 0.392)),
]
LASTING = [("creative_fatigue", (1, 1, 0.5, 0.5)), ("roas_decay", (1, 1, 1, 0.5))]
SHOWN = ("spend_micros", "impressions", "clicks", "conversions")


def digest(world: World) -> str:
    m, found = Market(world, Clock(datetime(2026, 11, 23, 6, tzinfo=UTC))), hashlib.sha256()
    for account in world.accounts:
        for block in m.report(account, "ad", date(2026, 10, 1), date(2026, 11, 23)):
            for name in ("day", "ad", *METRICS):
                found.update(getattr(block, name).tobytes())
    return found.hexdigest()


def moved(before: dict[str, np.ndarray], after: dict[str, np.ndarray], days: slice) -> list[float]:
    """Of the first entity, what it delivered on those days as a multiple of what it would have."""
    return [after[metric][days, 0].sum() / before[metric][days, 0].sum() for metric in SHOWN]


def test_without_incidents_worlds_deliver_the_bytes_they_did_before_there_were_any() -> None:
    assert digest(load_world("kind")) == DEMO_BEFORE
    assert digest(load_world("kind", seed=7)) == DEMO_SEED_7_BEFORE


def test_an_incident_of_another_time_changes_no_byte() -> None:
    incidents = drawn(
        load_world("kind"), seed=1, start=date(2026, 11, 24), end=date(2027, 2, 1), faults=10, holidays=2
    )
    assert {incident.kind for incident in incidents} == set(KINDS)
    assert digest(load_world("kind").model_copy(update={"incidents": incidents})) == DEMO_BEFORE


@pytest.mark.parametrize(("kind", "size", "expected"), EXPECTED)
def test_a_kind_moves_its_metrics_by_its_size_on_its_days_alone(
    kind: str, size: float, expected: tuple[float, ...]
) -> None:
    before, after = figures(market()), figures(market(an(kind, size)))
    days = slice(AT, AT + 10)
    for got, wanted, noise in zip(
        moved(before, after, days), expected, (2e-4, 0.02, 0.02, 0.06), strict=True
    ):
        assert got == pytest.approx(wanted, rel=noise, abs=0)
    for metric in METRICS:
        assert np.array_equal(before[metric][:AT], after[metric][:AT])
        assert np.array_equal(before[metric][AT + 10 :], after[metric][AT + 10 :])
        assert np.array_equal(before[metric][:, 1:], after[metric][:, 1:])


@pytest.mark.parametrize(("kind", "expected"), LASTING)
def test_a_decay_grows_evenly_over_its_days_and_stays(kind: str, expected: tuple[float, ...]) -> None:
    before, after = figures(market()), figures(market(an(kind, 0.5, days=20)))
    for days, share in (
        (slice(AT, AT + 4), 0.125),
        (slice(AT + 8, AT + 12), 0.525),
        (slice(AT + 20, DAYS), 1),
    ):
        for got, end, noise in zip(
            moved(before, after, days), expected, (1e-9, 1e-9, 0.02, 0.06), strict=True
        ):
            assert got == pytest.approx(1 - (1 - end) * share, rel=noise)
    for metric in METRICS:
        assert np.array_equal(before[metric][:AT], after[metric][:AT])
        assert np.array_equal(before[metric][:, 1:], after[metric][:, 1:])


@pytest.mark.parametrize("kind", ["tracking_break", "roas_decay"])
def test_what_happens_after_the_click_leaves_spend_impressions_and_clicks_alone(kind: str) -> None:
    before, after = figures(market(), "ad"), figures(market(an(kind, 0.0)), "ad")
    for metric in ("spend_micros", "impressions", "clicks"):
        assert np.array_equal(before[metric], after[metric])


def test_a_broken_tag_loses_late_conversions_and_sign_ups_of_its_clicks_for_good() -> None:
    broken, whole = an("tracking_break", 0.0), market()
    for later in (timedelta(), timedelta(days=400)):
        lost = figures(market(broken, now=NOW + later))
        for metric in ("purchases", "purchase_value_micros", "leads", "signups"):
            assert lost[metric][AT : AT + 10, 0].sum() == 0
    soon = datetime(FIRST.year, FIRST.month, FIRST.day, 6, tzinfo=UTC) + timedelta(days=1)
    early, late = (figures(market(broken, now=at))["conversions"][AT - 3 : AT, 0].sum() for at in (soon, NOW))
    assert early < late == figures(whole)["conversions"][AT - 3 : AT, 0].sum()


def test_conversions_arrive_as_late_as_before_when_there_are_fewer() -> None:
    soon = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=11)
    shares = []
    for incidents in ((), (an("roas_decay", 0.5, days=1, level="account"),)):
        early, late = (figures(market(*incidents, now=at), "account") for at in (soon, NOW))
        days = slice(AT, AT + 10)
        shares.append(early["conversions"][days].sum() / late["conversions"][days].sum())
    assert shares[0] == pytest.approx(shares[1], abs=0.02)
    assert shares[0] < 0.95


@pytest.mark.parametrize("level", ["account", "campaign", "ad_set", "ad"])
def test_it_hits_the_entity_it_names_and_all_within_it(level: str) -> None:
    before, after = figures(market(), "ad"), figures(market(an("spend_stop", 0.0, level=level)), "ad")
    m = market()
    catalog = m.catalog(m.world.of("meta_ads")[0])
    within = {
        "account": np.ones(len(catalog.ads.id), bool),
        "campaign": catalog.ad_sets.campaign[catalog.ads.ad_set] == 0,
        "ad_set": catalog.ads.ad_set == 0,
        "ad": np.arange(len(catalog.ads.id)) == 0,
    }[level]
    days = slice(AT, AT + 10)
    assert before["spend_micros"][days].min() > 0
    assert after["impressions"][days, within].sum() == 0
    for metric in METRICS:
        assert np.array_equal(before[metric][:, ~within], after[metric][:, ~within])


@pytest.mark.parametrize(
    ("where", "hit"),
    [
        ({"platform": None, "account_id": None}, {"google_ads", "meta_ads", "linkedin_ads"}),
        ({"platform": "google_ads", "account_id": None}, {"google_ads"}),
        ({"platform": "meta_ads", "account_id": "2000000007"}, {"meta_ads"}),
    ],
)
def test_tracking_breaks_on_all_platforms_on_one_or_in_one_account(where: dict, hit: set[str]) -> None:
    m = market(an("tracking_break", 0.0, level="account", **where))
    days = slice(AT, AT + 10)
    silent = {
        account.platform
        for account in m.world.accounts
        if figures(m, "account", account.platform)["conversions"][days].sum() == 0
    }
    assert silent == hit


def test_a_budget_that_is_gone_by_noon_is_gone_by_noon() -> None:
    incident = an("budget_exhausted_early", 0.5, level="account")
    at = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
    spent = {
        (hour, bool(incidents)): int(
            figures(market(*incidents, now=at + timedelta(hours=hour)), "account", start=FIRST, end=FIRST)[
                "spend_micros"
            ].sum()
        )
        for hour in (6, 12, 24)
        for incidents in ((), (incident,))
    }
    assert spent[12, True] == spent[24, True] == spent[24, False]
    assert spent[6, True] == pytest.approx(spent[24, True] / 2, rel=1e-4)
    assert spent[12, False] == pytest.approx(spent[24, False] / 2, rel=1e-4)


def test_of_a_day_whose_budget_was_gone_early_a_report_says_how_much_was_served() -> None:
    m = market(an("budget_exhausted_early", 0.4))
    account = m.world.of("meta_ads")[0]
    for level, named in (("campaign", 0.4), ("ad_set", 0.4), ("account", 0.7)):
        (report,) = m.report(account, level, START, END)
        rows = getattr(report, level) if level != "account" else np.zeros(len(report), int)
        during = (report.day >= np.datetime64(FIRST, "D").astype(int)) & (
            report.day < np.datetime64(FIRST, "D").astype(int) + 10
        )
        served = m.served(account, report)
        assert served[during & (rows == 0)] == pytest.approx(named)
        assert served[~during] == pytest.approx(1)


def test_incidents_that_meet_multiply() -> None:
    both = figures(market(an("cpc_jump", 2.0), an("ctr_drop", 0.5, level="account")))
    got = moved(figures(market()), both, slice(AT, AT + 10))
    assert got == pytest.approx([1, 0.5, 0.25, 0.25], rel=0.06)


@pytest.mark.parametrize("seed", [3, 4])
def test_levels_add_up_and_a_day_alone_is_the_same_under_incidents_of_every_kind(seed: int) -> None:
    incidents = drawn(busy_world(), seed=seed, start=START, end=END, faults=10)
    m, alone = market(*incidents), incidents[len(incidents) // 2].first_day
    for account in m.world.accounts:
        levels = [figures(m, level, account.platform) for level in ("account", "campaign", "ad_set", "ad")]
        day = figures(m, "ad", account.platform, start=alone, end=alone)
        for metric in METRICS:
            totals = [found[metric].sum(axis=1).tolist() for found in levels]
            assert totals[0] == totals[1] == totals[2] == totals[3]
            assert np.array_equal(levels[3][metric][(alone - START).days], day[metric][0])


def test_promotions_and_holidays_alone_are_no_faults() -> None:
    assert {kind for kind, nature in KINDS.items() if not nature.is_fault} == {"promotion", "holiday"}
    assert not an("holiday", 1.5).is_fault
    assert an("spend_stop", 0).is_fault
    assert an("spend_stop", 0, days=3).last_day == FIRST + timedelta(days=2)


def test_a_paused_entity_stays_paused_whatever_happens_to_it() -> None:
    m = market(an("spend_spike", 4.0))
    m.clock.set(datetime(2026, 7, 20, 6, tzinfo=UTC))
    m.change(m.world.of("meta_ads")[0], "campaign", int(entity_id("campaign", 0)), "active", value=False)
    m.clock.set(NOW)
    assert figures(m)["spend_micros"][AT : AT + 10, 0].sum() == 0


def test_the_guide_names_every_kind() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text("utf-8")
    assert [kind for kind in KINDS if f"| `{kind}` |" not in guide] == []
