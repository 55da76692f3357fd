"""What is known of each customer at the end of a week, from the lake: nothing that was learned or happened later.

Where the CRM had been read by then, it is read as it stood then. Where it had not (a CRM that was connected later), what is known now is
used as far as it happened by then, and the answer says so: refunds and changed traits of later days are in it.
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
"""A CRM that was last read longer than this before the week's end does not tell how the week ended."""
Value = Callable[..., pd.DataFrame]
"""`assets.segments.discovery.value`."""


@dataclass(frozen=True)
class Features:
    """The rows of segments/customer_features of one week, and what there is to say of them."""

    rows: pa.Table
    read_at: datetime | None
    """When the CRM was read last, as far as it was looked at; None where it never was."""
    is_late: bool
    """Put together from what was learned after the week."""
    orders_of_nobody: int
    orders_without_rate: int


def features_at(
    lake: Lake, sunday: date, *, currency: str, margins: Mapping[str, float], value: Value, now: datetime
) -> Features:
    """The features as known at the end of `sunday`, UTC.

    Args:
        lake: Where raw/crm_* are.
        sunday: The last day that counts.
        currency: The reporting currency.
        margins: Share of a sale that is left, by platform; who came by another channel has no margin.
        value: What tells the value of the days to come from transactions.
        now: Stamped on the rows.
    """
    until = datetime.combine(sunday + timedelta(days=1), time(), UTC)
    read_at, is_late = _read_at(lake, until)
    as_of = None if is_late else until
    with lake.query(CONTACTS, COMPANIES, TOUCHES, DEALS, as_of=as_of) as connection:
        connection.register("rates", _rates(lake, currency))
        asked = {"until": until}
        connection.execute(queries.RECORDS, asked)
        connection.execute(queries.OWNERS)
        connection.execute(queries.ORDERS, asked | {"currency": currency})
        connection.execute(queries.VISITS, asked)
        nobody, unpriced = connection.sql(
            "select count(*) filter (customer_id is null), count(*) filter (value is null) from orders"
        ).fetchall()[0]
        for name, code in (("country", iso_codes.country), ("language", iso_codes.language)):
            connection.register(_PLURAL[name], _codes(connection, name, code))
        known = connection.sql(queries.FEATURES, params=asked | {"day": sunday}).to_arrow_table()
        connection.register("known", known)
        connection.register("worth", _worth(connection, sunday, value))
        connection.register("margins", _margins(margins))
        connection.execute("create temp table whole as " + _WHOLE, {"day": sunday, "at": now})
        columns = ", ".join(CUSTOMER_FEATURES.schema.names)
        rows = connection.sql(f"select {columns} from whole order by customer_id").to_arrow_table()
    return Features(rows.cast(CUSTOMER_FEATURES.schema), read_at, is_late, nobody, unpriced)


_PLURAL = {"country": "countries", "language": "languages"}
_WHOLE = """
select k.*, $day::date as day, $at::timestamptz as pulled_at, k.revenue * m.share as margin,
    w.expected_value, w.expected_low, w.expected_high, w.mean_value
from known as k left join margins as m on m.platform = k.first_channel left join worth as w using (customer_id)
"""


def _read_at(lake: Lake, until: datetime) -> tuple[datetime | None, bool]:
    """The last reading that counts, and whether it was made after the week."""
    sql = (
        "select source, max(pulled_at) filter (pulled_at <= $until) as in_time, max(pulled_at) as last "
        "from raw.crm_pulls group by source"
    )
    readings = lake.arrow(sql, CRM_PULLS, parameters={"until": until}).to_pylist()
    if not readings:
        return None, False
    in_time = [one["in_time"] for one in readings]
    is_late = any(at is None or until - at > LATE for at in in_time)
    return min(one["last"] for one in readings) if is_late else min(in_time), is_late


def _rates(lake: Lake, currency: str) -> pa.Table:
    sql = "select currency, day, max(rate) as rate from core.fx_rate where reporting_currency = $currency group by all"
    return lake.arrow(sql, core.FX_RATE, parameters={"currency": currency})


def _codes(connection: duckdb.DuckDBPyConnection, name: str, code: Callable[[str], str]) -> pa.Table:
    said = connection.sql(queries.SAID.format(name=name)).to_arrow_table().column("said").to_pylist()
    return pa.table({"said": pa.array(said, pa.string()), "code": pa.array(map(code, said), pa.string())})


def _worth(connection: duckdb.DuckDBPyConnection, sunday: date, value: Value) -> pa.Table:
    """Expected value of the year to come by `customer_id`; of nobody who has an order without a known value.

    Customers are numbered for it: a million long ids take longer to compare than their value takes to tell.
    """
    connection.execute(queries.BUYERS)
    transactions = connection.sql(
        "select number as customer_id, day, value from orders join buyers using (customer_id)"
    ).df()
    schema = pa.schema(
        [("number", pa.int64()), *((name, pa.float64()) for name in ("expected_value", "expected_low", "expected_high", "mean_value"))]
    )  # fmt: skip
    if transactions.empty:
        told = schema.empty_table()
    else:
        found = value(transactions, as_of=sunday, horizon_days=HORIZON_DAYS)
        found = found.rename(columns={"customer_id": "number"})[schema.names]
        told = pa.Table.from_pandas(found, schema, preserve_index=False)
    connection.register("told", told)
    return connection.sql("select customer_id, told.* from told join buyers using (number)").to_arrow_table()


def _margins(margins: Mapping[str, float]) -> pa.Table:
    return pa.table(
        {
            "platform": pa.array(margins.keys(), pa.string()),
            "share": pa.array(margins.values(), pa.float64()),
        }
    )
