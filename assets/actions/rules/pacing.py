"""Findings from signals/pacing: daily budgets that bring a month back to plan, and pauses where a hard cap
will be exceeded.

A budget that is off plan with high probability, past its first days, and can still be met, moves the daily
budgets of its campaigns, each by a fifth at most per step. Where a hard cap will be exceeded, its campaigns
are lowered as far as the guardrails allow, and if that is not enough ad sets are paused. These are
emergencies and proposed first.
"""

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

from assets.actions.rules.finding import EntityChangeRequest, Finding, prioritised
from assets.actions.rules.hard_cap_stops import hard_cap_stops
from assets.signals.pacing.plan import is_covered
from resources.ledger.proposal import Effect, Target
from resources.policy.budgets import Budgets
from resources.policy.pacing import Pacing
from resources.policy.policy import Guardrails

PROPOSER = "rule:pacing"
WORTH_MOVING = 0.02
"""Smallest relative change of a daily budget that is proposed."""


def pace_findings(
    rows: pd.DataFrame,
    entities: pd.DataFrame,
    budgets: Budgets,
    *,
    as_of: date,
    policy: Pacing,
    limits: Guardrails,
    ad_set_days: pd.DataFrame,
    judged: pd.DataFrame,
    taken: Iterable[Target] = (),
    paused: Collection[Target] = (),
) -> list[Finding]:
    """Changes of daily budgets, emergencies first, then by money.

    Args:
        rows: signals/pacing of `as_of`.
        entities: core/entities.
        budgets: The user's file.
        as_of: Last closed day.
        policy: Probability from which a month is off plan.
        limits: Largest relative change of a daily budget.
        ad_set_days: core/ad_set_day of the last weeks, from which ad sets to pause are chosen.
        judged: signals/underperformers of `as_of`, by which ad sets to pause are ranked.
        paused: Targets that other findings of the day pause, which counts towards a hard cap.
        taken: Targets of other findings of the day; these, their parents and their children are left alone.
    """
    budget_rows = rows[(rows["level"] == "budget") & (rows["status"] != "early")] if len(rows) else rows
    if budget_rows.empty:
        return []
    busy = _touched_with_parents(taken, entities)
    findings: dict[Target, Finding] = {}
    for row in budget_rows.to_dict("records"):
        breaks = bool(row["hard_cap"]) and _or_zero(row["p_beyond"]) >= policy.red_above
        over, under = (
            _or_zero(row["p_over"]) >= policy.red_above,
            _or_zero(row["p_under"]) >= policy.red_above,
        )
        if not (breaks or over or under) or not row["days_left"] or row["p50"] <= row["spent"]:
            continue
        factor = (row["budget"] - row["spent"]) / (row["p50"] - row["spent"])
        held = next((item for item in budgets.of(as_of.replace(day=1)) if item.name == row["name"]), None)
        if held is None:
            continue
        for owner in _owners(entities, held.covers):
            if owner["target"] in busy or owner["above"] in busy or owner["target"] in findings:
                continue
            change = _finding(owner, row, rows, factor=factor, breaks=breaks, as_of=as_of, limits=limits)
            if change is not None:
                findings[owner["target"]] = change
        if breaks:
            cut = sum(
                float(item.evidence["moves"] or 0.0)
                for item in findings.values()
                if item.evidence["budget"] == row["name"]
            )
            excess = row["p50"] - row["budget"] + cut
            findings |= {
                item.change_requests[0].target: item
                for item in hard_cap_stops(
                    row,
                    entities,
                    ad_set_days,
                    held.covers,
                    excess=excess,
                    busy=busy | set(findings),
                    paused=paused,
                    judged=judged,
                    as_of=as_of,
                )
            }
    return prioritised(findings.values())


