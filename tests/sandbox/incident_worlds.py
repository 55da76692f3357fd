"""What the incident tests share: a busy world with little noise, and its figures per day with and without an
incident.
"""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from sandbox.behaviour import Behaviour
from sandbox.clock import Clock
from sandbox.incident import Incident
from sandbox.market import Market
from sandbox.report import METRICS
from sandbox.world import Account, World

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
START, END = date(2026, 7, 1), date(2026, 9, 28)
FIRST = date(2026, 8, 3)
DAYS = (END - START).days + 1
AT = (FIRST - START).days
"""Place of the first day among the days."""


def busy_world(*incidents: Incident) -> World:
    """Three accounts, one a platform, with hundreds of clicks and tens of conversions per ad set and day;
    nothing is paused.
    """
    busy = Behaviour(
        daily_budget=900, budget_spread=0.3, conversion_rate=0.08, ctr=0.02, lead_share=0.4, paused_share=0
    )
    platforms = (("google_ads", "1000000007"), ("meta_ads", "2000000007"), ("linkedin_ads", "510000007"))
    accounts = [
        Account.model_validate(
            {"platform": platform, "id": own, "name": platform, "currency": "EUR", "time_zone": "UTC", "campaigns": 2,
             "ad_sets_per_campaign": 2, "behaviour": busy}
        )
        for platform, own in platforms
    ]  # fmt: skip
    return World(name="busy", seed=11, begins=date(2026, 1, 1), accounts=tuple(accounts), incidents=incidents)


def market(*incidents: Incident, now: datetime = NOW) -> Market:
    return Market(busy_world(*incidents), Clock(now))


def an(kind: str, size: float, *, level: str = "campaign", days: int = 10, **where: Any) -> Incident:
    """That happening to the first entity of the level in the Meta account, or elsewhere."""
    target = {"platform": "meta_ads", "account_id": "2000000007", "level": level}
    if level != "account":
        target["entity_id"] = entity_id(level, 0)
    return Incident.model_validate(
        {"kind": kind, "size": size, "first_day": FIRST, "days": days} | target | where
    )


def entity_id(level: str, row: int, platform: str = "meta_ads") -> str:
    clean = market()
    return str(getattr(clean.catalog(clean.world.of(platform)[0]), level + "s").id[row])


def figures(
    m: Market, level: str = "campaign", platform: str = "meta_ads", *, start: date = START, end: date = END
) -> dict[str, np.ndarray]:
    """Per metric days x entities of the platform's account; `conversions` are purchases and leads."""
    account = m.world.of(platform)[0]
    width = 1 if level == "account" else len(getattr(m.catalog(account), level + "s").id)
    found = {metric: np.zeros(((end - start).days + 1, width), np.int64) for metric in METRICS}
    for report in m.report(account, level, start, end):
        rows = np.zeros(len(report), int) if level == "account" else getattr(report, level)
        for metric in METRICS:
            found[metric][report.day - int(np.datetime64(start, "D").astype(int)), rows] = getattr(
                report, metric
            )
    return found | {"conversions": found["purchases"] + found["leads"]}
