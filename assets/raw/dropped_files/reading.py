"""One file to rows of days: every cell read or the row kept aside with line, column and reason.

A row is one thing's day with whatever breakdowns the export had (device, age, keyword); they are summed. Ids that the export
lacks are made from names, so the same name is the same thing in every file.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from assets.raw.dropped_files.cells import rows_of
from assets.raw.dropped_files.layout import Layout, find_layout
from assets.raw.dropped_files.mapping import Mapping
from assets.raw.dropped_files.totals import Totals
from assets.raw.dropped_files.values import (
    COMMA_LANGUAGES,
    DayOrder,
    Unreadable,
    currency_in,
    day,
    day_order,
    decimal_mark,
    is_missing,
    number,
)
from assets.raw.dropped_files.vocabulary import METRICS
from resources.errors import DataUnusable


@dataclass(frozen=True)
class Rejected:
    """A row kept aside: its line in the file counted from 1, and what was wrong where."""

    line: int
    column: str
    value: str
    reason: str
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One line that could be read. Ids and names are empty text where the export has no such level."""

    day: date
    account_id: str
    account_name: str
    currency: str
    ids: tuple[str, str, str]
    names: tuple[str, str, str]
    metrics: tuple[Decimal | None, ...]


@dataclass
class Reading:
    """What a file held."""

    platform: str
    grain: str
    time_zone: str
    headers: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    skipped_totals: int = 0
    missing_cells: int = 0


def read_file(name: str, content: bytes, mapping: Mapping | None = None) -> Reading:
    """The rows of one export.

    Raises:
        DataUnusable: The file as a whole cannot be read: not recognised, no currency, or a mapping that does not fit it.
    """
    rows = rows_of(name, content)
    layout = find_layout(name, rows, mapping)
    body = [
        (at + 1, row)
        for at, row in enumerate(rows)
        if at > layout.header and any(row) and not _is_again(row, layout)
    ]
    return _Reader(name, layout, mapping, body).read()


def _is_again(row: Sequence[str], layout: Layout) -> bool:
    return tuple(row) == layout.headers


