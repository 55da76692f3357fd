"""Pacing section of policy.yaml: when a month counts as off plan."""

from pydantic import BaseModel, ConfigDict, Field


class Pacing(BaseModel):
    """Thresholds of budget pacing (`assets.signals.pacing`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tolerance: float = Field(
        0.05, ge=0, lt=1, description="Share of the budget that a month may miss it by and still be on plan."
    )
    early_days: int = Field(
        3, ge=0, le=15, description="Closed days of a month before which nothing is judged."
    )
    red_above: float = Field(0.80, ge=0, le=1)
    amber_above: float = Field(0.50, ge=0, le=1)
