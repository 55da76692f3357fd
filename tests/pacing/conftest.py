"""A small world whose mornings can be simulated, and core's frames made to known rules."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.days import Days, days_of
from sandbox.serve import Sandbox
from tests.history.conftest import world


@pytest.fixture
def mornings(sandbox_session: Sandbox, var: Path) -> Iterator[Days]:
    with days_of(world(), papers=var / "sandbox" / "certificates") as day_store:
        yield day_store


LEVELS = {
    ("google_ads", "11", "1", "EUR"): 100.0,
    ("google_ads", "11", "2", "EUR"): 40.0,
    ("meta_ads", "22", "3", "USD"): 60.0,
    ("linkedin_ads", "33", "4", "EUR"): 30.0,
}
RATE = {"EUR": 1.0, "USD": 0.5}


def campaign_days(*, end: date, days: int = 120, seed: int = 1, noise: float = 0.05) -> pd.DataFrame:
    """core/campaign_day of four campaigns at steady levels, a quarter less on weekends."""
    rng, span = np.random.default_rng(seed), pd.date_range(end=pd.Timestamp(end), periods=days)
    shape = np.where(span.day_of_week >= 5, 0.75, 1.0)
    parts = []
    for (platform, account, campaign, currency), level in LEVELS.items():
        spend = level * shape * np.exp(rng.normal(0, noise, days))
        parts.append(
            pd.DataFrame(
                {
                    "platform": platform,
                    "account_id": account,
                    "campaign_id": campaign,
                    "currency": currency,
                    "day": span,
                    "spend": spend,
                    "spend_reporting": spend * RATE[currency],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def entities(*, budgets: dict[str, float] | None = None) -> pd.DataFrame:
    """core/entities of those campaigns, each with a daily budget of its level unless `budgets` says
    otherwise."""
    rows = []
    for (platform, account, campaign, currency), level in LEVELS.items():
        common = {
            "platform": platform,
            "account_id": account,
            "currency": currency,
            "status": "active",
            "start_day": None,
            "end_day": None,
        }
        rows.append(
            common
            | {
                "level": "account",
                "entity_id": account,
                "name": f"Account {account}",
                "campaign_id": None,
                "daily_budget": None,
                "budget_owner": None,
                "budget_id": None,
            }
        )
        rows.append(
            common
            | {
                "level": "campaign",
                "entity_id": campaign,
                "campaign_id": campaign,
                "name": f"Campaign {campaign}",
                "daily_budget": (budgets or {}).get(campaign, level),
                "budget_owner": "campaign",
                "budget_id": campaign,
            }
        )
        rows += [
            common
            | {
                "level": "ad_set",
                "entity_id": f"{campaign}{n}",
                "campaign_id": campaign,
                "name": f"Ad set {campaign}{n}",
                "daily_budget": None,
                "budget_owner": "campaign",
                "budget_id": campaign,
            }
            for n in range(3)
        ]
    return pd.DataFrame(rows).drop_duplicates(
        ["level", "platform", "account_id", "entity_id"], ignore_index=True
    )
