"""Queues a notification when a run failed, once until it succeeds again.

Refused decisions are reported where they were made.
"""

from collections.abc import Sequence

import dagster as dg

from assets.actions.rendering import JOB
from assets.reports.notifications.queue import queue_failed_run
from assets.reports.notifications.signal_notices import NoticeContext
from resources.action_services import ActionServices


@dg.run_failure_sensor(
    name="failed_runs",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Keeps for the next message that a run failed and why, with the link to it; the same failure again"
        " says nothing."
    ),
)
def failed_runs(
    context: dg.RunFailureSensorContext, services: dg.ResourceParam[ActionServices]
) -> dg.SkipReason:
    run = context.dagster_run
    if run.job_name == JOB:
        return dg.SkipReason("What becomes of a decision stands in the ledger, and is told from there.")
    if not services.addresses():
        return dg.SkipReason("Nobody is to be told.")
    events = context.get_step_failure_events()
    steps = sorted({event.step_key for event in events if event.step_key})
    ui = services.settings.ui_url.rstrip("/")
    notice_context = NoticeContext(
        currency="",
        dashboard=f"{ui}/assets/reports/daily_dashboard",
        weekly=f"{ui}/assets/reports/weekly_pacing",
    )
    queued = queue_failed_run(
        services, notice_context, job=run.job_name, steps=steps, run_id=run.run_id, why=_why(events)
    )
    return dg.SkipReason("kept" if queued else "it failed before and was told")


def _why(events: Sequence[dg.DagsterEvent]) -> str:
    """The sentence of the first step that failed; of an error nobody foresaw, its kind alone: its words may
    quote anything.
    """
    for event in events:
        failure = event.step_failure_data
        if failure.user_failure_data and failure.user_failure_data.description:
            return str(failure.user_failure_data.description)
        error = failure.error
        while error and error.cause:
            error = error.cause
        if error:
            return f"{error.cls_name or 'An error'} in {event.step_key}; the run has its words"
    return "It ended without a step that failed; the run says why."
