"""The morning's digest: one message with what is new, what is still on and what ended, five things at most and the rest counted."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from assets.formatting.platform_names import short
from assets.reports.notifications.notice import DIGEST, Link, Notice, read
from resources.ledger.notices import Topic

SHOWN = 5
KIND = "digest"


def digest_of(
    topics: Mapping[str, Topic],
    *,
    day: date,
    channel: str,
    hushed: set[str],
    links: tuple[Link, ...],
    figures: str = "",
    more: Sequence[str] = (),
    is_late: bool = False,
) -> Notice:
    """One notice for one channel.

    Args:
        topics: Those that this channel hears of.
        day: The closed day it is of.
        channel: Who gets it.
        hushed: Topics and refs nobody wants to hear of.
        links: Our pages.
        figures: The day in one line.
        more: Further lines: what waits for approval, what earns too little.
        is_late: The day's figures are not there yet.
    """
    told = [one for one in topics.values() if not {one.topic, one.ref} & hushed]
    on = sorted((one for one in told if one.ended_on is None), key=_order)
    new = [one for one in on if one.opened_on >= day]
    still = [one for one in on if one.opened_on < day]
    ended = [one for one in told if one.ended_on is not None and one.ended_on >= day]
    lines = [_line(one, "") for one in new]
    lines += [_line(one, f"still on since {short(one.opened_on)}: ") for one in still]
    lines += [_line(one, "over: ") for one in ended]
    counted = [
        f"{len(some)} {word}" for some, word in ((new, "new"), (still, "still on"), (ended, "over")) if some
    ]
    what = ", ".join(counted) or "all quiet"
    head = f"{short(day)}: {what}." + (f" {figures}" if figures else "")
    if is_late:
        head = f"{short(day)}: its figures are not all there yet. {what.capitalize()}."
    rest = len(lines) - SHOWN
    shown = lines[:SHOWN] + ([f"and {rest} more on the dashboard"] if rest > 0 else [])
    return Notice(
        topic=channel, kind=KIND, priority=DIGEST, entity="Daily digest", short=what, seen=head, links=links, lines=(*shown, *more)
    )  # fmt: skip


def _order(topic: Topic) -> tuple[int, bool, float, str]:
    notice = read(topic.body)
    return (topic.priority, notice.is_good, -notice.weight, topic.topic)


def _line(topic: Topic, before: str) -> str:
    notice = msgspec.structs.replace(read(topic.body), links=())
    said = f"{before}{notice.entity}: {notice.seen}"
    return f"{said}; {notice.money}" if notice.money and not before.startswith("over") else said
