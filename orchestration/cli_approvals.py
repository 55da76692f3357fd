"""`python -m orchestration.cli`: proposals, decisions, the audit, the kill switch, approvers. The same gate as in the UI, the same code."""

import csv
import json
import sys
import uuid
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # everything below loads when a command runs
    from assets.actions.assets import Figures
    from assets.actions.findings import Finding
    from resources.desk import Desk

_STATES = click.option(
    "--state", "states", multiple=True, help="Only proposals in this state; those that wait unless given."
)
_AS = click.option("--as", "name", required=True, help="Who you are: your name among the approvers.")
_CODE = click.option(
    "--code", help="Six digits of your authenticator, or a code of `code`; asked for unless given."
)


@click.group()
def proposals() -> None:
    """What waits, what was decided, what became of it."""


@proposals.command("list")
@_STATES
def list_(states: tuple[str, ...]) -> None:
    """Proposals by state, oldest first."""
    from resources.ledger.proposal import set_summary  # noqa: PLC0415
    from resources.ledger.states import State  # noqa: PLC0415

    entries = _desk().ledger.entries(states=[State(one) for one in states] or [State.PROPOSED])
    for entry in entries:
        click.echo(
            f"{entry.proposal_id}  {entry.state}  until {entry.proposal.expires_at:%Y-%m-%d %H:%M} UTC\n  {entry.proposal.summary}\n  {entry.proposal.reason}"
        )
    if len(entries) > 1:
        click.echo(f"Together: {set_summary(entry.proposal.digest for entry in entries)}")
    if not entries:
        click.echo("Nothing waits.")


@proposals.command()
@click.argument("key")
def show(key: str) -> None:
    """One proposal whole: diff, evidence, expected effect, limits, decisions, writes."""
    from assets.actions.assets import receipt  # noqa: PLC0415
    from assets.actions.words import sheet  # noqa: PLC0415

    desk = _desk()
    for entry in desk.ledger.members(key):
        click.echo(
            f"{entry.proposal.summary}\n\n{sheet(entry.proposal)}\n\n{json.dumps(receipt(desk, entry), indent=1, default=str)}"
        )


@proposals.command()
@click.argument("key")
def diff(key: str) -> None:
    """What would change, and what is there at the platform now."""
    desk = _desk()
    for entry in desk.ledger.members(key):
        for change in entry.proposal.changes:
            live = desk.platforms.writer(change.target.platform).image(change.target)
            stale = "" if live == change.image else "  STALE: it is not what it was when this was proposed"
            click.echo(f"{change.target.words} '{change.image.name}': {change.field} {change.words}{stale}")


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
@_AS
@_CODE
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
) -> None:  # noqa: E501
    """Propose a change. Somebody else has to approve it."""
    from assets.actions.findings import Wish  # noqa: PLC0415
    from resources.ledger.proposal import Target  # noqa: PLC0415

    def target(own: str) -> Target:
        return Target(platform=platform, account_id=account, level=level, entity_id=own)  # type: ignore[arg-type]

    if deed in {"pause", "resume"}:
        wishes = (Wish(target(entity), status="paused" if deed == "pause" else "active"),)
        kind = f"{deed}_ad_set"
    elif deed == "set-budget":
        wishes, kind = (Wish(target(entity), to=_amount(to, "--to")),), "set_daily_budget"
    else:
        moved = _amount(amount, "--amount")
        if to is None:
            raise click.UsageError("shift needs --to, the entity that takes")
        wishes, kind = (
            (Wish(target(entity), amount=-moved), Wish(target(to), amount=moved)),
            "reallocate_budget",
        )
    _proposed(kind, wishes, reason=reason, name=name, code=code)


