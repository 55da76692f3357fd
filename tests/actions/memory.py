"""A platform in memory and its figures, for tests that live many lives in a second."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from resources.errors import OutcomeUnknown, PlatformRefused
from resources.ledger.proposal import Change, Image, Target
from tests.actions.made import AT, image

NAMES = [str(n) for n in range(30)]


class Dies(BaseException):
    """The process is killed here: nothing of ours catches it, and the ledger stays as it is."""


class Platform:
    """One platform in memory, as moody as asked."""

    platform = "meta_ads"

    def __init__(self) -> None:
        self.live: dict[str, Image] = {name: image(name=f"Set {name}") for name in NAMES}
        self.sent: list[tuple[str, str, str]] = []
        self.mood = "well"

    def image(self, at: Target) -> Image:
        return self.live[at.entity_id]

    def edited_at(self, _: Target) -> None:
        return None

    def budget_edits(self, _: Target, *, since: datetime) -> list[datetime]:
        del since
        return []

    def rehearse(self, _: Change) -> None:
        """Always fine."""

    def send(self, change: Change) -> str:
        name = change.target.entity_id
        if self.mood == "dies before":
            raise Dies
        self.sent.append((name, change.before, change.after))
        if self.mood == "refuses":
            raise PlatformRefused("Changing", platform="meta_ads", said="no")
        if self.mood not in {"lost request", "ignored"}:
            value = (
                {"status": change.after}
                if change.field == "status"
                else {"daily_budget": Decimal(change.after)}
            )
            self.live[name] = self.live[name].model_copy(update=value)
        if self.mood == "dies after":
            raise Dies
        if self.mood in {"lost request", "lost answer"}:
            raise OutcomeUnknown("Changing", platform="meta_ads", said="no answer")
        return "req"


def frames() -> dict[str, Any]:
    days = pd.date_range("2026-11-01", "2026-11-22")
    rows = [
        {"platform": "meta_ads", "account_id": "a1", "ad_set_id": name, "campaign_id": "c1", "day": day, "spend": 50.0, "clicks": 100.0,
         "impressions": 5000.0, "conversions": 3.0, "conversion_value": 100.0, "read_at": pd.Timestamp(AT)}
        for name in [*NAMES, "spare"] for day in days
    ]  # fmt: skip
    sets = pd.DataFrame(rows)
    campaigns = (
        sets.drop(columns="ad_set_id")
        .groupby(["platform", "account_id", "campaign_id", "day", "read_at"], as_index=False)
        .sum()
    )
    entities = pd.DataFrame(
        [
            {"platform": "meta_ads", "account_id": "a1", "level": "ad_set", "entity_id": name, "campaign_id": "c1", "status": "active",
             "daily_budget": 100.0, "budget_id": name, "budget_owner": "ad_set", "time_zone": "UTC", "name": name}
            for name in [*NAMES, "spare"]
        ]
    )  # fmt: skip
    return {"ad_set_days": sets, "campaign_days": campaigns, "entities": entities}
