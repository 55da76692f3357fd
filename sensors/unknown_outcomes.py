"""Requests a run that reads back writes without a known outcome. Nothing is ever sent again."""

from datetime import datetime, timedelta

import dagster as dg

from assets.actions.inputs import Figures, executor
from resources.action_services import Desk
from resources.errors import PaidMediaError
from resources.lake.lake import Lake
from resources.ledger.base import Entry
from resources.ledger.states import IN_FLIGHT
from sensors.run_requests import is_in_progress

LEFT_ALONE = timedelta(seconds=15)
"""A run that goes on is not interfered with; its account's lock would keep us out anyway."""
AT_ONCE = 20
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
WAIT_SHARE = 0.25
"""The next look waits for this share of the time that the youngest outcome has been unknown."""
JOB = "read_back_outcomes"


@dg.op(
    name="read_back_due_outcomes",
    description="Reads the entity of each open write at its platform and records what became of it.",
)
def read_back_due_outcomes(
    context: dg.OpExecutionContext, lake: dg.ResourceParam[Lake], desk: dg.ResourceParam[Desk]
) -> None:
    reader = executor(desk, Figures(lake, desk), run_id=context.run_id, say=context.log.warning)
    reader.wait_seconds = 0.0
    outcomes = {}
    for entry in open_writes(desk):
        try:
            outcomes[entry.proposal_id] = str(reader.read_back(entry.proposal_id))
        except PaidMediaError as error:
            outcomes[entry.proposal_id] = str(error)
    context.add_output_metadata({"outcomes": dg.MetadataValue.json(outcomes)})


@dg.job(
    name=JOB,
    description="Reads back what was sent and not answered, until it is known whether it happened.",
    tags={"dagster/priority": "8"},
)
def read_back_outcomes() -> None:
    read_back_due_outcomes()


@dg.sensor(
    name="unknown_outcomes",
    job=read_back_outcomes,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Has writes read back that were sent and not answered, less and less often, until it is known whether they happened.",
)
def unknown_outcomes(
    context: dg.SensorEvaluationContext, desk: dg.ResourceParam[Desk]
) -> dg.SensorResult | dg.SkipReason:
    entries, now = open_writes(desk), desk.ledger.clock()
    if not entries:
        return dg.SkipReason("Every outcome is known.")
    if is_in_progress(context.instance, JOB):
        return dg.SkipReason("A run is reading back already.")
    last = datetime.fromisoformat(context.cursor) if context.cursor else None
    if last is not None and now - last < wait_between(entries, now=now):
        return dg.SkipReason(f"{len(entries)} outcome(s) are not known; last looked at {last:%H:%M:%S} UTC.")
    return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=now.isoformat())


def open_writes(desk: Desk) -> list[Entry]:
    """Writes whose outcome is not known and that no run is busy with, oldest first."""
    now = desk.ledger.clock()
    entries = desk.ledger.entries(states=IN_FLIGHT)
    return [entry for entry in entries if now - entry.changed_at >= LEFT_ALONE][:AT_ONCE]


def wait_between(entries: list[Entry], *, now: datetime) -> timedelta:
    """How long after one look the next one comes: short for a fresh write, rarer the longer nothing is known."""
    youngest = min(now - entry.changed_at for entry in entries)
    return min(max(FIRST_WAIT, WAIT_SHARE * youngest), LONGEST_WAIT)