@click.command()
@click.argument("proposal_id")
@click.option("--reason", required=True)
@_AS
@_CODE
def revert(proposal_id: str, reason: str, name: str, code: str | None) -> None:
    """Propose to lead a carried-out proposal back to its before-image. It has to be approved like any other."""
    from assets.actions.findings import Wish  # noqa: PLC0415
    from resources.ledger.states import State  # noqa: PLC0415

    desk = _desk()
    entry = desk.ledger.members(proposal_id)[0]
    limit = desk.policy().approval.revert_days
    if entry.state != State.VERIFIED or desk.ledger.now() - entry.changed_at > timedelta(days=limit):
        raise click.ClickException(
            f"{proposal_id} is {entry.state}: only what was carried out within {limit} days is led back."
        )
    wishes = tuple(
        Wish(c.target, status=c.before) if c.field == "status" else Wish(c.target, to=Decimal(c.before))  # type: ignore[arg-type]
        for c in entry.proposal.changes
    )
    _proposed("revert", wishes, reason=reason, name=name, code=code, reverts=proposal_id)


@click.command()
@click.argument("keys", nargs=-1, required=True)
@click.option("--note", default="", help="Why; kept in the audit trail.")
@click.option("--yes", is_flag=True, help="Do not ask again.")
@_AS
@_CODE
def approve(keys: tuple[str, ...], note: str, name: str, code: str | None, *, yes: bool) -> None:
    """Approve proposals or batches, and carry them out."""
    _decide(keys, "approve", note=note, name=name, code=code, yes=yes)


@click.command()
@click.argument("keys", nargs=-1, required=True)
@click.option("--note", required=True, help="Why; the next proposals learn from it.")
@_AS
@_CODE
def reject(keys: tuple[str, ...], note: str, name: str, code: str | None) -> None:
    """Reject proposals or batches."""
    _decide(keys, "reject", note=note, name=name, code=code, yes=True)


@click.command()
@click.argument("keys", nargs=-1, required=True)
@click.option("--decision", default="approve", show_default=True, type=click.Choice(["approve", "reject"]))
@_AS
def code(keys: tuple[str, ...], decision: str, name: str) -> None:
    """A code for exactly these proposals or batches: for the form in the UI, ten minutes long."""
    from resources.ledger.proposal import set_summary  # noqa: PLC0415

    desk = _desk()
    approvers = desk.approvers()
    if not approvers.knows(name):
        raise click.ClickException(f"{name} is not enrolled: run `approvers enroll {name}`.")
    entries = [entry for key in keys for entry in desk.ledger.members(key)]
    for entry in entries:
        click.echo(entry.proposal.summary)
    made = approvers.bound_code(
        name, decision=decision, digests=[e.proposal.digest for e in entries], at=desk.ledger.now()
    )
    wanted = (
        desk.ledger.summary(keys[0]) if len(keys) == 1 else set_summary(e.proposal.digest for e in entries)
    )
    click.echo(f"\nproposal: '{wanted}'\ndecision: {decision}\napprover: {name}\ncode: {made}")


@click.command()
@click.argument("key")
def explain(key: str) -> None:
    """The stages that would run for a proposal, and what each would find now. Writes nothing."""
    from assets.actions.assets import Figures  # noqa: PLC0415
    from assets.actions.execution import STAGES, in_order  # noqa: PLC0415
    from assets.actions.guardrails import judge  # noqa: PLC0415

    desk = _desk()
    figures = Figures(_lake(desk), desk)
    for entry in desk.ledger.members(key):
        click.echo(f"{entry.proposal.summary}  ({entry.state})")
        for number, (stage, words) in enumerate(STAGES.items(), 1):
            click.echo(f"{number}. {stage}: {words}")
            if stage == "preflight":
                if why := desk.killed():
                    click.echo(f"     ✗ {why}")
                for verdict in judge(
                    entry.proposal, desk.policy(), figures.around(entry.proposal), automatic=False
                ):
                    click.echo(f"     {'✓' if verdict.holds else '✗'} {verdict.guardrail}: {verdict.words}")
            if stage == "apply":
                for part in in_order(entry.proposal):
                    change = entry.proposal.changes[part]
                    click.echo(f"     {change.target.words}: {change.field} {change.words}")


@click.group()
def audit() -> None:
    """The ledger's trail."""


@audit.command()
def verify() -> None:
    """Follow the chain of hashes and hold every proposal to its digest."""
    found = _desk().ledger.verify()
    click.echo(f"{found.entries} entries hold together; head {found.head}")
    if found.broken:
        raise click.ClickException(
            f"THE LEDGER WAS CHANGED: {found.broken}. Nothing should be approved until it is known by whom."
        )


