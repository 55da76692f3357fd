"""Lines that sum up others: totals at the end of an export, subtotals of a pivot. To read them would count money twice."""

from collections.abc import Sequence

from assets.raw.dropped_files.layout import Layout
from assets.raw.dropped_files.values import is_missing
from assets.raw.dropped_files.vocabulary import ENTITY_FIELDS, METRICS, TOTALS, WHOLES, normal


class Totals:
    """Tells the summing lines of one table from its others. A thing that is merely called so is not one."""

    def __init__(self, layout: Layout, rows: Sequence[Sequence[str]]) -> None:
        self._columns = layout.columns
        finest = [f for f in ENTITY_FIELDS[layout.grain] if f in layout.columns]
        self._names = [layout.columns[f] for f in finest]
        dimensions = [
            f for fields in ENTITY_FIELDS.values() for f in fields if f in layout.columns and f not in finest
        ]
        self._above = [layout.columns[f] for f in ("day", *dimensions) if f in layout.columns]
        self._split = {self._group(row) for row in rows if not self._is_whole(row)}

    def __contains__(self, row: Sequence[str]) -> bool:
        has_day = "day" not in self._columns or bool(_cell(row, self._columns["day"]))
        if self._begins_as_total(row) or (has_day and "day" in self._columns and self._says_all(row)):
            return True
        if self._is_whole(row):
            return self._group(row) in self._split
        figures = any(_cell(row, self._columns[metric]) for metric in METRICS if metric in self._columns)
        return figures and not has_day and not any(_cell(row, place) for place in self._names)

    def _begins_as_total(self, row: Sequence[str]) -> bool:
        """A total's word opens the line, in the place of the day or where no day stands."""
        place = next((at for at, cell in enumerate(row) if cell), None)
        if place is None:
            return False
        first, day = normal(row[place]), self._columns.get("day")
        if day is None:
            return any(first == word or first.startswith((f"{word}:", f"{word}：")) for word in TOTALS)
        opens = any(first == w or first.startswith((f"{w}:", f"{w}：", f"{w} ")) for w in TOTALS)
        return opens and (place == day or not _cell(row, day))

    def _says_all(self, row: Sequence[str]) -> bool:
        return normal(_cell(row, self._columns["day"])) in WHOLES

    def _is_whole(self, row: Sequence[str]) -> bool:
        """Whether the line is about all of the finest things together, by its word."""
        return any(normal(_cell(row, place)) in WHOLES for place in self._names)

    def _group(self, row: Sequence[str]) -> tuple[str, ...]:
        return tuple(_cell(row, place) for place in self._above)


def _cell(row: Sequence[str], place: int) -> str:
    text = row[place] if place < len(row) else ""
    return "" if is_missing(text) else text
