"""`python -m orchestration.cli audit|kill|approvers`: the trail, the switch, and who may decide."""

import json
import sys
from pathlib import Path

import click

from orchestration.cli.decisions import AS, CODE, action_services, proven


@click.group()
def audit() -> None:
    """The ledger's trail."""


@audit.command()
@click.option(
    "--anchor", is_flag=True, help="Compare with the heads that were copied out of the database, too."
)
def verify(*, anchor: bool) -> None:
    """Follow the chain of hashes to its signed head, and hold every table to what the chain tells."""
    services = action_services()
    result = services.ledger.audit.verify(anchor=services.anchor.path if anchor else None)
    click.echo(f"{result.entries} entries hold together; head {result.head}")
    if result.unsigned_decisions:
        click.echo(
            f"{result.unsigned_decisions} decisions are from before decisions were signed: the chain has them, and none of them is enough for a write."
        )
    if result.broken:
        raise click.ClickException(
            f"THE LEDGER WAS CHANGED: {result.broken}. Nothing should be approved until it is known by whom."
        )
    if anchor:
        click.echo(f"Every one of {len(services.anchor.anchored())} anchored heads is still there.")


@audit.command()
@click.option("--format", "kind", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; the terminal unless given."
)
def export(kind: str, out: Path | None) -> None:
    """Every entry for an auditor, oldest first."""
    from assets.formatting.csv_text import write_csv

    rows = [{**row._mapping, "at": row.at.isoformat()} for row in action_services().ledger.audit.entries()]  # noqa: SLF001 — SQLAlchemy's public way
    target = out.open("w", encoding="utf-8", newline="") if out else sys.stdout
    try:
        if kind == "jsonl":
            target.writelines(json.dumps(row, sort_keys=True) + "\n" for row in rows)
        else:
            columns = ["seq", "at", "actor", "event", "proposal_id", "detail", "previous", "hash"]
            write_csv(target, columns, ([row[column] for column in columns] for row in rows))
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
    from resources.ledger.records import KILL

    action_services().ledger.switches.turn(KILL, on=True, person=name, reason=reason)
    click.echo("The kill switch is on: nothing is written.")


@kill.command()
@click.option("--reason", required=True)
@AS
@CODE
def off(reason: str, name: str, code: str | None) -> None:
    """Allow writes again. Takes an approver's code."""
    from resources.ledger.records import KILL

    services = action_services()
    proven(services, name, code, action="kill off")
    services.ledger.switches.turn(KILL, on=False, person=name, reason=reason)
    click.echo(f"The switch is off. {services.killed() or 'Writes are allowed, by approval.'}")


@click.group()
def approvers() -> None:
    """Who may decide."""


@approvers.command()
@click.argument("name")
@click.option("--again", is_flag=True, help="Replace a secret that is there.")
@click.option(
    "--as", "by", help="With --again: who proves it, NAME by the old authenticator or another approver."
)
@CODE
def enroll(name: str, by: str | None, code: str | None, *, again: bool) -> None:
    """A new secret for NAME, as a QR code for an authenticator. It is shown once."""
    import segno

    from assets.actions.approval import local_session
    from resources.security.approvers import enroll as enrolled

    services = action_services()
    if services.approvers().knows(name) and not again:
        raise click.ClickException(
            f"{name} is enrolled already; --again replaces the secret, and the old authenticator stops working."
        )
    if services.approvers().knows(name):
        proven(services, by or name, code, action=f"enroll {name} again")
    file = services.settings.approvers_file
    address = enrolled(file, name)
    detail = {"name": name, "again": again, "proven by": (by or name) if again else None}
    services.ledger.audit.note(local_session(), "enrolled", None, detail)
    segno.make(address).terminal(compact=True)
    click.echo(
        f"Scan it with an authenticator. Kept in {file}. {name} decides once policy.yaml names them under approvers."
    )


@approvers.command()
@click.argument("name")
@click.option("--as", "by", required=True, help="Who you are: your name among the approvers.")
@CODE
def unlock(name: str, by: str, code: str | None) -> None:
    """Forget the wrong codes given in NAME's name. Another approver proves it."""
    services = action_services()
    if by == name:
        raise click.ClickException("Another approver has to unlock a name.")
    proven(services, by, code, action=f"unlock {name}")
    services.ledger.decisions.reset_guesses(name, by=by)
    click.echo(f"{name} may try again.")


@approvers.command("list")
def list_approvers() -> None:
    """Who is enrolled, and who the policy lets decide."""
    services = action_services()
    approvers, policy = services.approvers(), services.policy()
    for name in sorted({*approvers.names, *policy.approvers}):
        limit = (
            f"up to {policy.approvers[name].up_to} a day"
            if name in policy.approvers
            else "not in policy.yaml: may propose, not approve"
        )
        click.echo(f"{name}: {'enrolled' if approvers.knows(name) else 'NOT enrolled'}, {limit}")
