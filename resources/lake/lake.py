"""The lake: Delta tables under one root, written slice by slice, queried with DuckDB.

`replace` puts new rows in the place of exactly those its `where` names; `record` appends what a reading of
such a slice has that was not known before, and notes what it no longer has, so that what was known at any
earlier instant can still be read. Both are one atomic commit: a reader sees the slice before or after, and
doing it twice leaves what doing it once leaves. Writers on one machine queue per table at a lock file;
writers elsewhere meet Delta's own commit protocol, which refuses a commit that would undo another's.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace as with_changes
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable, Schema, write_deltalake
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from resources.errors import LakeBusy
from resources.lake.layout import (
    CONFIGURATION,
    KEPT,
    MONTH,
    PLAIN,
    CountedBatches,
    LakeWrite,
    Where,
    condition,
    frame,
    layout,
    news,
    predicate,
    tally,
    versions,
    view,
)
from resources.lake.prefetch import prefetched
from resources.lake.renamed_tables import FORMER_PATHS, rename_tables
from resources.lake.schema import Table

Rows: TypeAlias = pa.Table | Iterable[pa.RecordBatch]
Parameters: TypeAlias = dict[str, Any] | None
_NUMBERS = count()
"""So that questions asked at once, each with views of its own, never share a name."""


class Lake:
    """All tables under one root: a local folder, or an object store's URI such as s3://bucket/lake."""

    def __init__(self, root: str | Path, *, storage_options: dict[str, str] | None = None) -> None:
        self.root = str(root)
        self._options = storage_options
        self._is_local = "://" not in self.root
        self._wide: set[str] = set()
        self._remote_paths: dict[str, str] = {}
        if self._is_local:
            rename_tables(Path(self.root))

    def replace(self, table: Table, rows: Rows, *, where: Where | None = None) -> LakeWrite:
        """Replace the slice `where` (None: the whole table) by `rows`.

        A stream of batches is written as it comes, with flat memory, and only takes effect if it ends well.

        Raises:
            DataUnusable: A row lies outside the slice or does not fit the table.
            LakeBusy: Another machine's commit got in between.
        """
        if table.keeps_history:
            raise ValueError(f"{table.path} keeps its history: record what was read instead of replacing it")
        self._ensure(table)
        # Made from here on, also while another writer still holds the table.
        batches = prefetched(rows.to_batches() if isinstance(rows, pa.Table) else rows)
        with self._one_writer(table):
            return self._write(CountedBatches(table, batches, where), mode="overwrite")

    def record(self, table: Table, rows: pa.Table, *, at: datetime, where: Where | None = None) -> LakeWrite:
        """Append what a reading of the slice `where` (None: the whole table), made at the instant `at`, tells
        anew.

        Rows that say what is known already add nothing. A row that was reported before and is not in `rows`
        is recorded as vanished. The `pulled_at` of what is appended is `at`.

        Raises:
            DataUnusable: A row lies outside the slice or does not fit the table.
            LakeBusy: Another machine's commit got in between, or a newer reading of the same rows did.
        """
        self._ensure(table)
        with self._one_writer(table):
            opened = self._opened(table)
            newest = self._newest(table, where) if opened.version() else None  # nothing was written to it yet
            if newest is None:
                written = self._write(
                    CountedBatches(table, rows.to_batches(), where, at), mode="append", into=opened
                )
                return with_changes(written, added=written.rows)
            if newest >= at:
                problem = (
                    f"a reading of {newest:%Y-%m-%d %H:%M:%S} UTC is already there, and this one is not newer"
                )
                raise LakeBusy(f"Recording {table.path}: {problem}. Nothing was written; safe to retry.")
            fitted = CountedBatches(table, rows.to_batches(), where, at)
            incoming = pa.Table.from_batches(list(fitted), layout(table))
            tells = self._news(table, incoming, at, where)
            counts = tally(tells)
            if len(tells):
                self._write(CountedBatches(table, tells.to_batches(), where), mode="append")
        added, changed, gone = (counts.get(k, 0) for k in ((False, False), (True, False), (True, True)))
        return LakeWrite(fitted.rows, fitted.first, added=added, changed=changed, vanished=gone)

    def append(self, table: Table, rows: pa.Table) -> LakeWrite:
        """Add `rows` to those that are there.

        Raises:
            DataUnusable: A row does not fit the table.
            LakeBusy: Another machine's commit got in between.
        """
        self._ensure(table)
        with self._one_writer(table):
            return self._write(CountedBatches(table, rows.to_batches(), None), mode="append")

    def tidy(self, table: Table, *, keep: timedelta = KEPT) -> int:
        """Put a table's many small files together and drop those replaced longer than `keep` ago; the number
        dropped.

        Every version of every row stays: what was known at any instant reads the same afterwards. A reader
        that began longer than `keep` ago would miss files.
        """
        if not self.exists(table):
            return 0
        with self._one_writer(table):
            delta = self._opened(table)
            delta.optimize.compact(writer_properties=PLAIN)
            dropped = delta.vacuum(
                int(keep.total_seconds() // 3600), dry_run=False, enforce_retention_duration=False
            )
            delta.create_checkpoint()
            delta.cleanup_metadata()
        return len(dropped)

    def _write(self, counted: CountedBatches, *, mode: Any, into: DeltaTable | None = None) -> LakeWrite:
        table = counted.table
        try:
            write_deltalake(
                into or self._opened(table),
                pa.RecordBatchReader.from_batches(layout(table), counted),
                mode=mode,
                predicate=predicate(table, counted.where) if mode == "overwrite" else None,
                writer_properties=PLAIN,
            )
        except CommitFailedError as error:
            raise LakeBusy(
                f"Writing {table.path}: another writer changed the same rows. Safe to retry."
            ) from error
        except Exception:
            if counted.broke is not None:  # it says more than the writer's words for it
                raise counted.broke from None
            raise
        return LakeWrite(counted.rows, counted.first)

    def _newest(self, table: Table, where: Where | None) -> datetime | None:
        """When the slice was last found changed, None where nothing is known of it."""
        within, parameters = condition(where)
        sql = f"select max(pulled_at) as newest from {table.layer}.{table.name}_versions{within}"
        newest_at: datetime | None = self.arrow(sql, table, parameters=parameters).column("newest")[0].as_py()
        return newest_at

    def _news(self, table: Table, incoming: pa.Table, at: datetime, where: Where | None) -> pa.Table:
        within, parameters = condition(where)
        with self.query(table) as connection:
            connection.register("incoming", incoming)
            # A view over Arrow cannot be prepared with parameters; what stands is small enough to be kept for
            # the question.
            standing = f"select * from {table.layer}.{table.name}{within}"
            connection.register(
                "standing", connection.sql(standing, params=parameters or None).to_arrow_table()
            )
            return connection.sql(news(table), params={"at": at}).to_arrow_table()

    def read(
        self, table: Table, *, columns: str = "*", where: Where | None = None, as_of: datetime | None = None
    ) -> pd.DataFrame:
        """The slice as a frame: decimals as floats, days as timestamps at midnight.

        Empty where nothing was written.
        """
        # The condition's words are column names and day bounds of our own; texts go in as parameters.
        sql = f"select {columns} from {table.path.replace('/', '.')}"
        within, parameters = condition(where)
        return frame(self.arrow(sql + within, table, parameters=parameters, as_of=as_of))

    def count(self, table: Table, *, where: Where | None = None) -> int:
        return len(self.read(table, columns=table.key[0], where=where))

    def arrow(
        self, sql: str, *tables: Table, parameters: Parameters = None, as_of: datetime | None = None
    ) -> pa.Table:
        """The answer of `sql` over `tables`, named layer.name in it; `$name` stands for a parameter."""
        with self.query(*tables, as_of=as_of) as connection:
            return connection.sql(sql, params=parameters or None).to_arrow_table()

    def stream(
        self, sql: str, *tables: Table, parameters: Parameters = None, as_of: datetime | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The same as `arrow`, batch by batch."""
        with self.query(*tables, as_of=as_of) as connection:
            yield from connection.sql(sql, params=parameters or None).to_arrow_reader(100_000)

    @contextmanager
    def query(self, *tables: Table, as_of: datetime | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB connection that sees `tables` as views. A table never written is empty, not an error.

        A table that keeps its history is seen as it is known now, or as it was known at `as_of`; beside it
        stands NAME_versions with every version of every row.

        Raises:
            ValueError: `as_of` is asked of a table that does not keep its history: it would show what was not
            known then.
        """
        connection, database = _engine(os.getpid()).cursor(), f"question_{next(_NUMBERS)}"
        connection.execute(f"attach ':memory:' as {database}")
        try:
            connection.execute(f"use {database}")
            for table in tables:
                if as_of is not None and not (table.keeps_history or table.is_fixed):
                    raise ValueError(f"{table.path} keeps no history: what was known {as_of} cannot be read")
                source, dataset = f"{table.layer}__{table.name}", self._dataset(table)
                connection.register(source, dataset)
                connection.execute(f"create schema if not exists {table.layer}")
                name = f"{table.layer}.{table.name}"
                connection.execute(
                    f"create view {name} as {view(table, source, dataset.schema.names, as_of=as_of)}"
                )
                if table.keeps_history and as_of is None:
                    connection.execute(
                        f"create view {name}_versions as {versions(table, source, dataset.schema.names)}"
                    )
            yield connection
        finally:
            connection.execute("use memory")
            connection.execute(f"detach {database}")
            connection.close()

    def exists(self, table: Table) -> bool:
        return self._is_table(self._uri(table))

    def _dataset(self, table: Table) -> Any:
        try:
            return self._opened(table).to_pyarrow_dataset()
        except TableNotFoundError:
            return layout(table).empty_table()

    def _opened(self, table: Table) -> DeltaTable:
        return DeltaTable(self._uri(table), storage_options=self._options)

    def _uri(self, table: Table) -> str:
        if self._is_local or table.path not in FORMER_PATHS:
            return f"{self.root}/{table.path}"
        if table.path not in self._remote_paths:
            candidates = (table.path, FORMER_PATHS[table.path])
            written = (path for path in candidates if self._is_table(f"{self.root}/{path}"))
            self._remote_paths[table.path] = next(written, table.path)
        return f"{self.root}/{self._remote_paths[table.path]}"

    def _is_table(self, uri: str) -> bool:
        return DeltaTable.is_deltatable(uri, storage_options=self._options)

    def _ensure(self, table: Table) -> None:
        """Create the empty table, so that every later write is a replacement of a slice."""
        if self.exists(table):
            self._widen(table)
            return
        if self._is_local:
            Path(self._uri(table)).mkdir(parents=True, exist_ok=True)
        with self._one_writer(table):
            if not self.exists(table):
                DeltaTable.create(
                    self._uri(table),
                    schema=layout(table),
                    partition_by=[MONTH.name] if table.has_days else None,
                    mode="ignore",
                    description=table.description,
                    configuration=CONFIGURATION,
                    storage_options=self._options,
                )

    def _widen(self, table: Table) -> None:
        """Columns that the table was declared with since it was first written; older rows are empty there."""
        if table.path in self._wide:
            return
        delta = self._opened(table)
        held = {field.name for field in delta.schema().fields}
        if missing := [field for field in layout(table) if field.name not in held]:
            with self._one_writer(table):
                wanted = Schema.from_arrow(pa.schema([field.with_nullable(True) for field in missing]))  # noqa: FBT003 — theirs
                delta.alter.add_columns(list(wanted.fields))
        self._wide.add(table.path)

    @contextmanager
    def _one_writer(self, table: Table) -> Iterator[None]:
        if not self._is_local:
            yield
            return
        lock = Path(self.root) / f".{table.layer}.{table.name}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield


@lru_cache(maxsize=1)
def _engine(process: int) -> duckdb.DuckDBPyConnection:
    """One engine per process: starting one takes longer than most of our questions."""
    del process  # a fork needs its own
    return duckdb.connect()
