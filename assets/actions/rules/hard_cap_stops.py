"""Ad sets to pause where a hard cap will be exceeded and lower daily budgets are not enough."""

from collections.abc import Callable, Collection
from datetime import date, timedelta
from typing import Any

import pandas as pd

from assets.actions.rules.finding import Finding, Wish
from assets.signals.pacing.plan import is_covered
from resources.ledger.proposal import Effect, Target

PROPOSER = "rule:pacing"
USUAL_DAYS = 7


def hard_cap_stops(
    row: dict[str, Any],
    entities: pd.DataFrame,
    ad_set_days: pd.DataFrame,
    covers: tuple[str, ...],
    *,
    excess: float,
    busy: Collection[Target],
    as_of: date,
    describe: Callable[..., Finding] | None = None,
) -> list[Finding]:
    """Pauses, largest spenders first, until the projected excess over the cap is removed. One ad set of each
    campaign stays active.

    Args:
        row: The budget's row of signals/pacing.
        entities: core/entities.
        ad_set_days: core/ad_set_day of the last weeks.
        covers: Scope of the budget.
        excess: Projected (median) amount above the cap, in the budget's currency.
        busy: Targets of other findings.
        as_of: Last closed day.
        describe: Makes the finding of an ad set, its target, the row, what it saves and `as_of`; by default that
            of a month.
    """
    usual, left, findings = _usual_daily_spend(ad_set_days, as_of), float(row["days_left"]), []
    sets = entities[(entities["level"] == "ad_set") & (entities["status"] == "active")]
    going = sets.groupby(["platform", "account_id", "campaign_id"])["entity_id"].nunique().to_dict()
    spending = sorted(sets.to_dict("records"), key=lambda ad_set: -usual.get(_entity_key(ad_set), 0.0))
    for ad_set in spending:
        campaign = (ad_set["platform"], ad_set["account_id"], ad_set["campaign_id"])
        target = Target(
            platform=ad_set["platform"],
            account_id=ad_set["account_id"],
            level="ad_set",
            entity_id=ad_set["entity_id"],
        )
        above = target.model_copy(update={"level": "campaign", "entity_id": str(ad_set["campaign_id"])})
        saves = usual.get(_entity_key(ad_set), 0.0) * left
        if excess <= 0 or saves <= 0:
            break
        is_free = target not in busy and above not in busy and going[campaign] > 1
        if (
            not is_free
            or ad_set["currency"] != row["currency"]
            or not is_covered(" ".join(map(str, campaign)), covers)
        ):
            continue
        going[campaign] -= 1
        excess -= saves
        findings.append((describe or _finding)(ad_set, target, row, saves=saves, as_of=as_of))
    return findings


def _finding(
    ad_set: dict[str, Any], target: Target, row: dict[str, Any], *, saves: float, as_of: date
) -> Finding:
    left = int(row["days_left"])
    return Finding(
        kind="pause_ad_set",
        wishes=(Wish(target, status="paused"),),
        reason=f"{ad_set['name']}: the hard cap of '{row['name']}' ({row['budget']:,.0f} "
        f"{row['currency']}) will break: the month ends near {row['p50']:,.0f}, "
        "and lower daily budgets do not keep it.",
        evidence={
            "budget": row["name"],
            "emergency": "yes",
            "spent": round(row["spent"], 2),
            "p10": round(row["p10"], 2),
            "p50": round(row["p50"], 2),
            "p90": round(row["p90"], 2),
            "plan": round(row["budget"], 2),
            "p_beyond": round(float(row["p_beyond"]), 4),
            "days_left": left,
            "spend_a_day": round(saves / left, 2),
            "moves": round(-saves, 2),
        },
        effect=Effect(
            metric="month end",
            middle=row["p50"] - saves,
            words=f"keeps about {saves:,.0f} {ad_set['currency']} in {left} days",
        ),
        as_of=as_of,
        proposer=PROPOSER,
        weight=saves / left,
    )


def _usual_daily_spend(days: pd.DataFrame, as_of: date) -> dict[tuple[str, str, str], float]:
    lately = days[pd.to_datetime(days["day"]) > pd.Timestamp(as_of - timedelta(days=USUAL_DAYS))]
    sums = (
        lately.assign(spend=lately["spend"].astype(float))
        .groupby(["platform", "account_id", "ad_set_id"])["spend"]
        .sum()
    )
    return {(str(p), str(a), str(s)): float(value) / USUAL_DAYS for (p, a, s), value in sums.items()}


def _entity_key(ad_set: dict[str, Any]) -> tuple[str, str, str]:
    return ad_set["platform"], ad_set["account_id"], ad_set["entity_id"]
