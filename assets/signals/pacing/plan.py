"""What each month should come to: the user's budgets with what is carried over, or the platforms' own daily budgets.

A series is named by what it covers: `all`, a platform, a platform's account or campaign ("google_ads 123 456"), and each
budget of the user's file by `budget: ` and its name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from assets.signals.pacing.known_events import budget_effect
from resources.policy.budgets import EVERYTHING, Budget, Budgets, Known

BUDGET = "budget: "
OWN_PLAN, FILE, SUMMED, NO_PLAN = "platforms' daily budgets", "budgets file", "sum of its parts", "none"
USUAL_DAYS = 28


@dataclass(frozen=True)
class Planned:
    """A budget of one month: what it came to with what was carried over, and where it is from."""

    series_id: str
    budget: float
    source: str
    hard_cap: bool
    carried: float = 0.0


def covered(place: str, covers: Sequence[str]) -> bool:
    """Whether a campaign's place ("google_ads 123 456") is in what a budget covers."""
    return any(one in {EVERYTHING, place} or place.startswith(f"{one} ") for one in covers)


def carried_over(budget: Budget, month: date, spent: Mapping[str, float]) -> tuple[float, str]:
    """What earlier months leave to this one, by the budget's own rule, and in words.

    Args:
        budget: With its rule and its first day.
        month: The month that begins on that day.
        spent: By month such as 2026-10, only of months that are known as a whole.
    """
    if budget.carry_over == "none" or budget.start is None:
        return 0.0, ""
    carried = 0.0
    for period in pd.period_range(budget.start, pd.Period(month, "M") - 1, freq="M"):
        if str(period) not in spent:
            carried = 0.0  # what is not known is not carried
            continue
        left = budget.amount + carried - spent[str(period)]
        carried = max(left, 0.0) if budget.carry_over == "add_unspent" else left
    if abs(carried) < 0.005:
        return 0.0, ""
    return carried, f"{carried:+,.0f} carried over"


def sharing(entities: pd.DataFrame) -> set[str]:
    """Campaigns that spend from a shared budget: what each of them may spend is not known."""
    some = entities[(entities["level"] == "campaign") & (entities["budget_owner"] == "shared_budget")]
    return set(some["platform"] + " " + some["account_id"] + " " + some["entity_id"])


def names(entities: pd.DataFrame) -> dict[str, str]:
    """Campaigns and accounts by place."""
    some = entities[entities["level"].isin(["account", "campaign"]) & entities["name"].notna()]
    above = some["platform"] + " " + some["account_id"]
    places = above.where(some["level"] == "account", above + " " + some["entity_id"])
    return dict(zip(places, some["name"].astype(str), strict=True))


def rates(rows: pd.DataFrame, as_of: date) -> dict[str, float]:
    """What a unit of each currency was worth in the reporting currency lately."""
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
    plans: Mapping[str, Planned], members: Mapping[str, list[str]], currencies: Mapping[str, str], worth: Mapping[str, float], reporting: str
) -> dict[str, Planned]:  # fmt: skip
    """Plans of platforms and the total: the largest budgets that lie wholly in them, then what they leave, at the latest rates."""
    made: dict[str, Planned] = {}
    worth = {**worth, reporting: 1.0}
    for name in (
        one for one in members if len(one.split()) == 1 and not one.startswith(BUDGET) and one not in plans
    ):
        left, total = set(members[name]), 0.0
        for part in sorted(plans, key=lambda one: (not one.startswith(BUDGET), -len(members[one]))):
            inside = set(members[part])
            if inside and inside <= left and currencies[part] in worth:
                total += plans[part].budget * worth[currencies[part]]
                left -= inside
        if total and not left:
            made[name] = Planned(name, total, SUMMED, hard_cap=False)
    return made


def own_daily(entities: pd.DataFrame) -> pd.Series:
    """The platforms' own daily budget by campaign place: its own, or those of its active ad sets. A shared one is split evenly."""
    active = entities[entities["status"] == "active"]
    campaigns = active[active["level"] == "campaign"]
    places = campaigns["platform"] + " " + campaigns["account_id"] + " " + campaigns["entity_id"]
    own = campaigns["daily_budget"].astype(float)
    is_shared = campaigns["budget_owner"] == "shared_budget"
    sharing = campaigns.groupby(["platform", "account_id", "budget_id"], dropna=False)["entity_id"].transform(
        "count"
    )
    held = pd.Series((own / sharing.where(is_shared, 1)).to_numpy(), index=places.to_numpy(), dtype=float)
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
    """What is known of days to come as factors per campaign place; see `project`.

    Args:
        budgets: The user's file.
        places: Every campaign.
        daily: Its daily budget now.
        usual: Its spend a day lately.
    """
    rows = [
        (place, one.start, one.end, _factor(one, daily.get(place), usual.get(place)))
        for one in budgets.known
        for place in places
        if covered(place, one.covers)
    ]
    return pd.DataFrame(rows, columns=["series_id", "start", "end", "factor"])


def flights(entities: pd.DataFrame) -> pd.DataFrame:
    """series_id, start_day and end_day of campaigns, as the platforms have scheduled them."""
    campaigns = entities[entities["level"] == "campaign"]
    return pd.DataFrame(
        {
            "series_id": campaigns["platform"] + " " + campaigns["account_id"] + " " + campaigns["entity_id"],
            "start_day": pd.to_datetime(campaigns["start_day"]), "end_day": pd.to_datetime(campaigns["end_day"]),
        }
    ).drop_duplicates("series_id")  # fmt: skip


def _factor(one: Known, daily: float | None, usual: float | None) -> float:
    if one.factor is not None:
        return one.factor
    if not daily or one.daily_budget is None:
        return 1.0
    return budget_effect(one.daily_budget / daily, min((usual or daily) / daily, 1.0))
