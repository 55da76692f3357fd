"""The sandbox's clock: real time by default, or an instant that a test sets and moves."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


class Clock:
    """Real time plus an offset, or frozen at an instant."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        self._frozen_at = frozen_at
        self._standing_at: ContextVar[datetime | None] = ContextVar("standing_at", default=None)

    def now(self) -> datetime:
        return self._standing_at.get() or self._frozen_at or datetime.now(UTC)

    @contextmanager
    def standing_at(self, instant: datetime) -> Iterator[None]:
        """The clock reads `instant` inside, for this thread alone: what lands late happens at its own time."""
        token = self._standing_at.set(instant)
        try:
            yield
        finally:
            self._standing_at.reset(token)

    def set(self, instant: datetime | None) -> None:
        """Freeze at `instant` (UTC), or run with real time again on None."""
        if instant is not None and instant.tzinfo is None:
            raise ValueError("the instant needs a time zone, such as 2026-11-23T06:00:00Z")
        self._frozen_at = instant.astimezone(UTC) if instant else None

    def advance(self, step: timedelta) -> None:
        self._frozen_at = self.now() + step

    def today(self, zone: ZoneInfo) -> date:
        return self.now().astimezone(zone).date()
