"""The batched event log stores what Dagster's own stores, event for event, as far as anybody can ask."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

FIRST, LAST = "2026-03-01", "2026-03-31"
DAYS = dg.DailyPartitionsDefinition("2026-01-01")
KEYS = [dg.AssetKey(["raw", "one"]), dg.AssetKey(["raw", "two"])]
OURS = {"module": "orchestration.instance.batched_event_log", "class": "BatchedSqliteEventLogStorage"}
THEIRS = {"module": "dagster._core.storage.event_log", "class": "SqliteEventLogStorage"}


@dg.multi_asset(
    specs=[dg.AssetSpec(key, partitions_def=DAYS, tags={"kind": "raw"}) for key in KEYS],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def pulled() -> Iterator[dg.MaterializeResult]:
    for number, key in enumerate(KEYS):
        yield dg.MaterializeResult(asset_key=key, metadata={"rows": number}, tags={"colour": "red"})


@dg.asset_check(asset=KEYS[0])
def is_fine() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@contextmanager
def instance(home: Path, storage: dict[str, str]) -> Iterator[dg.DagsterInstance]:
    home.mkdir()
    config = {
        "event_log_storage": storage | {"config": {"base_dir": str(home / "events")}},
        "telemetry": {"enabled": False},
    }
    (home / "dagster.yaml").write_text(yaml.safe_dump(config))
    with dg.DagsterInstance.from_config(str(home)) as opened:
        yield opened


def refreshed(opened: dg.DagsterInstance, *, first: str = FIRST, last: str = LAST) -> str:
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    job = dg.Definitions(assets=[pulled], asset_checks=[is_fine]).resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(instance=opened, tags=tags)
    assert result.success
    return result.run_id


def records_of_run(opened: dg.DagsterInstance, run_id: str) -> dict[str, Any]:
    """Everything that the UI, sensors and automation read of these assets, without instants and run ids."""
    events = [(entry.dagster_event_type, entry.step_key) for entry in opened.all_logs(run_id)]
    by_asset = {}
    for key in KEYS:
        records = opened.fetch_materializations(key, limit=1000).records
        by_asset[key.to_user_string()] = {
            "partitions": sorted(opened.get_materialized_partitions(key)),
            "materializations": [
                (
                    record.partition_key,
                    record.asset_materialization.tags.get("colour"),
                    len(record.asset_materialization.metadata),
                )
                for record in records
            ],
            "order": [record.storage_id for record in records]
            == sorted((r.storage_id for r in records), reverse=True),
            "newest": opened.get_latest_materialization_event(key).asset_materialization.partition,
            "planned": len(
                opened.get_event_records(
                    dg.EventRecordsFilter(dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED, key), limit=1000
                )
            ),
            "by day": sorted(
                opened.get_latest_storage_id_by_partition(key, dg.DagsterEventType.ASSET_MATERIALIZATION)
            ),
            "tags": sorted(
                map(
                    str, opened.get_event_tags_for_asset(key, filter_tags={"dagster/partition": "2026-03-05"})
                )
            ),
            "known": opened.has_asset_key(key),
            "record": opened.get_asset_records([key])[0].asset_entry.last_materialization.partition_key
            if hasattr(opened.get_asset_records([key])[0].asset_entry.last_materialization, "partition_key")
            else None,
        }
    return {"events": sorted(map(str, events)), "assets": by_asset}


@pytest.fixture(params=["1000", "7"])
def _batches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", request.param)


@pytest.mark.usefixtures("_batches")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_can_be_asked_is_the_same(tmp_path: Path) -> None:
    answers = []
    for name, storage in (("ours", OURS), ("theirs", THEIRS)):
        with instance(tmp_path / name, storage) as opened:
            refreshed(opened)
            again = refreshed(opened, first="2026-03-20", last="2026-04-02")
            answers.append(records_of_run(opened, again))
    ours, theirs = answers
    assert ours == theirs
    assert len(ours["assets"]["raw/one"]["partitions"]) == 33


def test_a_run_can_be_wiped(tmp_path: Path) -> None:
    with instance(tmp_path / "home", OURS) as opened:
        run_id = refreshed(opened)
        opened.delete_run(run_id)
        assert opened.all_logs(run_id) == []
        opened.wipe_assets(KEYS)
        assert opened.get_materialized_partitions(KEYS[0]) == set()
