"""Requests for runs that must not overlap: whether a job is being run already."""

import dagster as dg
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES

NOT_FINISHED = [*IN_PROGRESS_RUN_STATUSES, dg.DagsterRunStatus.QUEUED]


def is_in_progress(instance: dg.DagsterInstance, job_name: str) -> bool:
    """Whether a run of this job is queued, starting or going on."""
    runs = instance.get_runs(dg.RunsFilter(job_name=job_name, statuses=NOT_FINISHED), limit=1)
    return bool(runs)
