"""What people say of incidents: right, wrong, or not now."""

from datetime import date

import pandas as pd

RIGHT, WRONG, SNOOZE = "right", "wrong", "snooze"


def precision(marks: pd.DataFrame) -> tuple[int, int]:
    """How many of the marked incidents were marked right, and how many were marked at all; of several marks of one the last counts."""
    said = (
        marks[marks["mark"].isin([RIGHT, WRONG])]
        .sort_values("at")
        .drop_duplicates("incident_id", keep="last")
    )
    return int((said["mark"] == RIGHT).sum()), len(said)


def quiet(marks: pd.DataFrame, *, on: date) -> set[str]:
    """Incidents that are not to be told of on that day: snoozed through it, or marked wrong."""
    newest = marks.sort_values("at").drop_duplicates(["incident_id", "mark"], keep="last")
    snoozed = newest[(newest["mark"] == SNOOZE) & (pd.to_datetime(newest["until"]) >= pd.Timestamp(on))]
    last = (
        marks[marks["mark"].isin([RIGHT, WRONG])]
        .sort_values("at")
        .drop_duplicates("incident_id", keep="last")
    )
    return set(snoozed["incident_id"]) | set(last.loc[last["mark"] == WRONG, "incident_id"])
