"""Underperforming ad sets as the page shows them: those to act on, the largest waste first, and how many were
judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from assets.formatting.platform_names import spoken
from assets.reports.pages.day_frames import known

SHOWN = 12
_ACTED_ON = ("pause", "reduce")


@dataclass(frozen=True)
class UnderperformerRow:
    """One ad set with its verdict.

    `waste` is what a week more of it would probably waste, in the reporting currency.
    """

    ad_set_id: str
    name: str
    platform: str
    platform_label: str
    verdict: str
    roas: float | None
    low: float | None
    high: float | None
    target: float | None
    below: float | None
    waste: float | None
    why: str
    action: str
    """What became of it: the proposal made, why none was, or nothing."""


@dataclass(frozen=True)
class UnderperformerSummary:
    """Verdicts on the day's ad sets. `counts` is by verdict, of all that spent; `waste` is the expected waste of
    one more week of all underperforming ones, in the reporting currency.
    """

    rows: tuple[UnderperformerRow, ...]
    counts: Mapping[str, int]
    waste: float = 0.0

    @property
    def judged(self) -> int:
        return sum(self.counts.values())

    @property
    def acted_on(self) -> int:
        return sum(self.counts.get(name, 0) for name in _ACTED_ON)


def verdicts_of(
    rows: pd.DataFrame, *, as_of: date, findings: pd.DataFrame | None = None
) -> UnderperformerSummary | None:
    """The verdicts of the page's day; None where nobody judged it.

    Args:
        rows: signals/underperformers.
        as_of: The page's day.
        findings: actions/proposals of the day, which say what was proposed and why the rest was not.
    """
    if rows.empty:
        return None
    today = rows[pd.to_datetime(rows["day"]) == pd.Timestamp(as_of)]
    if today.empty:
        return None
    weak = today[today["verdict"].isin(_ACTED_ON)].sort_values("regret_week", ascending=False)
    some = weak.head(SHOWN)
    counts = {str(name): int(count) for name, count in today["verdict"].value_counts().items()}
    actions = {} if findings is None else _actions(findings)
    return UnderperformerSummary(
        tuple(
            _row(line, actions.get((line["platform"], line["account_id"], line["ad_set_id"]), ""))
            for line in some.to_dict("records")
        ),
        counts,
        waste=float(weak["regret_week"].sum()),
    )


def _actions(findings: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    """What became of the findings about ad sets, in words, by platform, account and ad set."""
    words = {}
    ad_sets = findings[findings["level"] == "ad_set"].sort_values("position", ascending=False)
    for line in ad_sets.to_dict("records"):
        text = {
            "proposed": "Proposed: waits for approval",
            "not examined": "Not proposed: the day's list is full",
        }
        reason = text.get(line["outcome"]) or f"Kept back: {line['why']}"
        words[(line["platform"], line["account_id"], line["entity_id"])] = reason
    return words


def _row(line: Mapping[str, Any], action: str) -> UnderperformerRow:
    sells = line["goal"] == "sales"
    return UnderperformerRow(
        ad_set_id=line["ad_set_id"],
        name=line["name"] if isinstance(line["name"], str) else line["ad_set_id"],
        platform=line["platform"],
        platform_label=spoken(line["platform"]),
        verdict=line["verdict"],
        roas=known(line["roas_mean"]),
        low=known(line["roas_low"]),
        high=known(line["roas_high"]),
        target=known(line["target"]) if sells else None,
        below=known(line["p_below"]),
        waste=known(line["regret_week"]),
        why=line["why"],
        action=action,
    )
