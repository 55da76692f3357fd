"""Drawn incidents: every kind, apart from each other, where they can be seen; and incidents in a world file,
named wrong and right.
"""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sandbox.behaviour import Behaviour
from sandbox.clock import Clock
from sandbox.incident import KINDS, Incident
from sandbox.incident_candidates import place_of
from sandbox.incidents import PLANS, drawn
from sandbox.market import Market
from sandbox.world import Account, World, WorldWrong, load_world
from tests.sandbox.incident_worlds import (
    AT,
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
from tests.sandbox.test_world import GOOD, world_file

SPAN = {"start": date(2026, 3, 1), "end": date(2026, 9, 30)}
FAULTS = {kind for kind, nature in KINDS.items() if nature.is_fault}


def tiny_world(platform: str, *, campaigns: int = 1, ad_sets: int = 1, **traits: Any) -> World:
    account = Account.model_validate(
        {"platform": platform, "id": "510000009", "name": "Tiny", "currency": "EUR", "time_zone": "UTC",
         "campaigns": campaigns, "ad_sets_per_campaign": ad_sets, "behaviour": Behaviour(**traits)}
    )  # fmt: skip
    return World(name="tiny", seed=5, begins=date(2026, 1, 1), accounts=(account,))


def overlaps(world: World, incidents: tuple[Incident, ...]) -> list[tuple[Incident, Incident]]:
    m, found = Market(world, Clock(NOW)), []
    for n, one in enumerate(incidents):
        for other in incidents[:n]:
            place, there = place_of(m, one), place_of(m, other)
            shared = min(len(place), len(there))
            meet = one.first_day <= other.last_day and other.first_day <= one.last_day
            if place[:shared] == there[:shared] and meet:
                found.append((one, other))
    return found


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    faults=st.integers(0, 25),
    length=st.integers(0, 120),
    platform=st.sampled_from(["google_ads", "meta_ads", "linkedin_ads"]),
    campaigns=st.integers(1, 3),
)
def test_any_world_and_time_gives_incidents_that_fit_and_never_meet(
    seed: int, faults: int, length: int, platform: str, campaigns: int
) -> None:
    for world in (tiny_world(platform, campaigns=campaigns), busy_world()):
        start, end = START, START + timedelta(days=length)
        incidents = drawn(world, seed=seed, start=start, end=end, faults=faults)
        assert incidents == drawn(world, seed=seed, start=start, end=end, faults=faults)
        assert all(start <= one.first_day and one.last_day <= end for one in incidents)
        assert overlaps(world, incidents) == []
        assert sum(one.is_fault for one in incidents) <= faults
        Market(world.model_copy(update={"incidents": incidents}), Clock(NOW))  # refuses what is not there


@pytest.mark.parametrize("world", [load_world("kind"), busy_world()], ids=lambda world: world.name)
def test_every_kind_of_fault_comes_before_one_comes_twice(world: World) -> None:
    for seed in range(5):
        incidents = drawn(world, seed=seed, **SPAN, faults=20, promotions=3, holidays=2)
        kinds = Counter(one.kind for one in incidents)
        assert kinds == Counter(dict.fromkeys(FAULTS, 2) | {"promotion": 3, "holiday": 2})


def test_another_seed_or_world_gives_other_incidents() -> None:
    sets = [drawn(load_world("kind", seed=w), seed=s, **SPAN, faults=10) for w, s in ((1, 1), (1, 2), (2, 1))]
    assert len(set(sets)) == 3


def test_sizes_and_lengths_reach_from_subtle_to_plain() -> None:
    found = [
        one for seed in range(40) for one in drawn(busy_world(), seed=seed, **SPAN, faults=10, holidays=2)
    ]
    for kind, plan in PLANS.items():
        sizes = [one.size for one in found if one.kind == kind]
        days = [one.days for one in found if one.kind == kind]
        low, high = plan.size
        assert (min(days), max(days)) == plan.days
        assert min(sizes) <= low + 0.2 * (high - low)
        assert max(sizes) >= high - 0.2 * (high - low)
        if kind != "holiday":  # some holidays sell more
            assert low <= min(sizes) <= max(sizes) <= high


