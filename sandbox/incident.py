"""One labelled incident: what happens to an account or entity, from which day, for how long, and how hard.

A label is the truth that a detector is judged by, so each kind moves exactly what `KINDS` says, on exactly
the entities it names and what contains them: nothing beside them takes up money that stops, and nothing pays
for money that is spent in excess. Promotions and holidays are labelled too, because a detector that calls
them faults is wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Platform = Literal["google_ads", "meta_ads", "linkedin_ads"]
Level = Literal["account", "campaign", "ad_set", "ad"]
Metric = Literal["spend", "price", "click_rate", "conversion_rate", "arriving", "served"]
Kind = Literal[
    "spend_spike",
    "spend_stop",
    "cpc_jump",
    "ctr_drop",
    "creative_fatigue",
    "tracking_break",
    "roas_decay",
    "budget_exhausted_early",
    "disapproved_ads",
    "bid_strategy_change",
    "promotion",
    "holiday",
]


@dataclass(frozen=True)
class Nature:
    """What a kind is: the sizes it may have, what its size says, and by which power of the size each metric
    is multiplied.

    Metrics are those of `sandbox.incident_effects.Effects`. `lasts`: it grows evenly over its days and what
    it did stays for good; all others are there in full on their first day and gone after their last.
    """

    least: float
    most: float
    size: str
    moves: dict[Metric, float]
    lasts: bool = False
    is_fault: bool = True


KINDS: dict[Kind, Nature] = {
    "spend_spike": Nature(1.01, 100, "spend, as a multiple of usual", {"spend": 1}),
    "spend_stop": Nature(0, 0.5, "what is left of delivery, as a share of usual", {"spend": 1}),
    "cpc_jump": Nature(1.01, 100, "price of an impression, as a multiple of usual", {"price": 1}),
    "ctr_drop": Nature(0, 0.99, "click rate, as a share of usual", {"click_rate": 1}),
    "creative_fatigue": Nature(
        0, 0.99, "click rate at the end, as a share of usual", {"click_rate": 1}, lasts=True
    ),
    "tracking_break": Nature(0, 0.99, "share of conversions that still arrive", {"arriving": 1}),
    "roas_decay": Nature(
        0, 0.99, "conversion rate at the end, as a share of usual", {"conversion_rate": 1}, lasts=True
    ),
    "budget_exhausted_early": Nature(
        0.05, 0.95, "share of the day after which the budget is gone", {"served": 1, "price": -0.5}
    ),
    "disapproved_ads": Nature(0, 0, "what is left of delivery: nothing", {"spend": 1}),
    "bid_strategy_change": Nature(
        0.2,
        5,
        "price of an impression, as a multiple of usual",
        {"price": 1, "spend": -0.5, "conversion_rate": 0.5},
    ),
    "promotion": Nature(
        1.01,
        20,
        "conversion rate, as a multiple of usual",
        {"conversion_rate": 1, "spend": 0.25},
        is_fault=False,
    ),
    "holiday": Nature(
        0.05,
        5,
        "delivery, as a multiple of usual",
        {"spend": 1, "conversion_rate": 0.5},
        is_fault=False,
    ),
}
STRATEGY_LEVELS = {
    "google_ads": ("account", "campaign"),
    "meta_ads": ("account", "campaign", "ad_set"),
    "linkedin_ads": ("account", "campaign", "ad_set"),
}
"""Where a platform keeps its bid strategies, and what is above that."""


class Incident(BaseModel):
    """What happens, to whom, from `first_day` on, for `days` days of the account's own calendar."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    platform: Platform | None = Field(None, description="None: all platforms.")
    account_id: str | None = Field(None, description="None: every account of the platform, or of all.")
    level: Level = "account"
    entity_id: str | None = Field(
        None, pattern=r"^\d+$", description="The platform's id; None: the whole account."
    )
    first_day: date
    days: int = Field(ge=1, le=3_650)
    size: float = Field(allow_inf_nan=False, description="Its meaning by kind is in KINDS.")

    @model_validator(mode="after")
    def _says_whom_it_hits(self) -> "Incident":
        if self.account_id is not None and self.platform is None:
            raise ValueError("account_id needs its platform")
        if self.level == "account" and self.entity_id not in (None, self.account_id):
            raise ValueError("level account takes no entity_id: name the account in account_id")
        if self.level != "account" and None in (self.platform, self.account_id, self.entity_id):
            raise ValueError(f"level {self.level} needs platform, account_id and entity_id")
        return self

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Incident":
        nature = KINDS[self.kind]
        if not nature.least <= self.size <= nature.most:
            raise ValueError(
                f"size of {self.kind} is {nature.size}: between {nature.least:g} and {nature.most:g}, not"
                f" {self.size:g}"
            )
        if self.kind == "bid_strategy_change":
            if self.size == 1:
                raise ValueError("size of bid_strategy_change is not 1: nothing would move")
            levels = STRATEGY_LEVELS[self.platform] if self.platform else ("account",)
            if self.level not in levels:
                raise ValueError(f"bid_strategy_change of {self.platform} is at level {' or '.join(levels)}")
        if self.kind == "holiday" and self.size == 1:
            raise ValueError("size of holiday is not 1: nothing would move")
        return self

    @property
    def is_fault(self) -> bool:
        """Whether somebody should be told; promotions and holidays are business as usual."""
        return KINDS[self.kind].is_fault

    @property
    def last_day(self) -> date:
        """The last of its days, included."""
        return self.first_day + timedelta(days=self.days - 1)

    def touches(self, platform: str, account_id: str) -> bool:
        """Whether it happens in that account or in a part of it."""
        return self.platform in (None, platform) and self.account_id in (None, account_id)

    def is_on(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


def require_known(incidents: Iterable[Incident], accounts: Iterable[tuple[str, str]]) -> None:
    """Nothing, if each incident happens in one of these accounts (platform, id).

    Raises:
        ValueError: It names the first that happens nowhere, and the accounts there are.
    """
    existing = list(accounts)
    for incident in incidents:
        if not any(incident.touches(platform, account_id) for platform, account_id in existing):
            whom = " ".join(filter(None, (incident.platform, incident.account_id)))
            there = ", ".join(f"{platform} {account_id}" for platform, account_id in existing[:8])
            raise ValueError(
                f"the {incident.kind} of {incident.first_day} is in {whom}, which is not in this world"
                f" ({there})"
            )
