"""What a table is: its key, its columns with units, and how the lake lays it out.

A table is declared once, in `resources.tables`, and that declaration yields the Arrow schema that is written,
the column schema the Dagster UI shows and the unique key that the checks hold it to. What the rows mean is in
docs/platforms.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pyarrow as pa

TEXT = pa.string()
COUNT = pa.int64()
SHARE = pa.float64()
NUMBER = pa.float64()
MONEY = pa.decimal128(18, 6)
DAY = pa.date32()
INSTANT = pa.timestamp("us", tz="UTC")
FLAG = pa.bool_()

DATA_TEAM = ("team:data",)
"""Owners shown in the Dagster UI for tables that the data team keeps."""


@dataclass(frozen=True)
class Column:
    """One column: its Arrow type, and what a marketer should know of it, unit included."""

    name: str
    type: pa.DataType
    description: str
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """One table of the lake. `layer` and `name` make its asset key and its path.

    `key` names the columns that are unique together. A table with a `day` column is laid out by month, which
    keeps two years of daily rows in a few dozen files and still lets a run replace the days it covers.
    `keeps_history`: every version of a row stays, with `pulled_at`, when it was first read. `is_fixed`: a row
    once written holds for good.
    """

    layer: str
    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    keeps_history: bool = False
    is_fixed: bool = False

    @property
    def asset_key(self) -> dg.AssetKey:
        return dg.AssetKey([self.layer, self.name])

    @property
    def path(self) -> str:
        return f"{self.layer}/{self.name}"

    @property
    def has_days(self) -> bool:
        return any(column.name == "day" for column in self.columns)

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of what is written, in column order."""
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])

    @property
    def metadata(self) -> dict[str, Any]:
        """What the Dagster UI shows before the first row exists."""
        columns = [
            dg.TableColumn(
                name=c.name,
                type=str(c.type),
                description=c.description,
                constraints=dg.TableColumnConstraints(nullable=c.nullable),
            )
            for c in self.columns
        ]
        return {"dagster/column_schema": dg.TableSchema(columns=columns), "unique key": ", ".join(self.key)}

    @property
    def asset_options(self) -> dict[str, Any]:
        """What `dagster.asset` takes from the table: key, description, column schema and the group, which is
        the layer.
        """
        return {
            "key": self.asset_key,
            "description": self.description,
            "metadata": self.metadata,
            "group_name": self.layer,
        }

    def asset_spec(
        self,
        *,
        deps: Iterable["Table | dg.AssetKey"] = (),
        owners: Sequence[str] = DATA_TEAM,
        kinds: Iterable[str] = ("deltalake",),
        **options: Any,
    ) -> dg.AssetSpec:
        """The asset that writes this table, for multi-assets; `options` go to `dagster.AssetSpec` as they
        are.
        """
        keys = [dep.asset_key if isinstance(dep, Table) else dep for dep in deps]
        return dg.AssetSpec(**self.asset_options, deps=keys, owners=owners, kinds=set(kinds), **options)