@audit.command()
@click.option("--format", "kind", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; the terminal unless given."
)
def export(kind: str, out: Path | None) -> None:
    """Every entry for an auditor, oldest first."""
    from assets.dropped_files.cells import as_text_cell  # noqa: PLC0415

    rows = [{**row._mapping, "at": row.at.isoformat()} for row in _desk().ledger.audit()]  # noqa: SLF001 — SQLAlchemy's public way
    target = out.open("w", encoding="utf-8", newline="") if out else sys.stdout
    try:
        if kind == "jsonl":
            target.writelines(json.dumps(row, sort_keys=True) + "\n" for row in rows)
        else:
            writer = csv.DictWriter(
                target,
                fieldnames=["seq", "at", "actor", "event", "proposal_id", "detail", "previous", "hash"],
            )
            writer.writeheader()
            writer.writerows({name: as_text_cell(value) for name, value in row.items()} for row in rows)
    finally:
        if out:
            target.close()


@click.group()
def kill() -> None:
    """Stop every write at once, or allow them again."""


@kill.command()
@click.option("--reason", required=True)
@click.option("--as", "name", required=True)
def on(reason: str, name: str) -> None:
    """Nothing is written from now on. Anybody may stop everything: no code is asked for."""
    from resources.ledger.store import KILL  # noqa: PLC0415

    _desk().ledger.turn(KILL, on=True, person=name, reason=reason)
    click.echo("The kill switch is on: nothing is written.")


@kill.command()
@click.option("--reason", required=True)
@_AS
@_CODE
def off(reason: str, name: str, code: str | None) -> None:
    """Allow writes again. Takes an approver's code."""
    from resources.ledger.store import KILL  # noqa: PLC0415

    desk = _desk()
    _proven(desk, name, code, decision="kill off", digests=[])
    desk.ledger.turn(KILL, on=False, person=name, reason=reason)
    click.echo(f"The switch is off. {desk.killed() or 'Writes are allowed, by approval.'}")


@click.group()
def approvers() -> None:
    """Who may decide."""


@approvers.command()
@click.argument("name")
@click.option("--again", is_flag=True, help="Replace a secret that is there.")
def enroll(name: str, *, again: bool) -> None:
    """A new secret for NAME, as a QR code for an authenticator. It is shown once."""
    import segno  # noqa: PLC0415

    from resources.approvers import enroll as enrolled  # noqa: PLC0415

    desk = _desk()
    if desk.approvers().knows(name) and not again:
        raise click.ClickException(
            f"{name} is enrolled already; --again replaces the secret, and the old authenticator stops working."
        )
    file = desk.settings.approvers_file
    address = enrolled(file, name)
    desk.ledger.note(name, "enrolled", None, {})
    segno.make(address).terminal(compact=True)
    click.echo(
        f"Scan it with an authenticator. Kept in {file}. {name} decides once policy.yaml names them under approvers."
    )


@approvers.command("list")
def list_approvers() -> None:
    """Who is enrolled, and who the policy lets decide."""
    desk = _desk()
    known, policy = desk.approvers(), desk.policy()
    for name in sorted({*known.names, *policy.approvers}):
        limit = (
            f"up to {policy.approvers[name].up_to} a day"
            if name in policy.approvers
            else "not in policy.yaml: may propose, not approve"
        )
        click.echo(f"{name}: {'enrolled' if known.knows(name) else 'NOT enrolled'}, {limit}")


def add_to(cli: click.Group) -> None:
    for command in (proposals, propose, revert, approve, reject, code, explain, audit, kill, approvers):
        cli.add_command(command)


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
    from assets.actions.approval import Asked  # noqa: PLC0415
    from assets.actions.assets import apply_batch, executor, gate, receipt  # noqa: PLC0415

    run_id = f"cli {uuid.uuid4()}"
    door, told = gate(desk, figures), []
    for key in keys:
        asked = Asked(
            key=key, together=keys, proposal=meant, decision=decision, approver=name, code=code, note=note,
            launched_at=desk.ledger.now(), scope=run_id, run_id=run_id,
        )  # fmt: skip
        told += [f"{one.proposal_id} {one.words}" for one in door.decide(asked)]
    work = executor(desk, figures, run_id=run_id, say=lambda line: told.append(line))
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


