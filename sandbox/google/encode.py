"""Rows as protobuf bytes, column by column.

A GoogleAdsRow is so wide that building one per row would make the sandbox slower than what it is there to
measure. So what is the same for an entity is serialised once, and the metrics' wire format is written by
hand: tag, then varint or double.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from sandbox.google.gaql import ROW, descriptor_of

METRICS_NUMBER = ROW.DESCRIPTOR.fields_by_name["metrics"].number
_DOUBLE = 1


def row_with(values: dict[str, Any]) -> bytes:
    """A serialised row that holds these paths and nothing else.

    Enums by name or number; lists for repeated fields.
    """
    row = ROW()
    for path, value in values.items():
        if value is None:
            continue
        descriptor_of(path)
        *above, name = path.split(".")
        message = row
        for part in above:
            message = getattr(message, part)
        _set(message, name, value)
    return bytes(row.SerializeToString())


def _set(message: Any, name: str, value: Any) -> None:
    field = message.DESCRIPTOR.fields_by_name.get(name) or message.DESCRIPTOR.fields_by_name[name + "_"]
    if field.is_repeated:
        target = getattr(message, field.name)
        for item in value:
            if isinstance(item, tuple):  # a text with the position it is pinned to
                _add_text(target, *item)
            else:
                target.append(item)
    elif field.enum_type is not None and isinstance(value, str):
        setattr(message, field.name, field.enum_type.values_by_name[value].number)
    elif field.message_type is not None and field.message_type.name == "FieldMask":
        getattr(message, field.name).paths.extend(value.split(","))
    else:
        setattr(message, field.name, value)


def _add_text(target: Any, text: str, pinned: str) -> None:
    asset = target.add(text=text)
    if pinned != "UNSPECIFIED":
        positions = asset.DESCRIPTOR.fields_by_name["pinned_field"].enum_type
        asset.pinned_field = positions.values_by_name[pinned].number


def metrics_bytes(columns: dict[str, np.ndarray]) -> list[bytes]:
    """Per row the serialised `metrics` member of GoogleAdsRow, from one array per metric; what is not a
    number is left out.
    """
    parts = [_column(name, values) for name, values in columns.items()]
    outer = _tag(METRICS_NUMBER, 2)
    return [outer + varint(len(inner)) + inner for inner in map(b"".join, zip(*parts, strict=True))]


def _column(name: str, values: np.ndarray) -> list[bytes]:
    field = descriptor_of(f"metrics.{name}")
    if field.type == _DOUBLE:
        tag, packed = _tag(field.number, 1), values.astype("<f8").tobytes()
        given = [tag + packed[at : at + 8] for at in range(0, len(packed), 8)]
        return [
            b"" if missing else entry for entry, missing in zip(given, np.isnan(values).tolist(), strict=True)
        ]
    tag = _tag(field.number, 0)
    return [tag + varint(value) for value in values.tolist()]


def framed(rows: list[bytes]) -> bytes:
    """Rows as the repeated field 1 of a response."""
    return b"".join([b"\x0a" + varint(len(row)) + row for row in rows])


@lru_cache(maxsize=1 << 18)
def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


@lru_cache(maxsize=512)
def _tag(number: int, kind: int) -> bytes:
    return varint(number << 3 | kind)
