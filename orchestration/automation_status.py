"""What runs by itself in this deployment, and what it costs when something is switched off.

Dagster keeps in its records what a person switched on or off; what nobody touched has the default of the
code, which is on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorStatus

COST_WHEN_OFF = {
    "automation": (
        "nothing follows from a pull: no key figures, no signals, no proposals, no page, and nobody leaves an"
        " audience"
    ),
    "changed_pasts": (
        "days before the daily window keep their old figures after a conversion action was changed at the"
        " platform"
    ),
    "dropped_days": "exports that are dropped by hand do not reach the key figures",
    "dropped_files_changed": "the drop folder is not read",
    "every_hour": (
        "the CRM is not read: consent withdrawn in the CRM does not leave audiences, and new leads do not"
        " show"
    ),
    "every_morning": "no platform is read: every figure stays as it is",
    "every_night": "the lake's files are not compacted: reading gets slower and disk use grows",
    "failed_runs": "nobody is told that a run failed",
    "monday_details": (
        "searches by keyword, texts, breakdowns, audiences and reach are not read: advice on them gets old"
    ),
    "notices": "no message is sent",
    "proposals_waiting": (
        "proposals do not reach the inbox, do not expire, and automatic ones are not carried out"
    ),
    "through_the_day": (
        "nobody is told during the day that a hard cap breaks or an account spends far above usual"
    ),
    "unknown_outcomes": "a write without an answer stays unknown: nobody reads back whether it happened",
}
"""Every schedule and sensor, and what is lost while it is off."""
NO_DAEMON = (
    "No Dagster daemon is running: no schedule and no sensor does anything. `make dev` or deploy/ starts one."
)
DAEMONS = {"SENSOR", "SCHEDULER", "ASSET", "QUEUED_RUN_COORDINATOR"}


@dataclass(frozen=True)
class SwitchedOff:
    """A schedule or sensor that is off, and what that costs."""

    name: str
    cost: str

    def __str__(self) -> str:
        return f"{self.name} is off: {self.cost}"


def switched_off(instance: dg.DagsterInstance) -> list[SwitchedOff]:
    """The schedules and sensors that a person switched off, in the order of their names."""
    stopped = {
        state.instigator_name
        for state in instance.all_instigator_state()
        if state.status == InstigatorStatus.STOPPED
    }
    return [SwitchedOff(name, cost) for name, cost in COST_WHEN_OFF.items() if name in stopped]


def is_daemon_running(instance: dg.DagsterInstance) -> bool:
    """Whether the daemons that start schedules, sensors and queued runs have given a sign of life lately."""
    statuses = instance.get_daemon_statuses()
    return any(status.healthy for name, status in statuses.items() if name in DAEMONS)


def automation_lines(instance: dg.DagsterInstance) -> list[str]:
    """The state of automation as lines for a terminal."""
    off: Sequence[SwitchedOff] = switched_off(instance)
    lines = [f"OFF      {entry}" for entry in off]
    if not is_daemon_running(instance):
        lines.append(f"OFF      {NO_DAEMON}")
    return lines or [f"works    automation: all {len(COST_WHEN_OFF)} schedules and sensors are on"]
