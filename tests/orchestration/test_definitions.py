"""The asset graph as the UI shows it, and what runs by itself."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
)

from assets.automation import SAFE_RETRIES, follows
from assets.partitions import week_ended_by
from orchestration.automation_status import COST_WHEN_OFF, automation_lines, switched_off
from orchestration.definitions import defs
from orchestration.jobs import RAW_DAYS
from orchestration.schedules import RANGE_END, RANGE_START, every_morning
from resources.lake.lake import Lake
from resources.tables import google_ads

CORE = dg.AssetKey(["core", "ad_set_day"])


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return defs()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def test_every_asset_says_what_it_is_and_whose_it_is(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert not any(
            word in spec.description.split(".")[0] for word in ("SQL", "API", "frame", "schema")
        ), spec.key
        assert spec.owners, spec.key
        assert spec.group_name in {"actions", "raw", "core", "reports", "segments", "signals"}, spec.key
        assert spec.kinds, spec.key
        if spec.key.path[0] not in {"actions", "reports"}:
            columns = spec.metadata["dagster/column_schema"].columns
            assert columns, spec.key
            assert all(column.description for column in columns), spec.key


def test_the_graph_has_the_tables_of_the_design(definitions: dg.Definitions) -> None:
    keys = {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}
    for platform in ("google_ads", "meta_ads", "linkedin_ads"):
        for what in ("campaign_day", "ad_set_day", "ad_day", "entities"):
            assert f"raw/{platform}_{what}" in keys
    wanted = {
        "raw/google_ads_search_term_day",
        "raw/google_ads_conversion_action_day",
        "reports/daily_dashboard",
    }
    wanted |= {
        f"core/{name}" for name in ("ad_set_day", "campaign_day", "ad_day", "entities", "fx_rate", "kpi_day")
    }
    assert wanted <= keys


def asked_for(definitions: dg.Definitions, lake: Lake, morning: str) -> dict[str, tuple[str, str]]:
    """First and last day that the schedule asks of each platform."""
    at = datetime.fromisoformat(f"{morning}T05:00:00+00:00")
    with dg.build_schedule_context(
        scheduled_execution_time=at,
        repository_def=definitions.get_repository_def(),
        resources={"lake": lake},
    ) as context:
        requests = list(every_morning(context))
    windows = {}
    for request in requests:
        platforms = {key.path[-1].split("_ads_")[0] + "_ads" for key in request.asset_selection}
        assert len(platforms) == 1
        windows[platforms.pop()] = (request.tags[RANGE_START], request.tags[RANGE_END])
    return windows


def test_the_morning_pulls_each_platform_s_own_window_and_the_long_one_on_sundays(
    definitions: dg.Definitions, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAID_MEDIA_TRAILING_DAYS", raising=False)
    assert asked_for(definitions, lake, "2026-11-23") == {
        "google_ads": ("2026-10-24", "2026-11-22"),
        "meta_ads": ("2026-10-26", "2026-11-22"),
        "linkedin_ads": ("2026-10-24", "2026-11-22"),
    }
    assert asked_for(definitions, lake, "2026-11-22")["google_ads"] == ("2026-08-24", "2026-11-21")
    monkeypatch.setenv("PAID_MEDIA_TRAILING_DAYS", "7")
    assert asked_for(definitions, lake, "2026-11-23")["meta_ads"] == ("2026-11-16", "2026-11-22")


@pytest.mark.parametrize(("day", "week"), [(23, "2026-11-16"), (30, "2026-11-23")])
def test_on_mondays_the_customers_of_the_week_before_are_put_together_once_the_crm_was_read(
    definitions: dg.Definitions, instance: dg.DagsterInstance, day: int, week: str
) -> None:
    features = dg.AssetKey(["segments", "customer_features"])
    inputs = sorted(definitions.resolve_asset_graph().get(features).parent_keys)
    before = datetime(2026, 11, day, 0, 0, 7, tzinfo=UTC) - timedelta(minutes=5)

    def evaluate(cursor: Any, minutes: int) -> Any:
        return dg.evaluate_automation_conditions(
            definitions,
            instance,
            asset_selection=dg.AssetSelection.groups("segments"),
            cursor=cursor,
            evaluation_time=before + timedelta(minutes=minutes),
        )

    result = evaluate(None, 0)
    result = evaluate(result.cursor, 10)
    assert result.total_requested == 0
    for key in inputs[:-1]:
        renewed(instance, key, None)
    result = evaluate(result.cursor, 20)
    assert result.total_requested == 0, f"{inputs[-1]} was not renewed yet"
    renewed(instance, inputs[-1], None)
    result = evaluate(result.cursor, 30)
    assert result.get_requested_partitions(features) == {week}


@pytest.mark.parametrize(
    ("day", "monday"), [(22, "2026-11-09"), (23, "2026-11-16"), (25, "2026-11-16"), (29, "2026-11-16")]
)
def test_a_week_is_over_on_the_monday_after_it(day: int, monday: str) -> None:
    assert week_ended_by(date(2026, 11, day)).isoformat() == monday


def test_an_action_that_counts_for_longer_is_read_for_longer(definitions: dg.Definitions, lake: Lake) -> None:
    row = {
        "account_id": "1", "conversion_action_id": "7", "name": "Contract", "category": None, "status": "active",
        "click_window_days": 120, "view_window_days": 1, "pulled_at": datetime(2026, 11, 1, tzinfo=UTC),
    }  # fmt: skip
    table = google_ads.CONVERSION_ACTIONS
    lake.record(table, pa.Table.from_pylist([row], schema=table.schema), at=row["pulled_at"])
    assert asked_for(definitions, lake, "2026-11-23")["google_ads"] == ("2026-10-24", "2026-11-22")
    assert asked_for(definitions, lake, "2026-11-22")["google_ads"] == ("2026-07-22", "2026-11-21")


def test_a_backfill_of_two_years_is_a_dozen_runs(definitions: dg.Definitions) -> None:
    for key in RAW_DAYS.resolve(definitions.resolve_asset_graph()):
        policy = definitions.resolve_asset_graph().get(key).backfill_policy
        assert policy is not None
        assert policy.max_partitions_per_run == 62


def test_each_platform_has_its_own_pool(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in RAW_DAYS.resolve(graph):
        platform = next(p for p in ("google_ads", "meta_ads", "linkedin_ads") if key.path[-1].startswith(p))
        assert graph.get(key).pools == {f"{platform}_api"}


def renewed(instance: dg.DagsterInstance, key: dg.AssetKey, day: str | None) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=day))


def small_graph() -> dg.Definitions:
    """Core's condition on a graph that does nothing."""
    days = dg.DailyPartitionsDefinition("2026-01-01")
    raw = dg.AssetSpec(["raw", "pulled"], partitions_def=days)
    files = dg.AssetSpec(["raw", "dropped"])

    @dg.asset(
        key=CORE,
        deps=[raw.key, files.key],
        partitions_def=days,
        automation_condition=follows(ignoring=dg.AssetSelection.assets(files.key)),
    )
    def ad_set_day() -> None: ...

    return dg.Definitions(assets=[raw, files, ad_set_day])


