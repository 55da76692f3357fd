"""A report: the rows of one account at one level, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from sandbox.random_draws import Whole

ABOVE: dict[str, tuple[str, ...]] = {
    "account": (),
    "campaign": ("campaign",),
    "ad_set": ("campaign", "ad_set"),
    "ad": ("campaign", "ad_set", "ad"),
}
"""The columns of entities that a report at each level has."""
LEVELS = ("campaign", "ad_set", "ad")
METRICS = ("impressions", "clicks", "spend_micros", "purchases", "purchase_value_micros", "leads", "signups")


@dataclass(frozen=True)
class Report:
    """Rows with activity, ordered by day, then entity.

    `campaign`, `ad_set`, `ad` are row numbers in the account's catalog; those below the report's level
    (`account`: all) are None. `day` counts days since 1970. Money is in micros of the account's currency and
    always a multiple of its smallest unit. `purchases` and `leads` are the conversions the platform claims so
    far; `signups` a secondary action that is not bid on.
    """

    level: str
    day: Whole
    campaign: Whole | None
    ad_set: Whole | None
    ad: Whole | None
    impressions: Whole
    clicks: Whole
    spend_micros: Whole
    purchases: Whole
    purchase_value_micros: Whole
    leads: Whole
    signups: Whole

    def __len__(self) -> int:
        return len(self.day)


def joined(blocks: Sequence[Report], level: str) -> Report:
    """Blocks of a report at a level as one report."""
    if not blocks:
        empty = np.array([], np.int64)
        below: dict[str, Any] = {name: empty if name in ABOVE[level] else None for name in LEVELS}
        rest: dict[str, Any] = {f.name: empty for f in fields(Report) if f.name not in (*LEVELS, "level")}
        return Report(level=level, **below, **rest)
    parts: dict[str, Any] = {}
    for field in fields(Report):
        columns = [getattr(block, field.name) for block in blocks]
        parts[field.name] = (
            columns[0] if columns[0] is None or field.name == "level" else np.concatenate(columns)
        )
    return Report(**parts)
