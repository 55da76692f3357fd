"""Monthly plan per series: the budgets file with carry-over, or the platforms' daily budgets.

A series is named by what it covers: `all`, a platform, a platform's account or campaign ("google_ads 123
456"), and each budget of the user's file by `budget: ` and its name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from assets.signals.pacing.known_events import budget_effect
from resources.policy.budgets import EVERYTHING, Budget, Budgets, KnownChange

BUDGET = "budget: "
OWN_PLAN, FILE, SUMMED, NO_PLAN = "platforms' daily budgets", "budgets file", "sum of its parts", "none"
USUAL_DAYS = 28


@dataclass(frozen=True)
class MonthPlan:
    """Budget of one month including carry-over, and its source."""

    series_id: str
    budget: float
    source: str
    hard_cap: bool
    carried: float = 0.0


def is_covered(campaign: str, covers: Sequence[str]) -> bool:
    """Whether a campaign ("google_ads 123 456") is in the scope of a budget."""
    return any(cover in {EVERYTHING, campaign} or campaign.startswith(f"{cover} ") for cover in covers)


def shared_in(inside: Sequence[str], budgets: Mapping[str, Sequence[str]]) -> str:
    """Note on a level that budgets of the file cover without being its own: which ones; empty where none does.

    Args:
        inside: Campaigns of the level.
        budgets: Campaigns of each budget of the file by its name.
    """
    sharing = [name for name, covered in budgets.items() if set(inside) & set(covered)]
    return f"shared in {', '.join(sharing)}" if sharing else ""


def carried_over(budget: Budget, month: date, spent: Mapping[str, float]) -> tuple[float, str]:
    """Amount carried over from earlier months by the budget's rule, and a note.

    Args:
        budget: With its rule and its first day.
        month: The month that begins on that day.
        spent: By month such as 2026-10, complete months only.
    """
    if budget.carry_over == "none" or budget.start is None:
        return 0.0, ""
    carried = 0.0
    for period in pd.period_range(budget.start, pd.Period(month, "M") - 1, freq="M"):
        if str(period) not in spent:
            carried = 0.0  # unknown months carry nothing over
            continue
        left = budget.amount + carried - spent[str(period)]
        carried = max(left, 0.0) if budget.carry_over == "add_unspent" else left
    if abs(carried) < 0.005:
        return 0.0, ""
    return carried, f"{carried:+,.0f} carried over"


def on_shared_budgets(entities: pd.DataFrame) -> set[str]:
    """Campaigns on a shared budget, whose individual limit is unknown."""
    some = entities[(entities["level"] == "campaign") & (entities["budget_owner"] == "shared_budget")]
    return set(some["platform"] + " " + some["account_id"] + " " + some["entity_id"])


def names(entities: pd.DataFrame) -> dict[str, str]:
    """Names of campaigns and accounts by key."""
    some = entities[entities["level"].isin(["account", "campaign"]) & entities["name"].notna()]
    above = some["platform"] + " " + some["account_id"]
    places = above.where(some["level"] == "account", above + " " + some["entity_id"])
    return dict(zip(places, some["name"].astype(str), strict=True))


def rates(rows: pd.DataFrame, as_of: date) -> dict[str, float]:
    """Recent value of a unit of each currency in the reporting currency."""
    lately = rows[rows["day"] > pd.Timestamp(as_of) - pd.Timedelta(days=USUAL_DAYS)].dropna(
        subset=["spend_reporting"]
    )
    sums = lately.groupby("currency")[["spend_reporting", "spend"]].sum()
    return {
        str(name): float(row["spend_reporting"] / row["spend"])
        for name, row in sums.iterrows()
        if row["spend"] > 0
    }


def summed_plans(
    plans: Mapping[str, MonthPlan],
    members: Mapping[str, list[str]],
    currencies: Mapping[str, str],
    worth: Mapping[str, float],
    reporting: str,
) -> dict[str, MonthPlan]:
    """Plans of platforms and the total, at the latest rates: the sum of the budgets of the file where these cover
    all of it, of the platforms' daily budgets where the file covers none of it, and no plan otherwise. The two
    kinds are never mixed in one sum.
    """
    plans_of_sums: dict[str, MonthPlan] = {}
    worth = {**worth, reporting: 1.0}
    filed = set().union(*(members[series_id] for series_id, plan in plans.items() if plan.source == FILE))
    for name in (
        series_id
        for series_id in members
        if len(series_id.split()) == 1 and not series_id.startswith(BUDGET) and series_id not in plans
    ):
        left, total = set(members[name]), 0.0
        source = FILE if left & filed else OWN_PLAN
        parts = [series_id for series_id, plan in plans.items() if plan.source == source]
        for part in sorted(
            parts, key=lambda series_id: (not series_id.startswith(BUDGET), -len(members[series_id]))
        ):
            inside = set(members[part])
            if inside and inside <= left and currencies[part] in worth:
                total += plans[part].budget * worth[currencies[part]]
                left -= inside
        if total and not left:
            plans_of_sums[name] = MonthPlan(name, total, SUMMED, hard_cap=False)
    return plans_of_sums


def own_daily(entities: pd.DataFrame) -> pd.Series:
    """Daily budget by campaign: its own, or the sum of its active ad sets; shared budgets are split
    evenly.
    """
    active = entities[entities["status"] == "active"]
    campaigns = active[active["level"] == "campaign"]
    places = campaigns["platform"] + " " + campaigns["account_id"] + " " + campaigns["entity_id"]
    daily_budgets = campaigns["daily_budget"].astype(float)
    is_shared = campaigns["budget_owner"] == "shared_budget"
    on_shared_budgets = campaigns.groupby(["platform", "account_id", "budget_id"], dropna=False)[
        "entity_id"
    ].transform("count")
    held = pd.Series(
        (daily_budgets / on_shared_budgets.where(is_shared, 1)).to_numpy(),
        index=places.to_numpy(),
        dtype=float,
    )
    sets = active[(active["level"] == "ad_set") & (active["budget_owner"] == "ad_set")]
    above = sets["platform"] + " " + sets["account_id"] + " " + sets["campaign_id"].astype(str)
    sums = (
        sets.assign(place=above, daily_budget=sets["daily_budget"].astype(float))
        .groupby("place")["daily_budget"]
        .sum(min_count=1)
    )
    return held.fillna(sums.reindex(held.index))


def known_factors(
    budgets: Budgets, places: Sequence[str], daily: pd.Series, usual: pd.Series
) -> pd.DataFrame:
    """Known events as factors per campaign; see `project`.

    Args:
        budgets: The user's file.
        places: Every campaign.
        daily: Daily budget now, per campaign.
        usual: Recent mean daily spend, per campaign.
    """
    rows = [
        (campaign, event.start, event.end, _factor(event, daily.get(campaign), usual.get(campaign)))
        for event in budgets.known
        for campaign in places
        if is_covered(campaign, event.covers)
    ]
    return pd.DataFrame(rows, columns=["series_id", "start", "end", "factor"])


def flights(entities: pd.DataFrame) -> pd.DataFrame:
    """Flight dates of campaigns on the platform: series_id, start_day, end_day."""
    campaigns = entities[entities["level"] == "campaign"]
    return pd.DataFrame(
        {
            "series_id": campaigns["platform"] + " " + campaigns["account_id"] + " " + campaigns["entity_id"],
            "start_day": pd.to_datetime(campaigns["start_day"]),
            "end_day": pd.to_datetime(campaigns["end_day"]),
        }
    ).drop_duplicates("series_id")


def _factor(event: KnownChange, daily: float | None, usual: float | None) -> float:
    if event.factor is not None:
        return event.factor
    if not daily or event.daily_budget is None:
        return 1.0
    return budget_effect(event.daily_budget / daily, min((usual or daily) / daily, 1.0))
