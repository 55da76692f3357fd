"""Physical layout of a lake table: its columns, the slice that a write covers, and rows cast to its schema."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import ColumnProperties, WriterProperties

from resources.errors import DataUnusable
from resources.lake.constant_columns import repeated
from resources.lake.schema import INSTANT, Table

MONTH = pa.field("month", pa.int32())
"""Layout column of tables with days: year and month of `day` as one number, 202611.

Not part of a table's own columns.
"""
GONE = pa.field("gone", pa.bool_())
"""Layout column of tables that keep their history: the row was no longer reported when this was read."""
Where: TypeAlias = Mapping[str, str | tuple[date, date]]
"""A slice: a column that equals a text, or `day` between two days, both included."""
SHOWN = 5
KEPT = timedelta(days=7)
"""How long files that no table needs any more stay for readers that began before."""
CONFIGURATION = {
    "delta.checkpointInterval": "10",
    "delta.logRetentionDuration": f"interval {KEPT.days} days",
}
"""Opening a table reads the log since the last checkpoint. What was known when is in the rows, so the log of
older states is worth nothing, and would be most of the lake."""

PLAIN = WriterProperties(
    compression="SNAPPY", default_column_properties=ColumnProperties(dictionary_enabled=False)
)
"""No dictionaries: ad figures hardly repeat, so building them doubles the time of a write. Snappy costs no
time that can be measured and makes files a fifth as large."""


@dataclass(frozen=True)
class LakeWrite:
    """What a write left: how many rows it was given, the first of them, and what was news to a table that
    keeps its history.
    """

    rows: int
    first: pa.Table
    added: int = 0
    changed: int = 0
    vanished: int = 0

    @property
    def news(self) -> int:
        """Versions that were appended."""
        return self.added + self.changed + self.vanished


def layout(table: Table) -> pa.Schema:
    """The columns as they lie on disk."""
    schema = table.schema
    if table.keeps_history:
        schema = schema.append(GONE)
    return schema.append(MONTH) if table.has_days else schema


@dataclass
class CountedBatches:
    """Batches on their way into the lake: fitted to the table, held to the slice, counted."""

    table: Table
    batches: Iterable[pa.RecordBatch]
    where: Where | None
    stamp: datetime | None = None
    rows: int = 0
    first: pa.Table = field(init=False)
    broke: Exception | None = None

    def __post_init__(self) -> None:
        self.first = self.table.schema.empty_table()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self.batches:
                fitted = _fitted(self.table, batch, self.stamp)
                _hold_to_slice(self.table, fitted, self.where)
                if len(self.first) < SHOWN:
                    some = fitted.select(self.table.schema.names).slice(0, SHOWN - len(self.first))
                    self.first = pa.concat_tables([self.first, pa.Table.from_batches([some])])
                self.rows += len(fitted)
                yield fitted
        except Exception as error:
            self.broke = error
            raise


def _fitted(table: Table, batch: pa.RecordBatch, stamp: datetime | None) -> pa.RecordBatch:
    if stamp is not None:
        at = batch.schema.get_field_index("pulled_at")
        batch = batch.set_column(at, "pulled_at", repeated(stamp, INSTANT, len(batch)))
    try:
        fitted = batch.select(table.schema.names).cast(table.schema)
    except (KeyError, pa.ArrowInvalid, ValueError) as error:
        raise DataUnusable(f"Rows for {table.path} do not fit its columns: {error}") from error
    if table.keeps_history:
        gone = (
            batch.column(GONE.name)
            if GONE.name in batch.schema.names
            else repeated(False, GONE.type, len(batch))  # noqa: FBT003 — the value itself
        )
        fitted = fitted.append_column(GONE, gone)
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
                f"Rows for {table.path} were to have {name} {low}..{high} and have"
                f" {seen['min']}..{seen['max']}."
            )


def predicate(table: Table, where: Where | None) -> str | None:
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


def condition(where: Where | None) -> tuple[str, dict[str, Any]]:
    """The slice as a DuckDB condition with its parameters, ready to follow a FROM."""
    parts: list[str] = []
    parameters: dict[str, Any] = {}
    for name, wanted in (where or {}).items():
        low, high = wanted if isinstance(wanted, tuple) else (wanted, wanted)
        parts.append(f"{name} between $low_{name} and $high_{name}")
        parameters |= {f"low_{name}": low, f"high_{name}": high}
    return (" where " + " and ".join(parts) if parts else ""), parameters


def view(table: Table, source: str, present: Iterable[str], *, as_of: datetime | None) -> str:
    """SELECT for the table's own columns from what lies on disk: the newest version of each row, as known at
    `as_of`.

    A lake written before a column existed reads as empty there.
    """
    held = set(present)
    columns = _columns(table, held)
    if not table.keeps_history:
        return f"select {', '.join(columns)} from {source}"
    as_of_clause = f" where pulled_at <= '{as_of.isoformat()}'::timestamptz" if as_of else ""
    gone = GONE.name if GONE.name in held else "false"
    return f"""
        select * exclude ({GONE.name}) from (
            select {", ".join(columns)}, coalesce({gone}, false) as {GONE.name} from {source}{as_of_clause}
            qualify row_number() over (partition by {", ".join(table.key)} order by pulled_at desc) = 1
        ) where not {GONE.name}
    """


def versions(table: Table, source: str, present: Iterable[str]) -> str:
    """SELECT for every version of every row, with `gone`. A column that was declared since reads as empty."""
    held = set(present)
    gone = GONE.name if GONE.name in held else "false"
    return f"select {', '.join(_columns(table, held))}, coalesce({gone}, false) as {GONE.name} from {source}"


def _columns(table: Table, held: set[str]) -> list[str]:
    return [
        f'"{c.name}"' if c.name in held else f'null::{_sql_type(c.type)} as "{c.name}"' for c in table.columns
    ]


def _sql_type(kind: pa.DataType) -> str:
    sql_types = {
        pa.string(): "varchar",
        pa.int64(): "bigint",
        pa.float64(): "double",
        pa.date32(): "date",
        pa.bool_(): "boolean",
    }
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    return "timestamptz" if pa.types.is_timestamp(kind) else sql_types[kind]


def news(table: Table) -> str:
    """SELECT for the rows of `incoming` that differ from `standing`, and the rows of `standing` that are no
    longer in it.
    """
    columns = ", ".join(f'"{c.name}"' for c in table.columns if c.name != "pulled_at")
    key = ", ".join(table.key)
    same = " and ".join(f"i.{name} = s.{name}" for name in table.key)
    return f"""
        select *, $at::timestamptz as pulled_at, false as {GONE.name},
            exists (select 1 from standing as s where {same}) as stood
        from (select {columns} from incoming except select {columns} from standing) as i
        union all by name
        select {columns}, $at::timestamptz as pulled_at, true as {GONE.name}, true as stood from standing
        where ({key}) not in (select ({key}) from incoming)
    """


def tally(tells: pa.Table) -> dict[tuple[bool, bool], int]:
    """How many of the rows that `news` selects had stood before, and are gone."""
    counted = tells.group_by(["stood", GONE.name]).aggregate([([], "count_all")])
    return {(row["stood"], row[GONE.name]): row["count_all"] for row in counted.to_pylist()}


def frame(rows: pa.Table) -> pd.DataFrame:
    """An Arrow table as pandas frame, with decimals as floats and days as timestamps."""
    kinds = [
        column.with_type(pa.float64()) if pa.types.is_decimal(column.type) else column
        for column in rows.schema
    ]
    return rows.cast(pa.schema(kinds)).to_pandas(date_as_object=False)