class _Reader:
    def __init__(
        self, name: str, layout: Layout, mapping: Mapping | None, body: list[tuple[int, list[str]]]
    ) -> None:
        self._name, self._layout, self._mapping = name, layout, mapping
        totals = Totals(layout, [row for _, row in body])
        self._body = [(line, row) for line, row in body if row not in totals]
        self._totals = len(body) - len(self._body)
        self._marks = {metric: self._mark(metric) for metric in METRICS if metric in layout.columns}
        self._currency = self._one_currency()
        self._order = self._day_order()

    def read(self) -> Reading:
        layout = self._layout
        zone = self._mapping.time_zone if self._mapping else "UTC"
        reading = Reading(layout.platform, layout.grain, zone, layout.headers, skipped_totals=self._totals)
        for line, row in self._body:
            try:
                read = self._row(row)
            except _BadCell as bad:
                reading.rejected.append(Rejected(line, bad.column, bad.value, bad.reason, tuple(row)))
                continue
            reading.rows.append(read)
            reading.missing_cells += sum(value is None for value in read.metrics)
        return reading

    def _cell(self, row: Sequence[str], field_name: str) -> str:
        place = self._layout.columns.get(field_name)
        text = row[place] if place is not None and place < len(row) else ""
        text = "" if is_missing(text) else text
        aliases = self._mapping.aliases.get(field_name, {}) if self._mapping else {}
        return aliases.get(text, text)

    def _row(self, row: Sequence[str]) -> Row:
        values = tuple(self._metric(row, metric) for metric in METRICS)
        currency = self._cell(row, "currency").upper() or self._currency
        if not re.fullmatch("[A-Z]{3}", currency or ""):
            raise self._bad("currency", row, "no currency: say `currency` in the mapping")
        account_id, account_name = self._account(row, str(currency))
        ids, names = self._entities(row, account_id)
        return Row(self._day(row), account_id, account_name, str(currency), ids, names, values)

    def _metric(self, row: Sequence[str], metric: str) -> Decimal | None:
        text = self._cell(row, metric)
        if metric not in self._layout.columns or not text:
            return None
        try:
            value = number(text, mark=self._marks[metric])
        except Unreadable as error:
            raise self._bad(metric, row, str(error)) from None
        if value is not None and value < 0 and metric in ("impressions", "clicks"):
            raise self._bad(metric, row, "a count cannot be negative")
        if value is not None and metric in ("impressions", "clicks") and value != value.to_integral_value():
            raise self._bad(metric, row, "a count must be a whole number")
        return value

    def _day(self, row: Sequence[str]) -> date:
        if self._mapping and self._mapping.day and "day" not in self._layout.columns:
            return self._mapping.day
        text = self._cell(row, "day")
        if not text:
            raise self._bad("day", row, "no day")
        try:
            return day(text, order=self._order, form=self._mapping.date_format if self._mapping else None)
        except Unreadable as error:
            raise self._bad("day", row, str(error)) from None

    def _account(self, row: Sequence[str], currency: str) -> tuple[str, str]:
        told = self._mapping
        name = self._cell(row, "account_name") or (told.account_name if told and told.account_name else "")
        own = self._cell(row, "account_id").removeprefix("act_") or (
            told.account_id if told and told.account_id else ""
        )
        own = own.replace("-", "") if re.fullmatch(r"[\d-]+", own) else own
        if not own:
            own = made_id(self._layout.platform, name or f"unnamed {currency}")
        return own, name or f"Dropped files ({currency})"

    def _entities(
        self, row: Sequence[str], account_id: str
    ) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
        ids, names, above = ["", "", ""], ["", "", ""], account_id
        for place, level in enumerate(("campaign", "ad_set", "ad")):
            if place > ("campaign", "ad_set", "ad").index(self._layout.grain):
                break
            name, own = self._cell(row, f"{level}_name"), self._cell(row, f"{level}_id")
            if not name and not own:
                if f"{level}_name" in self._layout.columns or f"{level}_id" in self._layout.columns:
                    raise self._bad(
                        f"{level}_name" if f"{level}_name" in self._layout.columns else f"{level}_id",
                        row,
                        "no name",
                    )
                # A level the export leaves out: one stand-in for all that lies below the one above.
                name, own = (
                    f"(all of {names[place - 1] or 'the account'})",
                    made_id(self._layout.platform, above, level),
                )
            ids[place] = own or made_id(self._layout.platform, above, name)
            names[place], above = name or own, ids[place]
        return (ids[0], ids[1], ids[2]), (names[0], names[1], names[2])

    def _bad(self, field_name: str, row: Sequence[str], reason: str) -> "_BadCell":
        place = self._layout.columns.get(field_name)
        column = self._layout.headers[place] if place is not None else field_name
        value = row[place] if place is not None and place < len(row) else ""
        return _BadCell(column, value, reason)

    def _column(self, field_name: str) -> list[str]:
        return [text for _, row in self._body if (text := self._cell(row, field_name))]

    def _mark(self, metric: str) -> str | None:
        """The column's decimal mark: told, else proved by its cells, else by the file's other numbers, else by its language."""
        if self._mapping and self._mapping.decimal:
            return self._mapping.decimal
        own = self._proved(self._column(metric))
        others = [self._proved(self._column(other)) for other in METRICS if other in self._layout.columns]
        proved = {mark for mark in others if mark}
        if own or len(proved) == 1:
            return own or proved.pop()
        if self._layout.language != "en":
            return "," if self._layout.language in COMMA_LANGUAGES else "."
        return None

    def _proved(self, cells: list[str]) -> str | None:
        try:
            return decimal_mark(cells)
        except Unreadable:
            return None

    def _one_currency(self) -> str | None:
        """The currency of the whole file, where no column gives it per row."""
        if self._mapping and self._mapping.currency:
            return self._mapping.currency
        spend = self._layout.columns.get("spend")
        if spend is not None and (
            found := re.search(r"[(（\[]\s*([A-Z]{3})\s*[)）\]]", self._layout.headers[spend])
        ):
            return found[1]
        found_in_cells = currency_in(self._column("spend")[:500])
        if found_in_cells is None and "currency" not in self._layout.columns:
            raise DataUnusable(
                f"{self._name} says nowhere in which currency its cost is. Save a file "
                f"{self._name.rsplit('.', 1)[0]}.mapping.yaml beside it with: platform: {self._layout.platform}, currency: EUR."
            )
        return found_in_cells

    def _day_order(self) -> DayOrder:
        """English exports of LinkedIn put the month first; other languages put the day first; the rest must be told."""
        default: bool | None = True
        if self._layout.language == "en":
            default = False if self._layout.platform == "linkedin_ads" else None
        try:
            return day_order(self._column("day"), default=default)
        except Unreadable:
            return DayOrder({"/": None, "-": None, ".": True})


class _BadCell(Exception):
    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value, self.reason = column, value, reason


def made_id(*parts: str) -> str:
    """A stable id from names: the same words give the same id, whatever their case and spacing."""
    text = "\x1f".join(re.sub(r"\s+", " ", part).strip().casefold() for part in parts)
    return f"name:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
