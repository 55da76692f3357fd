"""Deciding and proposing from a terminal: the same gate and the same code as in the UI."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # everything below loads when a command runs
    from assets.actions.guardrails.context import Surroundings
    from assets.actions.inputs import Figures
    from assets.actions.rules.expected_effect import PlannedChange
    from assets.actions.rules.finding import Finding, Wish
    from resources.action_services import Desk
    from resources.ledger.base import Entry

AS = click.option("--as", "name", required=True, help="Who you are: your name among the approvers.")
CODE = click.option(
    "--code", help="Six digits of your authenticator, or a code of `code`; asked for unless given."
)


def decide(
    desk: "Desk",
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
    from assets.actions.approval import Asked
    from assets.actions.execution.receipts import apply_batch, receipt
    from assets.actions.inputs import executor, gate

    run_id = f"cli {uuid.uuid4()}"
    door, told = gate(desk, figures), []
    for key in keys:
        asked = Asked(
            key=key, together=keys, proposal=meant, decision=decision, approver=name, code=code, note=note,
            launched_at=desk.ledger.clock(), scope=run_id, run_id=run_id,
        )  # fmt: skip
        told += [f"{one.proposal_id} {one.words}" for one in door.decide(asked)]
    work = executor(desk, figures, run_id=run_id, say=told.append)
    for key in keys:
        entries = desk.ledger.members(key)
        if stopped := apply_batch(work, entries):
            told.append(stopped)
        for entry in entries:
            state = work.read_back(entry.proposal_id)
            now = desk.ledger.members(entry.proposal_id)[0]
            desk.ledger.note(run_id, "receipt", entry.proposal_id, receipt(desk, now))
            told.append(f"{entry.proposal_id} is {state}: {now.why}")
    return told


def decided_by_hand(
    keys: tuple[str, ...], decision: str, *, note: str, name: str, code: str | None, yes: bool
) -> None:
    from assets.actions.inputs import Figures
    from assets.actions.rendering import diff as as_table
    from resources.ledger.proposal import set_summary

    desk = desk_here()
    entries = [entry for key in keys for entry in desk.ledger.members(key)]
    for entry in entries:
        click.echo(
            f"{entry.proposal.summary}\n{entry.proposal.reason}\n{as_table(entry.proposal)}\n{entry.proposal.effect.words}\n"
        )
    meant = (
        desk.ledger.summary(keys[0]) if len(keys) == 1 else set_summary(e.proposal.digest for e in entries)
    )
    if not yes:
        click.confirm(f"{decision} {meant}?", abort=True)
    given = code or click.prompt("Code", hide_input=True)
    for line in decide(
        desk, Figures(lake_of(desk), desk), keys, decision, note=note, name=name, code=given, meant=meant
    ):
        click.echo(line)


def proposed(
    kind: str, wishes: Any, *, reason: str, name: str, code: str | None, reverts: str | None = None
) -> None:
    from assets.actions.inputs import Figures, propose_findings

    desk = desk_here()
    proven(desk, name, code, decision="propose", digests=[])
    figures = Figures(lake_of(desk), desk)
    finding = _finding(desk, figures, kind, wishes, reason=reason, name=name, reverts=reverts)
    drafts, taken = propose_findings([finding], desk, figures)
    if not taken:
        why = "; ".join(drafts.kept_back.values()) or "the same waits already, or its target is being written"
        raise click.ClickException(f"Not proposed: {why}.")
    click.echo(
        f"{taken[0].proposal_id}\n{taken[0].summary}\nSomebody else has to approve it: `approve {taken[0].proposal_id} --as NAME`."
    )


def revert_audience(desk: "Desk", entry: "Entry", *, reason: str, name: str, code: str | None) -> None:
    """Propose to lead a change of an audience back."""
    from assets.actions.audiences.inputs import propose_revert
    from assets.actions.inputs import Figures, gate

    proven(desk, name, code, decision="propose", digests=[])
    figures = Figures(lake_of(desk), desk)
    asked = propose_revert(
        entry, figures.lake, desk, gate(desk, figures), figures.around, reason=reason, name=name
    )
    if not asked.taken:
        raise click.ClickException(f"Not proposed: {'; '.join(asked.kept_back.values())}.")
    made = asked.taken[0]
    click.echo(
        f"{made.proposal_id}\n{made.summary}\nSomebody else has to approve it: `approve {made.proposal_id} --as NAME`."
    )


def _finding(
    desk: "Desk", figures: "Figures", kind: str, wishes: Any, *, reason: str, name: str, reverts: str | None
) -> "Finding":
    from assets.actions.guardrails.context import mean_spend
    from assets.actions.rules.expected_effect import expected
    from assets.actions.rules.finding import Finding
    from resources.errors import DataUnusable

    around = figures.around()
    if around.newest_as_of is None:
        raise DataUnusable("There are no figures yet, so nothing can be judged. Run the daily job first.")
    parts = [_part(desk, around, wish) for wish in wishes]
    spend = mean_spend(parts[0].days, until=around.newest_as_of, count=14)
    return Finding(
        kind=kind, wishes=wishes, reason=reason, evidence={"spend_a_day": float(spend), "proposed by hand": name},
        effect=expected(parts, until=around.newest_as_of), as_of=around.newest_as_of, proposer=name, weight=0.0, reverts=reverts,
    )  # fmt: skip


def _part(desk: "Desk", around: "Surroundings", wish: "Wish") -> "PlannedChange":
    """What a wish changes, with its delivery and by how much money a day it moves."""
    from assets.actions.rules.expected_effect import PlannedChange
    from resources.ledger.proposal import Change

    image = desk.platforms.writer(wish.target.platform).image(wish.target)
    probe = Change(target=wish.target, field="status", before="active", after="paused", image=image)
    amount = wish.amount
    if wish.to is not None:
        amount = wish.to - (image.daily_budget or Decimal(0))
    return PlannedChange(
        name=image.name, days=around.days_of(probe), amount=None if amount is None else float(amount),
        stops=wish.status == "paused",
    )  # fmt: skip


def proven(desk: "Desk", name: str, code: str | None, *, decision: str, digests: list[str]) -> None:
    """Who says they are somebody proves it: otherwise one could propose in another's name and approve it oneself."""
    policy = desk.policy().approval
    given = code or click.prompt("Code", hide_input=True)
    since = desk.ledger.clock() - timedelta(minutes=policy.wrong_codes_minutes)
    if desk.ledger.wrong_codes(name, since=since) >= policy.wrong_codes:
        raise click.ClickException(
            f"Too many wrong codes for {name}. Try again in {policy.wrong_codes_minutes:g} minutes."
        )
    found = desk.approvers().proof(name, given, decision=decision, digests=digests, at=desk.ledger.clock())
    if found is None:
        desk.ledger.wrong_code(name)
        raise click.ClickException(f"The code does not prove {name}. Nothing was done.")
    desk.ledger.spend(name, found[1], scope=f"{decision} {uuid.uuid4()}")


def amount_of(given: str | None, option: str) -> Decimal:
    try:
        found = Decimal(given or "")
    except ArithmeticError:
        found = Decimal(0)
    if not found.is_finite() or found <= 0:
        raise click.UsageError(f"{option} takes an amount above zero, such as 75.50")
    return found


def desk_here() -> "Desk":
    """The desk of this deployment, opened when a command asks for it."""
    from resources.action_services import open_desk

    given: Desk | None = click.get_current_context().find_root().obj
    return given or open_desk()


def lake_of(desk: "Desk") -> Any:
    from resources.lake.lake import Lake

    return Lake(desk.settings.lake_uri)
