"""What went wrong in a case, by the sandbox's audit of requests and the entities as the platform has them,
never by what the drill itself expected.
"""

from collections import Counter

from benchmarks.gate_faults.rig import Rig
from resources.ledger.proposal import Proposal
from resources.ledger.states import IN_FLIGHT, State

FIGURES = ("wrongly_failed", "unapproved", "twice", "unknown_forever")


def count(rig: Rig, proposals: list[Proposal], *, approved: bool) -> tuple[Counter[str], str]:
    """What was counted, and the states the proposals ended in.

    Raises:
        RuntimeError: The ledger contradicts its own audit.
    """
    counts: Counter[str] = Counter(dict.fromkeys(FIGURES, 0))
    rig.sandbox.stage.faults.clear()
    most = sum(len(proposal.changes) * (2 if len(proposal.changes) > 1 else 1) for proposal in proposals)
    counts["twice"] = max(0, len(rig.writes(proposals[0].changes[0].target.platform)) - most)
    ledger = rig.path.ledger
    states, entries = ledger.proposals.states(), list(ledger.audit.entries())
    for proposal in proposals:
        state = states[proposal.proposal_id]
        events = {entry.event for entry in entries if entry.proposal_id == proposal.proposal_id}
        is_there = []
        for change in proposal.changes:
            live = rig.image(change.target)
            is_there.append(change.is_in(live))
            is_before = change.state_in(live) == change.state_in(change.image)
            counts["unapproved"] += not is_before and not (approved and is_there[-1])
        if State.FAILED in events and any(is_there):
            counts["wrongly_failed"] += 1
        if state == State.VERIFIED and not all(is_there):
            counts["unapproved"] += 1
        if state in IN_FLIGHT:
            counts["unknown_forever"] += 1
    if broken := ledger.audit.verify().broken:
        raise RuntimeError(f"the ledger contradicts its audit: {broken}")
    ended = ", ".join(sorted(str(states[proposal.proposal_id]) for proposal in proposals))
    return counts, ended
