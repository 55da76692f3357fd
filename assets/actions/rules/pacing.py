"""Daily budgets that bring a month to its plan, and stops where a hard cap will break: findings from signals/pacing.

A budget of the user's file that is surely off plan, no longer early, and can still be met, moves the daily budgets of its campaigns;
each a fifth at most, so that a month comes back in steps. Where a hard cap will be exceeded, its campaigns go
down as far as the guardrails let them, and where that is not enough ad sets are to be stopped: emergencies, proposed first.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

from assets.actions.rules.finding import Finding, Wish
from assets.actions.rules.hard_cap_stops import stops
from assets.signals.pacing.plan import covered
from resources.ledger.proposal import Effect, Target
from resources.policy.budgets import Budgets
from resources.policy.pacing import Pacing
from resources.policy.policy import Guardrails

PROPOSER = "rule:pacing"
WORTH_MOVING = 0.02
"""A smaller change of a daily budget is not worth anybody's time."""


def pace_findings(
    rows: pd.DataFrame, entities: pd.DataFrame, budgets: Budgets, *, as_of: date, policy: Pacing, limits: Guardrails,
    ad_set_days: pd.DataFrame, taken: Iterable[Target] = (),
) -> list[Finding]:  # fmt: skip
    """Changes of daily budgets, emergencies first, then the most money.

    Args:
        rows: signals/pacing of `as_of`.
        entities: core/entities.
        budgets: The user's file.
        as_of: Last closed day.
        policy: From which probability on a month is off plan.
        limits: The share that a daily budget may move by.
        ad_set_days: core/ad_set_day of the last weeks: which ad sets to stop where lower budgets do not keep a hard cap.
        taken: What other findings of the day already touch; never touched again, nor the campaign above or the ad sets below it.
    """
    own = rows[(rows["level"] == "budget") & (rows["status"] != "early")] if len(rows) else rows
    if own.empty:
        return []
    busy = _around(taken, entities)
    found: dict[Target, Finding] = {}
    for row in own.to_dict("records"):
        breaks = bool(row["hard_cap"]) and _or_zero(row["p_beyond"]) >= policy.red_above
        over, under = (
            _or_zero(row["p_over"]) >= policy.red_above,
            _or_zero(row["p_under"]) >= policy.red_above,
        )
        if not (breaks or over or under) or not row["days_left"] or row["p50"] <= row["spent"]:
            continue
        factor = (row["budget"] - row["spent"]) / (row["p50"] - row["spent"])
        held = next((one for one in budgets.of(as_of.replace(day=1)) if one.name == row["name"]), None)
        if held is None:
            continue
        for owner in _owners(entities, held.covers):
            if owner["target"] in busy or owner["above"] in busy or owner["target"] in found:
                continue
            made = _finding(owner, row, rows, factor=factor, breaks=breaks, as_of=as_of, limits=limits)
            if made is not None:
                found[owner["target"]] = made
        if breaks:
            cut = sum(
                float(one.evidence["moves"] or 0.0)
                for one in found.values()
                if one.evidence["budget"] == row["name"]
            )
            excess = row["p50"] - row["budget"] + cut
            found |= {
                one.wishes[0].target: one
                for one in stops(
                    row,
                    entities,
                    ad_set_days,
                    held.covers,
                    excess=excess,
                    busy=busy | set(found),
                    as_of=as_of,
                )
            }
    return sorted(found.values(), key=lambda one: (one.evidence["emergency"] != "yes", -one.weight))


