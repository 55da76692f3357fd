"""One contract for the frames of all pure functions, checked in one place: which column, how many rows, which
rule.

- Ids are text: 11 and 11.0 are one id, blanks are none.
- Days are dates or timestamps; those with a zone count in their own wall-clock time. Texts are ISO only:
  03/04/2026 is two days. A day outside of 1990 to 2100 is none: it is a missing one that became a zero.
- Rows that are equal in every column count once. Differing rows of one thing and day are refused and named:
  nobody can tell whether they are parts to be added or versions of which one counts.
- A figure that is not finite costs its row: nothing of that row is known. An empty figure is unknown, not
  zero, and an unknown bound is no bound. A text that is no number is refused.
- No two columns have one name.

Orders, touches and leads are events and not days: several on one day are several, and their values add up.
Where an id names them, it names one.
"""

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from resources.errors import DataUnusable

FIRST_DAY, LAST_DAY = pd.Timestamp("1990-01-01"), pd.Timestamp("2100-01-01")
"""Days outside of these are no days of advertising; a single one would make a frame of decades."""
EVENT_IDS = ("order_id", "transaction_id")
_ISO = re.compile(
    r"\d{4}-?\d{2}(-?\d{2}([T ]\d{2}(:?\d{2}(:?\d{2}([.,]\d+)?)?)?\s*(Z|UTC|[+-]\d{2}:?(\d{2})?)?)?)?"
)


class FrameRefused(DataUnusable, ValueError):
    """A frame breaks the contract; the message says which column, which rows and which rule."""


def require_columns(frame: pd.DataFrame, columns: Iterable[str], *, what: str) -> None:
    """Every needed column once.

    Raises:
        FrameRefused: One is missing, or a name stands twice.
    """
    doubled = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
    if doubled:
        raise FrameRefused(f"{what} has the column {', '.join(doubled)} twice: rename or drop one.")
    needed = list(columns)
    if missing := [name for name in needed if name not in frame.columns]:
        raise FrameRefused(f"{what} has no column {', '.join(missing)}: it needs {', '.join(needed)}.")


def id_texts(values: pd.Series) -> pd.Series:
    """Ids as text, None where there is none; a float that is whole is the number it stands for."""
    codes, distinct = _distinct(values)
    return _per_row([_id_text(value) for value in distinct], codes, values.index)


def consistent_ids(values: pd.Series) -> pd.Series:
    """Ids in one form, for answers in the type that was given: whole numbers stay numbers, all else is text.

    A column of floats, which is what an empty cell makes of one of whole numbers, is text.
    """
    return values if pd.api.types.is_integer_dtype(values.dtype) else id_texts(values)


def _id_text(value: object) -> str | None:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    text = str(value).strip()
    text = text[:-2] if re.fullmatch(r"-?\d+\.0", text) else text
    return text or None


def day_stamps(values: pd.Series, *, name: str) -> pd.Series:
    """Timestamps without a zone, in their own wall-clock time; empty where there is no day of 1990 to 2100.

    Raises:
        FrameRefused: A text is not ISO, or a number is given.
    """
    stamps = _stamps(values, name, to_utc=False)
    return stamps.where((stamps >= FIRST_DAY) & (stamps < LAST_DAY))


def utc_instants(values: pd.Series, *, name: str) -> pd.Series:
    """Instants in UTC; those without a zone are taken for UTC; empty where there is none of 1990 to 2100.

    Raises:
        FrameRefused: A text is not ISO, or a number is given.
    """
    stamps = _stamps(values, name, to_utc=True)
    first, last = FIRST_DAY.tz_localize("UTC"), LAST_DAY.tz_localize("UTC")
    return stamps.where((stamps >= first) & (stamps < last))


def _stamps(values: pd.Series, name: str, *, to_utc: bool) -> pd.Series:
    """Timestamps of one kind, whatever they came as."""
    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp()
    if pd.api.types.is_numeric_dtype(values.dtype) and values.notna().any():
        raise FrameRefused(
            f"{name} holds numbers such as {values.dropna().iloc[0]}: give dates or ISO texts."
        )
    if not pd.api.types.is_datetime64_any_dtype(values.dtype):
        codes, distinct = _distinct(values)
        _refuse_other_texts(distinct, codes, name)
        converted = [_stamp(value, name, to_utc=to_utc) for value in distinct]
        kind = "datetime64[us, UTC]" if to_utc else "datetime64[us]"
        stamps = pd.Series(pd.array(converted, dtype=kind))
        return pd.Series(
            stamps.array.take(codes, allow_fill=True, fill_value=pd.NaT), index=values.index, dtype=kind
        )
    stamps = pd.Series(values.array, index=values.index)
    if isinstance(stamps.dtype, pd.ArrowDtype):
        zone = stamps.dtype.pyarrow_dtype.tz
        stamps = stamps.astype(f"datetime64[us, {zone}]" if zone else "datetime64[us]")
    if to_utc:
        stamps = stamps.dt.tz_localize("UTC") if stamps.dt.tz is None else stamps.dt.tz_convert("UTC")
    elif stamps.dt.tz is not None:
        stamps = stamps.dt.tz_localize(None)
    return stamps.dt.as_unit("us")


