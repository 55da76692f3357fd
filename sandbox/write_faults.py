"""What becomes of a write that a fault strikes: which answer the client gets, and whether and when the change
happens.

A platform's answer to a write is definite (the change did not happen) or ambiguous (nobody can tell from it).
Each ambiguous answer can be served before the change (which then never happens), after it, or while the
change is still to land. A definite refusal can be served before the change alone, because no platform sends
it after one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from sandbox.clock import Clock

MOMENTS = ("before", "after", "late")
NO_ANSWER = "no_answer"

AMBIGUOUS: dict[str, dict[str, str]] = {
    "google_ads": {
        NO_ANSWER: "UNAVAILABLE without a GoogleAdsFailure, as when the connection closes",
        "INTERNAL": "INTERNAL with internal_error.INTERNAL_ERROR",
        "TRANSIENT": "INTERNAL with internal_error.TRANSIENT_ERROR",
        "UNKNOWN": "UNKNOWN without a GoogleAdsFailure",
        "CANCELLED": "CANCELLED without a GoogleAdsFailure",
        "DATA_LOSS": "DATA_LOSS without a GoogleAdsFailure",
        "RESOURCE_EXHAUSTED": "RESOURCE_EXHAUSTED without a GoogleAdsFailure",
        "DEADLINE_EXCEEDED": "DEADLINE_EXCEEDED without a GoogleAdsFailure",
        "ABORTED": "ABORTED with database_error.CONCURRENT_MODIFICATION",
        "INVALID_ARGUMENT_BARE": "INVALID_ARGUMENT without a GoogleAdsFailure",
        "RESPONSE_TOO_LARGE": "INVALID_ARGUMENT with size_limit_error.RESPONSE_SIZE_LIMIT_EXCEEDED",
        "FEWER_RESULTS": "OK with fewer results than operations",
        "PARTIAL_FAILURE_WITHOUT_INDEX": "OK with a partial failure that names no operation",
    },
    "meta_ads": {
        NO_ANSWER: "HTTP 502 with an HTML page",
        "1/99": "code 1, subcode 99, HTTP 500",
        "1": "code 1, HTTP 400, is_transient false",
        "reduce_data": "code 1, 'reduce the amount of data', HTTP 500",
        "2": "code 2, subcode 1504044, HTTP 503, is_transient true",
        "http_500": "HTTP 500 with an empty body",
        "http_500/100": "HTTP 500 with code 100",
        "http_503/100": "HTTP 503 with code 100",
        "http_503_without_error": "HTTP 503 with JSON that has no error",
        "none": "HTTP 500 with an error that has no code",
        "-1": "code -1, HTTP 500",
        "0": "code 0, HTTP 400",
        "99": "code 99, HTTP 400",
        "104": "code 104, HTTP 400",
        "960": "code 960, HTTP 400",
        "100": "code 100, HTTP 400, without a blamed parameter",
        "100/1487390": "code 100, subcode 1487390, 'try again later', HTTP 400, is_transient false",
        "100/33": "code 100, subcode 33: the object is missing or may not be seen, HTTP 400",
        "transient": "code 100, HTTP 400, is_transient true",
        "4": "code 4, throttled, HTTP 400",
        "17": "code 17, throttled, HTTP 400",
        "341": "code 341, throttled, HTTP 400",
        "368": "code 368, temporarily blocked, HTTP 400",
        "506": "code 506, duplicate post, HTTP 400",
        "613": "code 613, throttled, HTTP 400",
        "80004": "code 80004, throttled, HTTP 400",
        "success_false": "HTTP 200 with success false",
        "empty_200": "HTTP 200 with an empty body",
        "html_200": "HTTP 200 with an HTML page",
        "without_id": "HTTP 200 with an object that has no id",
        "redirect": "HTTP 302 to another address",
    },
    "linkedin_ads": {
        NO_ANSWER: "HTTP 502 with an HTML page",
        "400_bare": "400 with an HTML page",
        "404_recent": "404 in LinkedIn's shape, as for an object made minutes ago",
        "408": "408 with an empty body",
        "409": "409 in LinkedIn's shape",
        "412": "412 in LinkedIn's shape",
        "422_duplicate": "422 DUPLICATE_POST in LinkedIn's shape",
        "429": "429 in LinkedIn's shape, serviceErrorCode 101",
        "499": "499 with an empty body",
        "500": "500 in LinkedIn's shape, with X-RestLi-Error-Response",
        "503": "503 in LinkedIn's shape",
        "504": "504 with an HTML page",
        "redirect": "302 to another address",
        "without_id": "201 or 200 without an id",
    },
}
"""Answers that leave open whether the change happened, by platform and name."""

DEFINITE: dict[str, dict[str, str]] = {
    "google_ads": {
        "INVALID_ARGUMENT": "INVALID_ARGUMENT with field_error.INVALID_VALUE",
        "PERMISSION_DENIED": "PERMISSION_DENIED with authorization_error.USER_PERMISSION_DENIED",
        "NOT_FOUND": "NOT_FOUND with mutate_error.RESOURCE_NOT_FOUND",
        "ALREADY_EXISTS": "ALREADY_EXISTS with mutate_error.RESOURCE_ALREADY_EXISTS",
        "QUOTA": "RESOURCE_EXHAUSTED with quota_error.RESOURCE_EXHAUSTED",
        "UNSUPPORTED_VERSION": "UNIMPLEMENTED with request_error.UNSUPPORTED_VERSION",
    },
    "meta_ads": {
        "190": "code 190, HTTP 401",
        "10": "code 10, HTTP 403",
        "200": "code 200, HTTP 403",
        "100_blamed": "code 100 with a blamed parameter, HTTP 400",
        "2635": "code 2635, HTTP 400",
    },
    "linkedin_ads": {
        "400": "400 in LinkedIn's shape",
        "401": "401 in LinkedIn's shape",
        "403": "403 in LinkedIn's shape",
        "422": "422 in LinkedIn's shape",
        "426": "426 in LinkedIn's shape",
    },
}
"""Refusals that prove that nothing happened, by platform and name."""


class ImpossibleAnswer(ValueError):
    """No platform answers a write like that; the message says what is possible."""


@dataclass(frozen=True)
class WriteFault:
    """How a write is answered, and when its change happens."""

    kind: str
    moment: str
    """`before` the change, which then never happens; `after` it; or `late`: the change lands later."""
    answer: str | None = None
    """Name of the answer; None where the write is called done."""
    seconds: float = 0.0

    @property
    def label(self) -> str:
        """What the audit calls it."""
        return self.kind if self.kind != "write_answer" else f"{self.answer} {self.moment}"


def require_possible(platform: str, detail: dict[str, Any]) -> None:
    """Check the detail of a `write_answer`.

    Raises:
        ImpossibleAnswer: The answer or the moment is unknown, or a definite refusal is asked for after a
        change.
    """
    answer, moment = detail.get("answer"), detail.get("moment", "before")
    ambiguous, definite = AMBIGUOUS.get(platform, {}), DEFINITE.get(platform, {})
    if answer not in ambiguous and answer not in definite:
        raise ImpossibleAnswer(
            f"{platform} has no answer '{answer}'. Known are {', '.join([*ambiguous, *definite])}."
        )
    if moment not in MOMENTS:
        raise ImpossibleAnswer(f"moment is one of {', '.join(MOMENTS)}, not '{moment}'.")
    if answer in definite and moment != "before":
        raise ImpossibleAnswer(
            f"'{answer}' proves that nothing happened: {platform} never sends it after a change."
        )
    seconds = detail.get("seconds", 0)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise ImpossibleAnswer("seconds is a number of seconds of the simulated clock, 0 or more.")
    if unknown := set(detail) - {"answer", "moment", "seconds"}:
        raise ImpossibleAnswer(f"write_answer takes answer, moment and seconds, not {min(unknown)}.")


def of_detail(kind: str, detail: dict[str, Any]) -> WriteFault:
    """The fault of a write, of any kind, that an armed fault stands for."""
    if kind == "lost_request":
        return WriteFault(kind, "before", NO_ANSWER)
    if kind == "lost_answer":
        return WriteFault(kind, "after", NO_ANSWER)
    if kind == "half_upload":
        return WriteFault(kind, "after", NO_ANSWER)
    if kind == "invalid_entries":
        return WriteFault(kind, "after")
    if kind == "ignored_write":
        return WriteFault(kind, "before")
    return WriteFault(kind, detail.get("moment", "before"), detail["answer"], float(detail.get("seconds", 0)))


class LateChanges:
    """Changes that were accepted and have not landed yet, by the simulated clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[tuple[datetime, Callable[[], None]]] = []
        self._lock = Lock()

    def add(self, seconds: float, apply: Callable[[], None]) -> None:
        """Let a change land so many seconds from now."""
        with self._lock:
            self._waiting.append((self._clock.now() + timedelta(seconds=seconds), apply))

    def land(self) -> None:
        """Carry out what is due, each at its own instant. Every request to a wire begins with it."""
        if not self._waiting:
            return
        with self._lock:
            now = self._clock.now()
            due = sorted((one for one in self._waiting if one[0] <= now), key=lambda one: one[0])
            self._waiting = [one for one in self._waiting if one[0] > now]
        for at, apply in due:
            with self._clock.standing_at(at):
                apply()

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