def _finding(
    owner: dict[str, Any], row: dict[str, Any], rows: pd.DataFrame, *, factor: float, breaks: bool, as_of: date, limits: Guardrails
) -> Finding | None:  # fmt: skip
    own = rows[rows["series_id"].isin(owner["places"])]
    if own.empty:
        return None
    current, days_left = float(owner["daily_budget"]), int(row["days_left"])
    ahead = float((own["p50"] - own["spent"]).clip(lower=0).sum()) * owner["share"]
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
        kind="set_daily_budget", wishes=(Wish(owner["target"], to=Decimal(str(round(wanted, 2)))),),
        reason=f"{owner['name']}: the month of '{row['name']}' ends near {row['p50']:,.0f} {row['currency']}, {side} its {row['budget']:,.0f} ({likely} likely).{cap}",
        evidence={
            "budget": row["name"], "emergency": "yes" if breaks else "no", "spent": round(row["spent"], 2), "p10": round(row["p10"], 2),
            "p50": round(row["p50"], 2), "p90": round(row["p90"], 2), "plan": round(row["budget"], 2), "days_left": days_left,
            "p_over": round(_or_zero(row["p_over"]), 4), "p_under": round(_or_zero(row["p_under"]), 4), "spend_a_day": round(usual, 2), "moves": round(moved * days_left, 2),
        },
        effect=Effect(
            metric="month end", low=ends[0] if ends else None, middle=ends[1] if ends else None, high=ends[2] if ends else None,
            words=f"moves the month by about {moved * days_left:+,.0f} {owner['currency']} in {days_left} days",
        ),
        as_of=as_of, proposer=PROPOSER, weight=abs(wanted - current),
    )  # fmt: skip


def _owners(entities: pd.DataFrame, covers: tuple[str, ...]) -> list[dict[str, Any]]:
    """Active entities that hold a daily budget below what is covered: campaigns, ad sets and shared budgets, with the campaigns they spend in."""
    some = entities[
        (entities["status"] == "active")
        & entities["level"].isin(["campaign", "ad_set"])
        & entities["daily_budget"].notna()
    ]
    owners: dict[Target, dict[str, Any]] = {}
    for one in some.to_dict("records"):
        place = f"{one['platform']} {one['account_id']} {one['campaign_id'] or one['entity_id']}"
        shared = one["budget_owner"] == "shared_budget" and one["level"] == "campaign"
        if (
            not covered(place, covers)
            or (not shared and one["budget_owner"] != one["level"])
            or not float(one["daily_budget"]) > 0
        ):
            continue
        target = Target(
            platform=one["platform"], account_id=one["account_id"], level="shared_budget" if shared else one["level"],
            entity_id=str(one["budget_id"]) if shared else one["entity_id"],
        )  # fmt: skip
        held = owners.setdefault(
            target,
            {
                "target": target,
                "name": one["name"],
                "daily_budget": one["daily_budget"],
                "currency": one["currency"],
                "places": [],
                "above": target.model_copy(update={"level": "campaign", "entity_id": place.split()[2]}),
            },
        )
        held["places"].append(place)
    for one in (
        owners.values()
    ):  # what an ad set spends of its campaign's money is not in the signal: its share of their budgets
        sets = [
            other
            for other in owners.values()
            if other["target"].level == "ad_set" and other["places"] == one["places"]
        ]
        whole = sum(float(other["daily_budget"]) for other in sets)
        one["share"] = float(one["daily_budget"]) / whole if one["target"].level == "ad_set" else 1.0
    return list(owners.values())


def _around(taken: Iterable[Target], entities: pd.DataFrame) -> set[Target]:
    """What is touched, with the campaign above each ad set and the shared budget above each campaign."""
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
    """By entity id what the listing says; of budgets the shared ones alone. Ids are a platform's own and do not meet another's."""
    some = entities[(entities["level"] == level) & entities[name].notna()]
    if name == "budget_id":
        some = some[some["budget_owner"] == "shared_budget"]
    return dict(zip(some["entity_id"].astype(str), some[name].astype(str), strict=True))


def _or_zero(value: Any) -> float:
    return 0.0 if pd.isna(value) else float(value)


def _percent(share: Any) -> str:
    value = _or_zero(share)
    return "over 99 %" if value > 0.99 else f"{value:.0%}"
