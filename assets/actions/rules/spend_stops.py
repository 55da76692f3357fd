"""Ad sets to pause where a hard cap is broken, or breaks before today ends."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from assets.actions.rules.finding import EntityChangeRequest, Finding
from assets.actions.rules.hard_cap_stops import hard_cap_stops, relative_return
from assets.signals.pacing.plan import BUDGET
from resources.kinds.entity_status.change import StatusChange
from resources.ledger.proposal import Change, Effect, Target
from resources.policy.budgets import Budget

PROPOSER = "rule:spend_today"


def spend_stops(
    rows: Sequence[Mapping[str, Any]],
    budgets: Sequence[Budget],
    entities: pd.DataFrame,
    ad_set_days: pd.DataFrame,
    *,
    waiting: Collection[Change],
    judged: pd.DataFrame,
    as_of: date,
) -> list[Finding]:
    """Pauses per hard cap, lowest return on spend first, until what the rest of the day adds no longer breaks it.

    Args:
        rows: Of signals/spend_today, fresh ones.
        budgets: Those of the month.
        entities: core/entities.
        ad_set_days: core/ad_set_day of the last weeks.
        waiting: Changes of open proposals: their targets are left alone, and what their pauses save counts already.
        judged: signals/underperformers of the last closed day.
        as_of: Last closed day.
    """
    by_name = {f"{BUDGET}{budget.name}": budget for budget in budgets}
    findings: list[Finding] = []
    for row in rows:
        budget = by_name.get(str(row["series_id"]))
        left = 1.0 - float(row["day_share"])
        if (
            budget is None
            or not budget.hard_cap
            or row["status"] not in {"broken", "breaks_today"}
            or left <= 0
        ):
            continue
        proposed = [wish for finding in findings for wish in finding.change_requests]
        paused = {
            change.target
            for change in waiting
            if isinstance(change, StatusChange) and change.after == "paused"
        }
        paused |= {finding.target for finding in findings if finding.is_pause}
        busy = {change.target for change in waiting} | {wish.target for wish in proposed}
        findings += hard_cap_stops(
            {**row, "days_left": left},
            entities,
            ad_set_days,
            budget.covers,
            excess=min(float(row["excess"]), float(row["expected_rest"])),
            busy=busy,
            paused=paused,
            judged=judged,
            as_of=as_of,
            describe=_finding,
        )
    return findings


def _finding(
    ad_set: dict[str, Any],
    target: Target,
    row: dict[str, Any],
    verdict: dict[str, Any] | None,
    *,
    saves: float,
    as_of: date,
) -> Finding:
    currency = ad_set["currency"]
    return Finding(
        kind="pause_ad_set",
        change_requests=(EntityChangeRequest(target, status="paused"),),
        reason=f"{ad_set['name']}: the hard cap of '{row['name']}' breaks today. {row['reason']}",
        evidence={
            "budget": row["name"],
            "emergency": "yes",
            "spent": round(float(row["spent_before"]) + float(row["spent_today"]), 2),
            "spent_today": round(float(row["spent_today"]), 2),
            "expected_rest": round(float(row["expected_rest"]), 2),
            "plan": round(float(row["cap"]), 2),
            "day_share": round(float(row["day_share"]), 3),
            "read_at": f"{row['checked_at']:%Y-%m-%d %H:%M} UTC",
            "spend_a_day": round(saves / (1.0 - float(row["day_share"])), 2),
            "moves": round(-saves, 2),
            "verdict": "not judged" if verdict is None else str(verdict["verdict"]),
            "return_of_target": round(relative_return(verdict), 3),
        },
        effect=Effect(
            metric="spend today",
            middle=round(-saves, 2),
            words=f"keeps about {saves:,.0f} {currency} of today",
        ),
        as_of=as_of,
        proposer=PROPOSER,
        weight=saves,
    )
