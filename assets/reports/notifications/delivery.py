"""From what is kept to what is sent: each notice to its channels when its time has come, those of one urgency together as one message.

Every address is on its own: what one took is never sent there again, what another did not take is tried again later, less and less often.
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
from resources.ledger.notices import Delivery, Said
from resources.ledger.states import State
from resources.notification_delivery import Address, together
from resources.policy.notifications import Notifications

AGAIN_AFTER = tuple(timedelta(minutes=n) for n in (1, 2, 5, 15, 60, 180, 360, 720))
"""Waits before the second and further attempts; the last one holds from then on."""
ALONE = {DIGEST_KIND, "weekly", "test"}
"""Kinds that are a message by themselves."""
Zone = Callable[[Notice], ZoneInfo]


def route_new(
    services: ActionServices, rules: Notifications, addresses: Sequence[Address], zone: Zone
) -> int:
    """Say of every new notice where it goes and from when on."""
    ledger, now = services.ledger, services.ledger.clock()
    new = ledger.notices.unrouted()
    for said in new:
        notice = _read(said)
        due = {} if notice is None else _due(notice, rules, addresses, now=now, zone=zone)
        ledger.notices.route(said.notice_id, due)
    return len(new)


def _due(
    notice: Notice, rules: Notifications, addresses: Sequence[Address], *, now: datetime, zone: Zone
) -> dict[str, datetime]:
    channels = (notice.topic,) if notice.kind == DIGEST_KIND else channels_of(notice, rules)
    when = due_at(notice.priority, now, zone(notice), rules, by=notice.by)
    if notice.priority == SOON and not (notice.by and notice.by <= now):
        when = max(when, now + timedelta(minutes=rules.gather_minutes))
    return {one.name: when for one in addresses if one.name.partition("/")[0] in channels}


def send_due(
    services: ActionServices, rules: Notifications, addresses: Sequence[Address], zone: Zone
) -> dict[str, str | None]:
    """Send what is due, for some seconds at most. Per message (address and urgency) None where it was taken, else why not; what is
    not there is still on its way, and says itself what becomes of it.
    """
    secrets = [secret for one in addresses for secret in one.secrets]
    tasks, ids = [], {}
    for address in addresses:
        claimed = services.ledger.notices.claim(
            address.name, early={SOON: timedelta(minutes=rules.gather_minutes)}
        )
        for group, some in _groups(
            _awake(services, address.name, rules, _of_use(services, address.name, claimed), zone)
        ).items():
            name = f"{address.name} {group}"
            notices = [notice for _, notice in some]
            mentions = {one.topic: owner_of(one, rules) for one in notices}
            message = message_of(notices, company=rules.company, mentions=mentions, secrets=secrets)
            tasks.append((name, partial(address.tell, message)))
            ids[name] = (address.name, [said for said, _ in some])
    return together(tasks, seconds=rules.seconds, when_done=partial(_write_down, services, rules, ids))


def _of_use(services: ActionServices, channel: str, claimed: Sequence[Said]) -> list[tuple[Said, Notice]]:
    """What is still worth saying; the rest is over: its time has passed, or somebody has decided."""
    now = services.ledger.clock()
    read_ones = [(said, _read(said)) for said in claimed]
    waits = {one.topic for _, one in read_ones if one and one.kind in {APPROVAL, REMINDER}}
    undecided = {
        entry.proposal_id for entry in services.ledger.proposals.entries(ids=sorted(waits)) if entry.state == State.PROPOSED
    } if waits else set()  # fmt: skip
    kept, over = [], []
    for said, notice in read_ones:
        is_over = notice is None or (notice.until is not None and notice.until <= now)
        if (
            notice is None
            or is_over
            or (notice.topic in waits - undecided and notice.kind in {APPROVAL, REMINDER})
        ):
            over.append(said.notice_id)
        else:
            kept.append((said, notice))
    services.ledger.notices.ended(channel, over, Delivery.OUT_OF_DATE)
    return kept


def _awake(
    services: ActionServices,
    channel: str,
    rules: Notifications,
    kept: Sequence[tuple[Said, Notice]],
    zone: Zone,
) -> list[tuple[Said, Notice]]:
    """What may be told in this very hour: gathering, another attempt and a sensor that stood still move things into the night."""
    now, awake = services.ledger.clock(), []
    for said, notice in kept:
        until = due_at(DIGEST, now, zone(notice), rules) if said.priority != NOW else now
        if until > now:
            services.ledger.notices.hold(channel, [said.notice_id], until=until)
        else:
            awake.append((said, notice))
    return awake


def _groups(kept: Sequence[tuple[Said, Notice]]) -> dict[str, list[tuple[Said, Notice]]]:
    """Those that make one message together; of one proposal the newest notice alone."""
    found: dict[str, list[tuple[Said, Notice]]] = {}
    for said, notice in kept:
        alone = f" {said.notice_id}" if notice.kind in ALONE else ""
        found.setdefault(f"P{said.priority}{alone}", []).append((said, notice))
    return found


def _write_down(
    services: ActionServices,
    rules: Notifications,
    ids: Mapping[str, tuple[str, list[Said]]],
    name: str,
    why: str | None,
) -> None:
    channel, notices = ids[name]
    if why is None:
        services.ledger.notices.ended(channel, [one.notice_id for one in notices], Delivery.SENT)
        return
    for one in notices:
        if one.attempts + 1 >= rules.attempts:
            services.ledger.notices.ended(channel, [one.notice_id], Delivery.GIVEN_UP, said=why)
        else:
            wait = AGAIN_AFTER[min(one.attempts, len(AGAIN_AFTER) - 1)]
            services.ledger.notices.retry(
                channel, [one.notice_id], at=services.ledger.clock() + wait, said=why
            )


def _read(said: Said) -> Notice | None:
    """None for what another version of this program kept in a form that nobody can read any more."""
    try:
        return read(said.body)
    except msgspec.MsgspecError:
        return None
