"""`python -m orchestration.cli audit|kill|approvers`: the trail, the switch, and who may decide."""

import csv
import json
import sys
from pathlib import Path

import click

from orchestration.cli.decisions import AS, CODE, desk_here, proven


@click.group()
def audit() -> None:
    """The ledger's trail."""


@audit.command()
def verify() -> None:
    """Follow the chain of hashes and hold every proposal to its digest."""
    found = desk_here().ledger.verify()
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
    from assets.raw.dropped_files.cells import as_text_cell

    rows = [{**row._mapping, "at": row.at.isoformat()} for row in desk_here().ledger.audit()]  # noqa: SLF001 — SQLAlchemy's public way
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
    from resources.ledger.base import KILL

    desk_here().ledger.turn(KILL, on=True, person=name, reason=reason)
    click.echo("The kill switch is on: nothing is written.")


@kill.command()
@click.option("--reason", required=True)
@AS
@CODE
def off(reason: str, name: str, code: str | None) -> None:
    """Allow writes again. Takes an approver's code."""
    from resources.ledger.base import KILL

    desk = desk_here()
    proven(desk, name, code, decision="kill off", digests=[])
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
    import segno

    from resources.security.approvers import enroll as enrolled

    desk = desk_here()
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
    desk = desk_here()
    known, policy = desk.approvers(), desk.policy()
    for name in sorted({*known.names, *policy.approvers}):
        limit = (
            f"up to {policy.approvers[name].up_to} a day"
            if name in policy.approvers
            else "not in policy.yaml: may propose, not approve"
        )
        click.echo(f"{name}: {'enrolled' if known.knows(name) else 'NOT enrolled'}, {limit}")
