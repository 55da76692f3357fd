"""Queues the notifications that go out at a set time: the morning digest of every channel and the weekly
pacing text.
"""

from datetime import date, timedelta
from pathlib import Path

from assets.reports.notifications.digest import KIND as DIGEST_KIND
from assets.reports.notifications.digest import digest_of
from assets.reports.notifications.inputs import NotificationInputs
from assets.reports.notifications.notice import DIGEST, Link, Notice, read
from assets.reports.notifications.quiet_hours import at
from assets.reports.notifications.routing import channels_of
from resources.ledger.notices import Topic

WEEKLY = "weekly"
DIGEST_WINDOW = timedelta(hours=12)
"""A digest that could not be made within this time is left out: the next one covers it."""
WEEKLY_UNTIL_WEEKDAY = 2
"""The weekly text goes out from Monday to Wednesday, for a machine that was off on Monday."""


def queue_scheduled(inputs: NotificationInputs) -> list[str]:
    """Queue digests and the weekly text whose time has come; ids of what was queued."""
    local = inputs.now.astimezone(inputs.main_time_zone)
    due = at(local.date(), inputs.rules.digest_at, inputs.main_time_zone)
    queued = []
    if due <= inputs.now < due + DIGEST_WINDOW:
        may_wait = inputs.now < due + timedelta(hours=inputs.rules.digest_waits_hours)
        queued += _queue_digests(inputs, local.date() - timedelta(days=1), may_wait=may_wait)
    if local.weekday() <= WEEKLY_UNTIL_WEEKDAY and inputs.now >= due:
        queued += _queue_weekly(inputs, local.date() - timedelta(days=local.weekday() + 1))
    return queued


def _queue_digests(inputs: NotificationInputs, day: date, *, may_wait: bool) -> list[str]:
    """Digests of the day; none yet while its figures are missing and `may_wait`."""
    ledger = inputs.ledger
    channels = [
        name for name in inputs.rules.every_channel if not ledger.notices.is_said(_digest_id(name, day))
    ]
    if not channels:
        return []
    is_complete = inputs.is_checked_for_anomalies(day)
    if not is_complete and may_wait:
        return []
    topics = ledger.notices.topics()
    links = (Link("dashboard", inputs.context.dashboard), Link("weekly pacing", inputs.context.weekly))
    figures, more = inputs.day_summary(day), inputs.open_items(day)
    for channel in channels:
        digest = digest_of(
            {name: topic for name, topic in topics.items() if _is_routed_to(channel, topic, inputs)},
            day=day,
            channel=channel,
            silenced=inputs.silenced,
            links=links,
            figures=figures,
            more=more,
            is_late=not is_complete,
        )
        ledger.notices.say([digest.said(day.isoformat())])
    return [_digest_id(channel, day) for channel in channels]


def _queue_weekly(inputs: NotificationInputs, sunday: date) -> list[str]:
    path = Path(inputs.services.settings.reports_dir) / f"weekly_pacing_{sunday}.txt"
    if not path.is_file():
        return []
    first, *rest = path.read_text(encoding="utf-8").splitlines() or [""]
    weekly = Notice(
        topic=WEEKLY,
        kind=WEEKLY,
        priority=DIGEST,
        entity="Weekly pacing",
        short="weekly pacing",
        seen=first,
        lines=tuple(filter(None, rest)),
        links=(Link("weekly pacing", inputs.context.weekly),),
    ).said(sunday.isoformat())
    return [weekly.notice_id] if inputs.ledger.notices.say([weekly]) else []


def _is_routed_to(channel: str, topic: Topic, inputs: NotificationInputs) -> bool:
    return channel in channels_of(read(topic.body), inputs.rules, priority=DIGEST)


def _digest_id(channel: str, day: date) -> str:
    empty = Notice(topic=channel, kind=DIGEST_KIND, priority=DIGEST, entity="", short="", seen="")
    return empty.said(day.isoformat()).notice_id
