"""Deciding and proposing from a terminal: the same gate and the same code as in the UI."""

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # everything below loads when a command runs
    from assets.actions.guardrails.context import Surroundings
    from assets.actions.inputs import Figures
    from assets.actions.rules.expected_effect import PlannedChange
    from assets.actions.rules.finding import Finding
    from resources.action_services import ActionServices
    from resources.ledger.proposal import Change
    from resources.ledger.records import LedgerEntry

AS = click.option("--as", "name", required=True, help="Who you are: your name among the approvers.")
CODE = click.option(
    "--code", help="Six digits of your authenticator, or a code of `code`; asked for unless given."
)


def decide(
    services: "ActionServices",
    figures: "Figures",
    keys: tuple[str, ...],
    decision: str,
    *,
    note: str,
    name: str,
    code: str,
    meant: str,
) -> list[str]:
    """Decide on keys and carry out what is approved by it; one sentence for each proposal."""
    from assets.actions.approval import DecisionRequest
    from assets.actions.execution.receipts import apply_batch, receipt
    from assets.actions.inputs import approval_gate, executor
    from resources.ledger.states import State

    run_id = f"cli {uuid.uuid4()}"
    gate, lines = approval_gate(services, figures), []
    entries = [entry for key in keys for entry in services.ledger.proposals.members(key)]
    is_open = any(entry.state == State.PROPOSED for entry in entries)
    decisions = {entry.proposal.digest: decision for entry in entries}
    reference = gate.record_decisions(name, decisions, code, note=note) if is_open else ""
    for key in keys:
        request = DecisionRequest(
            key=key,
            together=keys,
            proposal=meant,
            decision=decision,
            approver=name,
            code=reference,
            note=note,
            launched_at=services.ledger.clock(),
            run_id=run_id,
        )
        lines += [f"{outcome.proposal_id} {outcome.words}" for outcome in gate.decide(request)]
    work = executor(services, figures, run_id=run_id, log=lines.append)
    for key in keys:
        members = services.ledger.proposals.members(key)
        if stopped := apply_batch(work, members):
            lines.append(stopped)
        for entry in members:
            state = work.read_back(entry.proposal_id)
            after = services.ledger.proposals.members(entry.proposal_id)[0]
            services.ledger.audit.note(run_id, "receipt", entry.proposal_id, receipt(services.ledger, after))
            lines.append(f"{entry.proposal_id} is {state}: {after.why}")
    return lines


def decided_by_hand(
    keys: tuple[str, ...], decision: str, *, note: str, name: str, code: str | None, yes: bool
) -> None:
    from assets.actions.inputs import Figures
    from assets.actions.rendering import diff as as_table
    from resources.ledger.proposal import set_summary

    services = action_services()
    entries = [entry for key in keys for entry in services.ledger.proposals.members(key)]
    for entry in entries:
        click.echo(
            f"{entry.proposal.summary}\n{entry.proposal.reason}\n{as_table(entry.proposal)}\n{entry.proposal.effect.words}\n"
        )
    meant = (
        services.ledger.proposals.summary(keys[0])
        if len(keys) == 1
        else set_summary(e.proposal.digest for e in entries)
    )
    if not yes:
        click.confirm(f"{decision} {meant}?", abort=True)
    given = code or click.prompt("Code", hide_input=True)
    for line in decide(
        services,
        Figures(lake_of(services), services),
        keys,
        decision,
        note=note,
        name=name,
        code=given,
        meant=meant,
    ):
        click.echo(line)


def proposed(
    kind: str, change_requests: Any, *, reason: str, name: str, code: str | None, reverts: str | None = None
) -> None:
    from assets.actions.inputs import Figures, propose_findings
    from resources.errors import DataUnusable

    services = action_services()
    proven(services, name, code, action="propose")
    figures = Figures(lake_of(services), services)
    try:
        finding = _finding(figures, kind, change_requests, reason=reason, name=name, reverts=reverts)
    except DataUnusable as error:
        raise click.ClickException(f"Not proposed: {error}") from error
    drafts, taken = propose_findings([finding], services, figures)
    if not taken:
        why = "; ".join(drafts.kept_back.values()) or "the same waits already, or its target is being written"
        raise click.ClickException(f"Not proposed: {why}.")
    click.echo(
        f"{taken[0].proposal_id}\n{taken[0].summary}\nSomebody else has to approve it: `approve"
        f" {taken[0].proposal_id} --as NAME`."
    )


