"""A platform in memory and its figures, for tests that live many lives in a second."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from resources.errors import OutcomeUnknown, PlatformRefused
from resources.kinds.base import ValueChange
from resources.kinds.keywords import digest_of, keys
from resources.kinds.negative_keywords.change import KeywordImage, NegativeKeywordsChange
from resources.kinds.new_ad.change import NewAdChange, ad_set_of, image_of
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
        self.words: dict[str, frozenset[tuple[str, str]]] = dict.fromkeys(NAMES, frozenset())
        self.ads: set[str] = set()
        """Ads that were made, by what their targets are called."""
        self.sent: list[str] = []
        self.mood = "well"

    def image(self, at: Target) -> Image:
        if at.level == "negative_list":
            present = self.words[at.entity_id]
            facts = {name: getattr(image(name="A list"), name) for name in _OF_PLACES}
            return KeywordImage(**facts, count=len(present), digest=digest_of(present), present=present)
        if at.level == "ad":
            is_there = at.entity_id in self.ads
            return image_of(self.live[ad_set_of(at).entity_id], ("1", "PAUSED") if is_there else None)
        return self.live[at.entity_id]

    def edited_at(self, _: Target) -> None:
        return None

    def budget_edits(self, _: Target, *, since: datetime) -> list[datetime]:
        del since
        return []

    def rehearse(self, _: Change) -> None:
        """Always fine."""

    def send(self, change: Change) -> str:
        if self.mood == "dies before":
            raise Dies
        self.sent.append(signature(change))
        if self.mood == "refuses":
            raise PlatformRefused("Changing", platform="meta_ads", said="no")
        if self.mood not in {"lost request", "ignored"}:
            self._carry_out(change)
        if self.mood == "dies after":
            raise Dies
        if self.mood in {"lost request", "lost answer"}:
            raise OutcomeUnknown("Changing", platform="meta_ads", said="no answer")
        return "req"

    def _carry_out(self, change: Change) -> None:
        name = change.target.entity_id
        if isinstance(change, NegativeKeywordsChange):
            self.words[name] = (self.words[name] - keys(change.removes)) | keys(change.adds)
        elif isinstance(change, NewAdChange):
            (self.ads.discard if change.is_removed else self.ads.add)(name)
        elif isinstance(change, ValueChange):
            value = {"daily_budget": Decimal(change.after)} if change.budgets else {"status": change.after}
            self.live[name] = self.live[name].model_copy(update=value)


def signature(change: Change) -> str:
    """What a request would say: two that are the same have the same."""
    return change.model_dump_json(exclude={"image"})


_OF_PLACES = ("name", "campaign_id", "campaign_name", "status", "native_status", "currency", "labels")


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
