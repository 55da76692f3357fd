"""What notifications are made from: policy, newest readings, time zones, silenced incidents and the day's key
figures.

Reads the lake and the ledger at one instant; each table is read when it is first needed.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from assets.formatting import numbers
from assets.reports.notifications.signal_notices import NoticeContext
from assets.reports.pages.day_frames import known
from assets.signals.anomalies.feedback import quiet
from resources.action_services import ActionServices
from resources.lake.lake import Lake
from resources.ledger.states import State
from resources.policy.notifications import Notifications
from resources.policy.policy import Policy, PolicyUnreadable
from resources.tables import core
from resources.tables.pulls import PULLS
from resources.tables.signals import ANOMALIES, MARKS, PACING, UNDERPERFORMERS, WATCHED

_NEWEST_PULLS = """
    select platform, account_id, account_name, time_zone, reason, verdict from raw.pulls where start_day is not null
    qualify row_number() over (partition by platform, account_id order by pulled_at desc) = 1 order by platform, account_id
"""
_LARGEST_ACCOUNT = """
    select platform, account_id from core.campaign_day where day >= $since
    group by platform, account_id order by sum(spend_reporting) desc nulls last limit 1
"""
_SIGNAL_DAYS = timedelta(days=4)
_FRESHNESS_DAYS = timedelta(days=40)
_ACCEPTED = {"accepted", "postponed"}


class NotificationInputs:
    """Everything notifications are made from, as of `now`."""

    def __init__(self, lake: Lake, services: ActionServices) -> None:
        self._lake = lake
        self.services = services
        self.ledger = services.ledger
        self.now: datetime = services.ledger.clock()
        self.policy = _readable_policy(services)
        self.rules = self.policy.notifications if self.policy else Notifications()

    @cached_property
    def pulls(self) -> list[dict[str, Any]]:
        """The newest pull of every account, as rows of raw/pulls."""
        return self._lake.arrow(_NEWEST_PULLS, PULLS).to_pylist()

    @property
    def refused_pulls(self) -> list[dict[str, Any]]:
        """Accounts whose newest pull was not accepted."""
        return [pull for pull in self.pulls if pull["verdict"] not in _ACCEPTED]

    @cached_property
    def time_zones(self) -> dict[tuple[str, str], str]:
        """Time zone of every account, by platform and account id."""
        return {(pull["platform"], pull["account_id"]): pull["time_zone"] for pull in self.pulls}

    @cached_property
    def main_time_zone(self) -> ZoneInfo:
        """Time zone of notices that belong to no single account: the policy's, else that of the account that
        spends most.
        """
        if self.rules.time_zone:
            return ZoneInfo(self.rules.time_zone)
        since = (self.now - timedelta(days=14)).date()
        largest = self._lake.arrow(
            _LARGEST_ACCOUNT, core.DAYS["campaign"], parameters={"since": since}
        ).to_pylist()
        account = (largest[0]["platform"], largest[0]["account_id"]) if largest else None
        return self.rules.zone(self.time_zones.get(account) if account else None)

    @cached_property
    def context(self) -> NoticeContext:
        """Page addresses, account names, time zones and policy labels."""
        ui_url = self.services.settings.ui_url.rstrip("/")
        return NoticeContext(
            currency=self.services.settings.reporting_currency,
            dashboard=f"{ui_url}/assets/reports/daily_dashboard",
            weekly=f"{ui_url}/assets/reports/weekly_pacing",
            accounts={(pull["platform"], pull["account_id"]): pull["account_name"] for pull in self.pulls},
            zones=self.time_zones,
            labels=self._label_lookup(),
        )

    def _label_lookup(self) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
        policy = self.policy
        if policy is None or not policy.labels:
            return lambda _: ()
        entities = self._lake.read(core.ENTITIES, columns="entity_id, name", where={"level": "campaign"})
        names = dict(zip(entities["entity_id"], entities["name"], strict=True)) if len(entities) else {}
        return lambda row: policy_labels(policy, row, names)

    @cached_property
    def silenced(self) -> set[str]:
        """Incident ids that somebody snoozed or marked as wrong."""
        marks = self._lake.read(MARKS)
        return quiet(marks, on=self.now.astimezone(self.main_time_zone).date()) if len(marks) else set()

    def newest_incidents(self) -> tuple[date, pd.DataFrame] | None:
        """The last day that was checked for anomalies, and its incidents; None where none of the last days
        was.
        """
        recent = self._lake.read(WATCHED, columns="day", where=self._days_before_today(_SIGNAL_DAYS))
        if recent.empty:
            return None
        day = recent["day"].max().date()
        return day, self._lake.read(ANOMALIES, where={"day": (day, day)})

    def recent_pacing(self) -> pd.DataFrame:
        """Pacing forecasts of the last days."""
        return self._lake.read(PACING, where=self._days_before_today(_SIGNAL_DAYS))

    def is_checked_for_anomalies(self, day: date) -> bool:
        return len(self._lake.read(WATCHED, columns="day", where={"day": (day, day)})) > 0

    def newest_figures(self) -> dict[str, date]:
        """The newest day with figures, by platform."""
        days = self._lake.read(
            core.KPI_DAY, columns="platform, day", where=self._days_before_today(_FRESHNESS_DAYS)
        )
        if days.empty:
            return {}
        newest = days[days["platform"] != "all"].groupby("platform")["day"].max()
        return {str(platform): day.date() for platform, day in newest.items()}

    def day_summary(self, day: date) -> str:
        """Spend and claimed ROAS of the day in one line; empty where nothing is known."""
        rows = self._lake.read(core.KPI_DAY, where={"day": (day, day)})
        total = rows[rows["platform"] == "all"] if len(rows) else rows
        if total.empty:
            return ""
        row = total.iloc[0]
        roas = numbers.multiple(known(row["roas"]))
        return f"Spend {numbers.money(known(row['spend']), row['currency'])}, ROAS as claimed {roas}."

    def open_items(self, day: date) -> list[str]:
        """Pending approvals, underperforming ad sets and undelivered messages, a line each."""
        lines = []
        if pending := self.ledger.proposals.entries(states=[State.PROPOSED]):
            first = min(entry.proposal.expires_at for entry in pending)
            plural = "s" if len(pending) > 1 else ""
            lines.append(f"{len(pending)} approval{plural} waiting, the first until {first:%a %H:%M} UTC")
        judged = self._lake.read(UNDERPERFORMERS, columns="verdict, regret_week", where={"day": (day, day)})
        bad = judged[judged["verdict"].isin(["pause", "reduce"])] if len(judged) else judged
        if len(bad):
            wasted = numbers.money(known(bad["regret_week"].sum(min_count=1)), self.context.currency)
            counts = ", ".join(
                f"{int((bad['verdict'] == verdict).sum())} to {verdict}" for verdict in ("pause", "reduce")
            )
            lines.append(
                f"underperforming ad sets: {counts}; one more week of them is expected to waste {wasted}"
            )
        return [*lines, *delivery_problems(self.services, now=self.now)]

    def _days_before_today(self, span: timedelta) -> dict[str, tuple[date, date]]:
        today = self.now.date()
        return {"day": (today - span, today)}


def _readable_policy(services: ActionServices) -> Policy | None:
    """None where the policy cannot be read: then everything goes to the one default address."""
    try:
        return services.policy()
    except PolicyUnreadable:
        return None


def delivery_problems(services: ActionServices, *, now: datetime, hours: float = 48.0) -> list[str]:
    """Messages of the last hours that could not be delivered, a sentence per channel."""
    rows = services.ledger.notices.deliveries(since=now - timedelta(hours=hours))
    problems = [row for row in rows if row.state == "given up" or (row.state == "waiting" and row.said)]
    outcome = {"given up": "could not be delivered", "waiting": "wait for another attempt"}
    return [f"{row.number} message(s) to {row.channel} {outcome[row.state]}: {row.said}" for row in problems]


def policy_labels(policy: Policy, row: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, ...]:
    """The policy's labels of a campaign or ad set, by its ids and the campaign's name."""
    campaign, ad_set = (
        row[column] if isinstance(row.get(column), str) else None for column in ("campaign_id", "ad_set_id")
    )
    labels = policy.labels_of(campaign_id=campaign, campaign_name=names.get(campaign or ""), ad_set_id=ad_set)
    return tuple(sorted(labels))
