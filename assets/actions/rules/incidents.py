"""Budget cuts from incidents: spend or CPC far above expectation without a recorded change."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

from assets.actions.rules.finding import EntityChangeRequest, Finding
from assets.signals.anomalies.advice import asks_for_a_cut
from assets.signals.anomalies.causes import WORDS
from resources.ledger.proposal import Effect, Target

PROPOSER = "rule:anomalies"
_LESS = Decimal("0.8")


def cuts(
    incidents: pd.DataFrame, entities: pd.DataFrame, *, as_of: date, taken: Collection[Target]
) -> list[Finding]:
    """A cut by a fifth for each budget behind a qualifying incident, unless another finding of the day
    changes it.

    Args:
        incidents: signals/anomalies of the day.
        entities: core/entities.
        as_of: The day.
        taken: Targets of the day's other findings.
    """
    findings = []
    for incident in incidents.to_dict("records"):
        plain = {
            name: None if isinstance(value, float) and pd.isna(value) else value
            for name, value in incident.items()
        }
        owner = _owner(plain, entities) if asks_for_a_cut(plain) else None
        if owner is not None and owner[0] not in taken:
            findings.append(_cut(plain, *owner, as_of))
    return findings


def _owner(incident: dict[str, Any], entities: pd.DataFrame) -> tuple[Target, float] | None:
    """The entity's own daily budget, or its campaign's; None where it is shared or unknown."""
    for level in ("ad_set", "campaign"):
        entity_id = incident[f"{level}_id"]
        entity_rows = entities[
            (entities["platform"] == incident["platform"])
            & (entities["account_id"] == incident["account_id"])
            & (entities["level"] == level)
            & (entities["entity_id"] == entity_id)
        ]
        if (
            len(entity_rows) == 1
            and entity_rows["budget_owner"].iloc[0] == level
            and pd.notna(entity_rows["daily_budget"].iloc[0])
        ):
            target = Target(
                platform=incident["platform"],
                account_id=incident["account_id"],
                level=level,
                entity_id=entity_id,
            )
            return target, float(entity_rows["daily_budget"].iloc[0])
    return None


def _cut(incident: dict[str, Any], target: Target, budget: float, as_of: date) -> Finding:
    what, saved = WORDS.get(incident["metric"], incident["metric"]), float(1 - _LESS) * budget
    expected = (
        f"{incident['value']:.2f} where {incident['low']:.2f} to {incident['high']:.2f} was to be expected"
    )
    return Finding(
        kind="set_daily_budget",
        change_requests=(EntityChangeRequest(target, factor=_LESS),),
        reason=(
            f"{incident['name'] or target.entity_id}: {what} {expected}, since "
            f"{incident['began']:%Y-%m-%d}, and no change is on record; a fifth less."
        ),
        evidence={
            "incident": incident["incident_id"],
            "metric": incident["metric"],
            "value": round(incident["value"], 4),
            "expected": round(incident["expected"], 4),
            "low": round(incident["low"], 4),
            "high": round(incident["high"], 4),
            "p_value": incident["p_value"],
            "stake_a_day": round(incident["stake"], 2),
            "cause": incident["cause"] or None,
        },
        effect=Effect(
            metric="spend a day",
            low=-saved,
            middle=-saved,
            high=0.0,
            words=(
                f"spends up to {saved:.2f} a day less until it is known why; "
                "conversions fall with it, by how much is not estimated"
            ),
        ),
        as_of=as_of,
        proposer=PROPOSER,
        weight=saved,
    )
