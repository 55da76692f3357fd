"""The asset graph as the UI shows it, and what runs by itself."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import dagster as dg
import pyarrow as pa
import pytest

from assets.automation import follows
from assets.partitions import week_ended_by
from orchestration.definitions import defs
from orchestration.jobs import RAW_DAYS
from orchestration.schedules import RANGE_END, RANGE_START, every_monday, every_morning
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
    found = {}
    for request in requests:
        platforms = {key.path[-1].split("_ads_")[0] + "_ads" for key in request.asset_selection}
        assert len(platforms) == 1
        found[platforms.pop()] = (request.tags[RANGE_START], request.tags[RANGE_END])
    return found


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
def test_on_mondays_the_customers_of_the_week_before_are_put_together(day: int, week: str) -> None:
    with dg.build_schedule_context(
        scheduled_execution_time=datetime(2026, 11, day, 5, 40, tzinfo=UTC)
    ) as context:
        request = every_monday(context)
    assert isinstance(request, dg.RunRequest)
    assert (request.partition_key, request.run_key) == (week, week)


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
