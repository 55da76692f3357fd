"""Every request the sandbox received, so that a test can say "nothing was written" and mean it."""

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

KEPT = 20_000


@dataclass(frozen=True)
class Request:
    """One request. `name` is what was asked, such as `SearchStream` or `GET act_1/insights`; `wrote` what an
    accepted write changed.
    """

    at: datetime
    platform: str
    name: str
    account_id: str | None = None
    wrote: bool = False
    detail: dict[str, Any] = field(default_factory=dict)


class Audit:
    """The last 20,000 requests and the count of all."""

    def __init__(self) -> None:
        self._requests: deque[Request] = deque(maxlen=KEPT)
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def record(self, request: Request) -> None:
        with self._lock:
            self._requests.append(request)
            self._counts[request.platform] += 1

    def requests(self, *, platform: str | None = None, writes_only: bool = False) -> list[dict[str, Any]]:
        """Oldest first, as plain dicts with the instant in ISO form."""
        with self._lock:
            recent = list(self._requests)
        return [
            asdict(r) | {"at": r.at.isoformat()}
            for r in recent
            if (platform is None or r.platform == platform) and (r.wrote or not writes_only)
        ]

    def counts(self) -> dict[str, int]:
        with self._lock:
            return dict(self._counts)

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()
            self._counts.clear()
