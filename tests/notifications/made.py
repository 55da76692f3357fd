"""The plainest valid rows and notices; a test states only what it varies."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from assets.reports.notifications.notice import SOON, Link, Notice

ACCOUNT = "2000000001"
AT_ANY_HOUR = {
    "gather_minutes": 0,
    "working_hours": {"days": [0, 1, 2, 3, 4, 5, 6], "start": "00:00", "end": "23:59"},
    "quiet_hours": {"start": "08:00", "end": "08:00"},
}
"""Notifications of a policy under which nothing waits."""


def incident(day: date, **given: Any) -> dict[str, Any]:
    """A row of signals/anomalies: twice the spend that was to be expected of a campaign, of medium severity."""
    row = {
        "day": day, "known_by": datetime(day.year, day.month, day.day, 5, tzinfo=UTC), "incident_id": "abc123", "part_of": None, "platform": "meta_ads",
        "account_id": ACCOUNT, "level": "campaign", "campaign_id": "77", "ad_set_id": None, "name": "Spring sale", "metric": "spend", "metrics": "spend",
        "currency": "EUR", "state": "open", "began": date(2026, 11, 14), "last_day": day, "value": 412.0, "expected": 150.0, "low": 120.0, "high": 180.0,
        "p_value": 0.001, "stake": 262.0, "severity": "high", "is_good": False, "data": None, "cause": "mostly CPC (80%)", "change": None,
        "action": "See who raised the budget.",
    }  # fmt: skip
    return row | given


def watched(day: date) -> dict[str, Any]:
    return {
        "day": day,
        "platform": "meta_ads",
        "series": 10,
        "tests": 80,
        "flags": 1,
        "by_chance": 0.2,
        "young": 0,
    }


def kpi(day: date) -> list[dict[str, Any]]:
    at = datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
    row: dict[str, Any] = {
        "day": day, "currency": "EUR", "spend": Decimal(1234), "impressions": 1000, "clicks": 100, "conversions": 10.0, "conversion_value": Decimal(4000),
        "cpc": 12.34, "ctr": 0.1, "cvr": 0.1, "cpa": 123.4, "roas": 3.24, "read_at": at, "pulled_at": at,
    }  # fmt: skip
    return [row | {"platform": name} for name in ("meta_ads", "all")]


def notice(**given: Any) -> Notice:
    plain: dict[str, Any] = {
        "topic": "t", "kind": "incident", "priority": SOON, "entity": "Meta Ads · Spring sale (campaign)", "short": "Spring sale: spend +175%",
        "seen": "spend €412.00, expected €120.00 to €180.00", "money": "about €262.00 a day at stake", "cause": "mostly CPC",
        "todo": "See who raised the budget.", "links": (Link("dashboard", "http://ui.example/assets/reports/daily_dashboard"),),
    }  # fmt: skip
    return Notice(**plain | given)
