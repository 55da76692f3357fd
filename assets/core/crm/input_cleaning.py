"""Input frames brought into one shape: columns by their usual names, instants in UTC, ids as text."""

from collections.abc import Iterable, Mapping

import pandas as pd

from resources.errors import DataUnusable

PERSON = ("person_id", "customer_id", "contact_id", "user_id", "lead_id", "person", "customer")
TOUCH = {
    "person_id": PERSON,
    "touch_at": ("touch_at", "touched_at", "time", "timestamp", "at", "ts", "datetime", "day", "date"),
    "channel": ("channel", "platform", "source", "medium"),
    "campaign_id": ("campaign_id", "campaign"),
    "ad_set_id": ("ad_set_id", "adset_id", "ad_set", "ad_group_id"),
    "funnel": ("funnel",),
}
OUTCOME = {
    "outcome_id": ("outcome_id", "order_id", "deal_id", "conversion_id", "id"),
    "person_id": PERSON,
    "at": (
        "at",
        "time",
        "timestamp",
        "outcome_at",
        "converted_at",
        "closed_at",
        "ts",
        "datetime",
        "day",
        "date",
    ),
    "value": ("value", "revenue", "amount", "conversion_value"),
    "funnel": ("funnel", "kind"),
}


def named(
    frame: pd.DataFrame, wanted: Mapping[str, Iterable[str]], *, needed: Iterable[str], what: str
) -> pd.DataFrame:
    """The wanted columns under our names, whichever usual name they have; missing optional ones are empty.

    Raises:
        DataUnusable: A required column is absent under all of its names.
    """
    plain = [str(column).strip().lower() for column in frame.columns]
    theirs = dict(zip(plain, frame.columns, strict=True))
    renamed = {}
    for name, usual in wanted.items():
        column = next((theirs[alias] for alias in usual if alias in theirs), None)
        if column is None and name in needed:
            raise DataUnusable(
                f"The {what} have no column {name} (or {', '.join(list(usual)[1:4])}). Rename one so."
            )
        if column is not None and plain.count(str(column).strip().lower()) > 1:
            raise DataUnusable(f"The {what} have two columns {column}. Leave one of them out.")
        renamed[name] = (
            frame[column].reset_index(drop=True)
            if column is not None
            else pd.Series([None] * len(frame), dtype=object)
        )
    return pd.DataFrame(renamed)


def instants(values: pd.Series) -> pd.Series:
    """Instants in UTC from ISO texts in any of their forms, dates or timestamps; unreadable ones are empty.

    Without a zone they are taken for UTC.

    Raises:
        DataUnusable: No text can be read: another order of day and month cannot be guessed.
    """
    is_text = pd.api.types.is_object_dtype(values) or pd.api.types.is_string_dtype(values)
    read = pd.to_datetime(values, utc=True, errors="coerce", format="ISO8601" if is_text else None)
    if is_text and values.notna().any() and read.isna().all():
        example = values[values.notna()].iloc[0]
        raise DataUnusable(f"'{example}' is no ISO date or time. Give instants such as 2026-03-01T10:00:00Z.")
    return read.astype("datetime64[us, UTC]")


def texts(values: pd.Series) -> pd.Series:
    """Ids as text, 12.0 as 12; missing ones and blanks as None."""
    return pd.Series([_text(value) for value in values], index=values.index, dtype=object)


def _text(value: object) -> str | None:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None
