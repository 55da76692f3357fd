"""`python -m orchestration.cli`: proposals, decisions, the audit, the kill switch, approvers.

The same gate as in the UI, the same code.
"""

import json
from datetime import timedelta
from typing import TextIO

import click

from orchestration.cli.audit import approvers, audit, kill
from orchestration.cli.decisions import (
    AS,
    CODE,
    action_services,
    amount_of,
    decided_by_hand,
    lake_of,
    proposed,
    revert_audience,
)

_STATES = click.option(
    "--state", "states", multiple=True, help="Only proposals in this state; those that wait unless given."
)


@click.group()
def proposals() -> None:
    """What waits, what was decided, what became of it."""


@proposals.command("list")
@_STATES
def list_(states: tuple[str, ...]) -> None:
    """Proposals by state, oldest first."""
    from resources.ledger.proposal import set_summary
    from resources.ledger.states import State

    entries = action_services().ledger.proposals.entries(
        states=[State(state_name) for state_name in states] or [State.PROPOSED]
    )
    for entry in entries:
        click.echo(
            f"{entry.proposal_id}  {entry.state}  until {entry.proposal.expires_at:%Y-%m-%d %H:%M} UTC\n "
            f" {entry.proposal.summary}\n  {entry.proposal.reason}"
        )
    if len(entries) > 1:
        click.echo(f"Together: {set_summary(entry.proposal.digest for entry in entries)}")
    if not entries:
        click.echo("Nothing waits.")


@proposals.command()
@click.argument("key")
def show(key: str) -> None:
    """One proposal whole: diff, evidence, expected effect, limits, decisions, writes."""
    from assets.actions.execution.receipts import receipt
    from assets.actions.rendering import sheet

    services = action_services()
    for entry in services.ledger.proposals.members(key):
        click.echo(
            f"{entry.proposal.summary}\n\n{sheet(entry.proposal)}\n\n{json.dumps(receipt(services.ledger, entry), indent=1, default=str)}"
        )


@proposals.command()
@click.argument("key")
def diff(key: str) -> None:
    """What would change, and what is there at the platform now."""
    from assets.actions.inputs import Figures

    services = action_services()
    figures = Figures(lake_of(services), services)
    for entry in services.ledger.proposals.members(key):
        for change in entry.proposal.changes:
            live = figures.image(change)
            stale = (
                "" if not change.moved_in(live) else "  STALE: it is not what it was when this was proposed"
            )
            click.echo(f"{change.target.words} '{change.image.name}': {change.title} {change.words}{stale}")


@click.command()
@click.argument("deed", type=click.Choice(["pause", "resume", "set-budget", "shift"]))
@click.option("--platform", required=True, type=click.Choice(["google_ads", "meta_ads", "linkedin_ads"]))
@click.option("--account", required=True)
@click.option(
    "--level", default="ad_set", show_default=True, type=click.Choice(["campaign", "ad_set", "shared_budget"])
)
@click.option("--entity", required=True, help="Its number; for shift, the one that gives.")
@click.option("--to", "to", help="set-budget: the new daily budget. shift: the entity that takes.")
@click.option("--amount", help="shift: how much a day.")
@click.option("--reason", required=True)
@AS
@CODE
def propose(
    *,
    deed: str,
    platform: str,
    account: str,
    level: str,
    entity: str,
    to: str | None,
    amount: str | None,
    reason: str,
    name: str,
    code: str | None,
) -> None:
    """Propose a change. Somebody else has to approve it."""
    from assets.actions.rules.finding import EntityChangeRequest
    from resources.ledger.proposal import Target

    def target(own: str) -> Target:
        return Target(platform=platform, account_id=account, level=level, entity_id=own)

    if deed in {"pause", "resume"}:
        change_requests: tuple[EntityChangeRequest, ...] = (
            EntityChangeRequest(target(entity), status="paused" if deed == "pause" else "active"),
        )
        kind = f"{deed}_ad_set"
    elif deed == "set-budget":
        change_requests, kind = (
            (EntityChangeRequest(target(entity), to=amount_of(to, "--to")),),
            "set_daily_budget",
        )
    else:
        moved = amount_of(amount, "--amount")
        if to is None:
            raise click.UsageError("shift needs --to, the entity that takes")
        change_requests, kind = (
            (
                EntityChangeRequest(target(entity), amount=-moved),
                EntityChangeRequest(target(to), amount=moved),
            ),
            "reallocate_budget",
        )
    proposed(kind, change_requests, reason=reason, name=name, code=code)


@click.command("propose-from")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--reason", required=True)
@AS
@CODE
def propose_from(file: TextIO, reason: str, name: str, code: str | None) -> None:
    """Propose what a YAML file asks for: negative keywords, lists, ads, texts. Somebody else has to approve it.

    docs/approvals.md has an example for each kind.
    """
    from resources.kinds.requests import request_in

    kind, request = request_in(file.read())
    proposed(kind, (request,), reason=reason, name=name, code=code)


