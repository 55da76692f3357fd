"""A folder of exports to tables: each file rolled up to its levels, and one file's word per thing and day.

For a thing's day the coarsest file wins, because a campaign export knows more than the sum of its ads; among equals the newest,
then the last by name. So the same file twice changes nothing, overlapping files never add up, and the order they came in
does not matter.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from assets.raw.dropped_files.layout import LEVELS
from assets.raw.dropped_files.mapping import read_mapping
from assets.raw.dropped_files.reading import Reading, Row, read_file
from assets.raw.dropped_files.vocabulary import METRICS
from resources.drop_folder import DroppedFile
from resources.errors import DataUnusable
from resources.tables.common import LEVEL_IDS
from resources.tables.dropped import DAYS, ENTITIES, REJECTS

_PLURAL = {"campaign": 0, "ad_set": 1, "ad": 2}


@dataclass(frozen=True)
class Outcome:
    """What became of a file: `read`, `partly read` or `refused`, and why."""

    file: str
    status: str
    rows: int
    rejected: int
    message: str


@dataclass
class DroppedFolder:
    """All tables of a folder, ready for the lake, and what became of each file."""

    days: dict[str, pa.Table]
    entities: pa.Table
    rejects: pa.Table
    outcomes: list[Outcome]
    readings: dict[str, Reading] = field(default_factory=dict)


def read_folder(files: Iterable[DroppedFile], *, pulled_at: datetime) -> DroppedFolder:
    """Every file read, whatever becomes of the others.

    Args:
        files: The files with their mappings' texts.
        pulled_at: What to stamp the rows with.
    """
    ordered = sorted(files, key=lambda file: (file.modified_at, file.name))
    outcomes, readings = [], {}
    for file in ordered:
        outcome, reading = _read(file)
        outcomes.append(outcome)
        if reading is not None:
            readings[file.name] = reading
    shas = {file.name: hashlib.sha256(file.content).hexdigest() for file in ordered}
    stamp = pulled_at.astimezone(UTC)
    return DroppedFolder(
        days={level: _day_table(level, readings, shas, stamp) for level in LEVELS},
        entities=_entity_table(readings, stamp),
        rejects=_reject_table(readings, shas, stamp),
        outcomes=sorted(outcomes, key=lambda outcome: outcome.file),
        readings=readings,
    )


def _read(file: DroppedFile) -> tuple[Outcome, Reading | None]:
    try:
        mapping = (
            read_mapping(f"The mapping of {file.name}", file.mapping) if file.mapping is not None else None
        )
        reading = read_file(file.name, file.content, mapping)
    except (DataUnusable, UnicodeDecodeError) as error:
        return Outcome(file.name, "refused", 0, 0, str(error)), None
    missing = f", {reading.missing_cells} empty cells" if reading.missing_cells else ""
    totals = f", {reading.skipped_totals} total lines left out" if reading.skipped_totals else ""
    said = f"{reading.platform} by {reading.grain.replace('_', ' ')}{missing}{totals}"
    if reading.rejected:
        first = reading.rejected[0]
        said += f"; line {first.line}, {first.column} '{first.value}': {first.reason}"
    status = "read" if not reading.rejected else "partly read" if reading.rows else "refused"
    return Outcome(file.name, status, len(reading.rows), len(reading.rejected), said), reading


Key = tuple[Any, ...]


def _day_table(
    level: str, readings: dict[str, Reading], shas: dict[str, str], pulled_at: datetime
) -> pa.Table:
    """One row per thing and day of that level; readings come oldest first, so a later one of the same grain wins."""
    place = _PLURAL[level]
    best: dict[Key, tuple[int, dict[str, Any]]] = {}
    for name, reading in readings.items():
        grain = _PLURAL[reading.grain]
        if grain < place:
            continue
        for key, row in _rolled_up(reading, place).items():
            if key not in best or grain <= best[key][0]:
                best[key] = (
                    grain,
                    row
                    | {
                        "file": name,
                        "file_sha": shas[name],
                        "time_zone": reading.time_zone,
                        "pulled_at": pulled_at,
                    },
                )
    rows = [
        row
        for _, row in sorted(best.values(), key=lambda found: (str(found[1]["day"]), found[1][f"{level}_id"]))
    ]
    return pa.Table.from_pylist(rows, schema=DAYS[level].schema)


def _rolled_up(reading: Reading, place: int) -> dict[Key, dict[str, Any]]:
    sums: dict[Key, list[Decimal | None]] = defaultdict(lambda: [None] * len(METRICS))
    shown: dict[Key, Row] = {}
    for row in reading.rows:
        key = (reading.platform, row.account_id, row.ids[place], row.day)
        shown.setdefault(key, row)
        so_far = sums[key]
        for n, value in enumerate(row.metrics):
            if value is not None:  # missing stays missing: only what is there is added
                so_far[n] = value + (so_far[n] or 0)
    return {key: _as_row(reading, shown[key], sums[key], place) for key in sums}


def _as_row(reading: Reading, row: Row, sums: list[Decimal | None], place: int) -> dict[str, Any]:
    ids = {column.name: row.ids[n] for n, column in enumerate(LEVEL_IDS[LEVELS[place]])}
    values = dict(zip(METRICS, sums, strict=True))
    for count in ("impressions", "clicks"):
        values[count] = int(values[count]) if values[count] is not None else None  # type: ignore[arg-type, assignment]
    for money in ("spend", "conversion_value"):
        values[money] = values[money].quantize(Decimal("0.000001")) if values[money] is not None else None  # type: ignore[union-attr]
    conversions = values["conversions"]
    values["conversions"] = float(conversions) if conversions is not None else None  # type: ignore[assignment]
    return (
        {"platform": reading.platform, "account_id": row.account_id, "day": row.day, "currency": row.currency}
        | ids
        | values
    )


def _entity_table(readings: dict[str, Reading], pulled_at: datetime) -> pa.Table:
    """Names of everything, as the newest file has them. Exports say nothing of statuses, so the status is `other`."""
    found: dict[Key, dict[str, Any]] = {}
    blank = dict.fromkeys(ENTITIES.schema.names)
    for reading in readings.values():
        for row in reading.rows:
            shared = {
                "platform": reading.platform, "account_id": row.account_id, "currency": row.currency, "status": "other",
                "time_zone": reading.time_zone, "pulled_at": pulled_at,
            }  # fmt: skip
            levels: list[tuple[str, str, str, dict[str, str | None]]] = [
                ("account", row.account_id, row.account_name, {})
            ]
            for place in range(_PLURAL[reading.grain] + 1):
                ids = {"campaign_id": row.ids[0], "ad_set_id": row.ids[1] if place else None}
                levels.append((LEVELS[place], row.ids[place], row.names[place], ids))
            for level, own, name, ids in levels:
                key = (reading.platform, row.account_id, level, own)
                found[key] = (
                    blank
                    | shared
                    | ids
                    | {
                        "level": level,
                        "entity_id": own,
                        "name": name,
                        "native_level": level.replace("_", " "),
                    }
                )
    return pa.Table.from_pylist([found[key] for key in sorted(found)], schema=ENTITIES.schema)


def _reject_table(readings: dict[str, Reading], shas: dict[str, str], pulled_at: datetime) -> pa.Table:
    rows = [
        {
            "file": name,
            "file_sha": shas[name],
            "line": bad.line,
            "column": bad.column,
            "value": bad.value,
            "reason": bad.reason,
            "pulled_at": pulled_at,
        }
        for name, reading in sorted(readings.items())
        for bad in reading.rejected
    ]
    return pa.Table.from_pylist(rows, schema=REJECTS.schema)
