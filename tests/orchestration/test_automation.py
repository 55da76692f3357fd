"""Automation conditions against Dagster's own evaluation: no update is lost, a failed run is requested again,
a bounded number of times.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from assets.automation import follows, follows_newest, newest_week
from orchestration.definitions import defs
from tests.orchestration.automation_world import DAYS, INPUTS, World, stale_after_random_history

DAY = "2026-11-03"
"""A day long past: the newest partition is the 20th."""
THREE_DAYS = ("2026-11-03", "2026-11-04", "2026-11-05")
MONDAY = datetime(2026, 11, 23, 0, 0, 7, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    world = World(follows())
    world.fill(DAY)
    return world


def test_nothing_is_requested_for_days_that_have_no_inputs() -> None:
    world = World(follows())
    assert [world.tick() for _ in range(3)] == [[], [], []]


def test_a_restated_day_of_the_past_is_requested_once(world: World) -> None:
    world.renew("google_ads", DAY)
    world.run_requested()
    assert not world.stale()
    assert world.requests == 1


def test_an_input_that_arrives_while_a_run_goes_on_is_requested_when_the_run_has_ended(world: World) -> None:
    world.renew("google_ads", DAY)
    world.tick()
    run = world.start(DAY)
    world.tick()
    world.renew("meta_ads", DAY)
    assert world.tick() == [], "not while the run goes on"
    world.end(run)
    world.run_requested()
    assert not world.stale()


def test_an_input_that_arrives_between_two_evaluations_that_also_see_the_run_end_is_requested(
    world: World,
) -> None:
    world.renew("google_ads", DAY)
    world.tick()
    run = world.start(DAY)
    world.renew("meta_ads", DAY)
    world.end(run)
    world.run_requested()
    assert not world.stale()


def test_twenty_updates_during_one_run_lead_to_one_more_run(world: World) -> None:
    world.renew("google_ads", DAY)
    world.tick()
    run = world.start(DAY)
    for _ in range(10):
        world.renew("google_ads", DAY)
        world.renew("meta_ads", DAY)
        world.tick()
    world.end(run)
    world.run_requested()
    assert not world.stale()
    assert world.requests == 2


def test_a_failed_run_is_requested_again_with_back_off_and_heals_by_itself(world: World) -> None:
    world.renew("google_ads", DAY)
    for day in world.tick():
        world.run(day, succeeds=False)
    assert [world.tick() for _ in range(2)] == [[], []], "not at once"
    world.run_requested(evaluations=4, minutes=5)
    assert not world.stale()


def test_what_fails_for_good_is_requested_three_times_and_then_waits_for_a_new_input(world: World) -> None:
    world.renew("google_ads", DAY)
    world.run_requested(evaluations=30, minutes=5, succeeds=False)
    assert world.requests == 3
    world.renew("google_ads", DAY)
    world.run_requested(evaluations=1, succeeds=False)
    assert world.requests == 4
    world.run_requested(evaluations=3, minutes=5)
    assert not world.stale(), "and the count of attempts began anew"


def test_three_backfills_over_the_same_days_leave_no_day_without_an_input() -> None:
    world = World(follows())
    backfills = {name: world.begin_backfill(name, THREE_DAYS, name) for name in INPUTS}
    running: list[str] = []
    for name in INPUTS:
        for day in THREE_DAYS:
            world.renew(name, day, **{"dagster/backfill": name})
            if day == THREE_DAYS[-1]:
                world.end_backfill(backfills[name])
            for run_id in running:
                world.end(run_id)
            running = [world.start(requested) for requested in world.tick()]
    for run_id in running:
        world.end(run_id)
    world.run_requested(evaluations=4)
    assert not world.stale()
    assert world.requests == 3


def test_an_update_during_a_backfill_of_the_asset_itself_is_requested_when_the_backfill_has_ended() -> None:
    world = World(follows())
    for name in INPUTS:
        for day in THREE_DAYS:
            world.renew(name, day)
    world.run_requested()
    backfill = world.begin_backfill("core again", THREE_DAYS, "core")
    tag = {"dagster/backfill": "core again"}
    first = world.start(THREE_DAYS[0], **tag)
    world.tick()
    world.renew("google_ads", THREE_DAYS[0])
    assert world.tick() == []
    world.end(first)
    for day in THREE_DAYS[1:]:
        world.end(world.start(day, **tag))
    assert world.tick() == []
    world.end_backfill(backfill)
    world.run_requested()
    assert not world.stale()


@pytest.mark.parametrize("seed", range(2))
def test_after_a_random_history_no_day_stays_stale(seed: int) -> None:
    assert stale_after_random_history(follows(), THREE_DAYS[:2], seed=seed) == []


@pytest.mark.parametrize("input_partitions", [None, DAYS], ids=["inputs without days", "inputs with days"])
def test_an_asset_without_partitions_follows_any_of_its_inputs(
    input_partitions: dg.PartitionsDefinition | None,
) -> None:
    world = World(follows(), partitions_def=None, input_partitions=input_partitions)
    partition = DAY if input_partitions else None
    world.renew("google_ads", partition)
    assert len(world.tick()) == 1
    run = world.start(None)
    world.renew("meta_ads", partition)
    world.tick()
    world.end(run, succeeds=False)
    assert len(world.tick()) == 1, "the input that came during the run"
    world.run(None)
    world.run_requested(evaluations=15)
    assert world.requests == 2


def test_a_page_follows_the_newest_day_alone() -> None:
    world = World(follows_newest())
    world.renew("google_ads", DAY)
    world.renew("google_ads", "2026-11-20")
    assert world.tick() == ["2026-11-20"]


def test_a_clock_requests_what_no_input_has_renewed() -> None:
    world = World(follows(also_at="40 * * * *"), partitions_def=None, input_partitions=None)
    ticks = [bool(world.tick(minutes=6)) for _ in range(10)]
    assert ticks.count(True) == 1
    assert ticks.index(True) == 6, "08:44 is the first evaluation after 08:40"


def week_world(*, now: datetime) -> World:
    weeks = dg.WeeklyPartitionsDefinition("2026-11-02", day_offset=1)
    return World(newest_week(), partitions_def=weeks, input_partitions=None, now=now)


def test_the_week_waits_for_every_input_however_late_it_comes() -> None:
    world = week_world(now=MONDAY - timedelta(hours=1))
    for name in INPUTS:
        world.renew(name, None)
    world.run_requested(evaluations=1)
    assert [world.tick(minutes=90) for _ in range(2)] == [[], []], "renewed before the week had ended"
    for name in INPUTS[:-1]:
        world.renew(name, None)
    assert [world.tick(minutes=120) for _ in range(4)] == [[]] * 4, (
        "one input is missing, at half past eight too"
    )
    world.renew(INPUTS[-1], None)
    assert world.tick() == ["2026-11-16"]
    world.run("2026-11-16")
    for name in INPUTS:
        world.renew(name, None)
    assert [world.tick(minutes=60) for _ in range(5)] == [[]] * 5, "once a week"


def test_a_week_that_failed_is_requested_three_times_and_the_next_week_again() -> None:
    world = week_world(now=MONDAY - timedelta(hours=1))
    world.tick(minutes=90)
    for name in INPUTS:
        world.renew(name, None)
    world.run_requested(evaluations=30, minutes=5, succeeds=False)
    assert world.requests == 3
    world.tick(minutes=7 * 24 * 60)
    for name in INPUTS:
        world.renew(name, None)
    assert world.tick() == ["2026-11-23"]


@pytest.mark.parametrize(
    "condition",
    [
        follows(),
        follows(ignoring=dg.AssetSelection.assets("files")),
        follows(also_at="40 * * * *"),
        follows_newest(),
        newest_week(),
    ],
    ids=["follows", "ignoring", "also_at", "newest", "week"],
)
def test_no_two_parts_of_a_condition_share_their_state(condition: dg.AutomationCondition) -> None:
    by_id: dict[str, set[str]] = {}
    for part in parts_of(condition):
        if part.name in {"SINCE", "NEWLY_TRUE"}:
            state_id = part.get_node_unique_id(parent_unique_id=None, index=None, target_key=None)
            by_id.setdefault(state_id, set()).add(str(part.get_snapshot()))
    assert by_id
    assert all(len(contents) == 1 for contents in by_id.values())


def parts_of(condition: dg.AutomationCondition) -> Iterator[dg.AutomationCondition]:
    yield condition
    for child in condition.children:
        yield from parts_of(child)


def test_a_pulled_day_requests_everything_down_to_the_page_of_that_day() -> None:
    definitions, instance = defs(), dg.DagsterInstance.ephemeral()
    now = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
    first = dg.evaluate_automation_conditions(definitions, instance, evaluation_time=now)
    assert first.total_requested == 0
    for day in ("2026-11-02", "2026-11-23"):
        instance.report_runless_asset_event(
            dg.AssetMaterialization(["raw", "google_ads_campaign_day"], partition=day)
        )
    second = dg.evaluate_automation_conditions(
        definitions, instance, cursor=first.cursor, evaluation_time=now + timedelta(minutes=1)
    )
    for key in ("core/campaign_day", "core/kpi_day"):
        requested = second.get_requested_partitions(dg.AssetKey.from_user_string(key))
        assert requested == {"2026-11-02", "2026-11-23"}, key
    for key in ("signals/pacing", "actions/proposals", "reports/daily_dashboard"):
        requested = second.get_requested_partitions(dg.AssetKey.from_user_string(key))
        assert requested == {"2026-11-23"}, key
