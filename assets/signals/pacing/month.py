"""State of a month on a day: campaigns, accounts, platforms, budgets and the total, projected together.

Campaigns and accounts are in account currency, platforms and the total in the reporting currency, a budget in
its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from assets.signals.pacing.accuracy import accuracy
from assets.signals.pacing.plan import (
    BUDGET,
    FILE,
    OWN_PLAN,
    USUAL_DAYS,
    MonthPlan,
    carried_over,
    flights,
    is_covered,
    known_factors,
    names,
    on_shared_budgets,
    own_daily,
    rates,
    shared_in,
    summed_plans,
)
from assets.signals.pacing.platform_spend_caps import GOOGLE_MONTH, most_left
from assets.signals.pacing.projection import project
from resources.errors import DataUnusable
from resources.policy.budgets import EVERYTHING, Budget, Budgets
from resources.policy.pacing import Pacing


@dataclass(frozen=True, eq=False)
class Month:
    """Rows of `project` by series, with their inputs."""

    ends: pd.DataFrame
    series: pd.DataFrame
    """series_id, day, spend of every series."""
    campaigns: pd.DataFrame
    """By campaign key: platform, account_id, campaign_id, daily_budget, usual (mean daily spend of four
    weeks), most (that can still be spent)."""
    plans: Mapping[str, MonthPlan]
    notes: Mapping[str, str]
    members: Mapping[str, list[str]]
    """Campaign keys ("platform account campaign") in each series."""
    currencies: Mapping[str, str]
    accuracy: pd.DataFrame
    names: Mapping[str, str]
    """Names of campaigns and accounts."""


def month(
    days: pd.DataFrame,
    entities: pd.DataFrame,
    budgets: Budgets,
    *,
    as_of: date,
    policy: Pacing,
    reporting_currency: str,
) -> Month:
    """State of the month of `as_of`, the last closed day.

    Args:
        days: core/campaign_day, the longer the better; money as floats.
        entities: core/entities.
        budgets: The user's file.
        as_of: Last closed day.
        policy: Thresholds.
        reporting_currency: That of spend_reporting.

    Raises:
        DataUnusable: A budget's currency is neither that of all accounts it covers nor the reporting
            currency.
    """
    rows = _rows(days, as_of)
    places = sorted(rows["place"].unique())
    first = date(as_of.year, as_of.month, 1)
    held = budgets.of(first)
    series, members, currencies = _series(rows, places, held, reporting_currency)
    usual = _usual(rows, as_of)
    daily = own_daily(entities)
    plans, notes = _plans(series, members, held, daily, first)
    plans |= summed_plans(plans, members, currencies, rates(rows, as_of), reporting_currency)
    in_one_currency = _usual(rows, as_of, money="spend_reporting")
    factors = _factors_of_sums(known_factors(budgets, places, daily, usual), members, in_one_currency)
    campaigns = _campaigns(rows, daily, usual, as_of, on_shared_budgets=on_shared_budgets(entities))
    frame = _budget_frame(plans, held, campaigns, members, series, entities, first)
    ends = project(series, frame, as_of=as_of, policy=policy, known=factors).set_index(
        "series_id", drop=False
    )
    return Month(
        ends,
        series,
        campaigns,
        plans,
        notes,
        members,
        currencies,
        accuracy(series, as_of, policy),
        names(entities),
    )


def _rows(days: pd.DataFrame, as_of: date) -> pd.DataFrame:
    some = days[pd.to_datetime(days["day"]) <= pd.Timestamp(as_of)]
    return some.assign(
        day=pd.to_datetime(some["day"]),
        spend=some["spend"].astype(float),
        spend_reporting=some["spend_reporting"].astype(float),
        account=some["platform"] + " " + some["account_id"],
        place=some["platform"] + " " + some["account_id"] + " " + some["campaign_id"],
    )


def _series(
    rows: pd.DataFrame, places: list[str], held: tuple[Budget, ...], reporting: str
) -> tuple[pd.DataFrame, dict[str, list[str]], dict[str, str]]:
    parts, members, currencies = [], {budget: [budget] for budget in places}, {}
    currency_of = rows.drop_duplicates("place").set_index("place")["currency"].to_dict()
    for level, money in (("place", "spend"), ("account", "spend"), ("platform", "spend_reporting")):
        parts.append(_summed(rows.assign(series_id=rows[level]), money))
    parts.append(_summed(rows.assign(series_id=EVERYTHING), "spend_reporting"))
    for name in {*rows["account"], *rows["platform"], EVERYTHING}:
        members[name] = [budget for budget in places if is_covered(budget, [name])]
    for name, inside in members.items():
        currencies[name] = currency_of[inside[0]] if len(name.split()) > 1 else reporting
    for budget in held:
        name = BUDGET + budget.name
        members[name] = [campaign for campaign in places if is_covered(campaign, budget.covers)]
        currencies[name] = budget.currency
        budget_rows = rows[rows["place"].isin(members[name])].assign(series_id=name)
        if len(budget_rows):
            parts.append(_summed(budget_rows, _money(budget, set(budget_rows["currency"]), reporting)))
    return pd.concat(parts, ignore_index=True), members, currencies


def _money(budget: Budget, currencies: set[str], reporting: str) -> str:
    """The money column in the budget's currency."""
    if currencies == {budget.currency}:
        return "spend"
    if budget.currency == reporting:
        return "spend_reporting"
    raise DataUnusable(
        f"The budget '{budget.name}' is in {budget.currency}, its accounts "
        f"in {', '.join(sorted(currencies))} and reports in {reporting}. "
        f"Give it in {reporting}, or cover accounts of one currency."
    )


