"""Incremental load of the CRM: a record that was read again replaces its rows, a deleted one loses them.

Unlike a pull of days, a reading speaks of some records alone. Their rows are compared with what stands, and
only what differs is appended, with the reading's instant: what was known when stays readable.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from time import perf_counter
from typing import Any

import pyarrow as pa

from resources.crm.free_text_filter import DroppedTrait, leave_out_free_text
from resources.crm.reader import PARENT, CrmReader, CrmReading
from resources.lake.lake import Lake
from resources.lake.layout import news, tally
from resources.lake.schema import Table
from resources.policy.crm import CrmMapping
from resources.tables.crm import CRM_PULLS, READ


@dataclass(frozen=True)
class CrmLoad:
    """What became of one reading."""

    reading: CrmReading
    changed: dict[str, int]
    """Rows that were new, different or gone, by table."""
    seconds: float
    left_out: list[DroppedTrait] = field(default_factory=list)
    """Traits that turned out to be free text."""


def read_and_keep(lake: Lake, reader: CrmReader, mapping: CrmMapping, *, now: Any) -> CrmLoad:
    """Read what changed since the last reading (or everything, every now and then), and keep it.

    Raises:
        PlatformError: The CRM could not be read; nothing was kept.
    """
    began = perf_counter()
    since = next_since(lake, reader.source, mapping, now=now())
    reading = reader.read(since, now=now)
    left_out = leave_out_free_text(reading, lake, most=mapping.traits.most_values)
    changed = {
        name: keep(lake, table, reading)
        for name, table in READ.items()
        if name in reading.rows or PARENT.get(name)
    }
    loaded = CrmLoad(reading, changed, perf_counter() - began, left_out)
    log = _log(loaded) | {"mapping": fingerprint(mapping)}
    lake.append(CRM_PULLS, pa.Table.from_pylist([log], schema=CRM_PULLS.schema))
    return loaded


def next_since(lake: Lake, source: str, mapping: CrmMapping, *, now: datetime) -> datetime | None:
    """From when on changes must be read; None where everything must be, as when the policy reads the CRM's
    fields otherwise.
    """
    sql = (
        "select max(pulled_at) as last, max(pulled_at) filter (is_whole) as whole, max_by(coalesce(mapping,"
        " ''), pulled_at) as mapping from raw.crm_pulls where source = $source"
    )
    (row,) = lake.arrow(sql, CRM_PULLS, parameters={"source": source}).to_pylist()
    if row["whole"] is None or row["mapping"] != fingerprint(mapping):
        return None
    if now - row["whole"] >= timedelta(days=mapping.whole_every_days):
        return None
    overlap_start: datetime = row["last"] - timedelta(minutes=mapping.overlap_minutes)
    return overlap_start


def fingerprint(mapping: CrmMapping) -> str:
    """Of everything that decides how a record becomes a row."""
    text = mapping.model_dump_json(exclude=_ONLY_LATER)
    return sha256(text.encode()).hexdigest()[:16]


_ONLY_LATER = {"overlap_minutes", "whole_every_days", "window_days", "model", "qualify_within_days"}


def keep(lake: Lake, table: Table, reading: CrmReading) -> int:
    """Append what the reading tells anew of one table; how many rows that is."""
    name = table.name.removeprefix("crm_")
    incoming = _fitted(table, reading, reading.rows.get(name, []))
    parent = PARENT.get(name)
    with lake.query(table) as connection:
        connection.register("incoming", incoming)
        parameters: dict[str, Any] = {"source": reading.source}
        within = "source = $source"
        if reading.since is not None and parent:
            touched = sorted(reading.touched.get(parent, set()))
            connection.register("touched", pa.table({"id": pa.array(touched, pa.string())}))
            within += f" and {parent} in (select id from touched)"
        standing = f"select * from {table.layer}.{table.name} where {within}"
        connection.register("standing", connection.sql(standing, params=parameters).to_arrow_table())
        tells = connection.sql(news(table), params={"at": reading.at}).to_arrow_table()
    if len(tells):
        lake.append(table, tells)
    return sum(tally(tells).values())


def _fitted(table: Table, reading: CrmReading, rows: list[dict[str, Any]]) -> pa.Table:
    whole = [row | {"source": reading.source, "pulled_at": reading.at} for row in rows]
    return pa.Table.from_pylist(whole, schema=table.schema)


def _log(loaded: CrmLoad) -> dict[str, Any]:
    reading = loaded.reading
    return {
        "source": reading.source,
        "pulled_at": reading.at,
        "since": reading.since,
        "is_whole": reading.since is None,
        "rows": reading.records,
        "changed": sum(loaded.changed.values()),
        "merged": reading.merged,
        "deleted": reading.deleted,
        "calls": reading.calls,
        "seconds": loaded.seconds,
        "left_out": " ".join(out.trait for out in loaded.left_out) or None,
    }
