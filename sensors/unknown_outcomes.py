"""Writes whose outcome is unknown are read back until it is known; failed writes are looked for rarely for a
day. Nothing is sent again.

The sensor asks for a run, so that every look at a platform can be seen, logged and retried in the Dagster UI.
"""

from datetime import datetime, timedelta

import dagster as dg

from assets.actions.inputs import Figures, executor
from resources.action_services import ActionServices
from resources.errors import PaidMediaError
from resources.lake.lake import Lake
from resources.ledger.records import LedgerEntry
from resources.ledger.states import IN_FLIGHT, WATCHED_FOR, State
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
    context: dg.OpExecutionContext,
    lake: dg.ResourceParam[Lake],
    services: dg.ResourceParam[ActionServices],
) -> None:
    reader = executor(
        services, Figures(lake, services), run_id=f"sensor {context.run_id}", log=context.log.warning
    )
    reader.wait_seconds = 0.0
    outcomes = {}
    for entry in failed_writes(services):
        try:
            if arrived := reader.watch_failed(entry.proposal_id):
                context.log.warning(arrived)
                outcomes[entry.proposal_id] = arrived
        except PaidMediaError as error:
            outcomes[entry.proposal_id] = str(error)
    for entry in open_writes(services):
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
    description=(
        "Has writes read back that were sent and not answered, less and less often, until it is known whether"
        " they happened."
    ),
)
def unknown_outcomes(
    context: dg.SensorEvaluationContext, services: dg.ResourceParam[ActionServices]
) -> dg.SensorResult | dg.SkipReason:
    unknown, failed, now = open_writes(services), failed_writes(services), services.ledger.clock()
    if not unknown and not failed:
        return dg.SkipReason("Every outcome is known.")
    if is_in_progress(context.instance, JOB):
        return dg.SkipReason("A run is reading back already.")
    last = datetime.fromisoformat(context.cursor) if context.cursor else None
    if last is not None and now - last < wait_between([*unknown, *failed], now=now):
        return dg.SkipReason(f"{len(unknown)} outcome(s) are not known; last looked at {last:%H:%M:%S} UTC.")
    return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=now.isoformat())


def open_writes(services: ActionServices) -> list[LedgerEntry]:
    """Writes whose outcome is not known and that no run is busy with, oldest first."""
    now = services.ledger.clock()
    entries = services.ledger.proposals.entries(states=IN_FLIGHT)
    return [entry for entry in entries if now - entry.changed_at >= LEFT_ALONE][:AT_ONCE]


def failed_writes(services: ActionServices) -> list[LedgerEntry]:
    """Writes that failed within the last day, the newest ones: a change may still arrive late."""
    now = services.ledger.clock()
    entries = services.ledger.proposals.entries(states=[State.FAILED])
    return [entry for entry in entries if now - entry.changed_at <= WATCHED_FOR][-AT_ONCE:]


def wait_between(entries: list[LedgerEntry], *, now: datetime) -> timedelta:
    """How long after one look the next one comes: short for a fresh write, rarer the longer nothing is known."""
    youngest = min(now - entry.changed_at for entry in entries)
    return min(max(FIRST_WAIT, WAIT_SHARE * youngest), LONGEST_WAIT)