def test_a_restated_day_of_the_past_reaches_core_and_a_dropped_file_does_not_renew_all_of_history(
    instance: dg.DagsterInstance,
) -> None:
    graph = small_graph()
    first = dg.evaluate_automation_conditions(graph, instance)
    assert first.total_requested == 0
    for day in ("2026-02-03", "2026-02-04"):
        renewed(instance, dg.AssetKey(["raw", "pulled"]), day)
    second = dg.evaluate_automation_conditions(graph, instance, cursor=first.cursor)
    assert second.get_requested_partitions(CORE) == {"2026-02-03", "2026-02-04"}
    renewed(instance, dg.AssetKey(["raw", "dropped"]), None)
    third = dg.evaluate_automation_conditions(graph, instance, cursor=second.cursor)
    assert third.total_requested == 0


def test_every_schedule_and_sensor_runs_by_default_and_says_what_it_costs_when_off(
    definitions: dg.Definitions,
) -> None:
    repository = definitions.get_repository_def()
    by_name = {item.name: item for item in (*repository.schedule_defs, *repository.sensor_defs)}
    assert set(by_name) == set(COST_WHEN_OFF)
    for name, item in by_name.items():
        assert item.default_status.value == "RUNNING", name


def test_what_was_switched_off_is_said_with_its_cost() -> None:
    with dg.instance_for_test() as instance:
        assert switched_off(instance) == []
        state = InstigatorState(
            RemoteInstigatorOrigin(repository_origin=instance_origin(), instigator_name="every_hour"),
            InstigatorType.SCHEDULE,
            InstigatorStatus.STOPPED,
            ScheduleInstigatorData("10 * * * *"),
        )
        instance.add_instigator_state(state)
        first, *_ = automation_lines(instance)
        assert (
            "every_hour is off: the CRM is not read: consent withdrawn in the CRM does not leave audiences"
            in first
        )
        assert any("No Dagster daemon is running" in line for line in automation_lines(instance))


def instance_origin() -> RemoteRepositoryOrigin:
    code_location = RegisteredCodeLocationOrigin("paid media")
    return RemoteRepositoryOrigin(code_location_origin=code_location, repository_name="__repository__")


def test_every_step_that_may_be_repeated_has_the_retry_policy_and_no_write_has_one(
    definitions: dg.Definitions,
) -> None:
    writes = {"actions/approved", "actions/audience_removals"}
    job = definitions.resolve_implicit_global_asset_job_def()
    for key in definitions.resolve_asset_graph().executable_asset_keys:
        node = job.get_node_named(str(job.asset_layer.get_op_output_handle(key).node_handle).split(".")[0])
        name = key.to_user_string()
        assert node.retry_policy is None
        policy = getattr(node.definition, "retry_policy", None)
        assert policy == (None if name in writes else SAFE_RETRIES), name


def test_what_the_page_shows_has_a_freshness_policy(definitions: dg.Definitions) -> None:
    policies = {
        spec.key.to_user_string(): spec.freshness_policy for spec in definitions.resolve_all_asset_specs()
    }
    for name in (
        "reports/daily_dashboard",
        "core/kpi_day",
        "core/campaign_day",
        "signals/pacing",
        "segments/cards",
    ):
        assert policies[name] is not None, name
    assert policies["raw/linkedin_ads_campaign_day"] is None, "nobody may have configured LinkedIn"


def test_where_a_method_decides_the_figures_the_asset_has_a_code_version(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        if spec.group_name in {"signals", "segments"}:
            assert spec.code_version, spec.key
