"""A folder of exports to tables: each file rolled up to its levels, and one file's figures per thing and day.

For a thing's day the coarsest file wins, because a campaign export knows more than the sum of its ads; among
equals the newest, then the last by name. So the same file twice changes nothing, overlapping files never add
up, and the order they came in does not matter. A figure that the winning file leaves empty comes from the
next one. Reports of a part (search terms, keywords, conversion actions) are kept apart and never stand for a
whole. Where two files differ, the outcome says so.
"""

import csv
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from assets.raw.dropped_files.folder_tables import (
    FolderLines,
    Source,
    day_table,
    entity_table,
    part_table,
    reject_table,
)
from assets.raw.dropped_files.identity import resolved
from assets.raw.dropped_files.layout import LEVELS
from assets.raw.dropped_files.mapping import read_mapping
from assets.raw.dropped_files.reading import FileReading, Rejected, SheetReading, read_file
from assets.raw.dropped_files.vocabulary import METRICS
from resources.drop_folder import DroppedFile
from resources.errors import DataUnusable

_BROKEN = (ValueError, LookupError, TypeError, ArithmeticError, csv.Error, pa.ArrowException)
"""What reading a file of a shape that nobody thought of may raise."""
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What became of a file: `read`, `partly read` or `refused`, what it is, and why lines are not used."""

    file: str
    status: str
    rows: int
    rejected: int
    message: str
    platform: str = ""
    level: str = ""
    currency: str = ""
    kept_apart: str = ""
    """Kind of partial report or breakdown whose lines are kept apart from the days of things."""
    superseded: int = 0
    """Days of things for which another file's figures count."""
    totals: int = 0


@dataclass
class DroppedFolder:
    """All tables of a folder, ready for the lake, and what became of each file."""

    days: dict[str, pa.Table]
    parts: pa.Table
    entities: pa.Table
    rejects: pa.Table
    outcomes: list[Outcome]
    readings: dict[str, FileReading] = field(default_factory=dict)


def read_folder(
    files: Iterable[DroppedFile], *, pulled_at: datetime, progress: Progress | None = None
) -> DroppedFolder:
    """Every file read, whatever becomes of the others.

    Args:
        files: The files with their mappings' texts.
        pulled_at: What to stamp the rows with; days after it are set aside.
        progress: Told before a file of more than a few megabytes is read.
    """
    ordered = sorted(files, key=lambda file: (file.modified_at, file.name))
    readings: dict[str, FileReading] = {}
    refused: dict[str, str] = {}
    shas: dict[str, str] = {}
    for file in ordered:
        content = file.content
        shas[file.name] = hashlib.sha256(content).hexdigest()
        if progress and len(content) > 5_000_000:
            progress(f"Reading {file.name} ({len(content) / 1e6:,.0f} MB)")
        reading, reason = _read(file, content)
        if reading is None:
            refused[file.name] = reason
        else:
            readings[file.name] = reading
        del content
    sources = [Source(name, sheet) for name, reading in readings.items() for sheet in reading.sheets]
    stamp = pulled_at.astimezone(UTC)
    table = _together(sources, last_day=stamp.date() + timedelta(days=1))
    days = {level: day_table(level, table, sources, shas, stamp) for level in LEVELS}
    parts = part_table(table, sources, shas, stamp)
    outcomes = [Outcome(name, "refused", 0, 0, reason) for name, reason in refused.items()]
    outcomes += [
        _outcome(name, reading, [source for source in sources if source.file == name])
        for name, reading in readings.items()
    ]
    return DroppedFolder(
        days=days,
        parts=parts,
        entities=entity_table(table, sources, stamp),
        rejects=reject_table(readings, shas, stamp),
        outcomes=sorted(outcomes, key=lambda outcome: outcome.file),
        readings=readings,
    )


def _read(file: DroppedFile, content: bytes) -> tuple[FileReading | None, str]:
    try:
        mapping = (
            read_mapping(f"The mapping of {file.name}", file.mapping) if file.mapping is not None else None
        )
        return read_file(file.name, content, mapping), ""
    except (DataUnusable, UnicodeError) as error:
        return None, str(error)
    except _BROKEN as error:  # one file must never keep the others from being read
        return None, f"{file.name} cannot be read ({type(error).__name__}): export it again as CSV (UTF-8)."


