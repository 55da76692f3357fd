"""Queues notifications about what is open now: signals, platform writes and runs, de-duplicated against what
was sent before.

Everything is written to the ledger's outbox first and sent later, so that a crash in between sends nothing
twice.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, timedelta
from typing import Any

from assets.reports.notifications import action_notices, signal_notices
from assets.reports.notifications.deduplication import compare
from assets.reports.notifications.inputs import NotificationInputs
from assets.reports.notifications.notice import Notice, read
from resources.action_services import ActionServices
from resources.ledger.notices import StoredNotice
from resources.ledger.states import IN_FLIGHT, State

FAILED_WRITE_DAYS = timedelta(days=2)
"""How long a failed write is looked for. Its notice goes out once."""


def queue_changes(
    inputs: NotificationInputs,
    notices: Sequence[Notice],
    day: date,
    *,
    kinds: Collection[str],
    silenced: Collection[str] = (),
) -> int:
    """Queue what changed among the open topics of these kinds; the number of new notifications."""
    changes = compare(notices, inputs.ledger.notices.topics(), day=day, kinds=kinds, silenced=silenced)
    # Queued before the topics are updated: after a crash in between the same ids are queued again, which
    # changes nothing.
    queued = inputs.ledger.notices.say(changes.to_send) if changes.to_send else 0
    if changes.topics:
        inputs.ledger.notices.keep_topics(changes.topics)
    return queued


def queue_signals(inputs: NotificationInputs) -> int:
    """Queue news about incidents, pacing, stale figures and refused pulls; the number of new notifications."""
    queued, today = 0, inputs.now.date()
    if newest := inputs.newest_incidents():
        day, incidents = newest
        queued += queue_changes(
            inputs,
            signal_notices.incident_notices(incidents, inputs.context),
            day,
            kinds=(signal_notices.INCIDENTS, signal_notices.TRACKING),
            silenced=inputs.silenced,
        )
    pacing = inputs.recent_pacing()
    if len(pacing):
        queued += queue_changes(
            inputs,
            signal_notices.pacing_notices(pacing, inputs.context),
            pacing["day"].max().date(),
            kinds=(signal_notices.PACING,),
        )
    spend = inputs.spend_today()
    if len(spend):
        queued += queue_changes(
            inputs,
            signal_notices.spend_notices(spend, inputs.context),
            spend["day"].max().date(),
            kinds=(signal_notices.SPEND,),
        )
    refused = signal_notices.reading_notices(inputs.refused_pulls, inputs.context)
    stale = signal_notices.freshness_notices(
        inputs.newest_figures(),
        inputs.context,
        now=inputs.now,
        hours=inputs.policy.guardrails.data_hours if inputs.policy else 36.0,
    )
    return queued + queue_changes(
        inputs, [*refused, *stale], today, kinds=(signal_notices.FRESHNESS, signal_notices.READING)
    )


def queue_writes(inputs: NotificationInputs) -> int:
    """Queue platform writes that failed or whose outcome is unknown; the number of new notifications."""
    ledger = inputs.ledger
    states = ledger.proposals.states(changed_since=inputs.now - FAILED_WRITE_DAYS)
    failed = ledger.proposals.entries(
        ids=[key for key, state in states.items() if state in {State.FAILED, State.ARRIVED_LATE}]
    )
    in_flight = ledger.proposals.entries(states=IN_FLIGHT)
    has_open_topic = any(topic.kind == action_notices.WRITE for topic in ledger.notices.topics().values())
    if not failed and not in_flight and not has_open_topic:
        return 0
    run_ids = {
        entry.proposal_id: writes[-1].run_id
        for entry in (*failed, *in_flight)
        if (writes := ledger.writes.of(entry.proposal_id)) and not writes[-1].run_id.startswith("sensor")
    }
    notices = action_notices.write_notices(
        [*failed, *in_flight], ui_url=inputs.services.settings.ui_url, now=inputs.now, runs=run_ids
    )
    # A failure is final: that it leaves the list of the last days must not be announced as its end.
    final = [notice for notice in notices if notice.topic.endswith(("|failed", "|arrived late"))]
    pending = [notice for notice in notices if not notice.topic.endswith(("|failed", "|arrived late"))]
    queued = ledger.notices.say([notice.said(notice.ref) for notice in final])
    return queued + queue_changes(inputs, pending, inputs.now.date(), kinds=(action_notices.WRITE,))


def queue_recovered_runs(inputs: NotificationInputs, is_still_failing: Callable[[Notice], bool]) -> int:
    """Queue that jobs which failed succeed again; the number of new notifications."""
    open_topics = [
        topic
        for topic in inputs.ledger.notices.topics().values()
        if topic.kind == action_notices.RUN and topic.ended_on is None
    ]
    if not open_topics:
        return 0
    failing = [notice for topic in open_topics if is_still_failing(notice := read(topic.body))]
    return queue_changes(inputs, failing, inputs.now.date(), kinds=(action_notices.RUN,))


def queue_failed_run(
    services: ActionServices, context: signal_notices.NoticeContext, **run: Any
) -> list[StoredNotice]:
    """Queue that a run failed, unless the same steps failed before and have not succeeded since; what was
    queued.
    """
    notice = action_notices.run_notice(context=context, ui_url=services.settings.ui_url, **run)
    day = services.ledger.clock().astimezone(UTC).date()
    changes = compare([notice], services.ledger.notices.topics(), day=day, kinds=())
    services.ledger.notices.say(changes.to_send)
    services.ledger.notices.keep_topics(changes.topics)
    return list(changes.to_send)