def _finding(
    owner: dict[str, Any],
    row: dict[str, Any],
    rows: pd.DataFrame,
    *,
    factor: float,
    breaks: bool,
    as_of: date,
    limits: Guardrails,
) -> Finding | None:
    campaign_rows = rows[rows["series_id"].isin(owner["places"])]
    if campaign_rows.empty:
        return None
    current, days_left = float(owner["daily_budget"]), int(row["days_left"])
    ahead = float((campaign_rows["p50"] - campaign_rows["spent"]).clip(lower=0).sum()) * owner["share"]
    usual = ahead / days_left
    step = limits.change_share
    target = min(usual * factor, current * (1 + step)) if factor < 1 else current * min(factor, 1 + step)
    floor = current * (1 - step)
    wanted = max(target, floor) if factor < 1 else target
    if factor >= 1 and usual < current * 0.85:
        return None  # more of a budget that is not used up moves nothing
    if abs(wanted / current - 1) < WORTH_MOVING or (factor < 1 and wanted >= usual):
        return None  # less of a budget binds only below what is spent
    moved = min(usual, wanted) - usual if factor < 1 else wanted - current
    ends = (
        [float(row[key]) + moved * days_left for key in ("p10", "p50", "p90")]
        if row["currency"] == owner["currency"]
        else None
    )
    cap = f" It is a hard cap, {_percent(row['p_beyond'])} likely to break." if breaks else ""
    side = "above" if factor < 1 else "below"
    likely = _percent(row["p_beyond"] if breaks else max(row["p_over"], row["p_under"]))
    return Finding(
        kind="set_daily_budget",
        change_requests=(EntityChangeRequest(owner["target"], to=Decimal(str(round(wanted, 2)))),),
        reason=(
            f"{owner['name']}: the month of '{row['name']}' ends near {row['p50']:,.0f} "
            f"{row['currency']}, {side} its {row['budget']:,.0f} ({likely} likely).{cap}"
        ),
        evidence={
            "budget": row["name"],
            "emergency": "yes" if breaks else "no",
            "spent": round(row["spent"], 2),
            "p10": round(row["p10"], 2),
            "p50": round(row["p50"], 2),
            "p90": round(row["p90"], 2),
            "plan": round(row["budget"], 2),
            "days_left": days_left,
            "p_over": round(_or_zero(row["p_over"]), 4),
            "p_under": round(_or_zero(row["p_under"]), 4),
            "spend_a_day": round(usual, 2),
            "moves": round(moved * days_left, 2),
        },
        effect=Effect(
            metric="month end",
            low=ends[0] if ends else None,
            middle=ends[1] if ends else None,
            high=ends[2] if ends else None,
            words=(
                f"moves the month by about {moved * days_left:+,.0f} {owner['currency']} in {days_left} days"
            ),
        ),
        as_of=as_of,
        proposer=PROPOSER,
        weight=abs(wanted - current),
    )


def _owners(entities: pd.DataFrame, covers: tuple[str, ...]) -> list[dict[str, Any]]:
    """Active entities in the scope that own a daily budget: campaigns, ad sets and shared budgets, with their
    campaigns.
    """
    some = entities[
        (entities["status"] == "active")
        & entities["level"].isin(["campaign", "ad_set"])
        & entities["daily_budget"].notna()
    ]
    owners: dict[Target, dict[str, Any]] = {}
    for entity in some.to_dict("records"):
        campaign = (
            f"{entity['platform']} {entity['account_id']} {entity['campaign_id'] or entity['entity_id']}"
        )
        shared = entity["budget_owner"] == "shared_budget" and entity["level"] == "campaign"
        if (
            not is_covered(campaign, covers)
            or (not shared and entity["budget_owner"] != entity["level"])
            or not float(entity["daily_budget"]) > 0
        ):
            continue
        target = Target(
            platform=entity["platform"],
            account_id=entity["account_id"],
            level="shared_budget" if shared else entity["level"],
            entity_id=str(entity["budget_id"]) if shared else entity["entity_id"],
        )
        held = owners.setdefault(
            target,
            {
                "target": target,
                "name": entity["name"],
                "daily_budget": entity["daily_budget"],
                "currency": entity["currency"],
                "places": [],
                "above": target.model_copy(update={"level": "campaign", "entity_id": campaign.split()[2]}),
            },
        )
        held["places"].append(campaign)
    for entity in (
        owners.values()
    ):  # what an ad set spends of its campaign's money is not in the signal: its share of their budgets
        sets = [
            other
            for other in owners.values()
            if other["target"].level == "ad_set" and other["places"] == entity["places"]
        ]
        whole = sum(float(other["daily_budget"]) for other in sets)
        entity["share"] = float(entity["daily_budget"]) / whole if entity["target"].level == "ad_set" else 1.0
    return list(owners.values())


def _touched_with_parents(taken: Iterable[Target], entities: pd.DataFrame) -> set[Target]:
    """Touched targets with the campaign of each ad set and the shared budget of each campaign."""
    busy, above, shared = (
        set(taken),
        _column(entities, "ad_set", "campaign_id"),
        _column(entities, "campaign", "budget_id"),
    )
    for target in tuple(busy):
        if target.level == "ad_set" and target.entity_id in above:
            busy.add(target.model_copy(update={"level": "campaign", "entity_id": above[target.entity_id]}))
    for target in tuple(busy):
        if target.level == "campaign" and target.entity_id in shared:
            busy.add(
                target.model_copy(update={"level": "shared_budget", "entity_id": shared[target.entity_id]})
            )
    return busy


def _column(entities: pd.DataFrame, level: str, name: str) -> dict[str, str]:
    """Column of entities by id; of budget_id shared budgets only. Ids are unique within a platform."""
    some = entities[(entities["level"] == level) & entities[name].notna()]
    if name == "budget_id":
        some = some[some["budget_owner"] == "shared_budget"]
    return dict(zip(some["entity_id"].astype(str), some[name].astype(str), strict=True))


def _or_zero(value: Any) -> float:
    return 0.0 if pd.isna(value) else float(value)


def _percent(share: Any) -> str:
    value = _or_zero(share)
    return "over 99 %" if value > 0.99 else f"{value:.0%}"
