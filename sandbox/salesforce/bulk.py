"""Bulk API 2.0 as far as queries need it: a job that runs for a moment, and its result in pages of CSV with a
locator.
"""

import csv
import io
from dataclasses import dataclass
from itertools import count
from typing import Any

from sandbox.salesforce.soql import Row


@dataclass
class Job:
    """A query that was asked for; `polls` is how often it still says that it runs."""

    rows: list[Row]
    fields: tuple[str, ...]
    polls: int
    fails: bool = False

    def state(self) -> str:
        """What the next poll is told."""
        self.polls -= 1
        return "InProgress" if self.polls >= 0 else "Failed" if self.fails else "JobComplete"


class Jobs:
    """Every query job of a sandbox."""

    def __init__(self) -> None:
        self._held: dict[str, Job] = {}
        self._numbers = count(1)

    def start(self, job: Job) -> str:
        """Its id."""
        own_id = f"750{next(self._numbers):012d}"
        self._held[own_id] = job
        return own_id

    def get(self, own_id: str) -> Job | None:
        return self._held.get(own_id)


def described(own_id: str, state: str) -> dict[str, Any]:
    """A job's description."""
    return {
        "id": own_id,
        "operation": "queryAll",
        "state": state,
        "contentType": "CSV",
        "columnDelimiter": "COMMA",
        "lineEnding": "LF",
    }


def page(job: Job, *, start: int, size: int) -> tuple[str, int, str]:
    """CSV of a page, how many records it has, and the next page's locator ("null" at the end)."""
    rows = job.rows[start : start + size]
    held = io.StringIO()
    lines = csv.writer(held, quoting=csv.QUOTE_ALL, lineterminator="\n")
    lines.writerow(job.fields)
    lines.writerows([[_text(row[name]) for name in job.fields] for row in rows])
    after = start + len(rows)
    return held.getvalue(), len(rows), str(after) if after < len(job.rows) else "null"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
