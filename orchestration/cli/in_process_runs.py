"""Runs assets in this process, recorded in the same Dagster storage that the UI shows, without a daemon.

A backfill goes through its days in windows, newest last. Each window is one run, and running it again
replaces what it wrote, so a backfill that was interrupted is started again as it was.
"""

import atexit
import gc
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache, partial
from pathlib import Path
from time import perf_counter

import dagster as dg

from assets.partitions import WINDOW_DAYS
from orchestration.cli.interruption import on_interruption
from orchestration.definitions import defs
from orchestration.schedules import day_range_tags

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class RunFailed(Exception):
    """A run failed; the message is the one sentence that its step failed with.

    `skipped` are the assets that were left out because something before them failed.
    """

    def __init__(self, message: str, skipped: frozenset[dg.AssetKey] = frozenset()) -> None:
        super().__init__(message)
        self.skipped = skipped


@dataclass(frozen=True)
class Window:
    """Days that one run covers, both included."""

    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def __str__(self) -> str:
        return str(self.start) if self.start == self.end else f"{self.start}..{self.end}"


@dataclass(frozen=True)
class CompletedRun:
    """A run that succeeded."""

    run_id: str
    seconds: float


DAGSTER_YAML = Path(__file__).parents[1] / "instance" / "dagster.yaml"


def windows_between(start: date, end: date, *, days: int = WINDOW_DAYS) -> list[Window]:
    """`start` to `end` cut into windows of at most `days` days, oldest first."""
    starts = [start + timedelta(days=offset) for offset in range(0, (end - start).days + 1, days)]
    return [Window(first, min(end, first + timedelta(days=days - 1))) for first in starts]


def dagster_environment(home: Path) -> dict[str, str]:
    """What a process needs to use Dagster's records in `home`.

    A folder without settings gets ours, which need no service. Settings that are there stay as they are.
    """
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        shutil.copyfile(DAGSTER_YAML, home / "dagster.yaml")
    events = {"PAID_MEDIA_DAGSTER_EVENTS": str(home / "history" / "runs"), "DAGSTER_EVENT_BATCH_SIZE": "1000"}
    return {"DAGSTER_HOME": str(home), **events}


@contextmanager
def instance_at(home: Path) -> Iterator[dg.DagsterInstance]:
    """Dagster's records in `home`, made on first use; the same that `make dev` shows."""
    environment = dagster_environment(home)
    del environment["DAGSTER_HOME"]  # what is in the environment is the deployment that a person chose
    os.environ |= environment
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def run(
    instance: dg.DagsterInstance,
    selection: dg.AssetSelection,
    *,
    window: Window | None = None,
    tags: dict[str, str] | None = None,
) -> CompletedRun:
    """Materialize what is selected, for a window of days where it has days.

    Raises:
        RunFailed: A step failed. What was written before it stays, whole; running again replaces it.
    """
    job = definitions().resolve_implicit_global_asset_job_def()
    keys = list(selection.resolve(definitions().resolve_asset_graph()))
    began, run_id = perf_counter(), str(uuid.uuid4())
    with on_interruption(partial(_close, instance, run_id)):
        result = job.execute_in_process(
            instance=instance,
            asset_selection=keys,
            run_config=QUIET,
            raise_on_error=False,
            run_id=run_id,
            tags=(day_range_tags(window.start.isoformat(), window.end.isoformat()) if window else {})
            | (tags or {}),
        )
    if not result.success:
        raise RunFailed(_what_failed(result), _skipped(result, job, keys))
    return CompletedRun(result.run_id, perf_counter() - began)


def _close(instance: dg.DagsterInstance, run_id: str) -> None:
    """Mark a run that a signal ended as cancelled, so that nothing waits for it."""
    run = instance.get_run_by_id(run_id)
    if run is not None and not run.is_finished:
        instance.report_run_canceled(run, "Stopped by a signal.")


@lru_cache(maxsize=1)
def definitions() -> dg.Definitions:
    """Every definition, loaded once, and from then on passed over by the garbage collector, which looks at a
    million rows more often.
    """
    loaded = defs()
    loaded.resolve_asset_graph()
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)
    return loaded


def _skipped(
    result: dg.ExecuteInProcessResult, job: dg.JobDefinition, keys: Iterable[dg.AssetKey]
) -> frozenset[dg.AssetKey]:
    """Assets that the run was to materialize and whose step was skipped."""
    steps = {event.step_key for event in result.all_events if event.is_step_skipped}
    by_step = {key: str(job.asset_layer.get_op_output_handle(key).node_handle) for key in keys}
    return frozenset(key for key, step in by_step.items() if step in steps)


def _what_failed(result: dg.ExecuteInProcessResult) -> str:
    """What failed checks say, else the sentence of the first step that failed, else the innermost cause of
    what we did not foresee.
    """
    checks = result.get_asset_check_evaluations()
    if failed_checks := [
        check.description for check in checks if check.blocking and not check.passed and check.description
    ]:
        return " ".join(failed_checks)
    for event in result.all_events:
        if not event.is_step_failure:
            continue
        failure = event.step_failure_data
        if failure.user_failure_data and failure.user_failure_data.description:
            return failure.user_failure_data.description
        error = failure.error
        while error and error.cause:
            error = error.cause
        return f"{event.step_key}: {error.message.strip() if error else 'failed without a reason'}"
    return f"Run {result.run_id} failed before its first step."
