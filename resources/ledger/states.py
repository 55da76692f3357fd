"""The life of a proposal and of a write, whole: a transition that is absent here cannot happen."""

from datetime import timedelta
from enum import StrEnum


class State(StrEnum):
    """The state of a proposal."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    EXECUTING = "executing"
    VERIFIED = "verified"
    FAILED = "failed"
    UNKNOWN = "unknown"
    ARRIVED_LATE = "arrived_late"
    """Counted as failed, and seen at the platform afterwards: a person decides what becomes of it."""
    REVERTED = "reverted"


NEXT: dict[State, frozenset[State]] = {
    State.PROPOSED: frozenset({State.APPROVED, State.REJECTED, State.EXPIRED, State.SUPERSEDED}),
    State.APPROVED: frozenset({State.EXECUTING, State.EXPIRED}),
    State.EXECUTING: frozenset({State.VERIFIED, State.FAILED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.VERIFIED, State.FAILED}),  # read back, never sent again
    State.VERIFIED: frozenset({State.REVERTED}),
    State.REJECTED: frozenset(),
    State.EXPIRED: frozenset(),
    State.SUPERSEDED: frozenset(),
    State.FAILED: frozenset({State.ARRIVED_LATE}),
    State.ARRIVED_LATE: frozenset({State.VERIFIED, State.REVERTED}),
    State.REVERTED: frozenset(),
}
WAITING = (State.PROPOSED,)
IN_FLIGHT = (State.EXECUTING, State.UNKNOWN)
OPEN = (State.PROPOSED, State.APPROVED, *IN_FLIGHT)


class WriteState(StrEnum):
    """The state of one write of a proposal. The row is there before the request leaves."""

    INTENDED = "intended"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    VERIFIED = "verified"
    ABSENT = "absent"
    """Looked for as long as it takes, and not there: it did not happen."""
    ARRIVED_LATE = "arrived_late"
    """Counted as absent or refused, and seen at the platform afterwards."""


NEXT_WRITE: dict[WriteState, frozenset[WriteState]] = {
    WriteState.INTENDED: frozenset(
        {
            WriteState.ACCEPTED,
            WriteState.REFUSED,
            WriteState.UNKNOWN,
            WriteState.VERIFIED,
            WriteState.ABSENT,
        }
    ),
    WriteState.ACCEPTED: frozenset({WriteState.VERIFIED, WriteState.ABSENT}),
    WriteState.UNKNOWN: frozenset({WriteState.ACCEPTED, WriteState.VERIFIED, WriteState.ABSENT}),
    WriteState.REFUSED: frozenset({WriteState.VERIFIED, WriteState.ARRIVED_LATE}),
    WriteState.ABSENT: frozenset({WriteState.ARRIVED_LATE}),
    WriteState.VERIFIED: frozenset(),
    WriteState.ARRIVED_LATE: frozenset(),
}
HAPPENED = (WriteState.VERIFIED, WriteState.ARRIVED_LATE)
NOT_THERE = (WriteState.REFUSED, WriteState.ABSENT)

LOOK_AT_LEAST = timedelta(minutes=15)
"""How long after the end of its request a write without a visible effect stays unknown.

Platforms were seen to apply changes minutes late.
"""
LONGEST_REQUEST = timedelta(seconds=180)
"""How long a client waits for an answer: a request whose end nobody recorded may have gone on for that long.
"""
WATCHED_FOR = timedelta(hours=24)
"""How long after it was counted as failed a write is still looked for, rarely."""
WATCHED_EVERY = timedelta(minutes=30)
