"""Generated frames in a real lake, as the assets would have left them."""

from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from resources.lake.lake import Lake
from resources.lake.schema import MONEY, Table
from resources.tables import core
from tests.reports.frames import PULLED

TABLES = {
    "kpi_days": core.KPI_DAY,
    "campaign_days": core.DAYS["campaign"],
    "ad_set_days": core.DAYS["ad_set"],
    "entities": core.ENTITIES,
}
_FILLED = {
    "native_level": "x", "currency": "EUR", "time_zone": "UTC", "pulled_at": pd.Timestamp(PULLED), "read_at": pd.Timestamp(PULLED),
}  # fmt: skip


def fill(lake: Lake, given: dict[str, Any]) -> None:
    """Write the tables that `frames` makes."""
    for name, table in TABLES.items():
        missing = {column: value for column, value in _FILLED.items() if column not in given[name]}
        lake.replace(table, stored(given[name].assign(**missing), table))


def stored(rows: pd.DataFrame, table: Table) -> pa.Table:
    """Rows as the lake takes them: money as decimals, what is missing as null."""
    whole = rows.reindex(columns=table.schema.names).to_dict("list")
    exact = {column.name for column in table.columns if column.type == MONEY}
    entities = {
        name: [None if pd.isna(v) else Decimal(f"{v:.6f}") if name in exact else v for v in values]
        for name, values in whole.items()
    }
    return pa.Table.from_pydict(entities, schema=table.schema)
