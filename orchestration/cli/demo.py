"""The demo: 90 days of history, yesterday's run and the page, on the sandbox or on a folder of exports.

It writes below `var/` alone and never reads a real account, whatever the environment holds.
"""

import os
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter

import pyarrow as pa
from rich.console import Console
from rich.table import Table as Grid

from assets.actions.rendering import link
from assets.partitions import WINDOW_DAYS
from orchestration.cli.backfill import Say, backfill_days, backfill_order, dagster_home, refresh_day
from orchestration.cli.files import preview
from orchestration.cli.in_process_runs import Window, definitions, instance_at, run, windows_between
from orchestration.cli.sandbox_process import let_happen, sandbox_running
from orchestration.jobs import DROPPED
from orchestration.run_order import Extent, run_steps
from resources.action_services import ActionServices
from resources.config.settings import Settings, load_settings
from resources.drop_folder import drop_folder
from resources.errors import DataUnusable
from resources.lake.lake import Lake
from resources.ledger.states import State
from resources.platforms.registry import Platforms
from resources.security.approvers import enroll
from resources.tables import core, dropped

HISTORY_DAYS = 90
DEMO_APPROVER = "demo"
DEMO_WORLD = "demo"
"""In it something happens two days before yesterday, so that the page has something to tell."""
FILES_WINDOW_DAYS = 366


def demo_on_sandbox(world: str, *, say: Say) -> None:
    """Sandbox up, history, yesterday, page, sandbox down."""
    began = perf_counter()
    settings = load_settings(with_platforms=False)
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    with sandbox_running(settings.root / "sandbox", world=world):
        if world == DEMO_WORLD:
            dearer = {
                "kind": "cpc_jump",
                "platform": "google_ads",
                "account_id": "1000000002",
                "days": 30,
                "size": 1.8,
            }
            let_happen(settings.root / "sandbox", dearer | {"first_day": f"{yesterday - timedelta(days=2)}"})
        say(f"The sandbox is up (world {world}). Reading {HISTORY_DAYS} days of history.")
        with instance_at(dagster_home(settings)) as instance:
            backfill_days(
                settings,
                start=yesterday - timedelta(days=HISTORY_DAYS),
                end=yesterday - timedelta(days=1),
                say=say,
                window_days=WINDOW_DAYS,
                instance=instance,
            )
            say("Yesterday's run: the trailing window, the key figures, the page.")
            came = refresh_day(settings, day=yesterday, say=say, instance=instance)
            for problem in came.problems:
                say(f"NOT KEPT: {problem}")
    _summarise(settings, yesterday)
    say(f"Done in {perf_counter() - began:.0f} s. The page: {came.page or 'not written, see above'}")
    say(f"The weekly pacing report: {came.weekly or 'not written, see above'}")
    _say_what_waits(settings, say)
    say("Next: `make dev` shows the assets in the Dagster UI; docs/configuration.md connects real accounts.")


def _say_what_waits(settings: Settings, say: Say) -> None:
    """The proposals that wait, and the exact words to approve the first of them."""
    services = ActionServices(settings, Platforms())
    waiting = services.ledger.proposals.entries(states=[State.PROPOSED])
    if not waiting:
        say("No proposal waits: there is no finding that the limits let be changed.")
        return
    if not services.approvers().knows(DEMO_APPROVER):
        enroll(settings.approvers_file, DEMO_APPROVER)
    say(f"{len(waiting)} proposal(s) wait for an approver:")
    for entry in waiting[:5]:
        say(f"  {entry.proposal.summary}\n    {entry.proposal.reason} {entry.proposal.effect.words}")
    first = waiting[0].proposal
    say(
        f"To approve the first: run `make dev`, open\n  {link(settings.ui_url, first.proposal_id, first.summary)}\n"
        f"set `decision: approve` and `approver: {DEMO_APPROVER}`, take `code` from\n"
        f"  .venv/bin/python -m orchestration.cli code {first.proposal_id} --as {DEMO_APPROVER}\n"
        "and press Launch Run. docs/approvals.md shows each click."
    )


