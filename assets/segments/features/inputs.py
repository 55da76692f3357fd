"""Customer features at the end of a week, read from the lake as of then (no look-ahead).

Where the CRM had been read by then, its state of that time is used. Where it had not (a CRM connected
later), today's records are used as far as they happened by then, and the result says so: later refunds and
changed traits are in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import duckdb
import pandas as pd
import pyarrow as pa

from assets.segments.features import iso_codes, queries
from resources.lake.lake import Lake
from resources.tables import core
from resources.tables.crm import COMPANIES, CONTACTS, CRM_PULLS, DEALS, TOUCHES
from resources.tables.segments import CUSTOMER_FEATURES

HORIZON_DAYS = 365
LATE = timedelta(hours=48)
"""A CRM last read longer than this before the end of the week does not describe the end of the week."""
Value = Callable[..., pd.DataFrame]
"""`assets.segments.value.value`."""


@dataclass(frozen=True)
class WeekFeatures:
    """Rows of segments/customer_features of one week, with what was left out."""

    rows: pa.Table
    read_at: datetime | None
    """When the CRM was last read, as far as it counts; None where it never was."""
    is_late: bool
    """Whether the records were read after the week."""
    orders_of_nobody: int
    orders_without_rate: int


def features_at(
    lake: Lake, sunday: date, *, currency: str, margins: Mapping[str, float], value: Value, now: datetime
) -> WeekFeatures:
    """The features as known at the end of `sunday`, UTC.

    Args:
        lake: Where raw/crm_* are.
        sunday: The last day that counts.
        currency: The reporting currency.
        margins: Share of a sale that is left, by platform; a customer from another channel has no margin.
        value: Function that forecasts the value of coming days from transactions.
        now: Written to the rows.
    """
    until = datetime.combine(sunday + timedelta(days=1), time(), UTC)
    read_at, is_late = _read_at(lake, until)
    as_of = None if is_late else until
    with lake.query(CONTACTS, COMPANIES, TOUCHES, DEALS, as_of=as_of) as connection:
        connection.register("rates", _rates(lake, currency))
        parameters = {"until": until}
        connection.execute(queries.RECORDS, parameters)
        connection.execute(queries.OWNERS)
        connection.execute(queries.ORDERS, parameters | {"currency": currency})
        connection.execute(queries.VISITS, parameters)
        nobody, unpriced = connection.sql(
            "select count(*) filter (customer_id is null), count(*) filter (value is null) from orders"
        ).fetchall()[0]
        for name, code in (("country", iso_codes.country), ("language", iso_codes.language)):
            connection.register(_PLURAL[name], _codes(connection, name, code))
        features = connection.sql(queries.FEATURES, params=parameters | {"day": sunday}).to_arrow_table()
        connection.register("known", features)
        connection.register("worth", _worth(connection, sunday, value))
        connection.register("margins", _margins(margins))
        connection.execute("create temp table whole as " + _WHOLE, {"day": sunday, "at": now})
        columns = ", ".join(CUSTOMER_FEATURES.schema.names)
        rows = connection.sql(f"select {columns} from whole order by customer_id").to_arrow_table()
    return WeekFeatures(rows.cast(CUSTOMER_FEATURES.schema), read_at, is_late, nobody, unpriced)


_PLURAL = {"country": "countries", "language": "languages"}
_WHOLE = """
select k.*, $day::date as day, $at::timestamptz as pulled_at, k.revenue * m.share as margin,
    w.expected_value, w.expected_low, w.expected_high, w.mean_value
from known as k left join margins as m on m.platform = k.first_channel left
    join worth as w using (customer_id)
"""


def _read_at(lake: Lake, until: datetime) -> tuple[datetime | None, bool]:
    """The last read that counts, and whether it was made after the week."""
    sql = (
        "select source, max(pulled_at) filter (pulled_at <= $until) as in_time, max(pulled_at) as last "
        "from raw.crm_pulls group by source"
    )
    readings = lake.arrow(sql, CRM_PULLS, parameters={"until": until}).to_pylist()
    if not readings:
        return None, False
    in_time = [reading["in_time"] for reading in readings]
    is_late = any(at is None or until - at > LATE for at in in_time)
    return min(reading["last"] for reading in readings) if is_late else min(in_time), is_late


def _rates(lake: Lake, currency: str) -> pa.Table:
    sql = (
        "select currency, day, max(rate) as rate from core.fx_rate where reporting_currency = $currency "
        "group by all"
    )
    return lake.arrow(sql, core.FX_RATE, parameters={"currency": currency})


def _codes(connection: duckdb.DuckDBPyConnection, name: str, code: Callable[[str], str]) -> pa.Table:
    words = connection.sql(queries.SAID.format(name=name)).to_arrow_table().column("said").to_pylist()
    return pa.table({"said": pa.array(words, pa.string()), "code": pa.array(map(code, words), pa.string())})


def _worth(connection: duckdb.DuckDBPyConnection, sunday: date, value: Value) -> pa.Table:
    """Expected value of the coming year by `customer_id`; none for customers with an order of unknown value.

    Customers are numbered first: comparing a million long ids takes longer than forecasting their value.
    """
    connection.execute(queries.BUYERS)
    transactions = connection.sql(
        "select number as customer_id, day, value from orders join buyers using (customer_id)"
    ).df()
    schema = pa.schema(
        [
            ("number", pa.int64()),
            *(
                (name, pa.float64())
                for name in ("expected_value", "expected_low", "expected_high", "mean_value")
            ),
        ]
    )
    if transactions.empty:
        values = schema.empty_table()
    else:
        forecast = value(transactions, as_of=sunday, horizon_days=HORIZON_DAYS)
        forecast = forecast.rename(columns={"customer_id": "number"})[schema.names]
        values = pa.Table.from_pandas(forecast, schema, preserve_index=False)
    connection.register("told", values)
    return connection.sql("select customer_id, told.* from told join buyers using (number)").to_arrow_table()


def _margins(margins: Mapping[str, float]) -> pa.Table:
    return pa.table(
        {
            "platform": pa.array(margins.keys(), pa.string()),
            "share": pa.array(margins.values(), pa.float64()),
        }
    )
