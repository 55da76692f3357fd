"""A file's reading as bytes and back, so that a file that did not change is not read again.

A ZIP archive of one JSON document and two Arrow files per table; nothing in it can run.
"""

import io
import json
import zipfile
from dataclasses import asdict
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import ipc

from assets.raw.dropped_files.layout import Layout
from assets.raw.dropped_files.reading import FileReading, Rejected, SheetReading, Statement

_COUNTS = ("skipped_totals", "repeated", "missing_cells", "superseded_parts")
UNREADABLE = (ValueError, LookupError, TypeError, zipfile.BadZipFile, pa.ArrowException)
"""What `reading_of` raises for bytes that are no stored reading."""


def bytes_of(reading: FileReading) -> bytes:
    """The reading as bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        document = {"unread": reading.unread_sheets, "sheets": [_document(sheet) for sheet in reading.sheets]}
        archive.writestr("reading.json", json.dumps(document))
        for number, sheet in enumerate(reading.sheets):
            archive.writestr(f"{number}.things", _arrow_of(sheet.things))
            archive.writestr(f"{number}.lines", _arrow_of(sheet.lines))
    return packed.getvalue()


def reading_of(content: bytes) -> FileReading:
    """The reading that these bytes hold.

    Raises:
        One of `UNREADABLE`: They hold none.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        document = json.loads(archive.read("reading.json"))
        sheets = [
            _sheet(
                written,
                _frame_of(archive.read(f"{number}.things")),
                _frame_of(archive.read(f"{number}.lines")),
            )
            for number, written in enumerate(document["sheets"])
        ]
    return FileReading(sheets, tuple(document["unread"]))


def _document(sheet: SheetReading) -> dict[str, Any]:
    layout = asdict(sheet.layout) | {"micros": sorted(sheet.layout.micros)}
    return {
        "layout": layout,
        "time_zone": sheet.time_zone,
        "statement": asdict(sheet.statement),
        "rejected": [asdict(line) for line in sheet.rejected],
        **{name: getattr(sheet, name) for name in _COUNTS},
    }


def _sheet(document: dict[str, Any], things: pd.DataFrame, lines: pd.DataFrame) -> SheetReading:
    layout, statement = document["layout"], document["statement"]
    partial = layout["partial"]
    return SheetReading(
        Layout(
            **layout
            | {
                "headers": tuple(layout["headers"]),
                "partial": tuple(partial) if partial else None,
                "micros": frozenset(layout["micros"]),
            }
        ),
        document["time_zone"],
        Statement(
            **statement | {name: tuple(statement[name]) for name in ("breakdowns", "currencies", "notes")}
        ),
        things,
        lines,
        [Rejected(**line | {"cells": tuple(line["cells"])}) for line in document["rejected"]],
        **{name: document[name] for name in _COUNTS},
    )


def _arrow_of(frame: pd.DataFrame) -> bytes:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    sink = io.BytesIO()
    options = ipc.IpcWriteOptions(compression="zstd")
    with ipc.new_file(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _frame_of(content: bytes) -> pd.DataFrame:
    with ipc.open_file(io.BytesIO(content)) as reader:
        return reader.read_all().to_pandas()
