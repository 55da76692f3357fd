"""The ledger as its audit tells it: states, decisions, writes, codes and switches replayed from the chain's entries.

The tables are what the program works with; the chain is what happened. Where the two differ, somebody changed a table from outside.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from resources.ledger.records import APPROVE, REJECT
from resources.ledger.states import State, WriteState

_STATES = {str(state) for state in State} - {State.PROPOSED}
_WRITES = {f"write {state}": str(state) for state in WriteState}


@dataclass
class ReplayedProposal:
    """One proposal as the chain tells it."""

    digest: str | None = None
    state: str | None = None
    decisions: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Verdict and digest, by approver."""
    writes: dict[tuple[int, str], str] = field(default_factory=dict)
    """State, by part and direction."""


@dataclass
class ReplayedLedger:
    """Everything that the chain tells, entry by entry."""

    proposals: dict[str, ReplayedProposal] = field(default_factory=dict)
    batches: dict[str, str] = field(default_factory=dict)
    switches: dict[str, bool] = field(default_factory=dict)
    spent_codes: set[tuple[str, str]] = field(default_factory=set)
    references: set[str] = field(default_factory=set)
    redemptions: set[tuple[str, str]] = field(default_factory=set)

    def add(self, entries: Iterable[Any]) -> None:
        """Go through further entries, in the chain's order."""
        for entry in entries:
            self._add(entry.event, entry.actor, entry.proposal_id, json.loads(entry.detail))

    def _add(self, event: str, actor: str, proposal_id: str | None, detail: Any) -> None:
        if proposal_id is not None:
            proposal = self.proposals.setdefault(proposal_id, ReplayedProposal())
            if event == State.PROPOSED:
                proposal.digest, proposal.state = detail["digest"], str(State.PROPOSED)
            elif event in _STATES:
                proposal.state = event
            elif event in {APPROVE, REJECT}:
                proposal.decisions[actor] = (event, detail["digest"])
            elif event in _WRITES:
                proposal.writes[detail["part"], detail["direction"]] = _WRITES[event]
            elif event == "reference redeemed":
                self.redemptions.add((detail["reference"], proposal_id))
        elif event == "batched":
            self.batches[detail["batch"]] = detail["digest"]
        elif event == "code spent":
            self.spent_codes.add((actor, detail["code"]))
        elif event == "decisions recorded":
            self.references.add(detail["reference"])
        elif event.endswith((" switch on", " switch off")):
            name, _, position = event.rpartition(" switch ")
            self.switches[name] = position == "on"


def proposal_difference(
    proposal_id: str, replayed: ReplayedProposal | None, row: Any, decisions: Iterable[Any], writes: Iterable[Any]
) -> str | None:  # fmt: skip
    """How a proposal's rows differ from what the chain tells of it; None where they do not."""
    if replayed is None or replayed.state is None:
        return f"the audit has no entry that {proposal_id} was proposed"
    if row is None:
        return f"{proposal_id} was proposed and its row is gone"
    if row.digest != replayed.digest:
        return f"{proposal_id} was proposed with another digest"
    if row.state != replayed.state:
        return f"{proposal_id} is {row.state} in its table and {replayed.state} by the audit"
    in_table = {decision.approver: (decision.verdict, decision.digest) for decision in decisions}
    if in_table != replayed.decisions:
        people = sorted(
            name
            for name in {*in_table, *replayed.decisions}
            if in_table.get(name) != replayed.decisions.get(name)
        )
        return f"the decision of {', '.join(people)} on {proposal_id} is not as the audit has it"
    sent = {(write.part, write.direction): str(write.state) for write in writes}
    if sent != replayed.writes:
        return f"the writes of {proposal_id} are not as the audit has them"
    return None