def _decide(
    keys: tuple[str, ...], decision: str, *, note: str, name: str, code: str | None, yes: bool
) -> None:
    from assets.actions.assets import Figures  # noqa: PLC0415
    from assets.actions.words import diff as as_table  # noqa: PLC0415
    from resources.ledger.proposal import set_summary  # noqa: PLC0415

    desk = _desk()
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
        desk, Figures(_lake(desk), desk), keys, decision, note=note, name=name, code=given, meant=meant
    ):
        click.echo(line)


def _proposed(
    kind: str, wishes: Any, *, reason: str, name: str, code: str | None, reverts: str | None = None
) -> None:
    from assets.actions.assets import Figures, propose_findings  # noqa: PLC0415

    desk = _desk()
    _proven(desk, name, code, decision="propose", digests=[])
    figures = Figures(_lake(desk), desk)
    finding = _finding(desk, figures, kind, wishes, reason=reason, name=name, reverts=reverts)
    drafts, taken = propose_findings([finding], desk, figures)
    if not taken:
        why = "; ".join(drafts.kept_back.values()) or "the same waits already, or its target is being written"
        raise click.ClickException(f"Not proposed: {why}.")
    click.echo(
        f"{taken[0].proposal_id}\n{taken[0].summary}\nSomebody else has to approve it: `approve {taken[0].proposal_id} --as NAME`."
    )


def _finding(
    desk: "Desk", figures: "Figures", kind: str, wishes: Any, *, reason: str, name: str, reverts: str | None
) -> "Finding":
    from assets.actions.findings import Finding  # noqa: PLC0415
    from assets.actions.surroundings import mean_spend  # noqa: PLC0415
    from resources.errors import DataUnusable  # noqa: PLC0415
    from resources.ledger.proposal import Change, Effect  # noqa: PLC0415

    around = figures.around()
    if around.newest_as_of is None:
        raise DataUnusable("There are no figures yet, so nothing can be judged. Run the daily job first.")
    target = wishes[0].target
    image = desk.platforms.writer(target.platform).image(target)
    probe = Change(target=target, field="status", before="active", after="paused", image=image)
    spend = mean_spend(around.days_of(probe), until=around.newest_as_of, count=14)
    return Finding(
        kind=kind, wishes=wishes, reason=reason, evidence={"spend_a_day": float(spend), "proposed by hand": name},
        effect=Effect(metric="none", words="not estimated: proposed by hand"), as_of=around.newest_as_of,
        proposer=name, weight=0.0, reverts=reverts,
    )  # fmt: skip


def _proven(desk: "Desk", name: str, code: str | None, *, decision: str, digests: list[str]) -> None:
    """Who says they are somebody proves it: otherwise one could propose in another's name and approve it oneself."""
    policy = desk.policy().approval
    given = code or click.prompt("Code", hide_input=True)
    since = desk.ledger.now() - timedelta(minutes=policy.wrong_codes_minutes)
    if desk.ledger.wrong_codes(name, since=since) >= policy.wrong_codes:
        raise click.ClickException(
            f"Too many wrong codes for {name}. Try again in {policy.wrong_codes_minutes:g} minutes."
        )
    found = desk.approvers().proof(name, given, decision=decision, digests=digests, at=desk.ledger.now())
    if found is None:
        desk.ledger.wrong_code(name)
        raise click.ClickException(f"The code does not prove {name}. Nothing was done.")
    desk.ledger.spend(name, found[1], scope=f"{decision} {uuid.uuid4()}")


def _amount(given: str | None, option: str) -> Decimal:
    try:
        found = Decimal(given or "")
    except ArithmeticError:
        found = Decimal(0)
    if not found.is_finite() or found <= 0:
        raise click.UsageError(f"{option} takes an amount above zero, such as 75.50")
    return found


def _desk() -> "Desk":
    from resources.desk import open_desk  # noqa: PLC0415

    return open_desk()


def _lake(desk: "Desk") -> Any:
    from resources.lake import Lake  # noqa: PLC0415

    return Lake(desk.settings.lake_uri)