def _together(sources: list[Source], *, last_day: date) -> FolderLines:
    frames, things, offset = [], [], 0
    for number, source in enumerate(sources):
        sheet = source.sheet
        lines = _without_future(sheet, last_day)
        frames.append(lines.assign(source=number, thing=lines["thing"] + offset))
        things.append(sheet.things)
        offset += len(sheet.things)
    if not frames:
        empty = pd.DataFrame(
            {name: pd.Series(dtype=float) for name in ("line", "thing", "day", "part", "source", *METRICS)}
        )
        return FolderLines(empty, pd.DataFrame())
    together = FolderLines(
        pd.concat(frames, ignore_index=True), resolved(pd.concat(things, ignore_index=True))
    )
    return _without_second_currencies(together, sources)


def _without_future(sheet: SheetReading, last_day: date) -> pd.DataFrame:
    """Lines whose day has begun somewhere on earth; the others are set aside."""
    late = sheet.lines["day"] > last_day.toordinal()
    for row in sheet.lines[late].itertuples():
        day = date.fromordinal(int(row.day))
        sheet.rejected.append(Rejected(int(row.line), "day", str(day), "the day lies in the future"))
    return sheet.lines[~late] if late.any() else sheet.lines


def _without_second_currencies(table: FolderLines, sources: list[Source]) -> FolderLines:
    """Without lines of an account in another currency than an older file has for it: one of the two is wrong."""
    things, lines = table.things, table.lines
    account = pd.factorize(things["platform"] + "\x1f" + things["account_id"])[0]
    currency = things["currency"].to_numpy()
    if pd.DataFrame({"a": account, "c": currency}).drop_duplicates()["a"].is_unique:
        return table
    first: dict[int, str] = {}
    used = pd.unique(lines.sort_values("source", kind="stable")["thing"].to_numpy(dtype=np.int64))
    for thing in used:
        first.setdefault(int(account[thing]), str(currency[thing]))
    wrong = np.array([first.get(int(a), c) != c for a, c in zip(account, currency, strict=True)])
    is_wrong = wrong[lines["thing"].to_numpy(dtype=np.int64)]
    for row in lines[is_wrong].itertuples():
        code = str(currency[int(row.thing)])
        reason = f"the account is in {first[int(account[int(row.thing)])]} in another file: an account has one currency"
        sources[int(row.source)].sheet.rejected.append(Rejected(int(row.line), "currency", code, reason))
    return FolderLines(lines[~is_wrong], things)


def _outcome(name: str, reading: FileReading, sources: list[Source]) -> Outcome:
    """The file in a sentence: what it is, what was left out, what is not used and why."""
    sheets = reading.sheets
    rejected = sorted(reading.rejected, key=lambda bad: bad.line)
    late = {bad.line for bad in rejected}
    rows = sum(int((~sheet.lines["line"].isin(late)).sum()) if late else len(sheet.lines) for sheet in sheets)
    statement = sheets[0].statement
    words = [f"{statement.platform} by {statement.level.replace('_', ' ')}"]
    if statement.partial:
        kind = statement.partial.replace("_", " ")
        words.append(f"a report of {kind}s, which is a part: kept apart, it stands for no total")
    elif statement.breakdowns:
        words.append(f"divided by {', '.join(statement.breakdowns)}")
    counted = (
        (sum(sheet.missing_cells for sheet in sheets), "empty cells"),
        (sum(sheet.skipped_totals for sheet in sheets), "total lines left out"),
        (sum(sheet.superseded_parts for sheet in sheets), "parts left out beside their whole"),
        (sum(sheet.repeated for sheet in sheets), "repeated lines counted once"),
        (
            sum(source.superseded for source in sources),
            "days of campaigns, ad sets or ads for which another file counts",
        ),
    )
    words += [f"{count} {what}" for count, what in counted if count]
    words += [note for sheet in sheets for note in sheet.statement.notes]
    words += [text for source in sources for text in source.differs]
    words += list(reading.unread_sheets)
    message = ", ".join(dict.fromkeys(words))
    if rejected:
        first = rejected[0]
        message += f"; line {first.line}, {first.column} '{first.value}': {first.reason}"
    status = "read" if not rejected else "partly read" if rows else "refused"
    return Outcome(
        name,
        status,
        rows,
        len(rejected),
        message,
        platform=statement.platform,
        level=statement.level,
        currency=", ".join(statement.currencies),
        kept_apart=statement.partial or " / ".join(statement.breakdowns),
        superseded=sum(source.superseded for source in sources),
        totals=sum(sheet.skipped_totals for sheet in sheets),
    )
