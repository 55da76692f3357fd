"""Thresholds of anomaly detection (`assets.signals.anomalies`), part of policy.yaml."""

from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict, Field, model_validator


class AnomalyThresholds(BaseModel):
    """Thresholds of anomaly flags.

    Effect sizes are logarithms of actual over expected: 0.25 is 22 % less or 28 % more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    alpha: float = Field(
        0.003, gt=0, lt=0.5, description="Chance of a flag per measure and day where all is well."
    )
    alpha_few_peers: float = Field(
        0.001,
        gt=0,
        lt=0.5,
        description="The same for a metric with fewer than eight series, such as one campaign.",
    )
    alpha_alone: float = Field(
        0.0003,
        gt=0,
        lt=0.5,
        description="The same for a series without peers, whose noise only its own past tells.",
    )
    false_discovery: float = Field(
        0.10, gt=0, lt=1, description="Share of a day's flags that may be chance (Benjamini and Hochberg)."
    )
    favourable: float = Field(0.05, gt=0, le=1, description="Chance of good news, times alpha.")
    least_amount: float = Field(
        0.40, ge=0, description="Smaller changes of an amount (spend, clicks) are not flagged."
    )
    least_ratio: float = Field(0.25, ge=0, description="Smaller changes of a ratio are not flagged.")
    warm_periods: int = Field(
        21, ge=5, le=400, description="A series is judged from its so many known days on."
    )
    half_life: float = Field(
        21.0, gt=0, description="Days after which a day counts half in the expected level."
    )
    peers_weigh: float = Field(
        8.0,
        ge=0,
        description="How many days of its own the noise of its peers stands for in a series' noise.",
    )
    new_level_after: int = Field(3, ge=1, description="Days after which a moved amount is its new level.")
    longest: int = Field(21, ge=2, description="Days after which anything is.")
    habit_periods: int = Field(
        120, ge=0, description="What happened twice within so many days (or hours) is a habit and no news."
    )
    quiet_days: int = Field(
        2, ge=0, description="An incident that nothing is flagged of for more days has ended."
    )
    least_stake: float = Field(
        0.02,
        ge=0,
        description="Share of the day's spend at stake below which an incident is of low severity.",
    )


class SpecialDays(BaseModel):
    """Days with expected deviations, such as a promotion or a holiday. They are neither tested nor used for
    fitting.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    first: date
    last: date | None = Field(None, description="The first day unless given.")
    account: str | None = Field(None, description="`platform account`; all unless given.")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "SpecialDays":
        if self.last is not None and self.last < self.first:
            raise ValueError(f"'{self.name}' ends on {self.last}, before it begins on {self.first}")
        return self

    @property
    def days(self) -> list[date]:
        return [
            self.first + timedelta(days=n) for n in range(((self.last or self.first) - self.first).days + 1)
        ]
