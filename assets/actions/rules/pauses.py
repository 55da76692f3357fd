"""Pauses and restarts from signals/underperformers, with their expected savings and cost."""

from collections.abc import Collection
from datetime import date
from math import sqrt
from typing import Any, Literal

import pandas as pd

from assets.actions.rules.finding import EntityChangeRequest, Finding
from assets.signals.underperformers.judge import FINE, PAUSE
from resources.ledger.proposal import Effect, Target

PROPOSER = "rule:underperformers"


def with_status_now(judged: pd.DataFrame, entities: pd.DataFrame) -> pd.DataFrame:
    """Rows of signals/underperformers with the newest name, status and currency of their ad sets.

    Args:
        judged: signals/underperformers of one day.
        entities: core/entities.
    """
    keys = ["platform", "account_id", "ad_set_id"]
    # core/entities has an ad_set_id of its own, which names the parent of an ad.
    ad_sets = entities[entities["level"] == "ad_set"].assign(ad_set_id=lambda rows: rows["entity_id"])
    newest = ad_sets.drop_duplicates(keys, keep="last").reindex(columns=[*keys, "name", "status", "currency"])
    complete = judged[
        judged["days"].notna()
    ]  # rows that an older version wrote lack what a proposal has to say
    rows = complete.drop(columns=["name", "status"], errors="ignore")
    return rows.merge(newest, on=keys, how="left")


def pauses(judged: pd.DataFrame, *, as_of: date) -> list[Finding]:
    """A finding per active ad set with verdict pause, largest expected waste first."""
    is_paused = (judged["verdict"] == PAUSE) & (judged["status"] == "active")
    some = judged[is_paused].sort_values("regret_week", ascending=False)
    return [_finding(row, as_of, status="paused") for row in some.to_dict("records")]


def restarts(judged: pd.DataFrame, *, as_of: date, paused_by_us: Collection[Target]) -> list[Finding]:
    """A finding per ad set that we paused and that is fine now that its late conversions have arrived.

    Ad sets paused by a person are never restarted, since the reason is unknown.
    """
    some = judged[(judged["verdict"] == FINE) & (judged["status"] == "paused")].to_dict("records")
    return [_finding(row, as_of, status="active") for row in some if _target(row) in paused_by_us]


def _finding(row: dict[str, Any], as_of: date, *, status: Literal["active", "paused"]) -> Finding:
    days, spend_a_day = int(row["days"]), row["spend"] / row["days"]
    low, high = poisson_range(row["conversions"])
    counts = [count / days for count in (low, row["conversions"], high)]
    name = row["name"] if isinstance(row["name"], str) else row["ad_set_id"]
    conversions_range = f"{counts[0]:.2f} to {counts[2]:.2f} conversions a day (80 % range)"
    stops = status == "paused"
    currency = row.get("currency")
    money = f"{spend_a_day:.2f} {currency}" if isinstance(currency, str) else f"{spend_a_day:.2f}"
    words = (
        f"saves about {money} a day and costs {conversions_range}"
        if stops
        else f"brings {conversions_range} for about {money} a day"
    )
    low, middle, high = (-counts[2], -counts[1], -counts[0]) if stops else counts
    return Finding(
        kind="pause_ad_set" if stops else "resume_ad_set",
        change_requests=(EntityChangeRequest(_target(row), status=status),),
        reason=f"{name}: {row['why']} On {days} closed days."
        + ("" if stops else " It was paused before all of them were there."),
        evidence={
            "days": days,
            "spend": round(row["spend"], 2),
            "spend_a_day": round(spend_a_day, 2),
            "conversions": round(row["conversions"], 2),
            "conversion_value": round(row["conversion_value"], 2),
            "expected_conversions": round(row["expected_conversions"], 2),
            "probability_below_target": round(row["p_below"], 4),
            "target": round(row["target"], 5),
            **{
                part: round(row[part], 3)
                for part in ("roas_mean", "roas_low", "roas_high")
                if pd.notna(row[part])
            },
            "waste_of_a_week_more": round(row["regret_week"], 2),
        },
        effect=Effect(metric="conversions a day", low=low, middle=middle, high=high, words=words),
        as_of=as_of,
        proposer=PROPOSER,
        weight=abs(row["regret_week"]) / 7 if pd.notna(row["regret_week"]) else 0.0,
    )


def _target(row: dict[str, Any]) -> Target:
    return Target(
        platform=row["platform"], account_id=row["account_id"], level="ad_set", entity_id=row["ad_set_id"]
    )


def poisson_range(count: float) -> tuple[float, float]:
    """Approximate 80 % interval of a Poisson mean by the variance-stabilising square root (Anscombe 1948)."""
    root = sqrt(count + 0.375)
    return max(0.0, (max(root - 0.64, 0.0)) ** 2 - 0.375), (root + 0.64) ** 2 - 0.375
