"""One order for the command line and for automation, derived from the asset graph."""

import dagster as dg
import pytest

from orchestration.cli.backfill import backfill_order
from orchestration.definitions import defs
from orchestration.run_order import Extent, RunStep, run_steps


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return defs()


@pytest.fixture(scope="module")
def steps(definitions: dg.Definitions) -> list[RunStep]:
    return run_steps(definitions.resolve_asset_graph())


def test_every_asset_that_automation_requests_is_in_exactly_one_step(
    definitions: dg.Definitions, steps: list[RunStep]
) -> None:
    graph = definitions.resolve_asset_graph()
    automated = {node.key for node in graph.asset_nodes if node.automation_condition is not None}
    ordered = [key for step in steps for key in step.keys]
    assert sorted(ordered) == sorted(automated)
    names = {key.to_user_string() for key in ordered}
    assert {"actions/audiences", "actions/audience_removals", "segments/performance"} <= names


def test_no_asset_comes_before_what_it_is_made_of(definitions: dg.Definitions, steps: list[RunStep]) -> None:
    graph = definitions.resolve_asset_graph()
    position = {key: number for number, step in enumerate(steps) for key in step.keys}
    for key, number in position.items():
        for parent in graph.get(key).parent_keys & set(position):
            assert position[parent] <= number, f"{key} before {parent}"


def test_an_asset_added_between_two_others_is_ordered_without_a_list_by_hand() -> None:
    from assets.automation import follows, follows_newest
    from assets.partitions import days

    @dg.asset(partitions_def=days, automation_condition=follows_newest())
    def page() -> None: ...

    @dg.asset(partitions_def=days, automation_condition=follows(), deps=["pulled"])
    def core() -> None: ...

    @dg.asset(automation_condition=follows(), deps=[core])
    def between() -> None: ...

    @dg.asset(partitions_def=days, automation_condition=follows_newest(), deps=[between])
    def judged() -> None: ...

    graph = dg.Definitions(assets=[page, core, between, judged]).resolve_asset_graph()
    first, second = run_steps(graph)
    assert first == RunStep(Extent.EVERY_DAY, frozenset({core.key, between.key}))
    assert second == RunStep(Extent.NEWEST_DAY, frozenset({page.key, judged.key}))


def test_a_backfill_renews_days_before_what_is_made_of_them_and_leaves_the_newest_day_to_the_daily_run(
    definitions: dg.Definitions, steps: list[RunStep]
) -> None:
    graph, order = definitions.resolve_asset_graph(), backfill_order()
    before, days, after = (
        {key.to_user_string() for key in selection.resolve(graph)}
        for selection in (order.before_days, order.days, order.after_days)
    )
    assert "core/fx_rate" in before
    assert days == {"core/campaign_day", "core/ad_set_day", "core/ad_day", "core/kpi_day"}
    assert "core/funnel_day" in after
    every_day = {key.to_user_string() for key in steps[0].keys}
    assert before | days | after <= every_day
