"""The lake: Delta tables under one root, replaced slice by slice, queried with DuckDB.

A write replaces exactly the rows its `where` names, in one atomic commit: a reader sees the old slice or the new one, and
writing the same slice twice leaves one. Writers on one machine queue per table at a lock file; writers elsewhere meet Delta's
own commit protocol, which refuses a commit that would undo another's.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import ColumnProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from resources.ahead import made_ahead
from resources.errors import DataUnusable, PaidMediaError
from resources.schema import Table

MONTH = pa.field("month", pa.int32())
"""Layout column of tables with days: year and month of `day` as one number, 202611. Not part of a table's own columns."""

_PLAIN = WriterProperties(
    compression="SNAPPY", default_column_properties=ColumnProperties(dictionary_enabled=False)
)
"""No dictionaries: ad figures hardly repeat, so building them doubles the time of a write. Snappy costs no time that can be
measured and makes files a fifth as large."""
Where: TypeAlias = Mapping[str, str | tuple[date, date]]
"""A slice: a column that equals a text, or `day` between two days, both included."""

Rows: TypeAlias = pa.Table | Iterable[pa.RecordBatch]


_NUMBERS = count()
"""So that questions asked at once, each with views of its own, never share a name."""
SHOWN = 5


@dataclass(frozen=True)
class Written:
    """What a write left: how many rows, and the first of them."""

    rows: int
    first: pa.Table


class LakeBusy(PaidMediaError):
    """Another writer changed the same slice in the same moment. Safe to retry: nothing was written."""


