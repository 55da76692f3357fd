"""What there is to show for a proposal, and carrying out several in a row."""

from typing import Any

from assets.actions.execution.executor import Executor, WriteHeld
from assets.actions.execution.platform_writes import ProposalStale
from assets.actions.rendering import key_facts
from resources.ledger.records import LedgerEntry
from resources.ledger.states import State
from resources.ledger.store import Ledger


def apply_batch(executor: Executor, entries: list[LedgerEntry]) -> str | None:
    """Carry out what is approved of several; the sentence that says why it stopped, None where all of it was
    tried.
    """
    not_carried_out = []
    for entry in entries:
        try:
            executor.apply(entry.proposal_id)
        except (WriteHeld, ProposalStale) as error:
            not_carried_out.append(f"{entry.proposal_id}: {error}")
            continue
        after = executor.ledger.proposals.entry(entry.proposal_id)
        if (
            after
            and after.state in {State.EXECUTING, State.UNKNOWN}
            and executor.read_back(entry.proposal_id) != State.VERIFIED
        ):
            return (
                f"Stopped at {entry.proposal_id}, which could not be read back as approved. What comes after"
                " it was not begun."
            )
    if not not_carried_out:
        return None
    return (
        f"{len(not_carried_out)} of {len(entries)} were not carried out: {' '.join(not_carried_out)[:1500]}"
    )


def receipt(ledger: Ledger, entry: LedgerEntry) -> dict[str, Any]:
    """What there is to show for a proposal."""
    return {
        "state": entry.state,
        "why": entry.why,
        "digest": entry.proposal.digest,
        "decisions": [
            [decision.approver, decision.verdict, decision.proof, decision.run_id]
            for decision in ledger.decisions.of(entry.proposal_id)
        ],
        "writes": [
            [write.part, write.direction, write.state, write.request_id]
            for write in ledger.writes.of(entry.proposal_id)
        ],
    }


def receipt_lines(ledger: Ledger, entry: LedgerEntry) -> dict[str, str]:
    """A receipt as one line a field."""
    decisions = ledger.decisions.of(entry.proposal_id)
    writes = ledger.writes.of(entry.proposal_id)
    return {
        "proposal": entry.proposal_id,
        "state": str(entry.state),
        "why": entry.why or "",
        "change": key_facts(entry.proposal)["change"],
        "decided by": ", ".join(f"{decision.approver} ({decision.verdict})" for decision in decisions),
        "requests": ", ".join(write.request_id or write.state for write in writes),
    }
