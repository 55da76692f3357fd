"""`python -m orchestration.cli anomalies`: current incidents, and people's feedback on them."""

from datetime import UTC, datetime, timedelta

import click
import pyarrow as pa

from assets.signals.anomalies.feedback import RIGHT, SNOOZE, WRONG, precision
from resources.config.settings import load_settings
from resources.lake.lake import Lake
from resources.tables.signals import ANOMALIES, MARKS

AS_PERSON = click.option("--as", "person", required=True, help="Who says so.")
NOTE = click.option("--note", help="Why.")


@click.group()
def anomalies() -> None:
    """Incidents: list them, mark them right or wrong, snooze them."""


@anomalies.command("list")
def listed() -> None:
    """The newest day's incidents, the most money first."""
    lake = _lake()
    incidents = lake.read(ANOMALIES)
    if incidents.empty:
        click.echo("No incident is on record.")
        return
    newest = incidents[incidents["day"] == incidents["day"].max()].sort_values("stake", ascending=False)
    for row in newest.itertuples():
        part = f" (part of {row.part_of})" if isinstance(row.part_of, str) else ""
        name = row.name if isinstance(row.name, str) else row.campaign_id or row.account_id
        click.echo(
            f"{row.incident_id}  {row.state:5} {row.severity:6} since {row.began:%Y-%m-%d}  {row.platform}"
            f" {row.level} {name}: {row.metric} {row.value:,.4g}, expected {row.low:,.4g} to {row.high:,.4g};"
            f" {row.stake:,.2f} a day at stake{part}"
        )
    right, marked = precision(lake.read(MARKS))
    click.echo(
        f"People marked {right} of {marked} incidents right." if marked else "Nobody marked an incident yet."
    )


@anomalies.command()
@click.argument("incident")
@click.argument("verdict", type=click.Choice([RIGHT, WRONG]))
@AS_PERSON
@NOTE
def mark(incident: str, verdict: str, person: str, note: str | None) -> None:
    """Say whether an incident was worth telling; wrong ones are not shown again."""
    _say(incident, verdict, person, note)
    right, marked = precision(_lake().read(MARKS))
    click.echo(f"Incident {incident} is marked {verdict}. People marked {right} of {marked} incidents right.")


@anomalies.command()
@click.argument("incident")
@click.option("--days", default=3, show_default=True, type=click.IntRange(1, 90))
@AS_PERSON
@NOTE
def snooze(incident: str, days: int, person: str, note: str | None) -> None:
    """Keep an incident off the page for some days."""
    _say(incident, SNOOZE, person, note, days=days)
    click.echo(f"Incident {incident} is quiet for {days} days.")


def _lake() -> Lake:
    return Lake(load_settings(with_platforms=False).lake_uri)


def _say(incident: str, verdict: str, person: str, note: str | None, *, days: int | None = None) -> None:
    lake, now = _lake(), datetime.now(UTC)
    incidents = lake.read(ANOMALIES)
    if incident not in set(incidents["incident_id"]):
        raise click.ClickException(
            f"There is no incident {incident}. `anomalies list` names those of the newest day."
        )
    until = None if days is None else now.date() + timedelta(days=days)
    mark_row = {
        "incident_id": incident,
        "at": now,
        "mark": verdict,
        "until": until,
        "person": person,
        "note": note,
    }
    lake.append(MARKS, pa.Table.from_pylist([mark_row], schema=MARKS.schema))