def demo_on_files(folder: Path, *, say: Say) -> None:
    """The same on a folder of exports: read, unify, show. The folder itself is only read."""
    began = perf_counter()
    settings = _settings_for_files(folder)
    lake = Lake(settings.lake_uri)
    with instance_at(dagster_home(settings)) as instance:
        run(instance, DROPPED)
        preview(drop_folder(settings), say=say)
        days = _covered(lake, folder)
        _adopt_currency(lake, say)
        order = backfill_order()
        run(instance, order.before_days | order.learned)
        for window in windows_between(days.start, days.end, days=FILES_WINDOW_DAYS):
            done = run(instance, order.days, window=window)
            say(f"{window}: {window.days} days in {done.seconds:.1f} s")
        for step in run_steps(
            definitions().resolve_asset_graph(),
            wanted=lambda node: node.key.path[0] in {"signals", "reports"},
        ):
            if step.extent is Extent.NEWEST_DAY:
                run(instance, step.selection, window=Window(days.end, days.end))
    settings = load_settings(with_platforms=False)
    _summarise(settings, days.end)
    page = settings.reports_dir / f"daily_dashboard_{days.end}.html"
    say(f"Done in {perf_counter() - began:.0f} s. The page: {page}")


def _settings_for_files(folder: Path) -> Settings:
    """A place of its own, emptied first, so that an earlier folder's days do not linger."""
    root = load_settings(with_platforms=False).root / "files"
    shutil.rmtree(root, ignore_errors=True)
    os.environ["PAID_MEDIA_VAR"] = str(root)
    os.environ["PAID_MEDIA_DROP_DIR"] = str(folder.resolve())
    return load_settings(with_platforms=False)


def _covered(lake: Lake, folder: Path) -> Window:
    tables = list(dropped.DAYS.values())
    union = " union all ".join(f"select day from raw.{table.name}" for table in tables)
    first, last = _one(lake.arrow(f"select min(day), max(day) from ({union})", *tables))
    if first is None:
        raise DataUnusable(
            f"No row of {folder} could be read. docs/dropped_files.md says what is recognised."
        )
    return Window(first, last)


def _adopt_currency(lake: Lake, say: Say) -> None:
    """Exports in one currency are reported in it, unless somebody asked for another."""
    tables = list(dropped.DAYS.values())
    union = " union ".join(f"select currency from raw.{table.name}" for table in tables)
    currencies = lake.arrow(f"select distinct currency from ({union})", *tables).column(0).to_pylist()
    if len(currencies) == 1 and "PAID_MEDIA_REPORTING_CURRENCY" not in os.environ:
        os.environ["PAID_MEDIA_REPORTING_CURRENCY"] = currencies[0]
        say(f"All figures are in {currencies[0]}, so the report is too.")


def _summarise(settings: Settings, day: date) -> None:
    """Yesterday's key figures as a table in the terminal."""
    rows = (
        Lake(settings.lake_uri)
        .read(core.KPI_DAY, where={"day": (day, day)})
        .sort_values("spend", ascending=False)
    )
    grid = Grid(title=f"{day}, in {settings.reporting_currency}", title_justify="left")
    for name in ("platform", "spend", "impressions", "clicks", "CPC", "CTR", "conversions", "value", "ROAS"):
        grid.add_column(name, justify="left" if name == "platform" else "right", no_wrap=True)
    for row in rows.to_dict("records"):
        grid.add_row(
            str(row["platform"]),
            *(
                _number(row[column], form)
                for column, form in (
                    ("spend", ",.2f"),
                    ("impressions", ",.0f"),
                    ("clicks", ",.0f"),
                    ("cpc", ",.2f"),
                    ("ctr", ".2%"),
                    ("conversions", ",.0f"),
                    ("conversion_value", ",.2f"),
                    ("roas", ",.2f"),
                )
            ),
        )
    Console(width=110).print(grid)


def _number(value: float, form: str) -> str:
    return "–" if value != value else format(value, form)  # noqa: PLR0124 — only a missing number is not itself


def _one(rows: pa.Table) -> list[date]:
    return [column.to_pylist()[0] for column in rows.columns]
