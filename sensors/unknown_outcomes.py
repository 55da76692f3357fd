"""Writes without a known outcome are read back until it is known, and failed ones are looked for once more for a day. Nothing is sent again."""

from datetime import timedelta

import dagster as dg

from assets.actions.inputs import Figures, executor
from resources.action_services import ActionServices
from resources.errors import PaidMediaError
from resources.lake.lake import Lake
from resources.ledger.states import IN_FLIGHT, WATCHED_FOR, State

LEFT_ALONE = timedelta(seconds=15)
"""A run that goes on is not interfered with; its account's lock would keep us out anyway."""
AT_ONCE = 20


@dg.sensor(
    name="unknown_outcomes",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reads back what was sent and not answered, until it is known whether it happened.",
)
def unknown_outcomes(
    context: dg.SensorEvaluationContext,
    lake: dg.ResourceParam[Lake],
    services: dg.ResourceParam[ActionServices],
) -> dg.SkipReason:
    now = services.ledger.clock()
    due = [
        e for e in services.ledger.proposals.entries(states=IN_FLIGHT) if now - e.changed_at >= LEFT_ALONE
    ][:AT_ONCE]
    work = executor(
        services, Figures(lake, services), run_id="sensor unknown_outcomes", log=context.log.warning
    )
    work.wait_seconds = 0.0
    told = []
    failed = [
        entry
        for entry in services.ledger.proposals.entries(states=[State.FAILED])
        if now - entry.changed_at <= WATCHED_FOR
    ]
    for entry in failed[-AT_ONCE:]:
        try:
            if late := work.watch_failed(entry.proposal_id):
                context.log.warning(late)
                told.append(late)
        except PaidMediaError as error:
            told.append(f"{entry.proposal_id}: {error}")
    for entry in due:
        try:
            told.append(f"{entry.proposal_id} is {work.read_back(entry.proposal_id)}")
        except PaidMediaError as error:
            told.append(f"{entry.proposal_id}: {error}")
    return dg.SkipReason("; ".join(told) or "Every outcome is known.")
