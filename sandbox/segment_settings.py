"""The `crm.segments` section of a world file: kinds of customers, what is typical of each, and how much
better or worse they buy.

A multiplier only counts in proportion to those of the other segments: what a world says of its customers as a
whole stays true.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

Shares = Annotated[dict[str, Annotated[float, Field(gt=0)]], Field(max_length=60)]
"""Values of a trait with how common each is; any unit, only their proportion counts.

Empty: nothing is known.
"""
Multiplier = Annotated[float, Field(gt=0, le=20)]
SIZES = {
    "1-9": (1, 9),
    "10-49": (10, 49),
    "50-249": (50, 249),
    "250-999": (250, 999),
    "1000+": (1_000, 20_000),
}
"""Bands of company sizes with the employees that they stand for."""
OF_PEOPLE = ("country", "language", "use_case", "pain", "content", "search_topic")
OF_COMPANIES = ("industry", "company_size", "account_tier", "technology")


class Segment(BaseModel):
    """One kind of customer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=60)
    share: float = Field(gt=0, description="How common it is among those who come; proportions count.")
    channels: dict[str, Multiplier] = Field(
        {}, description="How much more of them come by a channel than by others; 1 where not given."
    )
    country: Shares = {}
    region: dict[str, Shares] = Field({}, description="Regions, by country.")
    language: Shares = {}
    use_case: Shares = Field({}, description="What they want to do, as they say in a form.")
    pain: Shares = Field({}, description="What troubles them, likewise.")
    content: Shares = Field({}, description="The page they land on.")
    search_topic: Shares = Field({}, description="What they searched for.")
    industry: Shares = {}
    company_size: Shares = {}
    account_tier: Shares = {}
    technology: Shares = {}
    company_share: float = Field(
        0.0, ge=0, le=1, description="Share of shop buyers who buy for a company; leads always have one."
    )
    conversion: Multiplier = Field(1.0, description="How easily a touch convinces them.")
    qualification: Multiplier = Field(1.0, description="How often their leads qualify.")
    deal: Multiplier = Field(1.0, description="How often a qualified lead becomes a deal.")
    order_value: Multiplier = Field(1.0, description="What they spend an order or deal.")
    orders_per_year: float = Field(
        0.0, ge=0, le=60, description="Further orders of shop customers a year, while they are customers."
    )
    churn: float = Field(
        0.5, gt=0, le=50, description="Rate a year at which they silently stop being customers."
    )

    @field_validator("company_size")
    @classmethod
    def _sizes_are_bands(cls, given: dict[str, float]) -> dict[str, float]:
        if strange := sorted(set(given) - set(SIZES)):
            raise ValueError(f"'{strange[0]}' is none of the bands {', '.join(SIZES)}")
        return given


def typical(segments: tuple[Segment, ...], name: str) -> float:
    """The share-weighted mean of a multiplier: what 1 means in this world."""
    whole = sum(segment.share for segment in segments)
    return sum(segment.share * float(getattr(segment, name)) for segment in segments) / whole
