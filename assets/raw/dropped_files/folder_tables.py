"""Lines of all files of a folder as tables of the lake: one row per thing and day, parts kept apart, names,
lines set aside.

For a thing's day the coarsest file wins, among equals the newest; a figure it leaves empty comes from the
next one.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from assets.raw.dropped_files.layout import LEVELS
from assets.raw.dropped_files.reading import FileReading, SheetReading
from assets.raw.dropped_files.sheet_columns import AMOUNTS, MICRO
from assets.raw.dropped_files.vocabulary import METRICS
from resources.tables.common import LEVEL_IDS
from resources.tables.dropped import DAYS, ENTITIES, PARTS, REJECTS

DIFFERS_SHARE, DIFFERS_AMOUNT = 0.005, 0.05
"""Two files' figures of one thing and day differ if they do by more than this share and amount."""


@dataclass
class Source:
    """One table of one file, in the order in which later ones win."""

    file: str
    sheet: SheetReading
    superseded: int = 0
    differs: list[str] = field(default_factory=list)


@dataclass
class FolderLines:
    """The lines of all files: per line its source, thing, day, part and metrics; per thing its resolved ids
    and names.
    """

    lines: pd.DataFrame
    things: pd.DataFrame


def day_table(
    level: str, table: FolderLines, sources: list[Source], shas: dict[str, str], pulled_at: datetime
) -> pa.Table:
    """One row per thing and day of that level."""
    schema = DAYS[level].schema
    if not len(table.lines):
        return schema.empty_table()
    depth, things, lines = LEVELS.index(level) + 1, table.things, table.lines
    is_whole = np.array([source.sheet.layout.partial is None for source in sources], dtype=bool)
    deep_enough = things["depth"].to_numpy() >= depth
    thing = lines["thing"].to_numpy(dtype=np.int64)
    wanted = deep_enough[thing] & is_whole[lines["source"].to_numpy(dtype=np.int64)]
    if not wanted.any():
        return schema.empty_table()
    own = things["platform"] + "\x1f" + things["account_id"] + "\x1f" + things[f"{level}_id"]
    entity, _ = pd.factorize(own)
    rolled = _rolled_up(lines[wanted].assign(entity=entity[thing[wanted]]))
    winners = _winners(rolled, sources, level, things)
    return _day_rows(level, winners, things, sources, shas, pulled_at)


def _rolled_up(lines: pd.DataFrame) -> pd.DataFrame:
    """Sums per entity, day and source; missing stays missing: only what is there is added."""
    keys = ["entity", "day", "source"]
    if not lines.duplicated(keys).any():
        return lines.reset_index(drop=True)
    grouped = lines.groupby(keys, sort=False)
    sums = grouped[list(METRICS)].sum(min_count=1)
    # Dimensions are divided by names and things by ids: the first thing of each shows the ids above it.
    return sums.assign(thing=grouped["thing"].first()).reset_index()


def _winners(rolled: pd.DataFrame, sources: list[Source], level: str, things: pd.DataFrame) -> pd.DataFrame:
    """Per entity and day the row that counts: the coarsest file's, then the newest's; its empty figures from
    the next one.
    """
    grains = np.array([LEVELS.index(source.sheet.layout.grain) for source in sources])
    rolled = rolled.assign(grain=grains[rolled["source"].to_numpy(dtype=np.int64)])
    shared = rolled.duplicated(["entity", "day"], keep=False)
    if not shared.any():
        return rolled
    contested = rolled[shared].sort_values(
        ["entity", "day", "grain", "source"], ascending=[True, True, True, False]
    )
    winners = contested.drop_duplicates(["entity", "day"]).set_index(["entity", "day"])
    filled = contested.groupby(["entity", "day"], sort=False)[list(METRICS)].first()
    winners[list(METRICS)] = filled.loc[winners.index]
    _note_differences(contested, winners, sources, level, things)
    return pd.concat([rolled[~shared], winners.reset_index()], ignore_index=True)


