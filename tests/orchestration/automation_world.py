"""A small asset graph on an in-memory instance, with a clock and runs that last longer than one evaluation.

Dagster's own evaluation of automation conditions decides; only the runs are played: planned and started by
one call, finished by another. `read_versions` holds which version of each input the newest finished run of
the target has read, so a test can ask at the end which days are stale.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
from dagster import DagsterEvent, DagsterEventType, DagsterRunStatus
from dagster._core.definitions.selector import (
    PartitionRangeSelector,
    PartitionsByAssetSelector,
    PartitionsSelector,
)
from dagster._core.events import AssetMaterializationPlannedData, StepMaterializationData
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

INPUTS = ("google_ads", "meta_ads", "linkedin_ads")
TARGET = "core"
DAYS = dg.DailyPartitionsDefinition("2026-11-01", end_date="2026-11-21")
START = datetime(2026, 11, 28, 8, 1, 7, tzinfo=UTC)
"""Seconds past the minute: Dagster counts a cron tick twice when an evaluation falls on its very instant."""
RunOf = tuple[str, str | None, dict[str, int]]


@dataclass
class World:
    """Three inputs and one target, which has the condition under test."""

    condition: dg.AutomationCondition
    partitions_def: dg.PartitionsDefinition | None = DAYS
    input_partitions: dg.PartitionsDefinition | None = DAYS
    now: datetime = START
    requests: int = 0
    version: dict[tuple[str, str | None], int] = field(default_factory=dict)
    read_versions: dict[str | None, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        inputs = [dg.asset(name=name, partitions_def=self.input_partitions)(lambda: None) for name in INPUTS]

        @dg.asset(
            name=TARGET, deps=INPUTS, partitions_def=self.partitions_def, automation_condition=self.condition
        )
        def core() -> None: ...

        self.definitions = dg.Definitions(assets=[*inputs, core])
        self.job = self.definitions.resolve_implicit_global_asset_job_def()
        self.instance = dg.DagsterInstance.ephemeral()
        self.cursor: Any = None
        self.open_runs: dict[str, RunOf] = {}
        self.tick()

    def tick(self, minutes: int = 1) -> list[str | None]:
        """Let some minutes pass and evaluate once; the partitions of the target that are requested."""
        self.now += timedelta(minutes=minutes)
        result = dg.evaluate_automation_conditions(
            self.definitions, self.instance, cursor=self.cursor, evaluation_time=self.now
        )
        self.cursor = result.cursor
        requested = sorted(result.get_requested_partitions(dg.AssetKey(TARGET)), key=str)
        self.requests += len(requested)
        return requested

    def start(self, partition: str | None, asset: str = TARGET, **tags: str) -> str:
        """A run of one asset is planned and begins; what it reads is fixed now."""
        if partition is not None:
            tags["dagster/partition"] = partition
        run = self.instance.create_run_for_job(
            self.job,
            asset_selection=frozenset({dg.AssetKey(asset)}),
            tags=tags,
            status=DagsterRunStatus.NOT_STARTED,
        )
        planned = AssetMaterializationPlannedData(dg.AssetKey(asset), partition=partition)
        for kind, data in (
            (DagsterEventType.ASSET_MATERIALIZATION_PLANNED, planned),
            (DagsterEventType.RUN_START, None),
        ):
            event = DagsterEvent(kind.value, run.job_name, event_specific_data=data)
            self.instance.report_dagster_event(event, run.run_id)
        self.open_runs[run.run_id] = (asset, partition, self._versions(partition))
        return run.run_id

    def end(self, run_id: str, *, succeeds: bool = True) -> None:
        """A run that was started materializes its asset and ends, or fails."""
        asset, partition, versions = self.open_runs.pop(run_id)
        if succeeds:
            materialization = StepMaterializationData(dg.AssetMaterialization(asset, partition=partition))
            self.instance.report_dagster_event(
                DagsterEvent(
                    DagsterEventType.ASSET_MATERIALIZATION.value,
                    self.job.name,
                    step_key=asset,
                    event_specific_data=materialization,
                ),
                run_id,
            )
            if asset == TARGET:
                self.read_versions[partition] = versions
            else:
                self.version[asset, partition] = self.version.get((asset, partition), 0) + 1
        kind = DagsterEventType.RUN_SUCCESS if succeeds else DagsterEventType.RUN_FAILURE
        self.instance.report_dagster_event(DagsterEvent(kind.value, self.job.name), run_id)

    def renew(self, asset: str, partition: str | None, **tags: str) -> None:
        """A whole run of one input."""
        self.end(self.start(partition, asset, **tags))

    def run(self, partition: str | None, *, succeeds: bool = True) -> None:
        """A whole run of the target."""
        self.end(self.start(partition), succeeds=succeeds)

    def run_requested(self, *, evaluations: int = 3, minutes: int = 1, succeeds: bool = True) -> None:
        """Evaluate so many times, and carry out what is requested before the next one."""
        for _ in range(evaluations):
            for partition in self.tick(minutes):
                self.run(partition, succeeds=succeeds)

    def fill(self, partition: str | None) -> None:
        """Every input is there, the target has read it, and nothing is left to request."""
        for name in INPUTS:
            self.renew(name, partition)
        self.run_requested()
        assert not self.stale()
        self.requests = 0

    def begin_backfill(self, name: str, partitions: Sequence[str], asset: str) -> PartitionBackfill:
        """A backfill of one asset is launched, as from the UI."""
        ranges = PartitionsSelector([PartitionRangeSelector(start=partitions[0], end=partitions[-1])])
        backfill = PartitionBackfill.from_partitions_by_assets(
            backfill_id=name,
            asset_graph=self.definitions.resolve_asset_graph(),
            backfill_timestamp=self.now.timestamp(),
            tags={},
            dynamic_partitions_store=self.instance,
            title=None,
            description=None,
            run_config=None,
            partitions_by_assets=[PartitionsByAssetSelector(asset_key=dg.AssetKey(asset), partitions=ranges)],
        )
        self.instance.add_backfill(backfill)
        return backfill

    def end_backfill(self, backfill: PartitionBackfill) -> None:
        self.instance.update_backfill(backfill.with_status(BulkActionStatus.COMPLETED_SUCCESS))

    def stale(self) -> list[str | None]:
        """Partitions of which the target does not hold the newest version of every input."""
        partitions = {partition for _, partition in self.version}
        behind = [p for p in partitions if self.read_versions.get(p) != self._versions(p)]
        return sorted(behind, key=str)

    def _versions(self, partition: str | None) -> dict[str, int]:
        return {name: self.version.get((name, partition), 0) for name in INPUTS}


def stale_after_random_history(
    condition: dg.AutomationCondition, days: Iterable[str], *, seed: int, steps: int = 30
) -> list[str | None]:
    """Inputs are renewed and runs begin, fail and end in random order; then everything settles.

    The days that stay stale.
    """
    rng, world, running, days = random.Random(seed), World(condition), [], list(days)
    for _ in range(steps):
        dice = rng.random()
        if dice < 0.40:
            world.renew(rng.choice(INPUTS), rng.choice(days))
        elif dice < 0.75:
            running += [world.start(day) for day in world.tick(rng.choice((1, 1, 5)))]
        elif running:
            world.end(running.pop(rng.randrange(len(running))), succeeds=rng.random() < 0.8)
    for run_id in running:
        world.end(run_id)
    world.run_requested(evaluations=30, minutes=7)
    return world.stale()
