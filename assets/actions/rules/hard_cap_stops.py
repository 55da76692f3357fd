"""Ad sets to stop where a hard cap will break and lower daily budgets do not keep it."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

import pandas as pd

from assets.actions.rules.finding import Finding, Wish
from assets.signals.pacing.plan import covered
from resources.ledger.proposal import Effect, Target

PROPOSER = "rule:pacing"
USUAL_DAYS = 7


def stops(
    row: dict[str, Any], entities: pd.DataFrame, ad_set_days: pd.DataFrame, covers: tuple[str, ...], *, excess: float,
    busy: Collection[Target], as_of: date,
) -> list[Finding]:  # fmt: skip
    """Pauses, the largest spenders first, until the month no longer ends `excess` above its cap. One ad set of each campaign goes on.

    Args:
        row: The budget's row of signals/pacing.
        entities: core/entities.
        ad_set_days: core/ad_set_day of the last weeks.
        covers: What the budget covers.
        excess: Money above the cap by the middle of the projection, in the budget's currency.
        busy: What other findings touch.
        as_of: Last closed day.
    """
    usual, left, found = _usual(ad_set_days, as_of), int(row["days_left"]), []
    sets = entities[(entities["level"] == "ad_set") & (entities["status"] == "active")]
    going = sets.groupby(["platform", "account_id", "campaign_id"])["entity_id"].nunique().to_dict()
    spending = sorted(sets.to_dict("records"), key=lambda one: -usual.get(_place(one), 0.0))
    for one in spending:
        campaign = (one["platform"], one["account_id"], one["campaign_id"])
        target = Target(
            platform=one["platform"], account_id=one["account_id"], level="ad_set", entity_id=one["entity_id"]
        )
        above = target.model_copy(update={"level": "campaign", "entity_id": str(one["campaign_id"])})
        saves = usual.get(_place(one), 0.0) * left
        if excess <= 0 or saves <= 0:
            break
        is_free = target not in busy and above not in busy and going[campaign] > 1
        if (
            not is_free
            or one["currency"] != row["currency"]
            or not covered(" ".join(map(str, campaign)), covers)
        ):
            continue
        going[campaign] -= 1
        excess -= saves
        found.append(_finding(one, target, row, saves=saves, as_of=as_of))
    return found


def _finding(
    one: dict[str, Any], target: Target, row: dict[str, Any], *, saves: float, as_of: date
) -> Finding:
    left = int(row["days_left"])
    return Finding(
        kind="pause_ad_set", wishes=(Wish(target, status="paused"),),
        reason=f"{one['name']}: the hard cap of '{row['name']}' ({row['budget']:,.0f} {row['currency']}) will break: the month ends near {row['p50']:,.0f}, "
        "and lower daily budgets do not keep it.",
        evidence={
            "budget": row["name"], "emergency": "yes", "spent": round(row["spent"], 2), "p10": round(row["p10"], 2), "p50": round(row["p50"], 2),
            "p90": round(row["p90"], 2), "plan": round(row["budget"], 2), "p_beyond": round(float(row["p_beyond"]), 4), "days_left": left,
            "spend_a_day": round(saves / left, 2), "moves": round(-saves, 2),
        },
        effect=Effect(metric="month end", middle=row["p50"] - saves, words=f"keeps about {saves:,.0f} {one['currency']} in {left} days"),
        as_of=as_of, proposer=PROPOSER, weight=saves / left,
    )  # fmt: skip


def _usual(days: pd.DataFrame, as_of: date) -> dict[tuple[str, str, str], float]:
    lately = days[pd.to_datetime(days["day"]) > pd.Timestamp(as_of - timedelta(days=USUAL_DAYS))]
    sums = (
        lately.assign(spend=lately["spend"].astype(float))
        .groupby(["platform", "account_id", "ad_set_id"])["spend"]
        .sum()
    )
    return {(str(p), str(a), str(s)): float(value) / USUAL_DAYS for (p, a, s), value in sums.items()}


def _place(one: dict[str, Any]) -> tuple[str, str, str]:
    return one["platform"], one["account_id"], one["entity_id"]