def _note_differences(
    contested: pd.DataFrame, winners: pd.DataFrame, sources: list[Source], level: str, things: pd.DataFrame
) -> None:
    """Say in the outcome of the file that does not count where it differs, with both figures."""
    both = contested.join(
        winners[["source", "grain", "spend"]].rename(columns=lambda name: f"winning_{name}"),
        on=["entity", "day"],
    )
    losers = both[both["source"] != both["winning_source"]]
    for (loser, winner), rows in losers.groupby(["source", "winning_source"]):
        source = sources[int(loser)]
        if LEVELS[-1] == level or source.sheet.layout.grain == level:
            source.superseded += len(rows)
        gap = (rows["spend"] - rows["winning_spend"]) / MICRO
        differs = gap.abs() > DIFFERS_SHARE * rows["winning_spend"].abs() / MICRO + DIFFERS_AMOUNT
        # A finer report may lack what only the coarser one has; more than it has is a contradiction.
        differs &= (rows["grain"] == rows["winning_grain"]) | (gap > 0)
        if source.sheet.layout.grain != level or not differs.any():
            continue
        row = rows[differs].iloc[0]
        name = things[f"{level}_name"].iloc[int(row["thing"])]
        source.differs.append(
            f"differs from {sources[int(winner)].file} on {int(differs.sum())} days of campaigns, ad sets or"
            f" ads, such as {name} on {date.fromordinal(int(row['day']))}: {row['spend'] / MICRO:,.2f} here,"
            f" {row['winning_spend'] / MICRO:,.2f} there, which counts. If they are two clients' files, give"
            " each an `account_name` in a mapping"
        )


def _day_rows(
    level: str,
    rows: pd.DataFrame,
    things: pd.DataFrame,
    sources: list[Source],
    shas: dict[str, str],
    pulled_at: datetime,
) -> pa.Table:
    ranks, _ = pd.factorize(things[f"{level}_id"], sort=True)
    rows = rows.iloc[np.lexsort((ranks[rows["thing"].to_numpy(dtype=np.int64)], rows["day"].to_numpy()))]
    thing = rows["thing"].to_numpy(dtype=np.int64)
    source = rows["source"].to_numpy(dtype=np.int64)
    files = np.array([item.file for item in sources], dtype=object)
    ids = [column.name for column in LEVEL_IDS[level]]
    columns: dict[str, Any] = {
        name: _texts(things[name], thing) for name in ("platform", "account_id", "currency", *ids)
    }
    columns["time_zone"] = _texts(pd.Series([item.sheet.time_zone for item in sources]), source)
    columns["file"] = _texts(pd.Series(files), source)
    columns["file_sha"] = _texts(pd.Series([shas[name] for name in files]), source)
    columns |= _figures(rows)
    columns["pulled_at"] = pa.array([pulled_at] * len(rows), DAYS[level].schema.field("pulled_at").type)
    schema = DAYS[level].schema
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def _texts(values: pd.Series, codes: npt.NDArray[np.int64]) -> pa.Array:
    """Texts by number, without a copy of each."""
    distinct = pa.array(values.astype(str).tolist(), pa.string()).dictionary_encode()
    return distinct.take(pa.array(codes)).cast(pa.string())


def _figures(rows: pd.DataFrame) -> dict[str, pa.Array]:
    """Day and metrics as the lake's types; amounts are exact from their millionths."""
    epoch = date(1970, 1, 1).toordinal()
    figures: dict[str, pa.Array] = {
        "day": (
            pa.array((rows["day"].to_numpy(dtype=np.int64) - epoch).astype(np.int32), pa.int32()).cast(
                pa.date32()
            )
        )
    }
    for name in METRICS:
        values = rows[name].to_numpy(dtype=float)
        missing = np.isnan(values)
        if name in AMOUNTS:
            figures[name] = _decimals(values, missing)
        elif name == "conversions":
            figures[name] = pa.array(values, pa.float64(), mask=missing)
        else:
            figures[name] = pa.array(
                np.where(missing, 0, np.round(values)).astype(np.int64), pa.int64(), mask=missing
            )
    return figures


def _decimals(micros: npt.NDArray[np.float64], missing: npt.NDArray[np.bool_]) -> pa.Array:
    """Millionths as decimals with six places, by their two 64-bit halves."""
    low = np.where(missing, 0, np.round(micros)).astype(np.int64)
    halves = np.stack([low, low >> 63], axis=1)
    valid = pa.array(~missing).buffers()[1]
    return pa.Array.from_buffers(
        pa.decimal128(18, 6), len(low), [valid, pa.py_buffer(np.ascontiguousarray(halves))]
    )


