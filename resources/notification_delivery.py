"""Delivers messages by the services that the deployment names (Apprise addresses), each in a bounded time.

An address that does not answer never holds up what calls this: after some seconds it is left to its own
thread, which still writes down what became of it. Nothing that Apprise says is passed on, for it may hold the
address, and addresses hold tokens: a failure is told in words of our own.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from pydantic import SecretStr

from resources.ledger.notices import StoredNotice
from resources.ledger.store import Ledger
from resources.policy.notifications import Channel

HTML, MARKDOWN, TEXT = "html", "markdown", "text"
CONNECT_SECONDS, READ_SECONDS = 4.0, 8.0
_BY_SCHEME = {
    "mailto": HTML,
    "mailtos": HTML,
    "slack": MARKDOWN,
    "mmost": MARKDOWN,
    "mmosts": MARKDOWN,
    "discord": MARKDOWN,
    "msteams": MARKDOWN,
    "workflow": MARKDOWN,
    "workflows": MARKDOWN,
    "gchat": MARKDOWN,
    "rocket": MARKDOWN,
    "rockets": MARKDOWN,
    "tgram": MARKDOWN,
    "webexteams": MARKDOWN,
    "wxteams": MARKDOWN,
    "zulip": MARKDOWN,
    "matrix": MARKDOWN,
    "matrixs": MARKDOWN,
}
_LOGIN = re.compile(r"[^/@\s]{6,}")


@dataclass(frozen=True)
class Message:
    """One message in every form an address may take. `attached` is a file's name and content."""

    title: str
    text: str
    markdown: str
    html: str
    attached: tuple[str, str] | None = None


@dataclass(frozen=True)
class Address:
    """One place to tell. Its URL holds tokens and is shown nowhere."""

    name: str
    format: str
    _url: SecretStr = field(repr=False)

    @property
    def service(self) -> str:
        """The kind of service, such as mailto or slack."""
        return self._url.get_secret_value().partition("://")[0].lower()

    @property
    def secrets(self) -> list[str]:
        """Everything of the address that must not stand in a message."""
        rest = self._url.get_secret_value().partition("://")[2]
        return [rest, *_LOGIN.findall(rest)]

    def tell(self, message: Message) -> str | None:
        """None where the service took the message, else why not, without anything of the address."""
        import apprise  # noqa: PLC0415 — only the process that tells somebody needs it
        from apprise.attachment.memory import AttachMemory  # noqa: PLC0415

        asset = apprise.AppriseAsset(
            app_id="Paid media",
            app_desc="Paid media",
            app_url="",
            image_url_mask="",
            image_url_logo="",
            async_mode=False,
            service_timeout=CONNECT_SECONDS + READ_SECONDS,
            http_redirects=False,
        )
        body, form = {
            HTML: (message.html, apprise.NotifyFormat.HTML),
            MARKDOWN: (message.markdown, apprise.NotifyFormat.MARKDOWN),
        }.get(self.format, (message.text, apprise.NotifyFormat.TEXT))
        url = self._url.get_secret_value()
        if not re.search(
            r"[?&]format=", url
        ):  # else a service's own default form is made of ours, and links get lost
            url += f"{'&' if '?' in url else '?'}format={form.value}"
        files = None
        if message.attached and self.format == HTML:
            name, content = message.attached
            memory: Any = AttachMemory
            files = apprise.AppriseAttachment()
            files.add(memory(content=content.encode(), name=name, mimetype="text/csv"))
        with _heard() as captured:
            service: Any = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
            if service is None:
                return "the address is none that Apprise can read; docs/notifications.md has examples"
            service.socket_connect_timeout, service.socket_read_timeout = CONNECT_SECONDS, READ_SECONDS
            # The service itself, in this thread: by way of `Apprise.notify` it would speak in one of its own.
            took = service.notify(
                body=body,
                title=message.title,
                notify_type=apprise.NotifyType.INFO,
                body_format=form,
                attach=files,
            )
        return None if took else _why(captured)


def addresses(channels: Mapping[str, Channel], given: Mapping[str, SecretStr]) -> list[Address]:
    """The addresses of these channels, of those whose variable is set.

    Several in one variable are numbered from the second on.
    """
    configured = []
    for name, channel in channels.items():
        held = given.get(channel.address)
        for number, url in enumerate(held.get_secret_value().split() if held else (), start=1):
            scheme = url.partition("://")[0].lower()
            text_format = channel.format or _BY_SCHEME.get(scheme, TEXT)
            configured.append(
                Address(name if number == 1 else f"{name}/{number}", text_format, SecretStr(url))
            )
    return configured


@dataclass(frozen=True)
class Notifier:
    """What people are to be told is kept in the ledger; the sensor `notices` sends it."""

    _ledger: Callable[[], Ledger]
    is_set: bool = True

    def tell(self, notices: Sequence[StoredNotice]) -> bool:
        """Whether they are kept, so that they will be said even after a crash.

        True where nobody is to be told.
        """
        if self.is_set and notices:
            self._ledger().notices.say(notices)
        return True


def together(
    tasks: Iterable[tuple[str, Callable[[], str | None]]],
    *,
    seconds: float,
    when_done: Callable[[str, str | None], None],
) -> dict[str, str | None]:
    """What each task returned, by name, after so many seconds at most; those still at work are left to end by
    themselves.

    Args:
        tasks: A name, and what returns None or why it did not work.
        seconds: How long all of them together may keep the caller.
        when_done: Told of every task that ends, also later than that, in its own thread.
    """
    done: dict[str, str | None] = {}

    def work(name: str, task: Callable[[], str | None]) -> None:
        try:
            why = task()
        except Exception as error:  # noqa: BLE001 — whatever a service's client raises, the others go on
            why = f"{type(error).__name__} while sending"
        when_done(name, why)
        done[name] = why

    threads = [threading.Thread(target=work, args=one, name=f"tell {one[0]}", daemon=True) for one in tasks]
    for thread in threads:
        thread.start()
    deadline = monotonic() + seconds
    for thread in threads:
        thread.join(max(deadline - monotonic(), 0.0))
    return dict(done)


class _ThreadLogCapture(logging.Filter):
    """Takes what is said in its own thread out of the log."""

    def __init__(self) -> None:
        super().__init__()
        self.thread, self.said = threading.get_ident(), list[str]()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.thread != self.thread:
            return True
        self.said.append(record.getMessage())
        return False


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What Apprise says in this thread.

    It and what it stands on write whole addresses into the log, so nothing of it gets there.
    """
    ear, loggers = (
        _ThreadLogCapture(),
        [logging.getLogger(name) for name in ("apprise", "urllib3.connectionpool")],
    )
    loggers[0].setLevel(logging.DEBUG)  # only there it says why nobody answered
    for logger in loggers:
        logger.addFilter(ear)
    try:
        yield ear.said
    finally:
        for logger in loggers:
            logger.removeFilter(ear)


def _why(captured: Any) -> str:
    """The reason, from the few words that tell it: never a sentence of the service's, which may quote the
    address.
    """
    words = " ".join(captured)
    if code := re.search(r"(?:error ?[=:]|HTTP |\()\s*([45]\d\d)\b", words):
        return f"the service answered {code[1]}"
    if re.search(r"(?i)timed? ?out", words):
        return "no answer in time"
    if re.search(r"(?i)refused|unreachable|resolve|name or service", words):
        return "nobody answers at the address"
    if re.search(r"(?i)authenticat|\b535\b", words):
        return "the login was refused"
    return "the service did not take it"
