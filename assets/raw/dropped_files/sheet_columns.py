"""The columns of one table of an export, scanned once and interpreted: days, metrics, currencies, names and
ids per line.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np

from assets.raw.dropped_files.columns import Flags, Floats, Integers, Interpreted, TextColumn
from assets.raw.dropped_files.layout import LEVELS, Layout
from assets.raw.dropped_files.mapping import Mapping
from assets.raw.dropped_files.sheets import DamagedLine, Sheet
from assets.raw.dropped_files.vocabulary import METRICS, PLATFORMS, RESULTS, normal
from resources.currencies import WITHOUT_DECIMALS
from resources.errors import DataUnusable
from resources.readers.days import UNKNOWN_ORDER, DayOrder, day, day_order
from resources.readers.ids import clean_id, unreliable
from resources.readers.numbers import (
    Unreadable,
    currency_in,
    decimal_mark,
    is_missing,
    number,
    without_marks,
)

COUNTS = ("impressions", "clicks")
AMOUNTS = ("spend", "conversion_value")
MICRO = 1_000_000
MOST_COUNT = 10**12
MOST_AMOUNT = 10**12
"""More than any line of a day can hold: a figure above it is a slip."""
FIRST_YEAR = 2000
NO_NAME = {"", "-", "--", "---", "–", "—"}
NO_CURRENCY = "000"
"""Stands for the currency of a report that has no amounts; it is shown nowhere."""
_DAY_FIRST_LANGUAGES = {"de", "fr", "es", "pt", "it", "nl", "pl", "tr", "sv"}
_SALES = re.compile(r"purchase|kauf|achat|compra|lead|acquist|aankoop|zakup|satin alma|kop\b|購入|구매|购|購")


class SheetColumns:
    """One table's columns. Per line and field either a value, nothing, or the reason why it cannot be read.

    Attributes:
        lines: Line numbers in the file, counted from 1.
        digests: A number per line that is equal for lines of equal cells.
        first: The first cell of each line that is not empty.
        damaged: Lines that cannot be cut into the header's cells.
        days: Day, or first and last day of a range, as ordinals.
        numbers: The day of each line as an ordinal, not a number where there is none.
        metrics: The figures; amounts in millionths.
        currencies: Distinct currencies; `currency_codes` has the number of each line's.
        names: Per field of names and ids its distinct texts, empty where the export says that there is none.
        notes: What a person should know of how the columns were read.
    """

    def __init__(self, name: str, sheet: Sheet, layout: Layout, mapping: Mapping | None) -> None:
        self.name, self.sheet, self.layout, self.mapping = name, sheet, layout, mapping
        self.by_place: dict[int, TextColumn] = {}
        self.lines: Integers = np.zeros(0, np.int64)
        self.digests: Integers = np.zeros(0, np.int64)
        self.first = TextColumn()
        self.damaged: list[DamagedLine] = []
        self.notes: list[str] = []
        self._marks: dict[str, str | None] = {}
        self._scan()
        self._refuse_empty()
        self.days = self._days()
        self.numbers = self._day_numbers()
        self.currencies, self.currency_codes = self._currencies()
        self.metrics = {metric: column for metric in METRICS if (column := self._metric(metric)) is not None}
        self._keep_sales_of_results()
        self.names = self._names()

    def column(self, field: str) -> TextColumn:
        """The column of a field that the table has."""
        return self.by_place[self.layout.columns[field]]

    def texts(self, field: str) -> list[str]:
        """The distinct texts of a field as they are meant: aliases applied, without invisible marks and outer
        spaces.
        """
        if field not in self.layout.columns:
            return []
        aliases = self.mapping.aliases.get(field, {}) if self.mapping else {}
        texts = [without_marks(text).strip() for text in self.column(field).texts]
        return [aliases.get(text, text) for text in texts] if aliases else texts

    def values(self, metric: str) -> Floats:
        """The figures of each line, not a number where missing."""
        column = self.metrics.get(metric)
        return np.full(len(self.lines), np.nan) if column is None else column.per_line

    def has_text(self, fields: Sequence[str]) -> Flags:
        """Lines with a text in at least one of these names or ids."""
        has = np.zeros(len(self.lines), dtype=bool)
        for field in fields:
            if field in self.names:
                has |= np.array([bool(text) for text in self.names[field]], dtype=bool)[
                    self.column(field).codes
                ]
        return has

    def name_codes(self, field: str) -> Integers:
        """Per line a number that is equal for equal names."""
        numbers: dict[str, int] = {}
        by_code = np.array(
            [numbers.setdefault(text, len(numbers)) for text in self.names[field]], dtype=np.int64
        )
        return by_code[self.column(field).codes]

    def platforms(self) -> tuple[list[str], Integers]:
        """Distinct platforms, empty text for one that is not known, and the number of each line's."""
        if "platform" not in self.layout.columns:
            return [self.layout.platform], np.zeros(len(self.lines), np.int64)
        codes = self.column("platform").codes.astype(np.int64)
        return [_platform_named(text) for text in self.texts("platform")], codes

    # Scanning

    def _scan(self) -> None:
        layout = self.layout
        places = sorted(
            {*layout.columns.values(), *layout.dimensions.values()}
            | ({layout.partial[1]} if layout.partial else set())
        )
        self.by_place = {place: TextColumn() for place in places}
        numbers: list[Integers] = []
        digests: list[Integers] = []
        header_line, header_row = self._header()
        for block in self.sheet.blocks(len(layout.headers)):
            self.damaged += [bad for bad in block.damaged if bad.line > header_line]
            rows, lines, block_digests = block.rows, block.lines, block.digests
            if lines and (lines[0] <= header_line or any(row[0] == header_row[0] for row in rows)):
                # The header, what stands above it, and where it is repeated further down.
                below = [
                    at
                    for at, line in enumerate(lines)
                    if line > header_line and tuple(rows[at]) != header_row
                ]
                rows = [rows[at] for at in below]
                lines = [lines[at] for at in below]
                block_digests = [block_digests[at] for at in below]
            if not rows:
                continue
            cells = list(zip(*rows, strict=True))
            for place in places:
                self.by_place[place].add(cells[place])
            self.first.add(cells[0] if all(cells[0]) else [row[0] or _first_text(row) for row in rows])
            numbers.append(np.array(lines, dtype=np.int64))
            digests.append(np.array(block_digests, dtype=np.int64))
        if numbers:
            self.lines, self.digests = np.concatenate(numbers), np.concatenate(digests)

    def _header(self) -> tuple[int, tuple[str, ...]]:
        """The line of the header and its cells as they are written: blocks leave blank lines out."""
        for block in self.sheet.blocks(0):
            for line, row in zip(block.lines, block.rows, strict=True):
                if tuple(cell.strip() for cell in row) == self.layout.headers:
                    return line, tuple(row)
            break
        return self.layout.header + 1, self.layout.headers

    def _refuse_empty(self) -> None:
        if len(self.lines):
            return
        if self.damaged:
            first = self.damaged[0]
            raise DataUnusable(
                f"{self.name}: no line can be read. Line {first.line}: {first.reason}. Export it again."
            )
        raise DataUnusable(f"{self.name} has a header and no line below it.")

    def _interpreted(self, field: str, read: Callable[[str], float]) -> Interpreted:
        """Every distinct text through `read`, which gives not-a-number where it is missing and raises with a
        reason.
        """
        texts = self.texts(field)
        values = np.full(len(texts), np.nan)
        reasons: dict[int, str] = {}
        for code, text in enumerate(texts):
            try:
                values[code] = read(text)
            except ValueError as error:
                reasons[code] = str(error)
        return Interpreted(values, reasons, self.column(field).codes)

    # Days

    def _days(self) -> dict[str, Interpreted]:
        if self.mapping and self.mapping.day and "day" not in self.layout.columns:
            return {}  # the user says which day all of it belongs to
        form = self.mapping.date_format if self.mapping else None
        fields = [field for field in ("day", "range_start", "range_end") if field in self.layout.columns]
        if "day" in fields:
            fields = ["day"]
        order = self._order([text for field in fields for text in self.texts(field)])

        def ordinal(text: str) -> float:
            if is_missing(text):
                return np.nan
            value = day(text, order=order, form=form)
            if value.year < FIRST_YEAR:
                raise Unreadable(f"the year {value.year} lies before any export")
            return value.toordinal()

        return {field: self._interpreted(field, ordinal) for field in fields}

    def _order(self, texts: Sequence[str]) -> DayOrder:
        """Languages that always put the day first do so here; English exports must prove it or be told."""
        default = True if self.layout.language in _DAY_FIRST_LANGUAGES else None
        try:
            return day_order(texts, default=default)
        except Unreadable:
            return UNKNOWN_ORDER

    def _day_numbers(self) -> Floats:
        if not self.days:
            the_day = self.mapping.day if self.mapping else None
            return np.full(len(self.lines), np.nan if the_day is None else float(the_day.toordinal()))
        return (self.days.get("day") or self.days["range_start"]).per_line

    # Currency and metrics

    def _currencies(self) -> tuple[list[str], Integers]:
        whole = self._file_currency()
        texts = [text.upper() if not is_missing(text) else "" for text in self.texts("currency")]
        if not texts:
            return [whole or ""], np.zeros(len(self.lines), np.int64)
        by_text = [text or whole or "" for text in texts]
        distinct = sorted(set(by_text))
        by_code = np.array([distinct.index(text) for text in by_text], dtype=np.int64)
        return distinct, by_code[self.column("currency").codes]

    def _file_currency(self) -> str | None:
        """The currency of the whole file, where no column gives it per line."""
        if self.mapping and self.mapping.currency:
            return self.mapping.currency
        if self.layout.header_currency:
            return self.layout.header_currency
        from_cells = currency_in(self.texts("spend")[:500])
        if from_cells is None and "currency" not in self.layout.columns:
            if self.layout.partial and not {"spend", "conversion_value"} & self.layout.columns.keys():
                return NO_CURRENCY
            raise DataUnusable(
                f"{self.name} says nowhere in which currency its cost is. Save a file"
                f" {self.name.rsplit('.', 1)[0]}.mapping.yaml beside it with: platform:"
                f" {self.layout.platform}, currency: EUR."
            )
        return from_cells

    def _is_whole(self, metric: str) -> bool:
        """Whether its figures have no decimals: counts, and amounts of currencies such as JPY."""
        codes = {code for code in self.currencies if code}
        return metric in COUNTS or (metric in AMOUNTS and bool(codes) and codes <= WITHOUT_DECIMALS)

    def _metric(self, metric: str) -> Interpreted | None:
        if metric not in self.layout.columns:
            return None
        is_whole, mark = self._is_whole(metric), self._mark(metric)
        in_micros = metric in self.layout.micros
        scale = float(MICRO) if metric in AMOUNTS and not in_micros else 1.0
        most = MOST_AMOUNT * (MICRO if in_micros else 1) if metric in AMOUNTS else MOST_COUNT

        def figure(text: str) -> float:
            value = number(text, mark=mark, whole=is_whole)
            if value is None:
                return np.nan
            if metric in COUNTS and value < 0:
                raise Unreadable("a count cannot be negative")
            if metric in COUNTS and value != value.to_integral_value():
                raise Unreadable("a count must be a whole number")
            if abs(value) > most:
                raise Unreadable(f"{value:.3g} is more than any line of a day can hold")
            return float(round(float(value) * scale)) if metric in AMOUNTS else float(value)

        return self._interpreted(metric, figure)

    def _mark(self, metric: str) -> str | None:
        """The column's decimal mark: told, else proved by its cells, else by the file's other numbers, else
        by its language.
        """
        if self.mapping and self.mapping.decimal:
            return self.mapping.decimal
        if proved := self._proved(metric):
            return proved
        others = {self._proved(other) for other in METRICS if other in self.layout.columns} - {None}
        if len(others) == 1:
            return others.pop()
        if self.layout.language != "en":
            return "," if self.layout.language in _DAY_FIRST_LANGUAGES else "."
        return None

    def _proved(self, metric: str) -> str | None:
        """The mark that a column proves by itself, looked for once."""
        if metric not in self._marks:
            try:
                self._marks[metric] = decimal_mark(self.texts(metric), whole=self._is_whole(metric))
            except Unreadable:
                self._marks[metric] = None
        return self._marks[metric]

    def _keep_sales_of_results(self) -> None:
        """Meta's Results are purchases on one line and link clicks on the next: only purchases and leads are
        conversions.
        """
        stand_in = self.layout.stand_ins.get("conversions", "")
        if "conversions" not in self.metrics or normal(stand_in) not in RESULTS:
            return
        if "result_kind" not in self.layout.columns:
            self.notes.append(f"'{stand_in}' stands for conversions")
            return
        is_sale = np.array([bool(_SALES.search(normal(text))) for text in self.texts("result_kind")])
        values = np.where(is_sale[self.column("result_kind").codes], self.values("conversions"), np.nan)
        self.metrics["conversions"] = Interpreted(values, {}, np.arange(len(values), dtype=np.int32))
        if not is_sale.all():
            self.notes.append("results that are neither purchases nor leads are left out")

    def _names(self) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        for field in (f"{level}_{kind}" for level in ("account", *LEVELS) for kind in ("name", "id")):
            if field not in self.layout.columns:
                continue
            texts = self.texts(field)
            if field.endswith("_name"):
                names[field] = ["" if text in NO_NAME else re.sub(r"\s+", " ", text) for text in texts]
                continue
            ids = ["" if is_missing(text) else clean_id(text) for text in texts]
            if problem := unreliable(ids):
                self.notes.append(f"{problem}: {self.layout.headers[self.layout.columns[field]]} is not used")
                ids = [""] * len(ids)
            names[field] = ids
        return names


def _first_text(row: Sequence[str]) -> str:
    """The first cell of a line that is not empty."""
    return next((cell for cell in row if cell.strip()), "")


_PLATFORM_ALIASES = {
    "google": "google_ads",
    "adwords": "google_ads",
    "facebook": "meta_ads",
    "meta": "meta_ads",
    "instagram": "meta_ads",
    "facebook_ads": "meta_ads",
    "linkedin": "linkedin_ads",
    "microsoft": "microsoft_ads",
    "bing": "microsoft_ads",
    "bing_ads": "microsoft_ads",
    "tiktok": "tiktok_ads",
    "pinterest": "pinterest_ads",
    "snapchat": "snapchat_ads",
    "reddit": "reddit_ads",
    "amazon": "amazon_ads",
}


def _platform_named(text: str) -> str:
    word = normal(text).replace(" ", "_")
    return word if word in PLATFORMS else _PLATFORM_ALIASES.get(word, "")
