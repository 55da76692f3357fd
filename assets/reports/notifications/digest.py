"""The morning digest: one message per channel with new, open and closed topics, at most five lines and the
rest counted.
"""

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
    silenced: set[str],
    links: tuple[Link, ...],
    figures: str = "",
    more: Sequence[str] = (),
    is_late: bool = False,
) -> Notice:
    """One notice for one channel.

    Args:
        topics: Topics routed to this channel, by key.
        day: The closed day it describes.
        channel: Name of the channel.
        silenced: Topics and incident ids that nobody wants to hear of.
        links: Our pages.
        figures: The day in one line.
        more: Further lines: what waits for approval, what earns too little.
        is_late: The day's figures are not there yet.
    """
    audible = [topic for topic in topics.values() if not {topic.topic, topic.ref} & silenced]
    unresolved = sorted((topic for topic in audible if topic.ended_on is None), key=_order)
    new = [topic for topic in unresolved if topic.opened_on >= day]
    still = [topic for topic in unresolved if topic.opened_on < day]
    closed = [topic for topic in audible if topic.ended_on is not None and topic.ended_on >= day]
    lines = [_line(topic, "") for topic in new]
    lines += [_line(topic, f"still on since {short(topic.opened_on)}: ") for topic in still]
    lines += [_line(topic, "over: ") for topic in closed]
    counted = [
        f"{len(group)} {word}"
        for group, word in ((new, "new"), (still, "still on"), (closed, "over"))
        if group
    ]
    what = ", ".join(counted) or "all quiet"
    head = f"{short(day)}: {what}." + (f" {figures}" if figures else "")
    if is_late:
        head = f"{short(day)}: its figures are not all there yet. {what.capitalize()}."
    rest = len(lines) - SHOWN
    shown = lines[:SHOWN] + ([f"and {rest} more on the dashboard"] if rest > 0 else [])
    return Notice(
        topic=channel,
        kind=KIND,
        priority=DIGEST,
        entity="Daily digest",
        short=what,
        seen=head,
        links=links,
        lines=(*shown, *more),
    )


def _order(topic: Topic) -> tuple[int, bool, float, str]:
    notice = read(topic.body)
    return (topic.priority, notice.is_good, -notice.weight, topic.topic)


def _line(topic: Topic, before: str) -> str:
    notice = msgspec.structs.replace(read(topic.body), links=())
    line = f"{before}{notice.entity}: {notice.seen}"
    return f"{line}; {notice.money}" if notice.money and not before.startswith("over") else line
