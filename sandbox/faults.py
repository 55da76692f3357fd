"""Faults on request: a test arms one, the next requests that it fits meet it, and then it is used up.

A fault is a name that one wire knows (`KNOWN`). To add one: name it here, take it where it should strike.
"""

from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from sandbox.write_faults import WriteFault, of_detail, require_possible

WRITES = {
    "lost_request": "a write gets no answer and did not happen",
    "lost_answer": "a write happens and gets no answer",
    "ignored_write": "a write is answered as done and changes nothing",
    "write_answer": (
        "a write gets that answer before or after its change, or while it is late (detail: answer, moment,"
        " seconds)"
    ),
}
UPLOADS = {
    "half_upload": "half of an upload to an audience is taken, and no answer comes",
    "invalid_entries": "half of an upload to an audience is called invalid and left out",
}
"""Faults of uploads to audiences, besides `lost_request` and `lost_answer`."""
KNOWN: dict[str, dict[str, str]] = {
    "google_ads": {
        "token_revoked": "the token endpoint answers invalid_grant",
        "throttled": "RESOURCE_EXHAUSTED with a retry delay (detail: seconds)",
        "unavailable": "UNAVAILABLE before the first row",
        "broken_stream": "UNAVAILABLE after some rows were sent",
        "day_quota": "RESOURCE_EXHAUSTED until tomorrow",
        "truncated": "a report ends well after half of its rows",
        "slow": "the answer waits (detail: seconds)",
        "repeat_accepted": (
            "a create of a criterion that exists is answered with the existing one, not refused"
        ),
        **WRITES,
        **UPLOADS,
    },
    "meta_ads": {
        "token_expired": "code 190, subcode 463",
        "throttled": "code 80000 with minutes to wait in the usage header",
        "unavailable": "code 2, transient",
        "too_much": "code 1, reduce the amount of data",
        "empty_page": "a page without rows that still has a next page",
        "truncated": "a report's last page comes early, after half of its rows",
        "token_ends_soon": "debug_token tells of a token that ends (detail: days)",
        "job_failed": "an asynchronous report ends in Job Failed",
        "job_stuck": "an asynchronous report stays at Job Running, 100 %",
        "slow": "the answer waits (detail: seconds)",
        **WRITES,
        **UPLOADS,
    },
    "linkedin_ads": {
        "token_expired": "401, serviceErrorCode 65602, until the token is refreshed",
        "token_revoked": "401, serviceErrorCode 65601",
        "throttled": "429 whose limit is over within minutes",
        "day_limit": "429 of the day's limit, over at midnight UTC",
        "unavailable": "503",
        "truncated": "200 with half of the elements",
        "token_ends_soon": "introspectToken tells of a token that ends (detail: days)",
        "permission_empty": "200 with no elements, as without read permission",
        "slow": "the answer waits (detail: seconds)",
        **WRITES,
        **UPLOADS,
    },
    "hubspot": {
        "token_expired": "401, EXPIRED_AUTHENTICATION, from then on",
        "throttled": "429 of the ten seconds (detail: seconds for Retry-After)",
        "day_limit": "429 of the day's limit",
        "unavailable": "503",
        "slow": "the answer waits (detail: seconds)",
    },
    "salesforce": {
        "job_slow": "a bulk job says that it runs (detail: polls)",
        "job_failed": "a bulk job fails",
        "session_expired": "401, INVALID_SESSION_ID, until somebody logs in again",
        "throttled": "403, REQUEST_LIMIT_EXCEEDED",
        "unavailable": "503",
    },
    "mail": {
        "refused": "550, no such mailbox",
        "busy": "451, try again later",
        "unavailable": "421 after the whole mail was sent",
        "slow": "the greeting waits (detail: seconds)",
    },
    "chat": {
        "refused": "403, invalid_token",
        "throttled": "429 (detail: seconds for Retry-After)",
        "unavailable": "503",
        "slow": "the answer waits (detail: seconds)",
    },
}


class UnknownFault(ValueError):
    """No wire knows a fault of that name."""


@dataclass
class Fault:
    """An armed fault: strikes `times` times, after letting `after` requests pass."""

    platform: str
    kind: str
    times: int = 1
    after: int = 0
    detail: dict[str, Any] = field(default_factory=dict)


class Faults:
    """What is armed, oldest first."""

    def __init__(self) -> None:
        self._armed: deque[Fault] = deque()
        self._lock = Lock()
        self.rounds = 0
        """How often everything was forgotten: what a fault left behind is forgotten with it."""

    def arm(self, platform: str, kind: str, *, times: int = 1, after: int = 0, **detail: Any) -> Fault:
        """Arm a fault.

        Raises:
            UnknownFault: The name is in no wire's list; the message has the list.
            ImpossibleAnswer: A `write_answer` that no platform gives.
        """
        if kind not in KNOWN.get(platform, {}):
            possible = ", ".join(f"{p}: {', '.join(kinds)}" for p, kinds in KNOWN.items())
            raise UnknownFault(f"No fault '{kind}' for '{platform}'. Known are {possible}.")
        if kind == "write_answer":
            require_possible(platform, detail)
        fault = Fault(platform, kind, times, after, detail)
        with self._lock:
            self._armed.append(fault)
        return fault

    def take(self, platform: str, kind: str) -> dict[str, Any] | None:
        """The detail of an armed fault that strikes now, or None."""
        with self._lock:
            for fault in self._armed:
                if (fault.platform, fault.kind) != (platform, kind):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    return None
                fault.times -= 1
                if fault.times <= 0:
                    self._armed.remove(fault)
                return fault.detail
        return None

    def of_a_write(self, platform: str) -> WriteFault | None:
        """The fault that strikes a write now, if any."""
        return self._first(platform, tuple(WRITES))

    def of_an_upload(self, platform: str) -> WriteFault | None:
        """The fault that strikes an upload to an audience now, if any."""
        return self._first(platform, ("lost_request", "lost_answer", "write_answer", *UPLOADS))

    def _first(self, platform: str, kinds: tuple[str, ...]) -> WriteFault | None:
        for kind in kinds:
            if (detail := self.take(platform, kind)) is not None:
                return of_detail(kind, detail)
        return None

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()
            self.rounds += 1
