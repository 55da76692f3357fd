"""Cells of CRM tables in files and databases: instants and amounts, one order of days and one decimal mark
per column.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd

from resources.crm.reader import Row
from resources.currencies import WITHOUT_DECIMALS
from resources.errors import DataUnusable
from resources.readers.days import UNKNOWN_ORDER, DayOrder, day_order, instant
from resources.readers.encodings import text_of
from resources.readers.numbers import Unreadable, decimal_mark, number


def table_of(path: Path) -> pd.DataFrame:
    """A CSV or Parquet file as a table of text, whatever its encoding and delimiter.

    Raises:
        DataUnusable: It cannot be read.
    """
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        text = text_of(path.read_bytes())
        if text is not None:
            header = text.partition("\n")[0]
            delimiter = max(",;\t|", key=header.count)
            return pd.read_csv(
                io.StringIO(text), sep=delimiter, dtype=str, keep_default_na=False, na_values=[""]
            )
    except (OSError, ValueError):
        pass
    # Outside the except clause: a parser's words quote the line, which names people.
    kind = path.suffix[1:].upper()
    raise DataUnusable(f"{path.name} cannot be read as {kind}. Save it again with a header line, in UTF-8.")


@dataclass(frozen=True)
class CellReader:
    """How the cells of one table are read: one order of days and one decimal mark per column, proved by the
    column.
    """

    name: str
    orders: Mapping[str, DayOrder]
    mark: str | None = None
    problems: dict[str, int] = field(default_factory=dict)
    """Cells that could not be read, by column and reason.

    Their values are not repeated: they may name people.
    """

    def at(self, row: Row, column: str) -> datetime | None:
        """An instant in UTC; one without a zone is taken for UTC; None and counted where it cannot be read."""
        value = row.get(column)
        try:
            return instant(value, order=self.orders.get(column, UNKNOWN_ORDER))
        except (Unreadable, ValueError, OverflowError) as error:
            self.count(column, str(error) if isinstance(error, Unreadable) else "not an instant")
            return None

    def amount(self, row: Row, column: str, *, currency: str | None = None) -> Decimal | None:
        """Money as it was entered; None and counted where it cannot be read."""
        value = row.get(column)
        if value is None:
            return None
        if isinstance(value, int | float | Decimal):
            exact = Decimal(str(value))
            return exact if exact.is_finite() else None
        try:
            return number(str(value), mark=self.mark, whole=(currency or "") in WITHOUT_DECIMALS)
        except Unreadable as error:
            self.count(column, str(error).replace("in the mapping", "under crm in policy.yaml"))
            return None

    def count(self, column: str, reason: str) -> None:
        """One more cell of a column that could not be read."""
        key = f"{self.name}.{column}: {reason}"
        self.problems[key] = self.problems.get(key, 0) + 1


_INSTANTS = ("created_at", "updated_at", "closed_at", "qualified_at", "lead_at", "touch_at", "entered_at")


def reader_of(name: str, table: pd.DataFrame | None, *, amount_field: str) -> CellReader:
    """The reader of a table, with what its columns prove."""
    if table is None:
        return CellReader(name, {})
    orders = {}
    for column in (column for column in _INSTANTS if column in table):
        try:
            orders[column] = day_order(
                [v for v in table[column].dropna() if isinstance(v, str)], default=None
            )
        except Unreadable:
            orders[column] = UNKNOWN_ORDER
    mark = None
    if amount_field in table:
        try:
            mark = decimal_mark([v for v in table[amount_field].dropna() if isinstance(v, str)])
        except Unreadable:
            mark = None
    # What one column proves holds for the others: one program wrote the file.
    proved = {order.day_first["/"] for order in orders.values()} - {None}
    if len(proved) == 1:
        (is_first,) = proved
        orders = {
            column: (
                order
                if order.day_first["/"] is not None
                else DayOrder({"/": is_first, "-": is_first, ".": True})
            )
            for column, order in orders.items()
        }
    return CellReader(name, orders, mark)
