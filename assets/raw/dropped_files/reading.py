"""One export to lines that may be added: every line understood, or set aside with line, column and reason.

A line is one thing's day, or a part of it that a breakdown divides. Lines that sum up others (totals, the
whole of a breakdown) are told from their parts and never added to them; lines that repeat another one are
counted once; a range of days is never a day. Ids that the export lacks are made from names when files are
brought together.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from assets.raw.dropped_files.cells import sheets_of
from assets.raw.dropped_files.columns import Integers, group_codes
from assets.raw.dropped_files.layout import LEVELS, Layout, NotRecognised, find_layout, header_score
from assets.raw.dropped_files.line_checks import LineChecks
from assets.raw.dropped_files.mapping import Mapping
from assets.raw.dropped_files.sheet_columns import SheetColumns
from assets.raw.dropped_files.sheets import Sheet, reporting
from assets.raw.dropped_files.totals import note_added, parts_of, total_lines, without_repeats
from assets.raw.dropped_files.vocabulary import ENTITY_FIELDS, METRICS, RESULTS, normal
from resources.errors import DataUnusable


@dataclass(frozen=True)
class Rejected:
    """A line set aside: its number in the file counted from 1, and what was wrong where."""

    line: int
    column: str
    value: str
    reason: str
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Statement:
    """What a table is, as a person is told it: platform, level, breakdowns, currency, and how columns were
    read.
    """

    platform: str
    level: str
    breakdowns: tuple[str, ...]
    partial: str | None
    currencies: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass
class SheetReading:
    """What one table of a file holds.

    Attributes:
        things: One row per distinct account, campaign, ad set and ad: platform, account_id, account_name,
            currency, and per level id and name, empty where the export has none; `depth` is the number of
            levels that are filled.
        lines: One row per line: line, thing, day (ordinal), part (text of its breakdown or term), and the
            metrics; amounts in millionths, not a number where missing.
    """

    layout: Layout
    time_zone: str
    statement: Statement
    things: pd.DataFrame
    lines: pd.DataFrame
    rejected: list[Rejected] = field(default_factory=list)
    skipped_totals: int = 0
    repeated: int = 0
    missing_cells: int = 0
    superseded_parts: int = 0


@dataclass
class FileReading:
    """What a file holds: a reading per table that was recognised, and why its other sheets are not read."""

    sheets: list[SheetReading]
    unread_sheets: tuple[str, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        return self.sheets[0].layout.headers

    @property
    def rejected(self) -> list[Rejected]:
        return [line for sheet in self.sheets for line in sheet.rejected]


def read_file(
    name: str,
    content: bytes,
    mapping: Mapping | None = None,
    *,
    progress: Callable[[str], None] | None = None,
) -> FileReading:
    """The lines of one export. `progress` is told how far a long file is read.

    Raises:
        DataUnusable: The file as a whole cannot be read: not recognised, no currency, no days, or a mapping
        that does not fit.
    """
    sheets = [sheet for sheet in sheets_of(name, content, score=header_score) if sheet.head]
    if not sheets:
        raise DataUnusable(f"{name} has no line: export it again.")
    readings: list[SheetReading] = []
    problems: list[tuple[str, DataUnusable]] = []
    for sheet in sheets:
        title = f"{name}, sheet {sheet.name}" if len(sheets) > 1 else name
        try:
            layout = find_layout(title, sheet.head, mapping)
            watched = reporting(sheet, title, progress) if progress else sheet
            readings.append(_read_sheet(name, watched, layout, mapping))
        except DataUnusable as error:
            problems.append((sheet.name, error))
    if not readings:
        # A sheet that is an export and cannot be read says more than a cover that is none.
        raise max(problems, key=lambda problem: not isinstance(problem[1], NotRecognised))[1]
    unread = [
        f"sheet {title} is no export" if isinstance(error, NotRecognised) else str(error)
        for title, error in problems
    ]
    return FileReading(readings, tuple(unread))


def _read_sheet(name: str, sheet: Sheet, layout: Layout, mapping: Mapping | None) -> SheetReading:
    table = SheetColumns(name, sheet, layout, mapping)
    is_total = total_lines(table)
    checks = LineChecks(table, is_total)
    checks.set_lonely_days_aside()
    unique, repeated = without_repeats(table, checks.usable)
    things, thing_of_line = _things(table)
    parts, usable = parts_of(table, unique, thing_of_line)
    note_added(table, usable, thing_of_line, parts)
    lines = pd.DataFrame(
        {
            "line": table.lines[usable],
            "thing": thing_of_line[usable],
            "day": table.numbers[usable],
            "part": parts[usable],
            **{metric: table.values(metric)[usable] for metric in METRICS},
        }
    )
    return SheetReading(
        layout,
        mapping.time_zone if mapping else "UTC",
        _statement(table, things),
        things,
        lines,
        _rejected(table, checks),
        skipped_totals=int(is_total.sum()),
        repeated=repeated,
        missing_cells=int(sum(lines[metric].isna().sum() for metric in table.metrics)),
        superseded_parts=int((unique & ~usable).sum()),
    )


def _things(table: SheetColumns) -> tuple[pd.DataFrame, Integers]:
    """Distinct accounts with their campaigns, ad sets and ads, and which of them each line is of."""
    platforms, platform_codes = table.platforms()
    parts = [table.currency_codes, platform_codes, *(table.name_codes(name) for name in table.names)]
    codes = group_codes(parts)
    _, first = np.unique(codes, return_index=True)
    columns: dict[str, list[Any]] = {
        "platform": [platforms[platform_codes[at]] for at in first],
        "currency": [table.currencies[table.currency_codes[at]] for at in first],
    }
    for name in (f"{level}_{kind}" for level in ("account", *LEVELS) for kind in ("id", "name")):
        texts = table.names.get(name)
        columns[name] = (
            [""] * len(first) if texts is None else [texts[table.column(name).codes[at]] for at in first]
        )
    things, mapping = pd.DataFrame(columns), table.mapping
    default_name = (mapping.account_name if mapping else None) or ""
    default_id = (mapping.account_id if mapping else None) or ""
    things["account_name"] = [text or default_name for text in things["account_name"]]
    things["account_id"] = [_account_id(text or default_id) for text in things["account_id"]]
    things["depth"] = [_depth(table.layout, thing) for thing in things.to_dict("records")]
    return things, codes


def _depth(layout: Layout, thing: dict[str, Any]) -> int:
    """How many levels a line speaks of: an empty ad set or ad leaves its money at the level above."""
    for depth in range(LEVELS.index(layout.grain) + 1, 0, -1):
        level = LEVELS[depth - 1]
        has_column = any(name in layout.columns for name in ENTITY_FIELDS[level])
        if thing[f"{level}_id"] or thing[f"{level}_name"] or not has_column:
            return depth
    return 0


def _account_id(text: str) -> str:
    text = text.removeprefix("act_")
    return text.replace("-", "") if re.fullmatch(r"[\d-]+", text) else text


def _statement(table: SheetColumns, things: pd.DataFrame) -> Statement:
    layout = table.layout
    stand_ins = [
        f"'{header}' stands for {name.replace('_', ' ')}"
        for name, header in layout.stand_ins.items()
        if normal(header) not in RESULTS
    ]
    return Statement(
        platform=" and ".join(sorted(set(things["platform"]) - {""})) or layout.platform,
        level=layout.grain,
        breakdowns=tuple(layout.dimensions),
        partial=layout.partial[0] if layout.partial else None,
        currencies=tuple(sorted(set(things["currency"]))),
        notes=tuple(dict.fromkeys([*stand_ins, *table.notes])),
    )


def _rejected(table: SheetColumns, checks: LineChecks) -> list[Rejected]:
    """Every line set aside, with its cells, which are read again from the file."""
    wanted = {int(table.lines[at]): reason for at, reason in checks.reasons.items()}
    cells: dict[int, tuple[str, ...]] = {}
    for block in table.sheet.blocks(len(table.layout.headers)) if wanted else ():
        cells |= {
            line: tuple(cell.strip() for cell in row)
            for line, row in zip(block.lines, block.rows, strict=True)
            if line in wanted
        }
        if len(cells) == len(wanted):
            break
    rejected = [Rejected(line, *reason, cells.get(line, ())) for line, reason in wanted.items()]
    rejected += [Rejected(bad.line, "", bad.text[:60], bad.reason, (bad.text,)) for bad in table.damaged]
    return sorted(rejected, key=lambda bad: bad.line)
