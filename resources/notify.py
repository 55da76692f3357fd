"""Messages to people, by whichever service the deployment names (Apprise addresses).

A message that cannot be delivered never stops the work it tells of: the sender hears it and says it again later.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Notifier:
    """Addresses to tell. Shows none of them: they hold tokens."""

    _addresses: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Notifier({len(self._addresses)} addresses)"

    @property
    def is_set(self) -> bool:
        return bool(self._addresses)

    def tell(self, title: str, body: str) -> bool:
        """Whether every address took the message; True where there is none."""
        if not self._addresses:
            return True
        import apprise  # noqa: PLC0415 — only the process that tells somebody needs it

        sender = apprise.Apprise()
        known = [sender.add(address) for address in self._addresses]
        return all(known) and bool(
            sender.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT)
        )