def test_they_spread_over_platforms_accounts_and_levels() -> None:
    found = [
        one
        for seed in range(30)
        for one in drawn(load_world("kind"), seed=seed, **SPAN, faults=20, holidays=2)
    ]
    accounts = Counter((one.platform, one.account_id) for one in found if one.account_id)
    assert len(accounts) == 5
    assert min(accounts.values()) > len(found) / 25
    assert Counter(one.level for one in found).keys() == {"account", "campaign", "ad_set"}
    breaks = [one for one in found if one.kind == "tracking_break"]
    assert {one.level for one in breaks} == {"account", "campaign"}
    assert {(one.platform is None, one.account_id is None) for one in breaks} == {(False, False), (False, True), (True, True)}  # fmt: skip


def test_the_median_incident_stands_out_of_the_noise_of_its_own_entity() -> None:
    """Over its days together the metric it moves is at least five of the entity's own standard errors away
    from usual.
    """
    metric = {"spend_spike": "spend_micros", "spend_stop": "spend_micros", "disapproved_ads": "spend_micros",
              "tracking_break": "conversions", "roas_decay": "conversions", "promotion": "conversions"}  # fmt: skip
    world, distances = load_world("kind"), []
    clean = Market(world, Clock(NOW))
    for seed in range(4):
        for one in drawn(world, seed=seed, **SPAN, faults=10, promotions=0, holidays=0):
            if one.account_id is None or one.platform is None:
                continue
            dirty = Market(world.model_copy(update={"incidents": (one,)}), Clock(NOW))
            usual, hit = (_series(m, one, metric.get(one.kind, "clicks")) for m in (clean, dirty))
            days = slice((one.first_day - SPAN["start"]).days, (one.last_day - SPAN["start"]).days + 1)
            error = usual.std() / np.sqrt(one.days)
            distances.append(abs(hit[days].mean() - usual[days].mean()) / error)
    assert len(distances) > 30
    assert np.median(distances) > 5
    assert min(distances) > 0.5


def _series(m: Market, incident: Incident, metric: str) -> np.ndarray:
    account = m.world.account(str(incident.platform), str(incident.account_id))
    assert account is not None
    catalog = m.catalog(account)
    row = catalog.index[incident.level][int(incident.entity_id)] if incident.entity_id else 0
    found = np.zeros((SPAN["end"] - SPAN["start"]).days + 1)
    for report in m.report(account, incident.level, SPAN["start"], SPAN["end"]):
        own = (
            np.ones(len(report), bool)
            if incident.level == "account"
            else getattr(report, incident.level) == row
        )
        value = report.purchases + report.leads if metric == "conversions" else getattr(report, metric)
        found[report.day[own] - int(np.datetime64(SPAN["start"], "D").astype(int))] = value[own]
    return found


def test_drawing_keeps_clear_of_the_incidents_there_are() -> None:
    there = (an("spend_stop", 0.0, level="account", platform=None, account_id=None, days=60),)
    more = drawn(busy_world(*there), seed=1, start=START, end=END, faults=10)
    assert more
    assert all(one not in there for one in more)
    assert overlaps(busy_world(*there), (*there, *more)) == []


def test_time_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="incidents need start <= end"):
        drawn(busy_world(), seed=1, start=END, end=START, faults=1)


INCIDENTS = """
incidents:
  - {kind: spend_stop, platform: meta_ads, account_id: "2000000001", first_day: 2025-03-01, days: 3, size: 0}
"""


