"""Threshold rule: ad sets to pause and budgets to move.

Pauses and weak ad sets come from the verdicts of signals/underperformers. Budgets are moved by a rule on 14
closed days: spend is weighted by the share of its conversions visible so far, and the conversions of a
budget's owner are compared with the expected number by an exact Poisson test. Known weakness: no pooling
between campaigns, and a fixed lag curve.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import exp

import pandas as pd

from assets.actions.guardrails.context import share_visible
from assets.actions.rules.finding import EntityChangeRequest, Finding
from assets.actions.rules.pauses import pauses, poisson_range, restarts, with_status_now
from assets.signals.underperformers.judge import REDUCE
from resources.ledger.proposal import Effect, Target
from resources.policy.policy import Guardrails, Policy

PROPOSER = "rule:threshold"
CUT_BELOW, RAISE_ABOVE = 0.8, 1.4
SURE, LIKELY = 0.05, 0.30
STEP = Decimal("0.2")
FULL = 0.85
"""Share of a budget that must be spent before a higher one can have an effect."""


@dataclass(frozen=True)
class BudgetUnit:
    """Delivery of an ad set, campaign or shared budget over the window."""

    platform: str
    account_id: str
    level: str
    entity_id: str
    name: str
    owns_budget: bool
    budget: float | None
    budget_id: str | None
    shared: bool
    is_active: bool
    spend: float
    conversions: float
    value: float
    expected: float
    days: int

    @property
    def ratio(self) -> float:
        return self.conversions / self.expected if self.expected else float("nan")

    @property
    def spend_a_day(self) -> float:
        return self.spend / self.days

    @property
    def target(self) -> Target:
        if self.shared and self.level == "campaign":
            return Target(
                platform=self.platform,
                account_id=self.account_id,
                level="shared_budget",
                entity_id=str(self.budget_id),
            )
        return Target(
            platform=self.platform, account_id=self.account_id, level=self.level, entity_id=self.entity_id
        )


def findings(
    judged: pd.DataFrame,
    ad_set_days: pd.DataFrame,
    campaign_days: pd.DataFrame,
    entities: pd.DataFrame,
    *,
    as_of: date,
    policy: Policy,
    paused_by_us: Collection[Target] = (),
) -> list[Finding]:
    """Pauses, restarts and budget moves that follow from the day's verdicts and delivery, the most money
    first.

    Args:
        judged: signals/underperformers of `as_of`. Verdicts are read, never computed again, so that a
            proposal and the pages agree. Without rows nothing is paused and no ad set counts as weak.
        ad_set_days: core/ad_set_day.
        campaign_days: core/campaign_day.
        entities: core/entities.
        as_of: The last closed day.
        policy: Targets and guardrails.
        paused_by_us: Ad sets whose last change of ours was a pause; they may be proposed to restart.
    """
    limits = policy.guardrails
    ad_sets = units(ad_set_days, entities, level="ad_set", as_of=as_of, policy=policy)
    campaigns = units(campaign_days, entities, level="campaign", as_of=as_of, policy=policy)
    owners = [u for u in (*ad_sets, *campaigns) if u.owns_budget and u.budget]
    judged = with_status_now(judged, entities)
    verdict: dict[tuple[str, ...], str] = {
        (row.platform, row.account_id, row.ad_set_id): row.verdict for row in judged.itertuples()
    }
    stopped = pauses(judged, as_of=as_of) + restarts(judged, as_of=as_of, paused_by_us=paused_by_us)
    weak = [u for u in owners if u.is_active and _is_weak(u, verdict, limits)]
    strong = [u for u in owners if u.is_active and _is_strong(u, limits)]
    shifts, left_weak, left_strong = _shifts(weak, strong, as_of)
    steps = [_step(u, 1 - STEP, as_of) for u in left_weak] + [_step(u, 1 + STEP, as_of) for u in left_strong]
    return sorted([*stopped, *shifts, *steps], key=lambda finding: -finding.weight)


def units(
    days: pd.DataFrame, entities: pd.DataFrame, *, level: str, as_of: date, policy: Policy
) -> list[BudgetUnit]:
    """Every entity of a level that spent in the window, with the conversions expected by now."""
    limits = policy.guardrails
    count = limits.evidence_days
    first = pd.Timestamp(as_of - timedelta(days=count - 1))
    some = days[(days["day"] >= first) & (days["day"] <= pd.Timestamp(as_of)) & days["spend"].notna()].copy()
    if some.empty:
        return []
    some["ripe"] = some["spend"] * share_visible((pd.Timestamp(as_of) - some["day"]).dt.days, limits.visible)
    some["value"] = some["conversion_value"].fillna(0.0)
    some["conversions"] = some["conversions"].fillna(0.0)
    key = f"{level}_id"
    whole = some.groupby(["platform", "account_id", "campaign_id"])["value"].transform("sum")
    some["sells"] = whole > 0
    listed_entities = entities[entities["level"] == level].set_index(["platform", "account_id", "entity_id"])
    some["entity_id"] = some[key]
    if level == "campaign":  # campaigns that share a budget are one unit: what changes it moves them all
        shared = listed_entities[listed_entities["budget_owner"] == "shared_budget"].reset_index()
        shared = shared.drop_duplicates(["platform", "account_id", "budget_id"]).assign(
            entity_id=lambda rows: rows["budget_id"]
        )
        budgets = listed_entities["budget_id"].where(listed_entities["budget_owner"] == "shared_budget")
        places = pd.MultiIndex.from_frame(some[["platform", "account_id", "campaign_id"]])
        some["entity_id"] = pd.Series(budgets.reindex(places).to_numpy(), index=some.index).fillna(
            some["campaign_id"]
        )
        listed_entities = pd.concat(
            [listed_entities, shared.set_index(["platform", "account_id", "entity_id"])]
        )
    some["sells"] = some.groupby(["platform", "account_id", "entity_id"])["sells"].transform("any")
    sums = some.groupby(["platform", "account_id", "entity_id", "sells"], as_index=False)[
        ["spend", "ripe", "conversions", "value"]
    ].sum()
    groups = sums.groupby(["platform", "account_id", "sells"])
    pooled = groups[["ripe", "conversions", "value"]].transform("sum")
    sums["rate"] = pooled["conversions"] / pooled["ripe"]
    sums["order"] = pooled["value"] / pooled["conversions"]
    spend_units, listed = [], listed_entities[~listed_entities.index.duplicated(keep="last")].to_dict("index")
    for row in sums.to_dict("records"):
        entity = listed.get((row["platform"], row["account_id"], row["entity_id"]))
        if entity is None or not row["spend"] > 0:
            continue
        target = policy.target(row["platform"], row["account_id"])
        rate = target / row["order"] if target and row["sells"] and row["order"] > 0 else row["rate"]
        budget = entity["daily_budget"]
        spend_units.append(
            BudgetUnit(
                platform=row["platform"],
                account_id=row["account_id"],
                level=level,
                entity_id=row["entity_id"],
                name=str(entity["name"]),
                owns_budget=pd.notna(budget) and entity["budget_owner"] in {level, "shared_budget"},
                budget=float(budget) if pd.notna(budget) else None,
                budget_id=entity["budget_id"],
                shared=entity["budget_owner"] == "shared_budget",
                is_active=entity["status"] == "active",
                spend=float(row["spend"]),
                conversions=float(row["conversions"]),
                value=float(row["value"]),
                expected=float(row["ripe"] * rate) if pd.notna(rate) else 0.0,
                days=count,
            )
        )
    return spend_units


def at_most(seen: float, expected: float) -> float:
    """P(X <= seen) of a Poisson count."""
    term = total = exp(-expected)
    for n in range(1, int(seen) + 1):
        term *= expected / n
        total += term
    return min(total, 1.0)


def at_least(seen: float, expected: float) -> float:
    """P(X >= seen) of a Poisson count."""
    return 1.0 - at_most(seen - 1, expected) if seen >= 1 else 1.0


def _is_weak(unit: BudgetUnit, verdict: Mapping[tuple[str, ...], str], limits: Guardrails) -> bool:
    if unit.level == "ad_set":
        return verdict.get((unit.platform, unit.account_id, unit.entity_id)) == REDUCE
    enough = unit.expected >= limits.expected_to_propose
    return enough and unit.ratio < CUT_BELOW and at_most(unit.conversions, unit.expected) < LIKELY


def _is_strong(unit: BudgetUnit, limits: Guardrails) -> bool:
    enough = unit.expected >= limits.expected_to_propose and unit.budget is not None
    full = enough and unit.spend_a_day >= FULL * (unit.budget or 0.0)
    return full and unit.ratio > RAISE_ABOVE and at_least(unit.conversions, unit.expected) < SURE


def _step(unit: BudgetUnit, factor: Decimal, as_of: date) -> Finding:
    word = "less" if factor < 1 else "more"
    moved = float(abs(factor - 1)) * (unit.budget or 0.0)
    return Finding(
        kind="set_daily_budget",
        change_requests=(EntityChangeRequest(unit.target, factor=factor),),
        reason=f"{unit.name}: {unit.ratio:.2f} times the expected conversions; a fifth {word}.",
        evidence=_evidence(unit),
        effect=_moved(unit, moved if factor > 1 else -moved),
        as_of=as_of,
        proposer=PROPOSER,
        weight=moved,
    )


def _shifts(
    weak: list[BudgetUnit], strong: list[BudgetUnit], as_of: date
) -> tuple[list[Finding], list[BudgetUnit], list[BudgetUnit]]:
    """Budget shifts within an account, the weakest paired with the strongest, and the units left over."""
    shifts, weak, strong = [], sorted(weak, key=lambda u: u.ratio), sorted(strong, key=lambda u: -u.ratio)
    for giver in list(weak):
        taker = next(
            (
                u
                for u in strong
                if (u.platform, u.account_id) == (giver.platform, giver.account_id)
                and u.target != giver.target
            ),
            None,
        )
        if taker is None:
            continue
        weak.remove(giver)
        strong.remove(taker)
        amount = Decimal(str(round(float(STEP) * min(giver.budget or 0.0, taker.budget or 0.0) - 0.005, 2)))
        shifts.append(
            Finding(
                kind="reallocate_budget",
                change_requests=(
                    EntityChangeRequest(giver.target, amount=-amount),
                    EntityChangeRequest(taker.target, amount=amount),
                ),
                reason=(
                    f"from {giver.name} ({giver.ratio:.2f} times the "
                    f"expected conversions) to {taker.name} ({taker.ratio:.2f} times)."
                ),
                evidence=_evidence(giver) | {f"to_{name}": value for name, value in _evidence(taker).items()},
                effect=_moved(taker, float(amount)),
                as_of=as_of,
                proposer=PROPOSER,
                weight=float(amount),
            )
        )
    return shifts, weak, strong


def _moved(unit: BudgetUnit, amount: float) -> Effect:
    """Effect of an amount per day at the unit's average performance, with a Poisson range; diminishing
    returns are not included.
    """
    per_unit = 1 / unit.spend if unit.spend else 0.0
    low, high = (count * per_unit * amount for count in poisson_range(unit.conversions))
    ends = sorted((low, high))
    middle = unit.conversions * per_unit * amount
    return Effect(
        metric="conversions a day",
        low=ends[0],
        middle=middle,
        high=ends[1],
        words=(
            f"{middle:+.2f} conversions a day if it goes on as "
            f"before (80 % range {ends[0]:+.2f} to {ends[1]:+.2f})"
        ),
    )


def _evidence(unit: BudgetUnit) -> dict[str, str | float | int | None]:
    return {
        "days": unit.days,
        "spend": round(unit.spend, 2),
        "spend_a_day": round(unit.spend_a_day, 2),
        "conversions": round(unit.conversions, 2),
        "conversion_value": round(unit.value, 2),
        "expected_conversions": round(unit.expected, 2),
        "ratio": round(unit.ratio, 3),
        "probability": round(at_most(unit.conversions, unit.expected), 5),
    }
