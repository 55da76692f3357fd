"""What a run shows in the Dagster UI: how many rows, of which accounts, and the first few as a table."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import dagster as dg
import pyarrow as pa

from resources.lake import Lake, Where
from resources.schema import Table

PREVIEW_ROWS = 5


def row_metadata(lake: Lake, table: Table, *, rows: int, where: Where | None = None) -> dict[str, Any]:
    """Row count and a preview of the slice a run has just written."""
    preview = lake.head(table, PREVIEW_ROWS, where=where)
    shown = {"preview": dg.MetadataValue.table(records_of(preview))} if len(preview) else {}
    return {"dagster/row_count": rows} | shown


def records_of(rows: pa.Table | Sequence[dict[str, Any]]) -> list[dg.TableRecord]:
    """Rows as the Dagster UI's table takes them: text, numbers and truth values."""
    plain = rows.to_pylist() if isinstance(rows, pa.Table) else rows
    return [dg.TableRecord({name: _plain(value) for name, value in row.items()}) for row in plain]


def _plain(value: Any) -> str | int | float | bool | None:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