def test_a_world_file_may_hold_incidents(tmp_path: Path) -> None:
    world = load_world(world_file(tmp_path, GOOD + INCIDENTS))
    (one,) = world.incidents
    assert (one.kind, one.level, one.entity_id, one.last_day) == (
        "spend_stop",
        "account",
        None,
        date(2025, 3, 3),
    )
    assert World.model_validate(world.model_dump(mode="json")) == world


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("spend_stop", "spend_stopp", r"incidents\.0\.kind: .*'spend_stop'"),
        ('"2000000001", first', '"2000000002", first', r"spend_stop of 2025-03-01 is in meta_ads 2000000002, .*meta_ads 2000000001"),
        ('platform: meta_ads, account_id: "2000000001", first', "platform: google_ads, first", r"is in google_ads, which is not in this world"),
        ('platform: meta_ads, account_id: "2000000001", first', 'account_id: "2000000001", first', "account_id needs its platform"),
        ("days: 3", "level: ad_set, days: 3", "level ad_set needs platform, account_id and entity_id"),
        ("days: 3", 'entity_id: "7", days: 3', "level account takes no entity_id"),
        ("days: 3", "level: adset, days: 3", r"incidents\.0\.level: .*'ad_set'"),
        ("days: 3", "days: 0", r"incidents\.0\.days: .*greater than or equal to 1"),
        ("size: 0", "size: 2", "size of spend_stop is what is left of delivery, as a share of usual: between 0 and 0.5, not 2"),
        ("size: 0", "size: .nan", r"incidents\.0\.size: .*finite"),
        ("size: 0", "size: 0, colour: red", r"incidents\.0\.colour"),
    ],
)  # fmt: skip
def test_an_incident_named_wrong_is_refused_with_the_place(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    with pytest.raises(WorldWrong, match=words) as raised:
        load_world(world_file(tmp_path, GOOD + INCIDENTS.replace(old, new)))
    assert "\n" not in str(raised.value)


def test_an_entity_that_is_not_there_or_not_reported_is_refused_when_the_market_opens() -> None:
    with pytest.raises(
        WorldWrong, match="ctr_drop of 2026-08-03: ad_set 12345 is not in meta_ads 2000000007"
    ):
        market(an("ctr_drop", 0.5, level="ad_set", entity_id="12345"))
    demo = load_world("kind")
    catalog = Market(demo, Clock(NOW)).catalog(demo.accounts[0])
    hidden = str(catalog.ad_sets.id[np.flatnonzero(catalog.ad_sets.hidden)[0]])
    where = {"platform": "google_ads", "account_id": "1000000001", "level": "ad_set", "entity_id": hidden}
    one = Incident.model_validate({"kind": "ctr_drop", "first_day": FIRST, "days": 3, "size": 0.5} | where)
    with pytest.raises(WorldWrong, match="part of a Performance Max campaign"):
        Market(demo.model_copy(update={"incidents": (one,)}), Clock(NOW))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kind": "disapproved_ads", "size": 0.1}, "size of disapproved_ads is what is left of delivery: nothing"),
        ({"kind": "bid_strategy_change", "size": 1.0}, "nothing would move"),
        ({"kind": "holiday", "size": 1.0}, "nothing would move"),
        ({"kind": "bid_strategy_change", "size": 1.5, "level": "ad"}, "at level account or campaign or ad_set"),
        ({"kind": "bid_strategy_change", "size": 1.5, "level": "ad_set", "platform": "google_ads"}, "google_ads is at level account or campaign"),
    ],
)  # fmt: skip
def test_a_size_or_level_that_its_kind_cannot_have_is_refused(given: dict, words: str) -> None:
    level = given.get("level", "campaign")
    with pytest.raises(ValidationError, match=words):
        an(**{"level": level, "entity_id": entity_id(level, 0)} | given)


def test_incidents_added_at_run_time_move_delivery_until_they_are_forgotten() -> None:
    m, days = market(), slice(AT, AT + 10)
    before = figures(m)["spend_micros"]
    m.diary.add([an("spend_stop", 0.0)])
    assert figures(m)["spend_micros"][days, 0].sum() == 0
    with pytest.raises(WorldWrong, match="ad_set 1 is not in"):
        m.diary.add([an("holiday", 0.5), an("ctr_drop", 0.5, level="ad_set", entity_id="1")])
    assert len(m.diary.all()) == 1
    m.diary.forget_added()
    assert np.array_equal(figures(m)["spend_micros"], before)
