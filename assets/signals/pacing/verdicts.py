"""What to say of a month that is under way: its word, its drivers, what else could be, and what the daily budgets should be."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from assets.signals.pacing.known_events import budget_effect
from assets.signals.pacing.month import Month
from assets.signals.pacing.plan import BUDGET, NO_PLAN, Planned
from resources.policy.budgets import EVERYTHING
from resources.policy.pacing import Pacing

EARLY, ON_PLAN, AMBER, RED, NONE = "early", "on plan", "amber", "red", "no plan"
WORDS = {
    (EARLY, 0): "too early", (NONE, 0): "no plan", (ON_PLAN, 0): "on plan", (AMBER, 1): "may overspend", (AMBER, -1): "may underspend",
    (RED, 1): "will overspend", (RED, -1): "will underspend",
}  # fmt: skip
SCENARIOS = {"minus_20": -0.2, "minus_10": -0.1, "plus_10": 0.1, "plus_20": 0.2}
STEP, FULL, DRIVERS, WORTH_SAYING = 0.20, 0.85, 3, 0.01
"""The most a daily budget is advised to move at once; share of it from which it counts as used up; how many campaigns are named; share of a month below which none is."""


def pacing_rows(found: Month, *, as_of: date, policy: Pacing) -> pd.DataFrame:
    """A row per series of the month, as signals/pacing keeps them, all but when it was known."""
    ends, rows = found.ends, []
    errors = found.accuracy.groupby("series_id")["error"].agg(["median", "count"])
    length = pd.Timestamp(as_of).days_in_month
    advice = advised(found)
    for name, row in ends.iterrows():
        plan = found.plans.get(str(name))
        status, side = judged(row, plan, policy)
        inside = found.members.get(str(name), [])
        platform, account, campaign = [*_place(str(name)), None, None, None][:3]
        is_one = _one_currency(found, str(name))
        most = float(found.campaigns["most"].reindex(inside).sum()) if is_one else np.inf
        needed = (
            float(row["required_daily"]) * int(row["days_left"])
            if pd.notna(row["required_daily"])
            else np.nan
        )
        daily = found.campaigns["daily_budget"].reindex(inside).sum(min_count=1) if is_one else np.nan
        scenarios = ends_if(found, str(name))
        rows.append(
            {
                "day": as_of, "series_id": name, "level": level_of(str(name)), "platform": platform, "account_id": account, "campaign_id": campaign,
                "name": name_of(found, str(name)), "currency": found.currencies.get(str(name), ""), "spent": row["spent"], "p10": row["p10"],
                "p50": row["p50"], "p90": row["p90"], "budget": row["budget"], "budget_source": plan.source if plan else NO_PLAN,
                "carried": plan.carried if plan else 0.0, "hard_cap": bool(plan.hard_cap) if plan else False,
                "target_to_date": row["budget"] * as_of.day / length, "p_over": row["p_over"], "p_under": row["p_under"],
                "p_beyond": row["p_beyond"], "required_daily": row["required_daily"], "daily_budget": daily,
                "advised_daily": advice.get(str(name), np.nan), "feasible": None if np.isnan(needed) or np.isinf(most) else bool(needed <= most + 1e-9),
                "days_left": int(row["days_left"]), "unknown_days": int(row["unknown_days"]), "status": status, "verdict": WORDS[status, side],
                "drivers": drivers(found, str(name), side), "note": found.notes.get(str(name), ""),
                "accuracy": errors["median"].get(name, np.nan), "accuracy_months": int(errors["count"].get(name, 0)),
                **{f"p50_{label}": value for label, value in scenarios.items()},
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def judged(row: pd.Series | Mapping[str, Any], plan: Planned | None, policy: Pacing) -> tuple[str, int]:
    """The status, and the side it errs to: 1 above the plan, -1 below."""
    if row["too_early"]:
        return EARLY, 0
    if plan is None or pd.isna(row["p_over"]):
        return NONE, 0
    side = 1 if row["p_over"] >= row["p_under"] else -1
    miss = max(row["p_over"], row["p_under"])
    if miss >= policy.red_above:
        return RED, side
    return (AMBER, side) if miss >= policy.amber_above else (ON_PLAN, 0)


def level_of(name: str) -> str:
    if name == EVERYTHING:
        return "total"
    if name.startswith(BUDGET):
        return "budget"
    return ("platform", "account", "campaign")[len(name.split()) - 1]


def name_of(found: Month, name: str) -> str:
    if name.startswith(BUDGET):
        return name.removeprefix(BUDGET)
    known = found.names.get(name)
    return str(known) if isinstance(known, str) else name


def drivers(found: Month, name: str, side: int) -> str:
    """The campaigns that pull the month to that side, each against its share of the plan by daily budgets, the largest first."""
    inside = [one for one in found.members.get(name, []) if one != name and one in found.ends.index]
    daily = found.campaigns["daily_budget"].reindex(inside).dropna()
    if not side or daily.sum() <= 0 or not _one_currency(found, name):
        return ""
    share = daily / daily.sum() * found.plans[name].budget
    apart = (side * (found.ends["p50"].reindex(daily.index) - share)).sort_values(ascending=False)
    largest = apart[apart > WORTH_SAYING * found.plans[name].budget].head(DRIVERS)
    return "; ".join(f"{name_of(found, str(one))} {side * value:+,.0f}" for one, value in largest.items())


def ends_if(found: Month, name: str) -> dict[str, float]:
    """Where the month ends if every daily budget in it changes by so much from tomorrow on."""
    row, made = found.ends.loc[name], {}
    inside = found.campaigns.reindex(found.members.get(name, []))
    ahead = (
        (found.ends["p50"].reindex(inside.index) - found.ends["spent"].reindex(inside.index))
        .clip(lower=0)
        .fillna(0.0)
    )
    for label, change in SCENARIOS.items():
        used = np.minimum((inside["usual"] / inside["daily_budget"]).fillna(1.0), 1.0)
        effect = np.array([budget_effect(1 + change, float(one)) for one in used])
        factor = float((ahead * effect).sum() / ahead.sum()) if ahead.sum() > 0 else 1.0
        made[label] = float(row["spent"] + (row["p50"] - row["spent"]) * factor)
    return made


def advised(found: Month) -> dict[str, float]:
    """Daily budgets that bring each month of the user's file to its plan, a fifth apart at most; of campaigns and their sums."""
    made: dict[str, float] = {}
    wholes = sorted(
        (name for name in found.plans if name.startswith(BUDGET)), key=lambda name: -len(found.members[name])
    )
    for name in wholes:  # the narrowest has the last word
        row = found.ends.loc[name] if name in found.ends.index else None
        if row is None or not row["days_left"] or not row["p50"] > row["spent"]:
            continue
        factor = (found.plans[name].budget - row["spent"]) / (row["p50"] - row["spent"])
        campaigns = found.campaigns.loc[found.members[name]].dropna(subset=["daily_budget"])
        made |= {
            str(place): round(wanted_daily(one["daily_budget"], one["usual"], factor), 2)
            for place, one in campaigns.iterrows()
        }
    for name, inside in found.members.items():
        budgeted = [one for one in inside if pd.notna(found.campaigns["daily_budget"].get(one))]
        if (
            name not in made
            and budgeted
            and _one_currency(found, name)
            and all(one in made for one in budgeted)
        ):
            made[name] = round(sum(made[one] for one in budgeted), 2)
    return made


def wanted_daily(budget: float, usual: float, factor: float) -> float:
    """The daily budget that makes spend `factor` times what it is, a fifth from today's at most: one that is not used up binds only below what is spent."""
    is_full = usual >= FULL * budget
    wanted = budget * factor if is_full else min(usual * factor, budget)
    return float(np.clip(wanted, budget * (1 - STEP), budget * (1 + STEP)))


def _place(name: str) -> list[str]:
    return [] if name == EVERYTHING or name.startswith(BUDGET) else name.split()


def _one_currency(found: Month, name: str) -> bool:
    """Whether all its campaigns are in its own currency: only then can their sums be compared with it."""
    own = found.currencies.get(name)
    return all(found.currencies.get(one) == own for one in found.members.get(name, []))
