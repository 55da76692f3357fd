"""`python -m orchestration.cli`: what the data team does from a terminal.

The same assets as in the UI, in this process.
"""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click

from assets.partitions import FIRST_DAY, WINDOW_DAYS
from orchestration.cli.anomalies import anomalies
from orchestration.cli.approvals import add_to
from orchestration.cli.files import files
from orchestration.cli.interruption import ends_on_signal
from orchestration.cli.notifications import channels_shown, notify
from orchestration.cli.reference import reference
from orchestration.cli.segments import segments
from resources.action_services import open_action_services
from resources.config.settings import load_settings
from resources.errors import PaidMediaError
from resources.platforms.registry import PLATFORMS


class OneSentence(click.Group):
    """Commands whose expected failures are one sentence, not a trace."""

    def invoke(self, ctx: click.Context) -> object:
        from orchestration.cli.in_process_runs import RunFailed
        from orchestration.cli.sandbox_process import SandboxSilent

        try:
            return super().invoke(ctx)
        except (PaidMediaError, RunFailed, SandboxSilent) as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=OneSentence)
def cli() -> None:
    """Paid-media operations from a terminal."""


_DAY = click.DateTime(formats=["%Y-%m-%d"])


@cli.command()
def check() -> None:
    """Try each platform and the CRM with what is configured; say per account what works and what is missing.

    Says also which schedules and sensors are off, and what that costs.
    """
    from orchestration.automation_status import automation_lines
    from orchestration.cli.backfill import dagster_home
    from orchestration.cli.connection_check import checked, checked_crms, shown
    from orchestration.cli.in_process_runs import instance_at

    findings = [*(checked(platform) for platform in PLATFORMS), *checked_crms()]
    click.echo(shown(findings))
    click.echo(channels_shown(open_action_services()))
    with instance_at(dagster_home(load_settings(with_platforms=False))) as instance:
        click.echo("\n".join(automation_lines(instance)))
    if not all(finding.is_fine for finding in findings):
        raise click.exceptions.Exit(1)


@cli.command()
@click.option("--from", "first", type=_DAY, help="First day, such as 2026-01-01.")
@click.option(
    "--months", type=click.IntRange(1, 120), help="So many months up to the last day, instead of --from."
)
@click.option("--to", "last", type=_DAY, help="Last day; yesterday unless given.")
@click.option(
    "--platform",
    "platforms",
    type=click.Choice(PLATFORMS),
    multiple=True,
    help="Only these; all unless given.",
)
@click.option(
    "--window", default=WINDOW_DAYS, show_default=True, type=click.IntRange(1, 366), help="Days a run covers."
)
@click.option(
    "--again", is_flag=True, help="Read every day anew, also those that an earlier start left final or fresh."
)
@click.option(
    "--accept",
    type=click.Choice(
        ["closed_spend_is_stable", "levels_agree", "figures_are_fresh", "active_entities_are_reported"]
    ),
    multiple=True,
    help="Keep readings although this check fails: you compared the figures with the platform's own screens.",
)
@ends_on_signal("Start the same command again: what was read stays, and it goes on from there.")
def backfill(
    *,
    first: datetime | None,
    months: int | None,
    last: datetime | None,
    platforms: tuple[str, ...],
    window: int,
    again: bool,
    accept: tuple[str, ...],
) -> None:
    """Read a range of days, from the platforms to the key figures, in few runs.

    Start it again after a stop: it goes on.
    """
    from orchestration.cli.backfill import backfill_days
    from orchestration.cli.reconciliation import reconciled, spoken, written
    from resources.lake.lake import Lake

    if (first is None) == (months is None):
        raise click.UsageError("Give either --from or --months.")
    end = last.date() if last else yesterday()
    start = first.date() if first else _months_before(end, months or 1)
    if not FIRST_DAY <= start <= end <= yesterday():
        raise click.UsageError(
            f"Days go from {FIRST_DAY} to yesterday ({yesterday()}), and --from is not after --to."
        )
    settings = load_settings()
    came = backfill_days(
        settings,
        start=start,
        end=end,
        platforms=platforms or PLATFORMS,
        window_days=window,
        say=click.echo,
        is_again=again,
        accept=accept,
    )
    report = reconciled(Lake(settings.lake_uri), start, end)
    click.echo(spoken(report))
    click.echo(f"The whole report: {written(report, settings.reports_dir, start, end)}")
    _end_with(came.problems)


@cli.command()
@click.option("--day", type=_DAY, help="The day to refresh up to; yesterday unless given.")
@ends_on_signal("Start it again: every step that is finished is kept, and the page is written at the end.")
def daily(*, day: datetime | None) -> None:
    """The daily run: the trailing window from every platform, the key figures, the page."""
    from orchestration.cli.backfill import refresh_day

    settings = load_settings()
    came = refresh_day(settings, day=day.date() if day else yesterday(), say=click.echo)
    click.echo(f"The page: {came.page or 'not written'}")
    _end_with(came.problems)


@cli.command()
def tidy() -> None:
    """Put the lake's small files together and drop those no reader needs any more.

    What was known when stays as it is.
    """
    from resources.lake.lake import Lake
    from resources.tables.every import TABLES

    lake = Lake(load_settings(with_platforms=False).lake_uri)
    click.echo(f"{sum(lake.tidy(table) for table in TABLES)} files dropped.")


@cli.command()
@click.option(
    "--files", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A folder of exports."
)
@click.option(
    "--world", default="demo", show_default=True, help="The sandbox's world: a name or a YAML file."
)
@ends_on_signal("`make demo` begins again where it was: days that were read are kept.")
def demo(*, files: Path | None, world: str) -> None:
    """The main job from end to end: on the sandbox, or on a folder of the platforms' own exports."""
    from orchestration.cli.demo import demo_on_files, demo_on_sandbox

    os.environ["PAID_MEDIA_PROFILE"] = (
        "sandbox"  # a demo never touches a real account, whatever the environment says
    )
    os.environ.pop("DAGSTER_HOME", None)  # nor the records of another deployment
    if files:
        demo_on_files(files, say=click.echo)
    else:
        demo_on_sandbox(world, say=click.echo)


@cli.command()
@click.option("--port", default=3000, show_default=True, help="Port of the Dagster UI.")
@click.option("--world", default="demo", show_default=True)
def dev(*, port: int, world: str) -> None:
    """The Dagster UI with its daemon, and the sandbox where the profile is sandbox. Ctrl-C ends all."""
    from orchestration.cli.dev_server import serve_ui

    serve_ui(load_settings(with_platforms=False), port=port, world=world)


add_to(cli)
cli.add_command(anomalies)
cli.add_command(notify)
cli.add_command(reference)
cli.add_command(segments)
cli.add_command(files)


def _months_before(end: date, months: int) -> date:
    """The first day of the range of that many whole months that ends on `end`."""
    count = end.year * 12 + end.month - 1 - months
    return date(count // 12, count % 12 + 1, min(end.day, 28)) + timedelta(days=1)


def _end_with(problems: list[str]) -> None:
    """Say what was kept out, and end as a failure if anything was."""
    for problem in problems:
        click.echo(f"NOT KEPT: {problem}", err=True)
    if problems:
        raise click.exceptions.Exit(1)


def yesterday() -> date:
    """The last day that is over in UTC."""
    return datetime.now(UTC).date() - timedelta(days=1)
