"""One account's weekly details: its tables of days are spooled and recorded whole, its lists recorded as they are."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from assets.raw.platforms.pull import AT_ONCE, Pull, spooled
from resources.errors import PaidMediaError
from resources.lake.lake import Lake
from resources.lake.layout import LakeWrite, Where
from resources.lake.schema import Table
from resources.platforms.account import Account
from resources.platforms.reader import PlatformReader
from resources.tables.audiences import REACH_WINDOWS


def pull_details(
    lake: Lake,
    reader: PlatformReader,
    account: Account,
    tables: Sequence[Table],
    *,
    days: tuple[date, date] | None,
    at: datetime,
) -> Pull:
    """Read these tables of an account, some at once. What could be read is recorded, though another table failed.

    `days` is None for lists, which have none; all rows of the reading bear the instant `at`.
    """
    began = perf_counter()
    pull = Pull(account, at, days, tuple(table.name for table in tables), "failed")
    with TemporaryDirectory(prefix="details-") as folder, ThreadPoolExecutor(AT_ONCE) as pool:

        def recorded(table: Table) -> LakeWrite:
            if days is None:
                return lake.record(table, reader.listing(table, account), at=at, where=where)
            batches = reader.table_days(table, account, start=days[0], end=days[1])
            rows = spooled(batches, table, Path(folder) / f"{account.account_id}_{table.name}.arrow")
            return lake.record(table, rows, at=at, where={**where, "day": _slice_of(table, days)})

        where: Where = {"account_id": account.account_id}
        begun = {table.name: pool.submit(recorded, table) for table in tables}
        try:
            pull = replace(
                pull, verdict="accepted", written={name: future.result() for name, future in begun.items()}
            )
        except PaidMediaError as error:
            for future in begun.values():
                future.cancel()
            pull = replace(pull, reason=str(error), error=error)
    calls = reader.meter.calls.pop(account.account_id, 0) + reader.meter.calls.pop("", 0)
    return replace(pull, calls=calls, used_percent=reader.meter.used_percent, seconds=perf_counter() - began)


def _slice_of(table: Table, days: tuple[date, date]) -> tuple[date, date]:
    """The days of a table that a reading of `days` is about: of reach over windows the last alone."""
    return (days[1], days[1]) if table == REACH_WINDOWS else days
