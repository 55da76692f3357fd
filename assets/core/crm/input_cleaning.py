"""Columns of input frames by their usual names."""

from collections.abc import Iterable, Mapping

import pandas as pd

from assets.frame_contract import FrameRefused

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
        FrameRefused: A required column is absent under all of its names.
    """
    plain = [str(column).strip().lower() for column in frame.columns]
    theirs = dict(zip(plain, frame.columns, strict=True))
    renamed = {}
    for name, usual in wanted.items():
        column = next((theirs[alias] for alias in usual if alias in theirs), None)
        if column is None and name in needed:
            raise FrameRefused(
                f"The {what} have no column {name} (or {', '.join(list(usual)[1:4])}). Rename one so."
            )
        if column is not None and plain.count(str(column).strip().lower()) > 1:
            raise FrameRefused(f"The {what} have two columns {column}. Leave one of them out.")
        renamed[name] = (
            frame[column].reset_index(drop=True)
            if column is not None
            else pd.Series([None] * len(frame), dtype=object)
        )
    return pd.DataFrame(renamed)
