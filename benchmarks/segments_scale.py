"""Segment search at scale: ten million customers and a hundred million orders in DuckDB over Parquet.

`--size` customers (10,000,000) with ten orders each are generated in a folder of their own and deleted
afterwards; generation is not timed. Timed are the sums of all orders per customer, the search on a sample,
and one statement that assigns every customer a segment. The engine may use 5 GB and two threads, and
spills to the same folder.
"""

import resource
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb
import psutil

from assets.segments.discovery import segment

CUSTOMERS, ORDERS_EACH, SAMPLE = 10_000_000, 10, 20_000
MEMORY, THREADS = "5GB", 2
AS_OF = "2026-06-28"
MAKE_CUSTOMERS = """
copy (
    with drawn as (select range as id, floor(random() * 4)::int as z, random() as u, random() as v,
        random() as w from range({customers}))
    select id as customer_id,
        case when u < 0.05 then null when u < 0.95 then ['DE', 'FR', 'GB', 'US'][z + 1] else ['DE', 'FR',
            'GB', 'US'][1 + floor(w * 4)::int] end as country,
        case when v < 0.9 then ['retail', 'software', 'retail', 'finance'][z + 1] else ['retail',
            'software', 'finance'][1 + floor(w * 3)::int] end as industry,
        exp(1 + z + 0.5 * (w - 0.5)) as seats, z
    from drawn
) to '{folder}/customers.parquet' (format parquet)
"""
MAKE_ORDERS = """
copy (
    with picked as (select floor(random() * {customers})::bigint as customer_id, random() as u,
        random() as d, random() as v from range({orders})),
    had as (select p.customer_id, c.z, p.u, p.d, p.v from picked as p
        join read_parquet('{folder}/customers.parquet') as c using (customer_id))
    select customer_id, date '2025-01-04' + floor(d * 540)::int as day,
        round((20 + 15 * z) * exp(0.8 * (v - 0.5)), 2) as value
    from had where u < [0.15, 0.4, 0.7, 1.0][z + 1]
) to '{folder}/orders_{part}.parquet' (format parquet)
"""
SUMS = """
copy (
    with bought as (
        select customer_id, count(*) filter (value > 0) as orders, sum(value) as revenue,
            max(day) filter (value > 0) as last
        from read_parquet('{folder}/orders_*.parquet') where day <= date '{as_of}' group by customer_id
    )
    select c.customer_id, c.country, c.industry, c.seats, coalesce(b.orders, 0) as orders,
        coalesce(b.revenue, 0.0) as revenue,
        date '{as_of}' - b.last as recency_days
    from read_parquet('{folder}/customers.parquet') as c left join bought as b using (customer_id)
) to '{folder}/features.parquet' (format parquet)
"""


def measure(*, seed: int, world: str | None, size: int | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Seconds of each part, peak memory of the process (generation included) and how many customers are in
    a segment.
    """
    if world is not None:
        raise FileNotFoundError("The segments_scale benchmark makes its own customers and takes no --world")
    folder = Path(tempfile.mkdtemp(prefix="segments_scale_"))
    try:
        return _measured(folder, seed, size or CUSTOMERS, say)
    finally:
        shutil.rmtree(folder)


def _measured(folder: Path, seed: int, customers: int, say: Callable[[str], None]) -> dict[str, Any]:
    connection = duckdb.connect()
    connection.execute(
        f"set memory_limit = '{MEMORY}'; set threads = {THREADS}; set temp_directory = '{folder}/spill'"
    )
    connection.execute("set preserve_insertion_order = false")
    connection.execute(f"select setseed({(seed % 1000) / 1000})")
    parts = 10
    # Orders are drawn before some are dropped, so that the segments buy at their own pace: 0.5625 of them
    # stay.
    drawn = round(customers * ORDERS_EACH / 0.5625 / parts)
    connection.execute(MAKE_CUSTOMERS.format(customers=customers, folder=folder))
    for part in range(parts):
        connection.execute(MAKE_ORDERS.format(customers=customers, orders=drawn, folder=folder, part=part))
    orders = _one(connection, f"select count(*) from read_parquet('{folder}/orders_*.parquet')")
    say(f"{customers:,} customers with {orders:,} orders made")
    began = perf_counter()
    connection.execute(SUMS.format(folder=folder, as_of=AS_OF))
    summed = perf_counter()
    say(f"Summed in {summed - began:.1f} s")
    chosen = (
        f"select * from read_parquet('{folder}/customers.parquet') where hash(customer_id + {seed}) % "
        f"{max(customers // SAMPLE, 1)} = 0"
    )
    people = connection.sql(f"select customer_id, country, industry, seats from ({chosen})").df()
    bought = connection.sql(
        f"select customer_id, day, value from read_parquet('{folder}/orders_*.parquet') semi join "
        f"({chosen}) using (customer_id)"
    ).df()
    segmentation = segment(people, bought, as_of=AS_OF, seed=seed)
    searched = perf_counter()
    say(f"Searched in {searched - summed:.1f} s: {segmentation.report.iloc[-1]['verdict']}")
    held = segmentation.cards[segmentation.cards["state"] == "active"].sort_values("priority")
    cases = " ".join(f"when {card.rule_sql} then '{card.segment_id}'" for card in held.itertuples())
    named = f"case {cases} end" if cases else "null"
    connection.execute(
        f"copy (select customer_id, {named} as segment_id from read_parquet('{folder}/features.parquet')) "
        f"to '{folder}/segments.parquet' (format parquet)"
    )
    ended = perf_counter()
    inside = _one(connection, f"select count(segment_id) from read_parquet('{folder}/segments.parquet')")
    figures = {
        "customers": customers,
        "orders": orders,
        "seconds": round(ended - began, 1),
        "seconds_sums": round(summed - began, 1),
        "seconds_search": round(searched - summed, 1),
        "seconds_rules": round(ended - searched, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
        "segments": len(held),
        "in_a_segment": round(inside / customers, 4),
        "machine_gb": round(psutil.virtual_memory().total / 1e9, 1),
    }
    return {"figures": figures, "peers": {}, "ratios": {}}


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int(connection.sql(sql).fetchall()[0][0])