class Lake:
    """All tables under one root: a local folder, or an object store's URI such as s3://bucket/lake."""

    def __init__(self, root: str | Path, *, storage_options: dict[str, str] | None = None) -> None:
        self.root = str(root)
        self._options = storage_options
        self._is_local = "://" not in self.root

    def replace(self, table: Table, rows: Rows, *, where: Where | None = None) -> Written:
        """Replace the slice `where` (None: the whole table) by `rows`.

        A stream of batches is written as it comes, with flat memory, and only takes effect if it ends well.

        Raises:
            DataUnusable: A row lies outside the slice or does not fit the table.
            LakeBusy: Another machine's commit got in between.
        """
        self._ensure(table)
        # Made from here on, also while another writer still holds the table.
        batches = made_ahead(rows.to_batches() if isinstance(rows, pa.Table) else rows)
        counted = _Counted(table, batches, where)
        with self._one_writer(table):
            try:
                write_deltalake(
                    self._uri(table),
                    pa.RecordBatchReader.from_batches(_layout(table), counted),
                    mode="overwrite",
                    predicate=_predicate(table, where),
                    storage_options=self._options,
                    writer_properties=_PLAIN,
                )
            except CommitFailedError as error:
                raise LakeBusy(
                    f"Writing {table.path}: another writer changed the same rows. Safe to retry."
                ) from error
            except Exception:
                if counted.broke is not None:  # it says more than the writer's words for it
                    raise counted.broke from None
                raise
        return Written(counted.rows, counted.first)

    def read(self, table: Table, *, columns: str = "*", where: Where | None = None) -> pd.DataFrame:
        """The slice as a frame: decimals as floats, days as timestamps at midnight. Empty where nothing was written."""
        # The condition's words are column names and day bounds of our own; texts go in as parameters.
        sql = f"select {columns} from {table.path.replace('/', '.')}"
        condition, parameters = _condition(where)
        return frame(self.arrow(sql + condition, table, parameters=parameters))

    def count(self, table: Table, *, where: Where | None = None) -> int:
        return len(self.read(table, columns=table.key[0], where=where))

    def arrow(self, sql: str, *tables: Table, parameters: dict[str, Any] | None = None) -> pa.Table:
        """The answer of `sql` over `tables`, named layer.name in it; `$name` stands for a parameter."""
        with self.query(*tables) as connection:
            return connection.sql(sql, params=parameters or None).to_arrow_table()

    def stream(
        self, sql: str, *tables: Table, parameters: dict[str, Any] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The same as `arrow`, batch by batch."""
        with self.query(*tables) as connection:
            yield from connection.sql(sql, params=parameters or None).to_arrow_reader(100_000)

    @contextmanager
    def query(self, *tables: Table) -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB connection that sees `tables` as views. A table never written is empty, not an error."""
        connection, own = _engine(os.getpid()).cursor(), f"question_{next(_NUMBERS)}"
        connection.execute(f"attach ':memory:' as {own}")
        try:
            connection.execute(f"use {own}")
            for table in tables:
                source = f"{table.layer}__{table.name}"
                connection.register(source, self._dataset(table))
                connection.execute(f"create schema if not exists {table.layer}")
                names = ", ".join(f'"{c.name}"' for c in table.columns)
                connection.execute(f"create view {table.layer}.{table.name} as select {names} from {source}")
            yield connection
        finally:
            connection.execute("use memory")
            connection.execute(f"detach {own}")
            connection.close()

    def exists(self, table: Table) -> bool:
        return DeltaTable.is_deltatable(self._uri(table), storage_options=self._options)

    def _dataset(self, table: Table) -> Any:
        try:
            return DeltaTable(self._uri(table), storage_options=self._options).to_pyarrow_dataset()
        except TableNotFoundError:
            return table.schema.empty_table()

    def _uri(self, table: Table) -> str:
        return f"{self.root}/{table.path}"

    def _ensure(self, table: Table) -> None:
        """Create the empty table, so that every later write is a replacement of a slice."""
        if self.exists(table):
            return
        if self._is_local:
            Path(self._uri(table)).mkdir(parents=True, exist_ok=True)
        with self._one_writer(table):
            if not self.exists(table):
                DeltaTable.create(
                    self._uri(table),
                    schema=_layout(table),
                    partition_by=[MONTH.name] if table.has_days else None,
                    mode="ignore",
                    description=table.description,
                    # opening a table reads the log since the last checkpoint
                    configuration={"delta.checkpointInterval": "10"},
                    storage_options=self._options,
                )

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


def frame(rows: pa.Table) -> pd.DataFrame:
    """An Arrow table as pandas frame, with decimals as floats and days as timestamps."""
    for at, field in enumerate(rows.schema):
        if pa.types.is_decimal(field.type):
            rows = rows.set_column(at, field.name, rows.column(at).cast(pa.float64()))
    return rows.to_pandas(date_as_object=False)


class _Counted:
    """Batches on their way into the lake: fitted to the table, held to the slice, counted."""

    def __init__(self, table: Table, batches: Iterable[pa.RecordBatch], where: Where | None) -> None:
        self._table, self._batches, self._where = table, batches, where
        self.rows, self.first = 0, table.schema.empty_table()
        self.broke: Exception | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._batches:
                fitted = _fitted(self._table, batch)
                _hold_to_slice(self._table, fitted, self._where)
                if len(self.first) < SHOWN:
                    some = fitted.select(self._table.schema.names).slice(0, SHOWN - len(self.first))
                    self.first = pa.concat_tables([self.first, pa.Table.from_batches([some])])
                self.rows += len(fitted)
                yield fitted
        except Exception as error:
            self.broke = error
            raise


def _layout(table: Table) -> pa.Schema:
    return table.schema.append(MONTH) if table.has_days else table.schema


def _fitted(table: Table, batch: pa.RecordBatch) -> pa.RecordBatch:
    try:
        fitted = batch.select(table.schema.names).cast(table.schema)
    except (KeyError, pa.ArrowInvalid, ValueError) as error:
        raise DataUnusable(f"Rows for {table.path} do not fit its columns: {error}") from error
    if not table.has_days:
        return fitted
    day = fitted.column("day")
    month = pc.add(pc.multiply(pc.year(day), 100), pc.month(day)).cast(MONTH.type)
    return fitted.append_column(MONTH, month)


def _hold_to_slice(table: Table, batch: pa.RecordBatch, where: Where | None) -> None:
    """A row outside the slice would be doubled by the next run, which replaces the slice alone."""
    for name, wanted in (where or {}).items():
        if not len(batch):
            return
        seen = pc.min_max(batch.column(name)).as_py()
        low, high = wanted if isinstance(wanted, tuple) else (wanted, wanted)
        if seen["min"] < low or seen["max"] > high:
            raise DataUnusable(
                f"Rows for {table.path} were to have {name} {low}..{high} and have {seen['min']}..{seen['max']}."
            )


def _predicate(table: Table, where: Where | None) -> str | None:
    """The slice in Delta's own SQL, which takes no parameters: texts are quoted here."""
    if where is None:
        return None
    parts = []
    for name, wanted in where.items():
        if isinstance(wanted, tuple):
            low, high = wanted
            parts.append(f"{name} >= '{low.isoformat()}' and {name} <= '{high.isoformat()}'")
            if name == "day" and table.has_days:
                parts.append(f"{MONTH.name} in ({', '.join(map(str, _months(low, high)))})")
        else:
            quoted = wanted.replace("'", "''")
            parts.append(f"{name} = '{quoted}'")
    return " and ".join(parts)


def _months(low: date, high: date) -> list[int]:
    months, day = [], low.replace(day=1)
    while day <= high:
        months.append(day.year * 100 + day.month)
        day = (day + timedelta(days=32)).replace(day=1)
    return months


def _condition(where: Where | None) -> tuple[str, dict[str, Any]]:
    parts: list[str] = []
    parameters: dict[str, Any] = {}
    for name, wanted in (where or {}).items():
        low, high = wanted if isinstance(wanted, tuple) else (wanted, wanted)
        parts.append(f"{name} between $low_{name} and $high_{name}")
        parameters |= {f"low_{name}": low, f"high_{name}": high}
    return (" where " + " and ".join(parts) if parts else ""), parameters