def _summed(rows: pd.DataFrame, money: str) -> pd.DataFrame:
    """Sums by series and day; unknown if any part is unknown."""
    sums = rows.groupby(["series_id", "day"])[money].sum(skipna=False)
    return sums.rename("spend").reset_index()


def _usual(rows: pd.DataFrame, as_of: date, *, money: str = "spend") -> pd.Series:
    lately = rows[rows["day"] > pd.Timestamp(as_of) - pd.Timedelta(days=USUAL_DAYS)]
    return lately.groupby("place")[money].sum() / USUAL_DAYS


def _plans(
    series: pd.DataFrame,
    members: Mapping[str, list[str]],
    held: tuple[Budget, ...],
    daily: pd.Series,
    first: date,
) -> tuple[dict[str, MonthPlan], dict[str, str]]:
    """Monthly plans by series: the budgets file, and the sum of the platforms' daily budgets for campaigns and
    accounts that no budget of the file touches. What shares a budget of the file has no plan of its own, and a
    note that says which.
    """
    plans: dict[str, MonthPlan] = {}
    notes: dict[str, str] = {}
    length = pd.Timestamp(first).days_in_month
    filed = {budget.name: members[BUDGET + budget.name] for budget in held}
    for name, inside in members.items():
        if name.startswith(BUDGET):
            continue
        if note := shared_in(inside, filed):
            notes[name] = note
            continue
        budgets = daily.reindex(inside).dropna()
        if len(name.split()) > 1 and len(budgets):
            most = min(length, GOOGLE_MONTH) if name.startswith("google_ads ") else length
            plans[name] = MonthPlan(name, float(budgets.sum()) * most, OWN_PLAN, hard_cap=False)
    for budget in held:
        name = BUDGET + budget.name
        budget_days = series[series["series_id"] == name]
        whole = budget_days.groupby(budget_days["day"].dt.to_period("M").astype(str))["spend"].agg(
            ["sum", "count"]
        )
        months_spent = {
            str(p): float(v["sum"])
            for p, v in whole.iterrows()
            if v["count"] >= pd.Period(str(p), "M").days_in_month
        }
        carried, words = carried_over(budget, first, months_spent)
        plans[name] = MonthPlan(name, max(budget.amount + carried, 0.0), FILE, budget.hard_cap, carried)
        notes[name] = words
        same = [
            other
            for other in members
            if other != name and not other.startswith(BUDGET) and list(budget.covers) == [other]
        ]
        for other in same:
            plans[other] = MonthPlan(other, plans[name].budget, FILE, budget.hard_cap, carried)
            notes[other] = words
    return plans, notes