def part_table(
    table: FolderLines, sources: list[Source], shas: dict[str, str], pulled_at: datetime
) -> pa.Table:
    """Lines of partial reports and breakdowns, kept apart. The newest file counts."""
    schema, lines = PARTS.schema, table.lines
    if not len(lines):
        return schema.empty_table()
    kinds = [
        (
            source.sheet.layout.partial[0]
            if source.sheet.layout.partial
            else " / ".join(source.sheet.layout.dimensions)
        )
        for source in sources
    ]
    is_partial = np.array([source.sheet.layout.partial is not None for source in sources], dtype=bool)
    source = lines["source"].to_numpy(dtype=np.int64)
    wanted = (lines["part"].to_numpy() != "") | is_partial[source]
    rows = lines[wanted]
    if not len(rows):
        return schema.empty_table()
    thing = rows["thing"].to_numpy(dtype=np.int64)
    depth = table.things["depth"].to_numpy(dtype=np.int64)
    levels = np.array(LEVELS, dtype=object)[np.maximum(depth - 1, 0)]
    entity_ids = [row[f"{LEVELS[max(row['depth'], 1) - 1]}_id"] for row in table.things.to_dict("records")]
    entity, _ = pd.factorize(
        table.things["platform"]
        + "\x1f"
        + table.things["account_id"]
        + "\x1f"
        + pd.Series(levels)
        + "\x1f"
        + pd.Series(entity_ids)
    )
    kind, kind_names = pd.factorize(np.array(kinds, dtype=object)[rows["source"].to_numpy(dtype=np.int64)])
    rows = rows.assign(entity=entity[thing], kind=kind)
    keys = ["entity", "kind", "part", "day", "source"]
    grouped = rows.groupby(keys, sort=False)
    sums = grouped[list(METRICS)].sum(min_count=1).assign(thing=grouped["thing"].first()).reset_index()
    sums = sums.sort_values("source").drop_duplicates(keys[:-1], keep="last")
    number = sums["source"].to_numpy(dtype=np.int64)
    codes = sums["thing"].to_numpy(dtype=np.int64)
    files = np.array([item.file for item in sources], dtype=object)
    columns: dict[str, Any] = {
        name: _texts(table.things[name], codes) for name in ("platform", "account_id", "currency")
    }
    columns |= {
        "time_zone": _texts(pd.Series([item.sheet.time_zone for item in sources]), number),
        "level": _texts(pd.Series(levels), codes),
        "entity_id": _texts(pd.Series(entity_ids), codes),
        "kind": _texts(pd.Series(kind_names), sums["kind"].to_numpy(dtype=np.int64)),
        "part": pa.array(sums["part"].tolist(), pa.string()),
        "file": _texts(pd.Series(files), number),
        "file_sha": _texts(pd.Series([shas[name] for name in files]), number),
        "pulled_at": pa.array([pulled_at] * len(sums), schema.field("pulled_at").type),
    }
    columns |= _figures(sums)
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def entity_table(table: FolderLines, sources: list[Source], pulled_at: datetime) -> pa.Table:
    """Names of everything, as the newest file has them.

    Exports say nothing of statuses, so the status is `other`.
    """
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    blank = dict.fromkeys(ENTITIES.schema.names)
    if not len(table.lines):
        return ENTITIES.schema.empty_table()
    used = table.lines.groupby("thing")["source"].max().sort_values(kind="stable")
    things = table.things.to_dict("records")
    for thing, source in used.items():
        row = things[int(thing)]
        shared = blank | {
            "platform": row["platform"],
            "account_id": row["account_id"],
            "currency": row["currency"],
            "status": "other",
            "time_zone": sources[int(source)].sheet.time_zone,
            "pulled_at": pulled_at,
        }
        named: list[tuple[str, str, str, dict[str, str | None]]] = [
            ("account", row["account_id"], row["account_name"], {})
        ]
        for depth in range(1, row["depth"] + 1):
            level = LEVELS[depth - 1]
            ids = {"campaign_id": row["campaign_id"], "ad_set_id": row["ad_set_id"] if depth > 1 else None}
            named.append((level, row[f"{level}_id"], row[f"{level}_name"], ids))
        for level, entity_id, name, ids in named:
            rows[row["platform"], row["account_id"], level, entity_id] = (
                shared
                | ids
                | {
                    "level": level,
                    "entity_id": entity_id,
                    "name": name,
                    "native_level": level.replace("_", " "),
                }
            )
    return pa.Table.from_pylist([rows[key] for key in sorted(rows)], schema=ENTITIES.schema)


def reject_table(
    readings: dict[str, FileReading], refused: dict[str, str], shas: dict[str, str], pulled_at: datetime
) -> pa.Table:
    """Lines set aside with their reasons, and each refused file as its line 0."""
    rows = [
        {
            "file": name,
            "file_sha": shas[name],
            "line": 0,
            "column": "",
            "value": "",
            "reason": reason.splitlines()[0],
            "pulled_at": pulled_at,
        }
        for name, reason in sorted(refused.items())
    ]
    rows += [
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
