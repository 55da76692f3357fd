"""The life of a proposal, whole: what is absent from NEXT cannot happen."""

from enum import StrEnum


class State(StrEnum):
    """Where a proposal stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    EXECUTING = "executing"
    VERIFIED = "verified"
    FAILED = "failed"
    UNKNOWN = "unknown"
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
    State.FAILED: frozenset(),
    State.REVERTED: frozenset(),
}
WAITING = (State.PROPOSED,)
IN_FLIGHT = (State.EXECUTING, State.UNKNOWN)
OPEN = (State.PROPOSED, State.APPROVED, *IN_FLIGHT)


class Sent(StrEnum):
    """Where one write of a proposal stands. The row is there before the request leaves."""

    INTENDED = "intended"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    VERIFIED = "verified"
    ABSENT = "absent"
    """Read back and not there: it did not happen."""
