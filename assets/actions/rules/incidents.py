"""Smaller budgets where something costs far more than expected and nobody meant it: findings from the day's incidents."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

from assets.actions.rules.finding import Finding, Wish
from assets.signals.anomalies.advice import asks_for_a_cut
from assets.signals.anomalies.causes import WORDS
from resources.ledger.proposal import Effect, Target

PROPOSER = "rule:anomalies"
_LESS = Decimal("0.8")


def cuts(
    incidents: pd.DataFrame, entities: pd.DataFrame, *, as_of: date, taken: Collection[Target]
) -> list[Finding]:
    """A fifth less for each budget behind an incident that asks for it; what another finding of the day changes is left to that.

    Args:
        incidents: signals/anomalies of the day.
        entities: core/entities.
        as_of: The day.
        taken: What the day's other findings change.
    """
    found = []
    for one in incidents.to_dict("records"):
        plain = {
            name: None if isinstance(value, float) and pd.isna(value) else value
            for name, value in one.items()
        }
        owner = _owner(plain, entities) if asks_for_a_cut(plain) else None
        if owner is not None and owner[0] not in taken:
            found.append(_cut(plain, *owner, as_of))
    return found


def _owner(one: dict[str, Any], entities: pd.DataFrame) -> tuple[Target, float] | None:
    """The entity's own budget, or that of the campaign an ad set spends from; None where it is shared or not known."""
    for level in ("ad_set", "campaign"):
        entity_id = one[f"{level}_id"]
        own = entities[
            (entities["platform"] == one["platform"]) & (entities["account_id"] == one["account_id"]) & (entities["level"] == level)
            & (entities["entity_id"] == entity_id)
        ]  # fmt: skip
        if len(own) == 1 and own["budget_owner"].iloc[0] == level and pd.notna(own["daily_budget"].iloc[0]):
            target = Target(
                platform=one["platform"], account_id=one["account_id"], level=level, entity_id=entity_id
            )
            return target, float(own["daily_budget"].iloc[0])
    return None


def _cut(one: dict[str, Any], target: Target, budget: float, as_of: date) -> Finding:
    what, saved = WORDS.get(one["metric"], one["metric"]), float(1 - _LESS) * budget
    expected = f"{one['value']:.2f} where {one['low']:.2f} to {one['high']:.2f} was to be expected"
    return Finding(
        kind="set_daily_budget", wishes=(Wish(target, factor=_LESS),),
        reason=f"{one['name'] or target.entity_id}: {what} {expected}, since {one['began']:%Y-%m-%d}, and no change is on record; a fifth less.",
        evidence={
            "incident": one["incident_id"], "metric": one["metric"], "value": round(one["value"], 4), "expected": round(one["expected"], 4),
            "low": round(one["low"], 4), "high": round(one["high"], 4), "p_value": one["p_value"], "stake_a_day": round(one["stake"], 2),
            "cause": one["cause"] or None,
        },
        effect=Effect(
            metric="spend a day", low=-saved, middle=-saved, high=0.0,
            words=f"spends up to {saved:.2f} a day less until it is known why; conversions fall with it, by how much is not estimated",
        ),
        as_of=as_of, proposer=PROPOSER, weight=saved,
    )  # fmt: skip