@click.command()
@click.argument("proposal_id")
@click.option("--reason", required=True)
@AS
@CODE
def revert(proposal_id: str, reason: str, name: str, code: str | None) -> None:
    """Propose to lead a carried-out proposal back to its before-image.

    It has to be approved like any other.
    """
    from resources.kinds.base import Reversal
    from resources.ledger.states import State, WriteState

    services = action_services()
    entry = services.ledger.proposals.members(proposal_id)[0]
    limit = services.policy().approval.revert_days
    can_be_reverted = entry.state in {State.VERIFIED, State.ARRIVED_LATE}
    if not can_be_reverted or services.ledger.clock() - entry.changed_at > timedelta(days=limit):
        raise click.ClickException(
            f"{proposal_id} is {entry.state}: only what was carried out within {limit} days is led back."
        )
    if any(change.is_about_audiences for change in entry.proposal.changes):
        revert_audience(services, entry, reason=reason, name=name, code=code)
        return
    late = {
        write.part
        for write in services.ledger.writes.of(proposal_id)
        if write.state == WriteState.ARRIVED_LATE
    }
    change_requests = tuple(
        Reversal(change)
        for part, change in enumerate(entry.proposal.changes)
        if entry.state == State.VERIFIED or part in late
    )
    proposed("revert", change_requests, reason=reason, name=name, code=code, reverts=proposal_id)


@click.command("accept-late")
@click.argument("proposal_id")
@AS
@CODE
def accept_late(proposal_id: str, name: str, code: str | None) -> None:
    """Let a change stay that arrived after it was counted as failed; `revert` proposes to lead it back
    instead.
    """
    from assets.actions.inputs import Figures, approval_gate
    from assets.actions.rendering import key_facts

    services = action_services()
    entry = services.ledger.proposals.members(proposal_id)[0]
    click.echo(f"{key_facts(entry.proposal)['change']}\n{entry.why}")
    given = code or click.prompt("Code", hide_input=True)
    gate = approval_gate(services, Figures(lake_of(services), services))
    gate.accept_late_arrival(name, proposal_id, given)
    click.echo(f"{proposal_id} is {services.ledger.proposals.members(proposal_id)[0].state}.")


@click.command()
@click.argument("keys", nargs=-1, required=True)
@click.option("--note", default="", help="Why; kept in the audit trail.")
@click.option("--yes", is_flag=True, help="Do not ask again.")
@AS
@CODE
def approve(keys: tuple[str, ...], note: str, name: str, code: str | None, *, yes: bool) -> None:
    """Approve proposals or batches, and carry them out."""
    decided_by_hand(keys, "approve", note=note, name=name, code=code, yes=yes)


@click.command()
@click.argument("keys", nargs=-1, required=True)
@click.option("--note", required=True, help="Why; the next proposals learn from it.")
@AS
@CODE
def reject(keys: tuple[str, ...], note: str, name: str, code: str | None) -> None:
    """Reject proposals or batches."""
    decided_by_hand(keys, "reject", note=note, name=name, code=code, yes=True)


@click.command()
@click.argument("keys", nargs=-1, required=True)
@click.option("--decision", default="approve", show_default=True, type=click.Choice(["approve", "reject"]))
@AS
def code(keys: tuple[str, ...], decision: str, name: str) -> None:
    """A code for exactly these proposals or batches: for the form in the UI, ten minutes long."""
    from resources.ledger.proposal import set_summary

    services = action_services()
    approvers = services.approvers()
    if not approvers.knows(name):
        raise click.ClickException(f"{name} is not enrolled: run `approvers enroll {name}`.")
    entries = [entry for key in keys for entry in services.ledger.proposals.members(key)]
    for entry in entries:
        click.echo(entry.proposal.summary)
    made = approvers.bound_code(
        name, decision=decision, digests=[e.proposal.digest for e in entries], at=services.ledger.clock()
    )
    wanted = (
        services.ledger.proposals.summary(keys[0])
        if len(keys) == 1
        else set_summary(e.proposal.digest for e in entries)
    )
    click.echo(f"\nproposal: '{wanted}'\ndecision: {decision}\napprover: {name}\ncode: {made}")


@click.command()
@click.argument("key")
def explain(key: str) -> None:
    """The stages that would run for a proposal, and what each would find now. Writes nothing."""
    from assets.actions.execution.executor import STAGES, in_order
    from assets.actions.guardrails.registry import judge
    from assets.actions.inputs import Figures

    services = action_services()
    figures = Figures(lake_of(services), services)
    for entry in services.ledger.proposals.members(key):
        click.echo(f"{entry.proposal.summary}  ({entry.state})")
        for number, (stage, words) in enumerate(STAGES.items(), 1):
            click.echo(f"{number}. {stage}: {words}")
            if stage == "preflight":
                if why := services.killed():
                    click.echo(f"     ✗ {why}")
                for verdict in judge(
                    entry.proposal, services.policy(), figures.around(entry.proposal), automatic=False
                ):
                    click.echo(f"     {'✓' if verdict.holds else '✗'} {verdict.guardrail}: {verdict.words}")
            if stage == "apply":
                for part in in_order(entry.proposal):
                    change = entry.proposal.changes[part]
                    click.echo(f"     {change.target.words}: {change.title} {change.words}")


def add_to(cli: click.Group) -> None:
    for command in (
        proposals,
        propose,
        propose_from,
        revert,
        accept_late,
        approve,
        reject,
        code,
        explain,
        audit,
        kill,
        approvers,
    ):
        cli.add_command(command)
