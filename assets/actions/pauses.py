"""Pauses from the verdicts on ad sets: what is to be stopped, what that saves, and what it costs."""

from datetime import date
from math import sqrt
from typing import Any

import pandas as pd

from assets.actions.findings import Finding, Wish
from assets.underperformers.judge import PAUSE
from resources.ledger.proposal import Effect, Target

PROPOSER = "rule:underperformers"


def pauses(found: pd.DataFrame, *, as_of: date, window_days: int) -> list[Finding]:
    """A finding for each ad set whose verdict is to pause it, the largest waste first."""
    some = found[found["verdict"] == PAUSE].sort_values("regret_week", ascending=False)
    return [_pause(row, as_of, window_days) for row in some.to_dict("records")]


def _pause(row: dict[str, Any], as_of: date, window_days: int) -> Finding:
    spend_a_day = row["spend_account"] / window_days
    low, high = poisson_range(row["conversions"])
    lost = [count / window_days for count in (low, row["conversions"], high)]
    name = row["name"] if isinstance(row["name"], str) else row["ad_set_id"]
    return Finding(
        kind="pause_ad_set",
        wishes=(
            Wish(
                Target(platform=row["platform"], account_id=row["account_id"], level="ad_set", entity_id=row["ad_set_id"]),
                status="paused",
            ),
        ),
        reason=f"{name}: {row['why']} On {window_days} closed days.",
        evidence={
            "days": window_days, "spend": round(row["spend_account"], 2), "spend_a_day": round(spend_a_day, 2),
            "conversions": round(row["conversions"], 2), "conversion_value": round(row["value_account"], 2),
            "expected_conversions": round(row["expected_conversions"], 2), "probability_below_target": round(row["p_below"], 4),
            "target": round(row["target"], 5),
            **{part: round(row[part], 3) for part in ("roas_mean", "roas_low", "roas_high") if pd.notna(row[part])},
            "waste_of_a_week_more": round(row["regret_week"], 2),
        },
        effect=Effect(
            metric="conversions a day", low=-lost[2], middle=-lost[1], high=-lost[0],
            words=f"saves about {spend_a_day:.2f} a day and costs {lost[0]:.2f} to {lost[2]:.2f} conversions a day (80 % range)",
        ),
        as_of=as_of, proposer=PROPOSER, weight=spend_a_day,
    )  # fmt: skip


def poisson_range(count: float) -> tuple[float, float]:
    """About 80 % range of a Poisson mean, by the square root's constant spread (Anscombe 1948)."""
    root = sqrt(count + 0.375)
    return max(0.0, (max(root - 0.64, 0.0)) ** 2 - 0.375), (root + 0.64) ** 2 - 0.375
