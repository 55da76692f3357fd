"""User feedback on incidents: right, wrong, or snoozed."""

from datetime import date

import pandas as pd

RIGHT, WRONG, SNOOZE = "right", "wrong", "snooze"


def precision(marks: pd.DataFrame) -> tuple[int, int]:
    """Incidents marked right, and incidents marked at all; the newest mark of each incident counts."""
    judged = (
        marks[marks["mark"].isin([RIGHT, WRONG])]
        .sort_values("at")
        .drop_duplicates("incident_id", keep="last")
    )
    return int((judged["mark"] == RIGHT).sum()), len(judged)


def quiet(marks: pd.DataFrame, *, on: date) -> set[str]:
    """Incidents that are suppressed on that day: snoozed through it, or marked wrong."""
    newest = marks.sort_values("at").drop_duplicates(["incident_id", "mark"], keep="last")
    snoozed = newest[(newest["mark"] == SNOOZE) & (pd.to_datetime(newest["until"]) >= pd.Timestamp(on))]
    last = (
        marks[marks["mark"].isin([RIGHT, WRONG])]
        .sort_values("at")
        .drop_duplicates("incident_id", keep="last")
    )
    return set(snoozed["incident_id"]) | set(last.loc[last["mark"] == WRONG, "incident_id"])