def _factors_of_sums(
    factors: pd.DataFrame, members: Mapping[str, list[str]], usual: pd.Series
) -> pd.DataFrame:
    """Factors of campaigns, and of the sums that contain them, weighted by their share of usual spend."""
    parts = [factors]
    for name, inside in members.items():
        whole = float(usual.reindex(inside).fillna(0).sum())
        inside_factors = factors[factors["series_id"].isin(inside)]
        if (len(inside) == 1 and inside[0] == name) or inside_factors.empty or whole <= 0:
            continue
        share = inside_factors["series_id"].map(usual).fillna(0.0) / whole
        lifted = (
            inside_factors.assign(part=share * (inside_factors["factor"] - 1))
            .groupby(["start", "end"], dropna=False)["part"]
            .sum()
            .reset_index()
        )
        parts.append(
            lifted.assign(series_id=name, factor=(1 + lifted["part"]).clip(lower=0))[
                ["series_id", "start", "end", "factor"]
            ]
        )
    return (
        pd.concat([frame for frame in parts if len(frame)], ignore_index=True)
        if any(len(frame) for frame in parts)
        else factors
    )


def _campaigns(
    rows: pd.DataFrame, daily: pd.Series, usual: pd.Series, as_of: date, *, on_shared_budgets: set[str]
) -> pd.DataFrame:
    once = rows.drop_duplicates("place", keep="last").set_index("place")
    today = pd.Timestamp(as_of)
    inside = rows[rows["day"] >= today.replace(day=1)]
    sunday = today - pd.Timedelta(days=(today.day_of_week + 1) % 7)
    spent = inside.groupby("place")["spend"].sum()
    week = rows[rows["day"] >= sunday].groupby("place")["spend"].sum()
    ahead = pd.date_range(today + pd.Timedelta(days=1), today + pd.offsets.MonthEnd(0))
    campaigns = pd.DataFrame(
        {"platform": once["platform"], "account_id": once["account_id"], "campaign_id": once["campaign_id"]}
    )
    campaigns["daily_budget"], campaigns["usual"] = (
        daily.reindex(campaigns.index),
        usual.reindex(campaigns.index).fillna(0.0),
    )
    campaigns["most"] = [
        most_left(
            row.platform,
            None if campaign in on_shared_budgets else row.daily_budget,
            days=ahead,
            spent=float(spent.get(campaign, 0.0)),
            spent_this_week=float(week.get(campaign, 0.0)) if today.day_of_week != 5 else 0.0,
        )
        for campaign, row in zip(campaigns.index, campaigns.itertuples(), strict=True)
    ]
    return campaigns


def _budget_frame(
    plans: Mapping[str, MonthPlan],
    held: tuple[Budget, ...],
    campaigns: pd.DataFrame,
    members: Mapping[str, list[str]],
    series: pd.DataFrame,
    entities: pd.DataFrame,
    first: date,
) -> pd.DataFrame:
    """`budgets` argument of `project`: the plan, and for campaigns the platform's spend cap and flight
    dates.
    """
    spent = series[series["day"] >= pd.Timestamp(first)].groupby("series_id")["spend"].sum()
    dates = flights(entities).set_index("series_id")
    by_budget = {BUDGET + budget.name: budget for budget in held}
    rows: list[dict[str, Any]] = []
    for name in members:
        is_campaign = name in campaigns.index
        most = float(campaigns["most"].get(name, np.inf)) if is_campaign else np.inf
        flight = by_budget.get(name)
        rows.append(
            {
                "series_id": name,
                "month": first,
                "budget": plans[name].budget if name in plans else np.nan,
                "ceiling": spent.get(name, 0.0) + most if np.isfinite(most) else np.nan,
                "start_day": flight.start if flight else dates["start_day"].get(name),
                "end_day": flight.end if flight else dates["end_day"].get(name),
            }
        )
    return pd.DataFrame(rows, columns=["series_id", "month", "budget", "ceiling", "start_day", "end_day"])
