"""`python -m orchestration.cli notify`: tests the channels, and lists deliveries that wait or failed."""

from datetime import timedelta
from functools import partial

import click

from assets.reports.notifications.inputs import delivery_problems
from assets.reports.notifications.notice import DIGEST, Notice
from assets.reports.notifications.rendering import message_of
from resources.action_services import ActionServices, open_action_services
from resources.ledger.notices import Delivery
from resources.notification_delivery import Message, together

NONE = (
    "No address is set: PAID_MEDIA_NOTIFY, or the variables that `notifications.channels` of policy.yaml"
    " names. docs/notifications.md says how."
)


@click.group()
def notify() -> None:
    """Messages to people: try the channels, see what waits."""


@notify.command()
def test() -> None:
    """Send a test message to every channel and say which took it. Quiet hours do not hold it."""
    services = open_action_services()
    addresses = services.addresses()
    if not addresses:
        raise click.ClickException(NONE)
    message = _test_message(services)
    tasks = [(address.name, partial(address.tell, message)) for address in addresses]
    came = together(tasks, seconds=services.notifications.seconds + 5, when_done=lambda *_: None)
    for address in addresses:
        why = came.get(address.name, "no answer in time")
        click.echo(
            f"{'took it' if why is None else 'BROKEN '}  {address.name} ({address.service},"
            f" {address.format}){f': {why}' if why else ''}"
        )
    if any(came.get(address.name, "no answer") is not None for address in addresses):
        raise click.exceptions.Exit(1)


@notify.command()
def status() -> None:
    """What was sent in the last two days, what waits and what was given up, per channel."""
    services = open_action_services()
    now = services.ledger.clock()
    rows = services.ledger.notices.deliveries(since=now - timedelta(days=2))
    if not rows:
        click.echo("Nothing was said in the last two days.")
    for row in rows:
        words = f": {row.said}" if row.said and row.state != Delivery.SENT else ""
        click.echo(f"{row.channel:12} {row.state:12} {row.number}{words}")
    for words in delivery_problems(services, now=now):
        click.echo(f"NOT DELIVERED: {words}")


def channels_shown(services: ActionServices) -> str:
    """The channels as lines for a terminal; no address is shown, for addresses hold tokens."""
    rules, addresses = services.notifications, services.addresses()
    lines = [
        f"works    messages: {address.name} ({address.service}, {address.format})" for address in addresses
    ]
    reached = {address.name.partition("/")[0] for address in addresses}
    unset = [(name, address.address) for name, address in rules.every_channel.items() if name not in reached]
    kind = "BROKEN " if rules.channels else "skipped"
    lines += [
        f"{kind}  messages: {name}: {variable} is not set; docs/notifications.md says how"
        for name, variable in unset
    ]
    return "\n".join(lines)


def _test_message(services: ActionServices) -> Message:
    notice = Notice(
        topic="test",
        kind="test",
        priority=DIGEST,
        entity="Test",
        short="test message",
        seen="This is a test: messages reach this channel.",
        todo="nothing to do",
    )
    return message_of([notice], company=services.notifications.company)
