"""One contract for the frames of all pure functions, checked in one place: which column, how many rows, which
rule.

- Ids are text: 11 and 11.0 are one id, blanks are none.
- Days are dates or timestamps; those with a zone count in their own wall-clock time. Texts are ISO only:
  03/04/2026 is two days.
- Rows that are equal in every column count once. Differing rows of one thing and day are refused and named,
  or combined by the rule that the function states.
- A figure that is not finite costs its row; an empty one is unknown. An unknown bound is no bound.
- No two columns have one name.
"""

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from resources.errors import PaidMediaError

FIRST_DAY, LAST_DAY = pd.Timestamp("1990-01-01"), pd.Timestamp("2100-01-01")
"""Days outside of these are no days of advertising; a single one would make a frame of decades."""
_ISO = re.compile(
    r"\d{4}-?\d{2}(-?\d{2}([T ]\d{2}(:?\d{2}(:?\d{2}([.,]\d+)?)?)?\s*(Z|UTC|[+-]\d{2}:?(\d{2})?)?)?)?"
)


class FrameRefused(PaidMediaError, ValueError):
    """A frame breaks the contract; the message says which column, which rows and which rule."""


def require_columns(frame: pd.DataFrame, columns: Iterable[str], *, what: str) -> None:
    """Every needed column once.

    Raises:
        FrameRefused: One is missing, or a name stands twice.
    """
    doubled = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
    if doubled:
        raise FrameRefused(f"{what} has the column {', '.join(doubled)} twice: rename or drop one.")
    if missing := sorted(set(columns) - set(frame.columns)):
        raise FrameRefused(f"{what} has no column {', '.join(missing)}: it needs {', '.join(columns)}.")


def id_texts(values: pd.Series) -> pd.Series:
    """Ids as text, None where there is none; a float that is whole is the number it stands for."""
    return pd.Series([_id_text(value) for value in values], index=values.index, dtype=object)


def _id_text(value: object) -> str | None:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    text = str(value).strip()
    text = text[:-2] if re.fullmatch(r"\d+\.0", text) else text
    return text or None


def day_stamps(values: pd.Series, *, name: str) -> pd.Series:
    """Timestamps without a zone, in their own wall-clock time; empty where there is none.

    Raises:
        FrameRefused: A text is not ISO, a number is given, or a day lies outside of 1990 to 2100.
    """
    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp()
    if pd.api.types.is_numeric_dtype(values.dtype) and values.notna().any():
        raise FrameRefused(
            f"{name} holds numbers such as {values.dropna().iloc[0]}: give dates or ISO texts."
        )
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        stamps = values
    else:
        not_iso = [
            text
            for text in values
            if isinstance(text, str) and text.strip() and not _ISO.fullmatch(text.strip())
        ]
        if not_iso:
            raise FrameRefused(
                f"{name} holds '{not_iso[0][:40]}' in {len(not_iso)} rows, which is no day in ISO form: write 2026-11-23."
            )
        stamps = pd.Series(
            [_stamp(value, name) for value in values], index=values.index, dtype="datetime64[us]"
        )
    if getattr(stamps.dt, "tz", None) is not None:
        stamps = stamps.dt.tz_localize(None)
    outside = (stamps < FIRST_DAY) | (stamps >= LAST_DAY)
    if outside.any():
        first = stamps[outside].iloc[0]
        raise FrameRefused(
            f"{name} holds {first:%Y-%m-%d} in {int(outside.sum())} rows: no day of advertising."
        )
    return stamps


def _stamp(value: object, name: str) -> pd.Timestamp:
    """One value as a timestamp without a zone."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)) or value == "":
        return pd.NaT
    try:
        stamp = pd.Timestamp(value.strip() if isinstance(value, str) else value)
    except (ValueError, TypeError) as error:
        raise FrameRefused(
            f"{name} holds {str(value)[:40]!r}, which is no day: give dates or ISO texts."
        ) from error
    return stamp.tz_localize(None) if stamp.tzinfo is not None else stamp


def in_reach(values: pd.Series) -> npt.NDArray[np.bool_]:
    """Which timestamps are days of advertising at all; one of 1970 is a missing one that was filled with
    zero.
    """
    stamps = values.dt.tz_localize(None) if getattr(values.dt, "tz", None) is not None else values
    return ((stamps >= FIRST_DAY) & (stamps < LAST_DAY)).to_numpy(dtype=bool)


def finite_rows(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Without rows in which a figure is infinite; an empty one stays, because it is unknown."""
    present = [name for name in columns if name in frame]
    infinite = np.zeros(len(frame), dtype=bool)
    for name in present:
        numbers = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        infinite |= np.isinf(numbers)
    return frame[~infinite] if infinite.any() else frame


def once_per_key(frame: pd.DataFrame, key: Iterable[str], *, what: str) -> pd.DataFrame:
    """Equal rows once; differing rows of one key are refused.

    Raises:
        FrameRefused: Two rows of one key differ; the message names the first.
    """
    columns = list(key)
    distinct = frame[~_text_form(frame).duplicated()]
    doubled = distinct.duplicated(columns, keep=False)
    if doubled.any():
        first = distinct[doubled].iloc[0]
        named = ", ".join(f"{name} {first[name]}" for name in columns)
        raise FrameRefused(
            f"{what} has {int(doubled.sum())} differing rows of one key, such as {named}: keep one of each."
        )
    return distinct


def _text_form(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with cells that can be compared, whatever objects it holds."""
    return frame.apply(lambda column: column.astype(str) if column.dtype == object else column)
