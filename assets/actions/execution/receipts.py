"""What there is to show for a proposal, and carrying out several in a row."""

from typing import Any

from assets.actions.execution.executor import Executor, Held, Stale
from assets.actions.rendering import key_facts
from resources.action_services import Desk
from resources.ledger.base import Entry
from resources.ledger.states import State


def apply_batch(work: Executor, entries: list[Entry]) -> str | None:
    """Carry out what is approved of several; the sentence that says why it stopped, None where all of it was tried."""
    held = []
    for entry in entries:
        try:
            work.apply(entry.proposal_id)
        except (Held, Stale) as error:
            held.append(f"{entry.proposal_id}: {error}")
            continue
        found = work.ledger.entry(entry.proposal_id)
        if (
            found
            and found.state in {State.EXECUTING, State.UNKNOWN}
            and work.read_back(entry.proposal_id) != State.VERIFIED
        ):
            return f"Stopped at {entry.proposal_id}, which could not be read back as approved. What comes after it was not begun."
    return f"{len(held)} of {len(entries)} were not carried out: {' '.join(held)[:1500]}" if held else None


def receipt(desk: Desk, entry: Entry) -> dict[str, Any]:
    """What there is to show for a proposal."""
    return {
        "state": entry.state, "why": entry.why, "digest": entry.proposal.digest,
        "decisions": [[one.approver, one.verdict, one.proof, one.run_id] for one in desk.ledger.decisions(entry.proposal_id)],
        "writes": [[row.part, row.direction, row.state, row.request_id] for row in desk.ledger.writes(entry.proposal_id)],
    }  # fmt: skip


def told(desk: Desk, entry: Entry) -> dict[str, str]:
    """A receipt in words."""
    return {
        "proposal": entry.proposal_id,
        "state": str(entry.state),
        "why": entry.why or "",
        "change": key_facts(entry.proposal)["change"],
        "decided by": ", ".join(
            f"{one.approver} ({one.verdict})" for one in desk.ledger.decisions(entry.proposal_id)
        ),
        "requests": ", ".join(row.request_id or row.state for row in desk.ledger.writes(entry.proposal_id)),
    }
