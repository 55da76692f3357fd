"""The ledger as its audit tells it: states, decisions, writes, codes and switches replayed from the chain's
entries.

The tables are what the program works with; the chain is what happened. Where the two differ, somebody changed
a table from outside.
"""

import json
from collections.abc import Iterable, Iterator
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

    def add(self, event: str, actor: str, detail: Any) -> None:
        """One further entry about it."""
        if event == State.PROPOSED:
            self.digest, self.state = detail["digest"], str(State.PROPOSED)
        elif event in _STATES:
            self.state = event
        elif event in {APPROVE, REJECT}:
            self.decisions[actor] = (event, detail["digest"])
        elif event in _WRITES:
            self.writes[detail["part"], detail["direction"]] = _WRITES[event]


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
            if event == "reference redeemed":
                self.redemptions.add((detail["reference"], proposal_id))
            self.proposals.setdefault(proposal_id, ReplayedProposal()).add(event, actor, detail)
        elif event == "batched":
            self.batches[detail["batch"]] = detail["digest"]
        elif event == "code spent":
            self.spent_codes.add((actor, detail["code"]))
        elif event == "decisions recorded":
            self.references.add(detail["reference"])
        elif event.endswith((" switch on", " switch off")):
            name, _, position = event.rpartition(" switch ")
            self.switches[name] = position == "on"


def proposal_difference(*args: Any) -> str | None:
    """How a proposal's rows differ from what the chain tells of it; None where they do not.

    Takes what `_differences` takes.
    """
    return next(_differences(*args), None)


def _differences(
    proposal_id: str,
    replayed: ReplayedProposal | None,
    row: Any,
    decisions: Iterable[Any],
    writes: Iterable[Any],
) -> Iterator[str]:
    if replayed is None or replayed.state is None:
        yield f"the audit has no entry that {proposal_id} was proposed"
        return
    if row is None:
        yield f"{proposal_id} was proposed and its row is gone"
        return
    if row.digest != replayed.digest:
        yield f"{proposal_id} was proposed with another digest"
    if row.state != replayed.state:
        yield f"{proposal_id} is {row.state} in its table and {replayed.state} by the audit"
    in_table = {decision.approver: (decision.verdict, decision.digest) for decision in decisions}
    if in_table != replayed.decisions:
        people = sorted(
            name
            for name in {*in_table, *replayed.decisions}
            if in_table.get(name) != replayed.decisions.get(name)
        )
        yield f"the decision of {', '.join(people)} on {proposal_id} is not as the audit has it"
    sent = {(write.part, write.direction): str(write.state) for write in writes}
    if sent != replayed.writes:
        yield f"the writes of {proposal_id} are not as the audit has them"
