"""Pacing rows: status, drivers, scenarios and advised daily budgets of a month in progress."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from assets.signals.pacing.known_events import budget_effect
from assets.signals.pacing.month import Month
from assets.signals.pacing.plan import BUDGET, NO_PLAN, MonthPlan
from resources.policy.budgets import EVERYTHING
from resources.policy.pacing import Pacing

EARLY, ON_PLAN, AMBER, RED, NONE = "early", "on plan", "amber", "red", "no plan"
WORDS = {
    (EARLY, 0): "too early",
    (NONE, 0): "no plan",
    (ON_PLAN, 0): "on plan",
    (AMBER, 1): "may overspend",
    (AMBER, -1): "may underspend",
    (RED, 1): "will overspend",
    (RED, -1): "will underspend",
}
SCENARIOS = {"minus_20": -0.2, "minus_10": -0.1, "plus_10": 0.1, "plus_20": 0.2}
STEP, FULL, DRIVERS, WORTH_SAYING = 0.20, 0.85, 3, 0.01
"""Largest advised change of a daily budget; share of it from which it counts as used up; number of drivers
that are named; share of the plan below which none is."""


def pacing_rows(month_state: Month, *, as_of: date, policy: Pacing) -> pd.DataFrame:
    """Rows of signals/pacing, one per series, without known_by."""
    ends, rows = month_state.ends, []
    errors = month_state.accuracy.groupby("series_id")["error"].agg(["median", "count"])
    length = pd.Timestamp(as_of).days_in_month
    advice = advised_daily_budgets(month_state)
    for name, row in ends.iterrows():
        plan = month_state.plans.get(str(name))
        status, side = status_of(row, plan, policy)
        inside = month_state.members.get(str(name), [])
        platform, account, campaign = [*_place(str(name)), None, None, None][:3]
        is_one = _one_currency(month_state, str(name))
        most = float(month_state.campaigns["most"].reindex(inside).sum()) if is_one else np.inf
        needed = (
            float(row["required_daily"]) * int(row["days_left"])
            if pd.notna(row["required_daily"])
            else np.nan
        )
        daily = month_state.campaigns["daily_budget"].reindex(inside).sum(min_count=1) if is_one else np.nan
        scenarios = ends_if(month_state, str(name))
        rows.append(
            {
                "day": as_of,
                "series_id": name,
                "level": level_of(str(name)),
                "platform": platform,
                "account_id": account,
                "campaign_id": campaign,
                "name": name_of(month_state, str(name)),
                "currency": month_state.currencies.get(str(name), ""),
                "spent": row["spent"],
                "p10": row["p10"],
                "p50": row["p50"],
                "p90": row["p90"],
                "budget": row["budget"],
                "budget_source": plan.source if plan else NO_PLAN,
                "carried": plan.carried if plan else 0.0,
                "hard_cap": bool(plan.hard_cap) if plan else False,
                "target_to_date": row["budget"] * as_of.day / length,
                "p_over": row["p_over"],
                "p_under": row["p_under"],
                "p_beyond": row["p_beyond"],
                "required_daily": row["required_daily"],
                "daily_budget": daily,
                "advised_daily": advice.get(str(name), np.nan),
                "feasible": None if np.isnan(needed) or np.isinf(most) else bool(needed <= most + 1e-9),
                "days_left": int(row["days_left"]),
                "unknown_days": int(row["unknown_days"]),
                "status": status,
                "verdict": WORDS[status, side],
                "drivers": drivers(month_state, str(name), side),
                "note": month_state.notes.get(str(name), ""),
                "accuracy": errors["median"].get(name, np.nan),
                "accuracy_months": int(errors["count"].get(name, 0)),
                **{f"p50_{label}": value for label, value in scenarios.items()},
            }
        )
    return pd.DataFrame(rows)


def status_of(row: pd.Series | Mapping[str, Any], plan: MonthPlan | None, policy: Pacing) -> tuple[str, int]:
    """Status and direction: 1 above the plan, -1 below, 0 neither."""
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


def name_of(month_state: Month, name: str) -> str:
    if name.startswith(BUDGET):
        return name.removeprefix(BUDGET)
    given_name = month_state.names.get(name)
    return str(given_name) if isinstance(given_name, str) else name


def drivers(month_state: Month, name: str, side: int) -> str:
    """Campaigns that deviate most in that direction from their share of the plan (by daily budget), largest
    first.
    """
    inside = [
        campaign
        for campaign in month_state.members.get(name, [])
        if campaign != name and campaign in month_state.ends.index
    ]
    daily = month_state.campaigns["daily_budget"].reindex(inside).dropna()
    if not side or daily.sum() <= 0 or not _one_currency(month_state, name):
        return ""
    share = daily / daily.sum() * month_state.plans[name].budget
    apart = (side * (month_state.ends["p50"].reindex(daily.index) - share)).sort_values(ascending=False)
    largest = apart[apart > WORTH_SAYING * month_state.plans[name].budget].head(DRIVERS)
    return "; ".join(
        f"{name_of(month_state, str(campaign))} {side * value:+,.0f}" for campaign, value in largest.items()
    )


def ends_if(month_state: Month, name: str) -> dict[str, float]:
    """Month end if every daily budget changes by each scenario's share from tomorrow on."""
    row, ends = month_state.ends.loc[name], {}
    inside = month_state.campaigns.reindex(month_state.members.get(name, []))
    ahead = (
        (month_state.ends["p50"].reindex(inside.index) - month_state.ends["spent"].reindex(inside.index))
        .clip(lower=0)
        .fillna(0.0)
    )
    for label, change in SCENARIOS.items():
        used = np.minimum((inside["usual"] / inside["daily_budget"]).fillna(1.0), 1.0)
        effect = np.array([budget_effect(1 + change, float(share)) for share in used])
        factor = float((ahead * effect).sum() / ahead.sum()) if ahead.sum() > 0 else 1.0
        ends[label] = float(row["spent"] + (row["p50"] - row["spent"]) * factor)
    return ends


