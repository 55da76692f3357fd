"""Writes without a known outcome are read back until it is known. Nothing is ever sent again."""

from datetime import timedelta

import dagster as dg

from assets.actions.inputs import Figures, executor
from resources.action_services import Desk
from resources.errors import PaidMediaError
from resources.lake.lake import Lake
from resources.ledger.states import IN_FLIGHT

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
    context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake], desk: dg.ResourceParam[Desk]
) -> dg.SkipReason:
    now = desk.ledger.clock()
    due = [e for e in desk.ledger.entries(states=IN_FLIGHT) if now - e.changed_at >= LEFT_ALONE][:AT_ONCE]
    work = executor(desk, Figures(lake, desk), run_id="sensor unknown_outcomes", say=context.log.warning)
    work.wait_seconds = 0.0
    told = []
    for entry in due:
        try:
            told.append(f"{entry.proposal_id} is {work.read_back(entry.proposal_id)}")
        except PaidMediaError as error:
            told.append(f"{entry.proposal_id}: {error}")
    return dg.SkipReason("; ".join(told) or "Every outcome is known.")
