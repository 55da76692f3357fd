"""What the limits are judged by: figures, entities, rates and earlier writes at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from resources.ledger.proposal import Change, Proposal
from resources.ledger.records import PlatformWrite

OURS_WITHIN = timedelta(minutes=5)
"""An edit so soon after a write of ours is that write, as the platform dates it."""


@dataclass(frozen=True)
class Edit:
    """The last edit of an entity at its platform, None where it remembers none; and whether it was one of
    ours.
    """

    at: datetime | None
    by_us: bool


@dataclass(frozen=True)
class Surroundings:
    """Read anew for every judgement, never kept."""

    now: datetime
    ad_set_days: pd.DataFrame
    campaign_days: pd.DataFrame
    entities: pd.DataFrame
    rates: dict[str, float]
    """Units of reporting currency for one unit of each account currency, newest."""
    written: list[tuple[Proposal, PlatformWrite]]
    """Writes of the last eight days that happened or may have."""
    edits: dict[str, Edit] = field(default_factory=dict)
    """Last edit by a target's words."""
    budget_edits: dict[str, list[datetime] | None] = field(default_factory=dict)
    """When a budget was changed lately as its platform tells, by a target's words; None where it tells no
    such history.
    """
    newest_as_of: date | None = None
    parts: dict[tuple[int, str, str], pd.DataFrame] = field(default_factory=dict)
    """What was taken of the tables account by account, by the table's identity: another table is never
    answered for.
    """

    def of(self, table: str, platform: str, account_id: str) -> pd.DataFrame:
        """The account's rows of ad_set_days, campaign_days or entities."""
        rows: pd.DataFrame = getattr(self, table)
        place = (id(rows), platform, account_id)
        if place not in self.parts:
            self.parts[place] = rows[(rows["platform"] == platform) & (rows["account_id"] == account_id)]
        return self.parts[place]

    def account(self, platform: str, account_id: str) -> pd.DataFrame:
        """The account's entities."""
        return self.of("entities", platform, account_id)

    def days_of(self, change: Change) -> pd.DataFrame:
        """The delivery of what is changed: of the ad set, or of the campaigns that spend from the budget."""
        target = change.target
        by_ad_set = target.ad_set_id is not None
        own = {target.ad_set_id} if by_ad_set else self.campaigns_of(change)
        mine = self.of("ad_set_days" if by_ad_set else "campaign_days", target.platform, target.account_id)
        return mine[mine["ad_set_id" if by_ad_set else "campaign_id"].isin(own)]

    def campaigns_of(self, change: Change) -> set[str]:
        """The campaigns a change above the ad set moves: several where they share a budget."""
        if change.target.level != "shared_budget":
            return {str(change.image.campaign_id)}
        account = self.account(change.target.platform, change.target.account_id)
        sharing = account[
            (account["level"] == "campaign") & (account["budget_id"] == change.target.entity_id)
        ]
        return {str(own) for own in sharing["entity_id"]} | {str(change.image.campaign_id)}

    def local_day(self, platform: str, account_id: str) -> date | None:
        """The account's own calendar day, None where its zone is not known."""
        zones = self.account(platform, account_id)["time_zone"].dropna().unique()
        return self.now.astimezone(ZoneInfo(str(zones[0]))).date() if len(zones) else None

    def local(self, platform: str, account_id: str) -> datetime | None:
        zones = self.account(platform, account_id)["time_zone"].dropna().unique()
        return self.now.astimezone(ZoneInfo(str(zones[0]))) if len(zones) else None

    def writes_on(self, change: Change, *, hours: float) -> list[tuple[Change, datetime]]:
        """Earlier writes to the same aspect of the same target within these hours."""
        since = self.now - timedelta(hours=hours)
        return [
            (one, written.intended_at)
            for made, written in self.written
            for n, one in enumerate(made.changes)
            if n == written.part
            and (one.target, one.aspect) == (change.target, change.aspect)
            and written.intended_at >= since
        ]

    def budget_changes(self, change: Change, *, hours: float) -> list[datetime] | None:
        """When this budget was changed within these hours, by us or by anybody, oldest first; None where that
        is not known.
        """
        if change.target.words not in self.budget_edits:
            return None
        since = self.now - timedelta(hours=hours)
        ours = [at for one, at in self.writes_on(change, hours=hours) if one.budgets]
        others = [at for at in self.budget_edits[change.target.words] or () if at > since]
        for mine in ours:  # each of ours shows at the platform once as well
            if same := [at for at in others if abs(at - mine) <= OURS_WITHIN]:
                others.remove(min(same, key=lambda at: abs(at - mine)))
        return sorted(ours + others)

    def writes_in(self, platform: str, account_id: str, *, hours: float) -> list[Change]:
        """Earlier writes in the account within these hours."""
        since = self.now - timedelta(hours=hours)
        return [
            one
            for made, written in self.written
            for n, one in enumerate(made.changes)
            if n == written.part
            and (one.target.platform, one.target.account_id) == (platform, account_id)
            and written.intended_at >= since
        ]


def daily_budgets(account: pd.DataFrame) -> Decimal:
    """What the account may spend a day by the budgets of what is active: each owner's once."""
    owners = account[account["daily_budget"].notna() & (account["status"] == "active")]
    owners = owners[
        ~owners["budget_id"].fillna(owners["entity_id"]).duplicated()
    ]  # a shared budget stands at each campaign
    return sum((Decimal(str(amount)) for amount in owners["daily_budget"]), Decimal(0))


def mean_spend(days: pd.DataFrame, *, until: date, count: int) -> Decimal:
    """Spend a day over the `count` days up to `until`; a day without a row spent nothing."""
    some = days[
        (days["day"] <= pd.Timestamp(until)) & (days["day"] > pd.Timestamp(until - timedelta(days=count)))
    ]
    return Decimal(str(round(float(some["spend"].fillna(0).sum()) / count, 6)))


def by_day(days: pd.DataFrame, name: str, *, first: date, last: date) -> float:
    """The sum of a column over days, both included."""
    some = days[(days["day"] >= pd.Timestamp(first)) & (days["day"] <= pd.Timestamp(last))]
    found: Any = some[name].fillna(0).sum()
    return float(found)


def share_visible(age_days: npt.ArrayLike, points: Mapping[int, float]) -> npt.NDArray[np.float64]:
    """Share (0..1) of the final conversions that is visible at each age, straight lines between the points of
    the policy.
    """
    ages = sorted(points)
    return np.interp(np.asarray(age_days, float), ages, [points[age] for age in ages])