def _refuse_other_texts(distinct: npt.NDArray[np.object_], codes: npt.NDArray[np.intp], name: str) -> None:
    wrong = [
        code
        for code, text in enumerate(distinct)
        if isinstance(text, str) and text.strip() and not _ISO.fullmatch(text.strip())
    ]
    if wrong:
        rows = np.flatnonzero(np.isin(codes, wrong))
        raise FrameRefused(
            f"{name} holds '{str(distinct[codes[rows[0]]])[:40]}' {_rows(rows)}, which is no day in ISO form:"
            " give dates or texts such as 2026-11-23."
        )


def _stamp(value: object, name: str, *, to_utc: bool) -> pd.Timestamp:
    """One value as a timestamp, empty where it is none or lies outside of what a timestamp can hold."""
    if isinstance(value, str) and not value.strip():
        return pd.NaT
    try:
        stamp = pd.Timestamp(value.strip() if isinstance(value, str) else value)
    except pd.errors.OutOfBoundsDatetime:
        return pd.NaT
    except (ValueError, TypeError) as error:
        raise FrameRefused(
            f"{name} holds {str(value)[:40]!r}, which is no day: give dates or ISO texts."
        ) from error
    if stamp is pd.NaT:
        return stamp
    if to_utc:
        return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    return stamp.tz_localize(None) if stamp.tzinfo is not None else stamp


def numbers(values: pd.Series, *, name: str) -> pd.Series:
    """Figures as floats, whatever they came as; empty where unknown, infinite where infinite.

    Raises:
        FrameRefused: One is no number.
    """
    try:
        floats = pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan)
    except (ValueError, TypeError) as error:
        readable = pd.to_numeric(values, errors="coerce").notna().to_numpy()
        rows = np.flatnonzero(~readable & values.notna().to_numpy())
        example = f"'{str(values.iloc[rows[0]])[:40]}' {_rows(rows)}" if len(rows) else str(error)
        raise FrameRefused(
            f"{name} holds {example}, which is no number: give numbers with a point, empty where unknown."
        ) from error
    return pd.Series(floats, index=values.index)


def figures(frame: pd.DataFrame, columns: Iterable[str], *, what: str) -> pd.DataFrame:
    """The frame with these columns (as far as it has them) as floats; a row with an infinite figure has none.

    Raises:
        FrameRefused: A figure is no number.
    """
    floats = {name: numbers(frame[name], name=f"{what}.{name}") for name in columns if name in frame}
    infinite = np.zeros(len(frame), dtype=bool)
    for values in floats.values():
        infinite |= np.isinf(values.to_numpy())
    return frame.assign(**{name: values.mask(infinite) for name, values in floats.items()})


def finite_rows(frame: pd.DataFrame, columns: Iterable[str], *, what: str) -> pd.DataFrame:
    """The rows of events whose figures are finite or empty, as floats.

    Raises:
        FrameRefused: A figure is no number.
    """
    floats = {name: numbers(frame[name], name=f"{what}.{name}") for name in columns if name in frame}
    finite = np.ones(len(frame), dtype=bool)
    for values in floats.values():
        finite &= ~np.isinf(values.to_numpy())
    return frame.assign(**floats)[finite]


def once_per_key(frame: pd.DataFrame, key: Iterable[str], *, what: str) -> pd.DataFrame:
    """Equal rows once; differing rows of one key are refused.

    Raises:
        FrameRefused: Two rows of one key differ; the message names the first.
    """
    columns = list(key)
    repeated = frame.duplicated(columns, keep=False).to_numpy()
    if not repeated.any():
        return frame
    in_question = _comparable(frame[repeated])
    again = in_question.duplicated().to_numpy()
    doubled = in_question[~again].duplicated(columns, keep=False).to_numpy()
    if doubled.any():
        first = frame[repeated][~again][doubled].iloc[0]
        named = ", ".join(f"{name} {_shown(first[name])}" for name in columns)
        raise FrameRefused(
            f"{what} has {int(doubled.sum())} differing rows of one {' and '.join(columns)}, such as {named}:"
            " add up parts, or leave one version of each."
        )
    keep = np.ones(len(frame), dtype=bool)
    keep[np.flatnonzero(repeated)[again]] = False
    return frame[keep]


def events_once(frame: pd.DataFrame, *, what: str) -> pd.DataFrame:
    """Every event once where a column names it (order_id, transaction_id); else all rows.

    Raises:
        FrameRefused: Two rows of one id differ.
    """
    name = next((column for column in EVENT_IDS if column in frame), None)
    if name is None:
        return frame
    ids = id_texts(frame[name])
    named = once_per_key(frame.assign(**{name: ids})[ids.notna()], (name,), what=what)
    return pd.concat([named, frame[ids.isna()]]).sort_index()


def _comparable(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with cells that can be compared, whatever objects it holds."""
    return frame.apply(lambda column: column.astype(str) if column.dtype == object else column)


def _distinct(values: pd.Series) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.object_]]:
    """Number of each row's value, -1 for none, and the distinct values; 1 and True, or 1 and 1.0, may be
    one.
    """
    codes, distinct = pd.factorize(values.astype(object))
    return codes, np.asarray(distinct, dtype=object)


def _per_row(by_code: list[str | None], codes: npt.NDArray[np.intp], index: pd.Index) -> pd.Series:
    texts = np.array([*by_code, None], dtype=object)
    return pd.Series(texts[codes], index=index, dtype=object)


def _rows(rows: npt.NDArray[np.intp]) -> str:
    return f"in {len(rows)} rows (the first is row {int(rows[0]) + 1})"


def _shown(value: object) -> str:
    """A key as a person writes it: days without the time of midnight."""
    return str(value).removesuffix(" 00:00:00")
