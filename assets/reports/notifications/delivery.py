"""Delivery of queued notices: routed to channels, sent when due, notices of one urgency together in one
message.

Each address is independent: what it accepted is never sent again, what it refused is retried with growing
delays.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import msgspec

from assets.reports.notifications.action_notices import APPROVAL, REMINDER
from assets.reports.notifications.digest import KIND as DIGEST_KIND
from assets.reports.notifications.notice import DIGEST, NOW, SOON, Notice, read
from assets.reports.notifications.quiet_hours import due_at
from assets.reports.notifications.rendering import message_of
from assets.reports.notifications.routing import channels_of, owner_of
from resources.action_services import ActionServices
from resources.ledger.notices import Delivery, StoredNotice
from resources.ledger.states import State
from resources.notification_delivery import Address, together
from resources.policy.notifications import Notifications

AGAIN_AFTER = tuple(timedelta(minutes=n) for n in (1, 2, 5, 15, 60, 180, 360, 720))
"""Back-off before the second and further attempts; the last delay repeats."""
ALONE = {DIGEST_KIND, "weekly", "test"}
"""Kinds that are always a message of their own."""
ZoneOf = Callable[[Notice], ZoneInfo]


def route_new(
    services: ActionServices, rules: Notifications, addresses: Sequence[Address], zone_of: ZoneOf
) -> int:
    """Decide channel and earliest time of every new notice; how many there were."""
    ledger, now = services.ledger, services.ledger.clock()
    new = ledger.notices.unrouted()
    for queued in new:
        notice = _read(queued)
        due = {} if notice is None else _due(notice, rules, addresses, now=now, zone_of=zone_of)
        ledger.notices.route(queued.notice_id, due)
    return len(new)


def _due(
    notice: Notice, rules: Notifications, addresses: Sequence[Address], *, now: datetime, zone_of: ZoneOf
) -> dict[str, datetime]:
    channels = (notice.topic,) if notice.kind == DIGEST_KIND else channels_of(notice, rules)
    when = due_at(notice.priority, now, zone_of(notice), rules, by=notice.by)
    if notice.priority == SOON and not (notice.by and notice.by <= now):
        when = max(when, now + timedelta(minutes=rules.gather_minutes))
    return {address.name: when for address in addresses if address.name.partition("/")[0] in channels}


def send_due(
    services: ActionServices, rules: Notifications, addresses: Sequence[Address], zone_of: ZoneOf
) -> dict[str, str | None]:
    """Send what is due within a bounded time.

    Returns, per message (address and urgency), None where it was accepted and else the reason. A message that
    is still being sent is absent and records its own outcome.
    """
    secrets = [secret for address in addresses for secret in address.secrets]
    tasks, ids = [], {}
    for address in addresses:
        claimed = services.ledger.notices.claim(
            address.name, early={SOON: timedelta(minutes=rules.gather_minutes)}
        )
        relevant = _relevant(services, address.name, claimed)
        due = _outside_quiet_hours(services, address.name, rules, relevant, zone_of)
        for group, members in _groups(due).items():
            name = f"{address.name} {group}"
            notices = [notice for _, notice in members]
            mentions = {notice.topic: owner_of(notice, rules) for notice in notices}
            message = message_of(notices, company=rules.company, mentions=mentions, secrets=secrets)
            tasks.append((name, partial(address.tell, message)))
            ids[name] = (address.name, [queued for queued, _ in members])
    return together(tasks, seconds=rules.seconds, when_done=partial(_record_outcome, services, rules, ids))


def _relevant(
    services: ActionServices, channel: str, claimed: Sequence[StoredNotice]
) -> list[tuple[StoredNotice, Notice]]:
    """Notices that are still relevant; the rest has expired or has been decided and is closed as out of date."""
    now = services.ledger.clock()
    notices = [(queued, _read(queued)) for queued in claimed]
    about_proposals = {
        notice.topic for _, notice in notices if notice and notice.kind in {APPROVAL, REMINDER}
    }
    undecided = (
        {
            entry.proposal_id
            for entry in services.ledger.proposals.entries(ids=sorted(about_proposals))
            if entry.state == State.PROPOSED
        }
        if about_proposals
        else set()
    )
    relevant, out_of_date = [], []
    for queued, notice in notices:
        has_expired = notice is None or (notice.until is not None and notice.until <= now)
        if (
            notice is None
            or has_expired
            or (notice.topic in about_proposals - undecided and notice.kind in {APPROVAL, REMINDER})
        ):
            out_of_date.append(queued.notice_id)
        else:
            relevant.append((queued, notice))
    services.ledger.notices.ended(channel, out_of_date, Delivery.OUT_OF_DATE)
    return relevant


def _outside_quiet_hours(
    services: ActionServices,
    channel: str,
    rules: Notifications,
    relevant: Sequence[tuple[StoredNotice, Notice]],
    zone_of: ZoneOf,
) -> list[tuple[StoredNotice, Notice]]:
    """Notices that may be sent now; batching, retries or a stopped sensor can move a delivery into quiet
    hours.
    """
    now, sendable = services.ledger.clock(), []
    for queued, notice in relevant:
        until = due_at(DIGEST, now, zone_of(notice), rules) if queued.priority != NOW else now
        if until > now:
            services.ledger.notices.hold(channel, [queued.notice_id], until=until)
        else:
            sendable.append((queued, notice))
    return sendable


def _groups(due: Sequence[tuple[StoredNotice, Notice]]) -> dict[str, list[tuple[StoredNotice, Notice]]]:
    """Notices by message: one per urgency, and one for each kind that is sent alone."""
    groups: dict[str, list[tuple[StoredNotice, Notice]]] = {}
    for queued, notice in due:
        alone = f" {queued.notice_id}" if notice.kind in ALONE else ""
        groups.setdefault(f"P{queued.priority}{alone}", []).append((queued, notice))
    return groups


def _record_outcome(
    services: ActionServices,
    rules: Notifications,
    ids: Mapping[str, tuple[str, list[StoredNotice]]],
    name: str,
    why: str | None,
) -> None:
    channel, notices = ids[name]
    if why is None:
        services.ledger.notices.ended(channel, [queued.notice_id for queued in notices], Delivery.SENT)
        return
    for queued in notices:
        if queued.attempts + 1 >= rules.attempts:
            services.ledger.notices.ended(channel, [queued.notice_id], Delivery.GIVEN_UP, said=why)
        else:
            wait = AGAIN_AFTER[min(queued.attempts, len(AGAIN_AFTER) - 1)]
            services.ledger.notices.retry(
                channel, [queued.notice_id], at=services.ledger.clock() + wait, said=why
            )


def _read(queued: StoredNotice) -> Notice | None:
    """The notice; None where another version of this program wrote it in a form that cannot be read."""
    try:
        return read(queued.body)
    except msgspec.MsgspecError:
        return None
