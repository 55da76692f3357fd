"""Every message that was caught, so that a test can count them and a person can look at one."""

import threading
from collections import deque
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

KEPT, MOST_BYTES = 500, 1_000_000


class Caught:
    """The last 500 messages, oldest first."""

    def __init__(self) -> None:
        self._messages: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def keep(self, service: str, at: datetime, **content: Any) -> None:
        """Keep a message: `mail`, `chat` or `webhook`, when it came, and what it held."""
        with self._lock:
            self._messages.append({"service": service, "at": at.isoformat(), **content})

    def all(self, service: str | None = None) -> list[dict[str, Any]]:
        with self._lock:
            return [message for message in self._messages if service in {None, message["service"]}]

    def clear(self) -> None:
        with self._lock:
            self._messages.clear()


def mail_parts(raw: bytes) -> dict[str, Any]:
    """A mail as a person's program shows it: subject, both bodies, and the attachments by name."""
    message = message_from_bytes(raw, policy=policy.default)
    if not isinstance(message, EmailMessage):  # the default policy makes no other
        raise TypeError("a mail was expected")
    bodies = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    return {
        "subject": str(message["subject"] or ""),
        "content_type": message.get_content_type(),
        **{kind: part.get_content() if part else "" for kind, part in bodies.items()},
        "attachments": {str(part.get_filename()): _text(part) for part in message.iter_attachments()},
    }


def _text(part: EmailMessage) -> str:
    content = part.get_payload(decode=True)
    return content.decode("utf-8", errors="replace") if isinstance(content, bytes) else ""
