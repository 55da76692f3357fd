"""What a run shows in the Dagster UI: how many rows, of which accounts, and the first few as a table."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import dagster as dg
import pyarrow as pa

from resources.lake.layout import LakeWrite


def row_metadata(*parts: LakeWrite) -> dict[str, Any]:
    """Row count of what a run has just written, and the first rows of its first part that has any."""
    preview = next((part.first for part in parts if part.rows), None)
    shown = {"preview": dg.MetadataValue.table(records_of(preview))} if preview is not None else {}
    return {"dagster/row_count": sum(part.rows for part in parts)} | shown


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
