"""What became of each file: what it is, what of it counts, and how many of its lines are not used and why."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from assets.raw.dropped_files.folder_tables import Source
from assets.raw.dropped_files.reading import FileReading

SHOWN_REASONS = 3


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
    is_unchanged: bool = False
    """The file was the same when it was read before, and was not read again."""


def outcome_of(name: str, reading: FileReading, sources: list[Source]) -> Outcome:
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


def reasons_in_words(reasons: Iterable[str], *, most: int = SHOWN_REASONS) -> str:
    """The most frequent reasons why lines are not used, each with its count; the rest together."""
    counts = Counter(reason.partition(" (")[0].partition(":")[0] for reason in reasons).most_common()
    others = sum(count for _, count in counts[most:])
    words = [f"{reason} ({count:,})" for reason, count in counts[:most]]
    return ", ".join([*words, *([f"other reasons ({others:,})"] if others else [])])


def unused_in_words(rejects: pd.DataFrame) -> str:
    """raw/dropped_rejects in a sentence: lines that are not used with their reasons, and refused files. Empty
    where all is used.
    """
    is_file = rejects["line"] == 0
    sentences = []
    if count := int((~is_file).sum()):
        lines = "1 line of dropped files is" if count == 1 else f"{count:,} lines of dropped files are"
        sentences.append(f"{lines} not used: {reasons_in_words(rejects.loc[~is_file, 'reason'])}.")
    if names := sorted(rejects.loc[is_file, "file"]):
        shown = ", ".join(names[:SHOWN_REASONS]) + (" and others" if len(names) > SHOWN_REASONS else "")
        sentences.append(f"{len(names):,} dropped file{'' if len(names) == 1 else 's'} refused: {shown}.")
    return " ".join(sentences)
