"""Raw: exports that people dropped into a folder, for accounts that nobody has API access to.

The whole folder is read each time. How an export is recognised and read is in this folder's other modules.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from assets.automation import SAFE_RETRIES
from assets.formatting.csv_text import csv_text
from assets.raw.dropped_files.folder import DroppedFolder, read_folder
from assets.raw.dropped_files.layout import LEVELS
from assets.raw.dropped_files.outcomes import unused_in_words
from resources.drop_folder import DroppedFiles
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.run_metadata import records_of, row_metadata
from resources.tables.dropped import DAYS, ENTITIES, PARTS, REJECTS

TABLES = (*DAYS.values(), ENTITIES, PARTS, REJECTS)


def _spec(table: Table) -> dg.AssetSpec:
    return table.asset_spec(
        owners=["team:data"],
        kinds={"csv", "excel", "deltalake"},
    )


@dg.multi_asset(
    name="read_dropped_files", specs=[_spec(table) for table in TABLES], retry_policy=SAFE_RETRIES
)
def read_dropped_files(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    dropped_files: dg.ResourceParam[DroppedFiles],
) -> Iterator[dg.MaterializeResult]:
    with one_sentence():
        now = datetime.now(UTC)
        folder = read_folder(
            dropped_files.files(),
            pulled_at=now,
            progress=context.log.info,
            cache=dropped_files.cache(),
        )
        _give_back(dropped_files, folder)
        tables = {
            **{DAYS[level]: folder.days[level] for level in LEVELS},
            ENTITIES: folder.entities,
            PARTS: folder.parts,
            REJECTS: folder.rejects,
        }
        for table, rows in tables.items():
            written = lake.record(table, rows, at=now) if table.keeps_history else lake.replace(table, rows)
            yield dg.MaterializeResult(
                asset_key=table.asset_key, metadata=row_metadata(written) | _metadata(folder)
            )


def _metadata(folder: DroppedFolder) -> dict[str, Any]:
    rows = [vars(outcome) for outcome in folder.outcomes]
    return {
        "files": dg.MetadataValue.table(records_of(rows)) if rows else "The drop folder is empty.",
        "lines not used": sum(outcome.rejected for outcome in folder.outcomes),
        "not used": unused_in_words(folder.rejects.to_pandas()) or "All lines of all files are used.",
        "refused files": sum(outcome.status == "refused" for outcome in folder.outcomes),
        "unchanged files": sum(outcome.is_unchanged for outcome in folder.outcomes),
        "days covered": json.dumps(_covered(folder.days.values())),
    }


def _covered(tables: Any) -> list[str] | None:
    """First and last day of any row."""
    days = pa.concat_arrays(
        [chunk for table in tables for chunk in table.column("day").chunks] or [pa.array([], pa.date32())]
    )
    if not len(days):
        return None
    seen = pc.min_max(days).as_py()
    return [seen["min"].isoformat(), seen["max"].isoformat()]


def _give_back(dropped_files: DroppedFiles, folder: DroppedFolder) -> None:
    """Rejected rows as CSV, and for a file that was not recognised a mapping to complete."""
    dropped_files.clear_given_back()
    for name, reading in folder.readings.items():
        if reading.rejected:
            lines = [(bad.line, bad.column, bad.reason, *bad.cells) for bad in reading.rejected]
            dropped_files.give_back(
                f"{name}.rejected.csv", csv_text(("line", "column", "reason", *reading.headers), lines)
            )
    for outcome in folder.outcomes:
        _, is_proposal, proposal = outcome.message.partition("it will be read:\n")
        if outcome.status == "refused" and is_proposal:
            dropped_files.give_back(f"{outcome.file.rsplit('.', 1)[0]}.mapping.yaml", proposal)
