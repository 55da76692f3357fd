"""Ad sets to pause where a hard cap will be exceeded and lower daily budgets are not enough."""

from collections.abc import Callable, Collection
from datetime import date, timedelta
from typing import Any

import pandas as pd

from assets.actions.rules.finding import EntityChangeRequest, Finding
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
    paused: Collection[Target],
    judged: pd.DataFrame,
    as_of: date,
    describe: Callable[..., Finding] | None = None,
) -> list[Finding]:
    """Pauses, lowest return on spend first, until the projected excess over the cap is removed. One ad set of
    each campaign stays active.

    Args:
        row: The budget's row of signals/pacing.
        entities: core/entities.
        ad_set_days: core/ad_set_day of the last weeks.
        covers: Scope of the budget.
        excess: Projected (median) amount above the cap, in the budget's currency.
        busy: Targets of other findings.
        paused: Those of them that another rule pauses: what they would have spent counts towards the excess.
        judged: signals/underperformers of the day.
        as_of: Last closed day.
        describe: Makes the finding of an ad set, its target, the row, its verdict, what it saves and `as_of`; by
            default that of a month.
    """
    usual, left, findings = _usual_daily_spend(ad_set_days, as_of), float(row["days_left"]), []
    sets = entities[(entities["level"] == "ad_set") & (entities["status"] == "active")]
    going = sets.groupby(["platform", "account_id", "campaign_id"])["entity_id"].nunique().to_dict()
    verdicts = {
        (line["platform"], line["account_id"], line["ad_set_id"]): line for line in judged.to_dict("records")
    }

    def order(ad_set: dict[str, Any]) -> tuple[float, float]:
        key = _entity_key(ad_set)
        return relative_return(verdicts.get(key)), -usual.get(key, 0.0)

    candidates = []
    for ad_set in sorted(sets.to_dict("records"), key=order):
        campaign = (ad_set["platform"], ad_set["account_id"], ad_set["campaign_id"])
        target = Target(
            platform=ad_set["platform"],
            account_id=ad_set["account_id"],
            level="ad_set",
            entity_id=ad_set["entity_id"],
        )
        above = target.model_copy(update={"level": "campaign", "entity_id": str(ad_set["campaign_id"])})
        saves = usual.get(_entity_key(ad_set), 0.0) * left
        if ad_set["currency"] != row["currency"] or not is_covered(" ".join(map(str, campaign)), covers):
            continue
        if target in paused:
            excess -= saves
            going[campaign] -= 1
            continue
        candidates.append((ad_set, target, above, campaign, saves))
    for ad_set, target, above, campaign, saves in candidates:
        if excess <= 0:
            break
        if saves <= 0 or target in busy or above in busy or going[campaign] <= 1:
            continue
        going[campaign] -= 1
        excess -= saves
        verdict = verdicts.get(_entity_key(ad_set))
        findings.append((describe or _finding)(ad_set, target, row, verdict, saves=saves, as_of=as_of))
    return findings


def relative_return(verdict: dict[str, Any] | None) -> float:
    """Expected return on spend as a share of its target, from a row of signals/underperformers: the posterior
    mean of ROAS over the target ROAS, for leads (count + 1) over (expected count + 1). 1.0 where the ad set was not judged.
    """
    if verdict is None:
        return 1.0
    if pd.notna(verdict["roas_mean"]) and pd.notna(verdict["target"]) and verdict["target"] > 0:
        return float(verdict["roas_mean"] / verdict["target"])
    if pd.notna(verdict["expected_conversions"]) and pd.notna(verdict["conversions"]):
        return float((verdict["conversions"] + 1) / (verdict["expected_conversions"] + 1))
    return 1.0


def _finding(
    ad_set: dict[str, Any],
    target: Target,
    row: dict[str, Any],
    verdict: dict[str, Any] | None,
    *,
    saves: float,
    as_of: date,
) -> Finding:
    left = int(row["days_left"])
    return Finding(
        kind="pause_ad_set",
        change_requests=(EntityChangeRequest(target, status="paused"),),
        reason=(
            f"{ad_set['name']}: the hard cap of '{row['name']}' ({row['budget']:,.0f} "
            f"{row['currency']}) will break: the month ends near {row['p50']:,.0f}, "
            f"and lower daily budgets do not keep it. {_return_in_words(verdict)}"
        ),
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
            "verdict": "not judged" if verdict is None else str(verdict["verdict"]),
            "return_of_target": round(relative_return(verdict), 3),
            **_roas(verdict),
        },
        effect=Effect(
            metric="month end",
            middle=row["p50"] - saves,
            words=f"keeps about {saves:,.0f} {ad_set['currency']} in {left} days",
        ),
        as_of=as_of,
        proposer=PROPOSER,
        weight=saves / left * (1 - relative_return(verdict)),
    )


def _roas(verdict: dict[str, Any] | None) -> dict[str, str | float | int | None]:
    if verdict is None or pd.isna(verdict["roas_mean"]):
        return {}
    return {part: round(float(verdict[part]), 3) for part in ("roas_mean", "roas_low", "roas_high", "target")}


def _return_in_words(verdict: dict[str, Any] | None) -> str:
    order = "ad sets that return less are stopped before it"
    if verdict is None:
        return f"Its return is not known; {order}."
    if roas := _roas(verdict):
        return (
            f"Its ROAS is {roas['roas_mean']:.2f} ({roas['roas_low']:.2f} to {roas['roas_high']:.2f}) against"
            f" a target of {roas['target']:.2f}; {order}."
        )
    return f"It has {relative_return(verdict):.2f} times the leads that its target asks for; {order}."


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
