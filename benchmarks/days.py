"""Simulated daily runs: the real clients and assets against a sandbox whose clock is moved on a day at a
time.

Everything runs in one process, without Dagster's event log: what is measured is the lake and what is learned
from it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from assets.raw.platforms.assets import DAILY
from assets.raw.platforms.pull import Pull, keep_log, pull_accounts, read_through
from assets.raw.platforms.restatement_window import LONG_WEEKDAY, first_day, window_days
from resources.config.settings import load_settings
from resources.errors import PlatformError
from resources.lake.lake import Lake
from resources.platforms.registry import PLATFORMS, Platforms
from resources.tables.every import TABLES
from sandbox.clock import Clock
from sandbox.running_world import Stage, set_stage
from sandbox.serve import running
from sandbox.world import World

MORNING = time(5, 0, tzinfo=UTC)


class Days:
    """A lake that is pulled into every morning of the sandbox's own calendar."""

    def __init__(self, stage: Stage, folder: Path, var: Path) -> None:
        self.stage, self.lake = stage, Lake(folder)
        settings = load_settings({"PAID_MEDIA_VAR": str(var), "PAID_MEDIA_PROFILE": "sandbox"})
        version = settings.linkedin_ads.api_version
        self.first = max(
            date(int(version[:4]), int(version[4:]), 5), stage.world.begins + timedelta(days=100)
        )
        """The first day that can be simulated: LinkedIn serves a version for a year from its month on."""
        self.last_marks: dict[tuple[str, str], str] = {}
        """Accounts that the last run did not keep, and why."""
        self.platforms = Platforms(lambda: settings, now=stage.clock.now)

    def run(
        self,
        day: date,
        *,
        first: date | None = None,
        tables: frozenset[str] | None = None,
        platforms: Iterable[str] = PLATFORMS,
    ) -> list[Pull]:
        """The pull of the morning after `day`: every platform's window, the long one on Sundays, or from
        `first` on.
        """
        self.stage.clock.set(datetime.combine(day + timedelta(days=1), MORNING))
        return self.pull_now(day, first=first, tables=tables, platforms=platforms)

    def pull_now(
        self,
        day: date,
        *,
        first: date | None = None,
        tables: frozenset[str] | None = None,
        platforms: Iterable[str] = PLATFORMS,
    ) -> list[Pull]:
        """The same without moving the clock."""
        is_long = (day + timedelta(days=1)).weekday() == LONG_WEEKDAY
        done: list[Pull] = []
        self.last_marks = {}
        for platform in platforms:
            reads = {t: read for t, read in DAILY[platform].items() if tables is None or t.name in tables}
            wide = window_days(platform, is_long=is_long)
            start = first or first_day(day, wide, read_through=read_through(self.lake, platform))
            try:
                reader = self.platforms.reader(platform)
                done += pull_accounts(
                    self.lake,
                    reader,
                    reader.accounts(),
                    reads,
                    start=max(start, self.stage.world.begins),
                    end=day,
                    now=self.stage.clock.now,
                )
            except (
                PlatformError
            ) as error:  # not even the accounts could be listed: the step fails, as it does in Dagster
                self.last_marks |= {
                    (platform, a.id): f"failed: {error}" for a in self.stage.world.of(platform)
                }
        self.last_marks |= {
            (p.account.platform, p.account.account_id): f"{p.verdict}: {p.reason}"
            for p in done
            if p.verdict != "accepted"
        }
        keep_log(self.lake, done, run_id=f"{day}")
        return done


@contextmanager
def days_of(world: World, *, papers: Path | None = None) -> Iterator[Days]:
    """A world behind the wires, and an empty lake.

    `papers` are the certificates of a sandbox that this process spoke to before: gRPC reads its roots once.
    """
    with TemporaryDirectory(prefix="days-") as folder:
        if papers is not None:
            copytree(papers, Path(folder) / "sandbox" / "certificates")
        var, stage = Path(folder), set_stage(world, Clock(datetime.combine(world.begins, MORNING)))
        with running(stage, folder=var / "sandbox"):
            yield Days(stage, var / "lake", var)


def tidied(lake: Lake) -> int:
    """The scheduled tidying.

    Nobody else reads, and the clock is a simulated one: files that were replaced go at once.
    """
    return sum(lake.tidy(table, keep=timedelta(0)) for table in TABLES)