def advised_daily_budgets(month_state: Month) -> dict[str, float]:
    """Advised daily budgets that meet each plan of the budgets file, changed by a fifth at most; of campaigns
    and their sums.
    """
    budgets_by_series: dict[str, float] = {}
    wholes = sorted(
        (name for name in month_state.plans if name.startswith(BUDGET)),
        key=lambda name: -len(month_state.members[name]),
    )
    for name in wholes:  # the narrowest has the last word
        row = month_state.ends.loc[name] if name in month_state.ends.index else None
        if row is None or not row["days_left"] or not row["p50"] > row["spent"]:
            continue
        factor = (month_state.plans[name].budget - row["spent"]) / (row["p50"] - row["spent"])
        campaigns = month_state.campaigns.loc[month_state.members[name]].dropna(subset=["daily_budget"])
        budgets_by_series |= {
            str(series_id): round(wanted_daily(campaign["daily_budget"], campaign["usual"], factor), 2)
            for series_id, campaign in campaigns.iterrows()
        }
    for name, inside in month_state.members.items():
        budgeted = [
            campaign for campaign in inside if pd.notna(month_state.campaigns["daily_budget"].get(campaign))
        ]
        if (
            name not in budgets_by_series
            and budgeted
            and _one_currency(month_state, name)
            and all(campaign in budgets_by_series for campaign in budgeted)
        ):
            budgets_by_series[name] = round(sum(budgets_by_series[campaign] for campaign in budgeted), 2)
    return budgets_by_series


def wanted_daily(budget: float, usual: float, factor: float) -> float:
    """Daily budget that makes spend `factor` times its current value, within a fifth of today's; a budget
    that is not used up binds only below the spend.
    """
    is_full = usual >= FULL * budget
    wanted = budget * factor if is_full else min(usual * factor, budget)
    return float(np.clip(wanted, budget * (1 - STEP), budget * (1 + STEP)))


def _place(name: str) -> list[str]:
    return [] if name == EVERYTHING or name.startswith(BUDGET) else name.split()


def _one_currency(month_state: Month, name: str) -> bool:
    """Whether all campaigns of a series share its currency, so that their sums can be compared with it."""
    currency = month_state.currencies.get(name)
    return all(
        month_state.currencies.get(campaign) == currency for campaign in month_state.members.get(name, [])
    )
