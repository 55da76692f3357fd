"""Drops trait columns with too many distinct values, which is free text about people, and counts what was
dropped.
"""

from dataclasses import dataclass

from resources.crm.reader import CrmReading
from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.tables.crm import COMPANIES, CONTACTS, CRM_PULLS, TOUCHES

TRAITS: dict[str, tuple[Table, tuple[str, ...]]] = {
    "contacts": (CONTACTS, ("country", "region", "language", "use_case", "pain")),
    "companies": (COMPANIES, ("country", "industry", "account_tier", "technology")),
    "touches": (TOUCHES, ("content", "search_topic")),
}
FEW = 10
"""So many values are categories however few rows there are."""


@dataclass(frozen=True)
class DroppedTrait:
    """A trait that is free text: how many different values it had, and how many rows lost theirs."""

    trait: str
    distinct: int
    rows: int


def leave_out_free_text(reading: CrmReading, lake: Lake, *, most: int) -> list[DroppedTrait]:
    """Empties traits in `reading` that have too many values, together with those that are known already.

    A reading of changes alone shows too little to tell: it keeps no trait that the last reading of everything
    had left out, nor one that had no value yet; the next one of everything decides.
    """
    left_out, before = [], set() if reading.since is None else _left_out(lake, reading.source)
    for name, (table, traits) in TRAITS.items():
        rows = reading.rows.get(name, [])
        for trait in traits:
            read_values = [row[trait] for row in rows if row.get(trait) is not None]
            if not read_values:
                continue
            kept_values = _known(lake, table, trait, reading.source)
            values = {*read_values, *(kept_values if reading.since else ())}
            # A field that says something else of every second person says who they are, however few there
            # are.
            limit = most if reading.since else min(most, max(FEW, len(read_values) // 2))
            is_new = reading.since is not None and (not kept_values or f"{name}.{trait}" in before)
            if len(values) > limit or is_new:
                for row in rows:
                    row[trait] = None
                left_out.append(DroppedTrait(f"{name}.{trait}", len(values), len(read_values)))
    return left_out


def _left_out(lake: Lake, source: str) -> set[str]:
    """Traits that were left out since the last reading of everything, which is among them."""
    sql = (
        "select left_out from raw.crm_pulls where source = $source and left_out is not null and pulled_at >= "
        "(select max(pulled_at) from raw.crm_pulls where source = $source and is_whole)"
    )
    trait_lists = lake.arrow(sql, CRM_PULLS, parameters={"source": source}).column("left_out").to_pylist()
    return {trait for trait_list in trait_lists for trait in trait_list.split()}


def _known(lake: Lake, table: Table, trait: str, source: str) -> set[str]:
    sql = (
        f"select distinct {trait} as value from {table.layer}.{table.name} where source = $source and {trait}"
        " is not null"
    )
    return set(lake.arrow(sql, table, parameters={"source": source}).column("value").to_pylist())
