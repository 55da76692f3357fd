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
from dataclasses import dataclass, field, replace
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
from assets.raw.dropped_files.outcomes import Outcome, outcome_of
from assets.raw.dropped_files.reading import FileReading, Rejected, SheetReading, read_file
from assets.raw.dropped_files.stored_reading import UNREADABLE, bytes_of, reading_of
from assets.raw.dropped_files.vocabulary import METRICS
from resources.drop_folder import DroppedFile, ReadingCache
from resources.errors import DataUnusable

_BROKEN = (ValueError, LookupError, TypeError, ArithmeticError, csv.Error, pa.ArrowException)
"""What reading a file of a shape that nobody thought of may raise."""
Progress = Callable[[str], None]
LONG_BYTES = 5_000_000


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
    files: Iterable[DroppedFile],
    *,
    pulled_at: datetime,
    progress: Progress | None = None,
    cache: ReadingCache | None = None,
) -> DroppedFolder:
    """Every file read, whatever becomes of the others.

    Args:
        files: The files with their mappings' texts.
        pulled_at: What to stamp the rows with; days after it are set aside.
        progress: Told before a file of more than a few megabytes is read, and how far it is.
        cache: Readings of files that did not change since; they are not read again.
    """
    ordered = sorted(files, key=lambda file: (file.modified_at, file.name))
    readings: dict[str, FileReading] = {}
    refused: dict[str, str] = {}
    shas: dict[str, str] = {}
    unchanged: set[str] = set()
    for file in ordered:
        content = file.content
        sha = shas[file.name] = hashlib.sha256(content).hexdigest()
        if stored := _stored(cache, file, sha):
            readings[file.name] = stored
            unchanged.add(file.name)
            continue
        if progress and len(content) > LONG_BYTES:
            progress(f"Reading {file.name} ({len(content) / 1e6:,.0f} MB)")
        reading, reason = _read(file, content, progress)
        if reading is None:
            refused[file.name] = reason
        else:
            readings[file.name] = reading
            if cache:
                cache.store(file, sha, bytes_of(reading))
        del content
    if cache:
        cache.forget_unused()
    sources = [Source(name, sheet) for name, reading in readings.items() for sheet in reading.sheets]
    stamp = pulled_at.astimezone(UTC)
    table = _together(sources, last_day=stamp.date() + timedelta(days=1))
    days = {level: day_table(level, table, sources, shas, stamp) for level in LEVELS}
    parts = part_table(table, sources, shas, stamp)
    outcomes = [Outcome(name, "refused", 0, 0, reason) for name, reason in refused.items()]
    outcomes += [
        replace(
            outcome_of(name, reading, [source for source in sources if source.file == name]),
            is_unchanged=name in unchanged,
        )
        for name, reading in readings.items()
    ]
    return DroppedFolder(
        days=days,
        parts=parts,
        entities=entity_table(table, sources, stamp),
        rejects=reject_table(readings, refused, shas, stamp),
        outcomes=sorted(outcomes, key=lambda outcome: outcome.file),
        readings=readings,
    )


def _stored(cache: ReadingCache | None, file: DroppedFile, sha: str) -> FileReading | None:
    """What was read of the same file before, None where it changed or the stored reading is damaged."""
    content = cache.load(file, sha) if cache else None
    if content is None:
        return None
    try:
        return reading_of(content)
    except UNREADABLE:
        return None


def _read(file: DroppedFile, content: bytes, progress: Progress | None) -> tuple[FileReading | None, str]:
    try:
        mapping = (
            read_mapping(f"The mapping of {file.name}", file.mapping) if file.mapping is not None else None
        )
        return read_file(file.name, content, mapping, progress=progress), ""
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
        reason = (
            f"the account is in {first[int(account[int(row.thing)])]} in another file: an account has one"
            " currency"
        )
        sources[int(row.source)].sheet.rejected.append(Rejected(int(row.line), "currency", code, reason))
    return FolderLines(lines[~is_wrong], things)
