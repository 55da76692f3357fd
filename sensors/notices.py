"""People are told what is new, in the hours they want to be told, and what could not be said is tried again.

Finding, keeping and sending are apart: what is kept survives a crash, sending never takes longer than some seconds, and no address
that is dead or slow fails this sensor or any run.
"""

from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import dagster as dg

from assets.reports.notifications.delivery import route_new, send_due
from assets.reports.notifications.inputs import NotificationInputs, delivery_problems
from assets.reports.notifications.notice import Notice
from assets.reports.notifications.queue import queue_recovered_runs, queue_signals, queue_writes
from assets.reports.notifications.scheduled import queue_scheduled
from resources.action_services import Desk
from resources.lake.lake import Lake

LOOK_EVERY = timedelta(minutes=2)
MESSAGES = dg.AssetKey(["reports", "messages"])


@dg.sensor(
    name="notices",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells people by chat and mail what is urgent at once, what waits for them in working hours, and all else in one digest a day.",
)
def notices(
    context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake], desk: dg.ResourceParam[Desk]
) -> dg.SensorResult:
    now = desk.ledger.clock()
    is_due = not context.cursor or now - datetime.fromisoformat(context.cursor) >= LOOK_EVERY
    told = tick(context.instance, lake, desk, is_looking=is_due)
    return dg.SensorResult(
        skip_reason=dg.SkipReason(told), cursor=now.isoformat() if is_due else context.cursor
    )


def tick(instance: dg.DagsterInstance, lake: Lake, desk: Desk, *, is_looking: bool = True) -> str:
    """Find, keep and send what is due; one sentence about it."""
    inputs = NotificationInputs(lake, desk)
    addresses = desk.addresses(inputs.rules)
    if not addresses:
        return "Nobody is to be told: no address is set. docs/notifications.md says how."
    found, mornings, broken = 0, list[str](), None
    try:
        found += queue_writes(inputs)
        found += queue_recovered_runs(inputs, lambda notice: not _succeeded_since(instance, notice))
        if is_looking:
            found += queue_signals(inputs)
            mornings = queue_scheduled(inputs)
    except Exception as error:  # noqa: BLE001 — what is kept already is sent whatever cannot be read; then the tick fails
        broken = error
    zone = partial(_zone, inputs)
    route_new(desk, inputs.rules, addresses, zone)
    sent = send_due(desk, inputs.rules, addresses, zone)
    failed = {name: why for name, why in sent.items() if why is not None}
    if mornings:
        desk.ledger.forget_notices()
        _report(instance, desk)
    if broken is not None:
        raise broken
    words = "; ".join(f"{name}: {why}" for name, why in failed.items())
    return f"{found} new, {len(sent) - len(failed)} sent, {len(failed)} not taken{f' ({words})' if words else ''}"


def _zone(inputs: NotificationInputs, notice: Notice) -> ZoneInfo:
    own = notice.zone or inputs.time_zones.get((notice.platform, notice.account_id))
    return inputs.rules.zone(own) if own else inputs.main_time_zone


def _succeeded_since(instance: dg.DagsterInstance, notice: Notice) -> bool:
    """Whether the job of a failed run has succeeded later, for the same assets where it names any."""
    job = notice.topic.partition("|")[0]
    run_id = notice.links[0].url.rpartition("/")[2]
    failed = instance.get_run_record_by_id(run_id)
    if failed is None:
        return True  # its records were deleted, so nothing can be said of it any more
    later = instance.get_run_records(
        dg.RunsFilter(
            job_name=job, statuses=[dg.DagsterRunStatus.SUCCESS], created_after=failed.create_timestamp
        ),
        limit=50,
    )
    wanted = failed.dagster_run.asset_selection or frozenset()
    return any(wanted <= (one.dagster_run.asset_selection or wanted) for one in later)


def _report(instance: dg.DagsterInstance, desk: Desk) -> None:
    """What was said in the last day, for the asset's page."""
    now = desk.ledger.clock()
    rows = desk.ledger.deliveries(since=now - timedelta(hours=24))
    table = "\n".join(f"| {row.channel} | {row.state} | {row.number} | {row.said or ''} |" for row in rows)
    words = delivery_problems(desk, now=now)
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            MESSAGES,
            metadata={
                "last 24 hours": dg.MetadataValue.md(
                    f"| channel | state | notices | why not |\n|---|---|---|---|\n{table}"
                ),
                "not delivered": "; ".join(words) or "nothing",
                "sent": sum(row.number for row in rows if row.state == "sent"),
                "waiting": sum(row.number for row in rows if row.state in {"waiting", "sending"}),
                "given up": sum(row.number for row in rows if row.state == "given up"),
            },
        )
    )
