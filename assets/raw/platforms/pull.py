"""Pull of one account: rows are spooled to files, checked, and stored in the lake only when the checks pass.

Until then the reading lies beside the lake, so a truncated report or a level that failed leaves the stored
rows as they were. The tables of a reading are then recorded in parallel; a process that is killed in that
moment is put right by the next reading.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import pyarrow as pa

from assets.raw.platforms.quality_checks import QualityResult, quality_results, refusal
from assets.raw.platforms.reading_totals import CONVERSION_ACTIONS, reading_of
from resources.errors import PaidMediaError
from resources.lake.lake import Lake
from resources.lake.layout import LakeWrite, Where
from resources.lake.schema import Table
from resources.platforms.account import Account
from resources.platforms.reader import PlatformReader
from resources.tables.pulls import PULLS

AT_ONCE = 3
"""Questions to one platform at a time: enough to keep it and us busy, few enough for its limits."""
RowReader = Callable[[Any, Account, date, date], Iterable[pa.RecordBatch]]
"""Reads the rows of one table for an account and a range of days."""


@dataclass(frozen=True)
class Pull:
    """One account's reading with its outcome; `verdict` is accepted, refused, failed or postponed."""

    account: Account
    at: datetime
    days: tuple[date, date] | None
    tables: tuple[str, ...]
    verdict: str
    reason: str | None = None
    results: tuple[QualityResult, ...] = ()
    written: Mapping[str, LakeWrite] = field(default_factory=dict)
    calls: int = 0
    used_percent: float = 0.0
    seconds: float = 0.0
    error: Exception | None = None

    def row(self, run_id: str) -> dict[str, Any]:
        """The pull as a row of raw/pulls."""
        counted = {
            name: sum(getattr(written, name) for written in self.written.values())
            for name in ("rows", "added", "changed", "vanished")
        }
        start, end = self.days or (None, None)
        return counted | {
            "platform": self.account.platform,
            "account_id": self.account.account_id,
            "account_name": self.account.name,
            "time_zone": self.account.time_zone,
            "pulled_at": self.at,
            "start_day": start,
            "end_day": end,
            "tables": " ".join(self.tables),
            "verdict": self.verdict,
            "reason": self.reason,
            "calls": self.calls,
            "used_percent": self.used_percent or None,
            "seconds": self.seconds,
            "run_id": run_id,
        }


def pull_accounts(
    lake: Lake,
    reader: PlatformReader,
    accounts: Sequence[Account],
    reads: Mapping[Table, RowReader],
    *,
    start: date,
    end: date,
    now: Callable[[], datetime],
    allowed: frozenset[str] = frozenset(),
) -> Iterator[Pull]:
    """Read `start` to `end` of these accounts, some at once; one account's failure leaves the others alone."""
    # The platform answers one question while the answer to another is taken apart and written.
    with TemporaryDirectory(prefix="pull-") as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        begun = {
            account: _StartedReading(
                account,
                (start, end),
                now(),
                perf_counter(),
                _submitted(pool, reader, reads, account, start, end, Path(folder)),
            )
            for account in accounts
        }
        for started in begun.values():
            yield _finished(lake, reader, started, pool, now=now(), allowed=allowed)


@dataclass(frozen=True)
class _StartedReading:
    account: Account
    days: tuple[date, date]
    at: datetime
    began: float
    running: dict[Table, Future[pa.Table]]


def _submitted(
    pool: ThreadPoolExecutor,
    reader: PlatformReader,
    reads: Mapping[Table, RowReader],
    account: Account,
    start: date,
    end: date,
    folder: Path,
) -> dict[Table, Future[pa.Table]]:
    def read_into(table: Table, read: RowReader) -> pa.Table:
        return spooled(
            read(reader, account, start, end), table, folder / f"{account.account_id}_{table.name}.arrow"
        )

    return {table: pool.submit(read_into, table, read) for table, read in reads.items()}


def spooled(batches: Iterable[pa.RecordBatch], table: Table, path: Path) -> pa.Table:
    """The rows on disk, mapped into memory: a reading may be larger than what memory should hold."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as file:
        for batch in batches:
            file.write_batch(batch)
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def _finished(
    lake: Lake,
    reader: PlatformReader,
    begun: _StartedReading,
    pool: ThreadPoolExecutor,
    *,
    now: datetime,
    allowed: frozenset[str],
) -> Pull:
    account = begun.account
    tables = tuple(table.name for table in begun.running)
    pull = Pull(account, begun.at, begun.days, tables, "failed")
    try:
        read = {table: future.result() for table, future in begun.running.items()}
        results = tuple(
            quality_results(reading_of(lake, reader, account, read, days=begun.days, at=begun.at, now=now))
        )
        pull = replace(pull, results=results)
        reason = refusal(results, allowed=allowed)
        if reason is None:
            # All of a reading carries one instant, that of its beginning: what came in while it ran is read
            # again tomorrow.
            where: Where = {"account_id": account.account_id, "day": begun.days}
            writing = {
                t: pool.submit(lake.record, t, rows, at=begun.at, where=where) for t, rows in read.items()
            }
            pull = replace(pull, verdict="accepted", written={t.name: f.result() for t, f in writing.items()})
            if failed := [result.check for result in results if result.blocks and not result.passed]:
                pull = replace(pull, reason=f"Kept although {', '.join(failed)} failed: a person allowed it.")
        else:
            pull = replace(pull, verdict="refused", reason=reason)
    except PaidMediaError as error:
        for future in begun.running.values():
            future.cancel()
        pull = replace(pull, verdict="failed", reason=str(error), error=error)
    # Calls that belong to no account, such as listing them, are told with the first.
    calls = reader.meter.calls.pop(account.account_id, 0) + reader.meter.calls.pop("", 0)
    return replace(
        pull, calls=calls, used_percent=reader.meter.used_percent, seconds=perf_counter() - begun.began
    )


def used_calls(lake: Lake, platform: str, *, now: datetime) -> int:
    """Calls that pulls of a platform made in the last 24 hours."""
    parameters = {"platform": platform, "since": now - timedelta(hours=24)}
    sql = (
        "select coalesce(sum(calls), 0)::bigint as calls from raw.pulls where platform = $platform and"
        " pulled_at > $since"
    )
    return int(lake.arrow(sql, PULLS, parameters=parameters).column("calls")[0].as_py())


def counted_days(lake: Lake, platform: str) -> list[int]:
    """How long each active conversion action of a platform's accounts counts, after a click or after a view,
    in days.
    """
    if platform not in CONVERSION_ACTIONS:
        return []
    table = CONVERSION_ACTIONS[platform]
    sql = f"""
        select distinct greatest(coalesce(click_window_days, 0), coalesce(view_window_days, 0)) as days
        from raw.{table.name} where status = 'active'
    """
    return [int(days) for days in lake.arrow(sql, table).column("days").to_pylist()]


def read_through(lake: Lake, platform: str) -> date | None:
    """The last day that was read of every account of a platform; None where nothing was."""
    sql = """
        select min(last) as last from (
            select account_id, max(end_day) as last from raw.pulls
            where platform = $platform and verdict = 'accepted' and contains(tables, '_campaign_day') group by account_id
        )
    """
    last: date | None = lake.arrow(sql, PULLS, parameters={"platform": platform}).column("last")[0].as_py()
    return last


def keep_log(lake: Lake, pulls: Iterable[Pull], *, run_id: str) -> None:
    """Write what became of every account into raw/pulls."""
    rows = [pull.row(run_id) for pull in pulls]
    if rows:
        lake.append(PULLS, pa.Table.from_pylist(rows, schema=PULLS.schema))
