"""Notifications: what is new is queued and routed here, and a run is requested whenever a message is due to
be sent.

Queueing and sending are apart: what is queued in the ledger survives a crash, sending takes some seconds at
most, and an address that is dead or slow fails neither this sensor nor any other run.
"""

import threading
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import dagster as dg

from assets.formatting.markdown import markdown_table
from assets.reports.notifications.delivery import route_new, send_due
from assets.reports.notifications.inputs import NotificationInputs, delivery_problems
from assets.reports.notifications.notice import Notice
from assets.reports.notifications.queue import queue_recovered_runs, queue_signals, queue_writes
from assets.reports.notifications.scheduled import queue_scheduled
from resources.action_services import ActionServices
from resources.lake.lake import Lake
from sensors.run_requests import is_in_progress

LOOK_EVERY = timedelta(minutes=2)
MESSAGES = dg.AssetKey(["reports", "messages"])
JOB = "send_messages"
NO_ADDRESS = "Nobody is to be told: no address is set. docs/notifications.md says how."
SLOW_SECONDS = 60.0
"""How long a run waits for addresses that have not answered in time, so that their answer is still written
down.
"""


@dg.op(
    name="send_due_messages",
    description="Sends what is due, and says per address what was taken and what will be tried again.",
)
def send_due_messages(
    context: dg.OpExecutionContext, lake: dg.ResourceParam[Lake], services: dg.ResourceParam[ActionServices]
) -> None:
    answers = send_messages(context.instance, lake, services)
    for thread in threading.enumerate():
        if thread.name.startswith("tell "):
            thread.join(SLOW_SECONDS)
    for address, problem in answers.items():
        if problem:
            context.log.warning("%s did not take its message: %s. It is tried again later.", address, problem)
    context.add_output_metadata({address: problem or "sent" for address, problem in answers.items()})


@dg.job(
    name=JOB,
    description="Sends the messages that are due by chat and mail.",
    tags={"dagster/priority": "5"},
)
def send_messages_job() -> None:
    send_due_messages()


@dg.sensor(
    name="notices",
    job=send_messages_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Tells people by chat and mail what is urgent at once, what waits for them in working hours, and all"
        " else in one digest a day."
    ),
)
def notices(
    context: dg.SensorEvaluationContext,
    lake: dg.ResourceParam[Lake],
    services: dg.ResourceParam[ActionServices],
) -> dg.SensorResult:
    now = services.ledger.clock()
    is_due = not context.cursor or now - datetime.fromisoformat(context.cursor) >= LOOK_EVERY
    cursor = now.isoformat() if is_due else context.cursor
    problem: Exception | None = None
    try:
        summary = queue_messages(context.instance, lake, services, is_looking=is_due)
    except Exception as error:
        summary, problem = f"{type(error).__name__} while looking for news", error
        context.log.exception(summary)
    is_waiting = any(due_at <= now for _, due_at, _ in services.ledger.notices.waiting())
    if is_waiting and not is_in_progress(context.instance, JOB):
        return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=cursor)
    if problem is not None:
        raise problem
    return dg.SensorResult(skip_reason=dg.SkipReason(summary), cursor=cursor)


def queue_messages(
    instance: dg.DagsterInstance, lake: Lake, services: ActionServices, *, is_looking: bool = True
) -> str:
    """Queue what is new and say of each notice where it goes and when; one sentence about it."""
    inputs = NotificationInputs(lake, services)
    addresses = services.addresses(inputs.rules)
    if not addresses:
        return NO_ADDRESS
    queued = 0
    try:
        queued += queue_writes(inputs)
        queued += queue_recovered_runs(inputs, lambda notice: not _succeeded_since(instance, notice))
        if is_looking:
            queued += queue_signals(inputs)
            if queue_scheduled(inputs):
                services.ledger.notices.forget_notices()
    finally:
        route_new(services, inputs.rules, addresses, partial(_zone, inputs))
    return f"{queued} new"


def send_messages(
    instance: dg.DagsterInstance, lake: Lake, services: ActionServices
) -> dict[str, str | None]:
    """Send what is due. Per message (address and urgency) None where it was taken, else why not."""
    inputs = NotificationInputs(lake, services)
    addresses = services.addresses(inputs.rules)
    if not addresses:
        return {}
    answers = send_due(services, inputs.rules, addresses, partial(_zone, inputs))
    if answers:
        _report(instance, services)
    return answers


def _zone(inputs: NotificationInputs, notice: Notice) -> ZoneInfo:
    zone = notice.zone or inputs.time_zones.get((notice.platform, notice.account_id))
    return inputs.rules.zone(zone) if zone else inputs.main_time_zone


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
    return any(wanted <= (record.dagster_run.asset_selection or wanted) for record in later)


def _report(instance: dg.DagsterInstance, services: ActionServices) -> None:
    """Materialize reports/messages with the deliveries of the last 24 hours."""
    now = services.ledger.clock()
    rows = services.ledger.notices.deliveries(since=now - timedelta(hours=24))
    table = markdown_table(
        ("channel", "state", "notices", "why not"),
        [(row.channel, row.state, row.number, row.said or "") for row in rows],
    )
    problems = delivery_problems(services, now=now)
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            MESSAGES,
            metadata={
                "last 24 hours": dg.MetadataValue.md(table),
                "not delivered": "; ".join(problems) or "nothing",
                "sent": sum(row.number for row in rows if row.state == "sent"),
                "waiting": sum(row.number for row in rows if row.state in {"waiting", "sending"}),
                "given up": sum(row.number for row in rows if row.state == "given up"),
            },
        )
    )