def revert_audience(
    services: "ActionServices", entry: "LedgerEntry", *, reason: str, name: str, code: str | None
) -> None:
    """Propose to lead a change of an audience back."""
    from assets.actions.audiences.inputs import propose_revert
    from assets.actions.inputs import Figures, approval_gate

    proven(services, name, code, action="propose")
    figures = Figures(lake_of(services), services)
    asked = propose_revert(
        entry,
        figures.lake,
        services,
        approval_gate(services, figures),
        figures.around,
        reason=reason,
        name=name,
    )
    if not asked.taken:
        raise click.ClickException(f"Not proposed: {'; '.join(asked.kept_back.values())}.")
    made = asked.taken[0]
    click.echo(
        f"{made.proposal_id}\n{made.summary}\nSomebody else has to approve it: `approve {made.proposal_id}"
        " --as NAME`."
    )


def _finding(
    figures: "Figures",
    kind: str,
    change_requests: Any,
    *,
    reason: str,
    name: str,
    reverts: str | None,
) -> "Finding":
    from assets.actions.guardrails.context import mean_spend
    from assets.actions.rules.expected_effect import expected
    from assets.actions.rules.finding import Finding
    from resources.errors import DataUnusable
    from resources.ledger.proposal import Effect

    around = figures.around()
    if around.newest_as_of is None:
        raise DataUnusable("There are no figures yet, so nothing can be judged. Run the daily job first.")
    changes = [wish.change(figures.image(wish)) for wish in change_requests]
    parts = [_part(around, change) for change in changes if change.moves != "nothing"]
    evidence: dict[str, str | float | int | None] = {"proposed by hand": name}
    effect = Effect(metric="none", words="what it brings is not estimated")
    if parts:
        spend = mean_spend(parts[0].days, until=around.newest_as_of, count=14)
        evidence = {"spend_a_day": float(spend), **evidence}
        effect = expected(parts, until=around.newest_as_of)
    return Finding(
        kind=kind,
        change_requests=change_requests,
        reason=reason,
        evidence=evidence,
        effect=effect,
        as_of=around.newest_as_of,
        proposer=name,
        weight=0.0,
        reverts=reverts,
    )


def _part(around: "Surroundings", change: "Change") -> "PlannedChange":
    """A change with the delivery of its target, and by how much money a day it moves."""
    from assets.actions.rules.expected_effect import PlannedChange

    return PlannedChange(
        name=change.image.name,
        days=around.days_of(change),
        amount=float(change.amount) if change.budgets else None,
        stops=change.pauses,
    )


def proven(services: "ActionServices", name: str, code: str | None, *, action: str) -> None:
    """Who says they are somebody proves it: otherwise one could propose in another's name and approve it
    oneself.
    """
    from assets.actions.approval import ApprovalGate
    from assets.actions.approval_rules import ApprovalRules

    given = code or click.prompt("Code", hide_input=True)
    rules = ApprovalRules(services.policy(), services.approvers(), {}, services.ledger.shadows.score)
    ApprovalGate(services.ledger, rules).prove(name, given, action=action)


def amount_of(given: str | None, option: str) -> Decimal:
    try:
        found = Decimal(given or "")
    except ArithmeticError:
        found = Decimal(0)
    if not found.is_finite() or found <= 0:
        raise click.UsageError(f"{option} takes an amount above zero, such as 75.50")
    return found


def action_services() -> "ActionServices":
    """The action services of this deployment, opened when a command asks for it."""
    from resources.action_services import open_action_services

    given: ActionServices | None = click.get_current_context().find_root().obj
    return given or open_action_services()


def lake_of(services: "ActionServices") -> Any:
    from resources.lake.lake import Lake

    return Lake(services.settings.lake_uri)
