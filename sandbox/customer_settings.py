"""The `crm` section of a world file: how many of the claimed conversions are real, who they are, and how
deals run.
"""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.segment_settings import Segment

PAID = ("google_ads", "meta_ads", "linkedin_ads")
UNPAID = ("organic", "direct", "email")
CHANNELS = (*PAID, *UNPAID)
STAGES = (
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "decisionmakerboughtin",
    "contractsent",
)
"""Open stages of the sales pipeline, in order, by HubSpot's own ids."""


class Crm(BaseModel):
    """How the market's customers behave.

    Every field has a default, so that a world without this section has a CRM too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["hubspot", "salesforce", "none"] = Field(
        "none", description="Which CRM is served and whose credentials sandbox.env holds; none without one."
    )
    begins: date | None = Field(
        None, description="First click day of the CRM's people; the world's own beginning without it."
    )
    companies: int = Field(400, ge=1, description="Companies that leads work for.")
    calls_per_10_s: int = Field(190, ge=1, description="HubSpot's limit for one private app.")
    claim_excess: float = Field(
        0.30, ge=0, le=2, description="By how much all platforms' claims exceed what really happened."
    )
    pull: dict[str, float] = Field(
        {}, description="How much a touch of a channel convinces; drawn by the seed where not given."
    )
    pull_spread: float = Field(0.6, ge=0, le=2, description="Spread of the pulls that are drawn (log scale).")
    extra_touches: float = Field(
        1.0, ge=0, le=3, description="Mean number of touches besides the click that was claimed."
    )
    organic_share: float = Field(
        0.35, ge=0, le=5, description="People without any paid touch, per person with one."
    )
    subscriber_share: float = Field(
        0.5, ge=0, le=1, description="Share of those who did not buy that left an address."
    )
    lost_share: float = Field(
        0.04, ge=0, le=1, description="Share of people whose whole path is lost (another device)."
    )
    touch_lost_share: float = Field(0.03, ge=0, le=1, description="Share of single touches that are lost.")
    form_share: float = Field(
        0.0,
        ge=0,
        le=1,
        description=(
            "Share of LinkedIn's leads that filled in a form at LinkedIn, so that no landing page tells of"
            " their click."
        ),
    )
    untagged_share: float = Field(
        0.10, ge=0, le=1, description="Share of paid touches with a click id and no campaign parameters."
    )
    quality: dict[str, float] = Field(
        {
            "google_ads": 0.42,
            "meta_ads": 0.28,
            "linkedin_ads": 0.5,
            "organic": 0.45,
            "direct": 0.4,
            "email": 0.4,
        },
        description="Share of a channel's leads that qualify in the end; the rest never does.",
    )
    qualify_days: dict[str, float] = Field(
        {"google_ads": 7, "meta_ads": 9, "linkedin_ads": 11, "organic": 8, "direct": 8, "email": 7},
        description="Median days from lead to qualified lead.",
    )
    qualify_spread: float = Field(0.75, ge=0, le=2)
    deal_share: float = Field(0.6, ge=0, le=1, description="Share of qualified leads that become a deal.")
    deal_multiple: float = Field(
        12, gt=0, description="Median amount of a deal, in order values of the ad set."
    )
    stage_days: tuple[float, ...] = Field(
        (4, 6, 6, 6, 4), min_length=5, max_length=5, description="Mean days in each stage."
    )
    stage_on: tuple[float, ...] = Field(
        (0.8, 0.8, 0.8, 0.85, 0.9),
        min_length=5,
        max_length=5,
        description="Chance to go on from each stage while alive.",
    )
    stalled_share: float = Field(
        0.1, ge=0, lt=1, description="Chance in each stage that nobody answers any more."
    )
    stalled_days: float = Field(60, gt=0, description="Mean days until a stalled deal is called lost.")
    refund_share: float = Field(0.05, ge=0, le=1)
    refund_days: float = Field(10, gt=0)
    chargeback_share: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of orders that the buyer's bank takes back, as a refund weeks later.",
    )
    chargeback_days: float = Field(45, gt=0, description="Mean days until it does.")
    test_share: float = Field(
        0.01, ge=0, le=1, description="Share of leads and orders that people made to try a form."
    )
    merge_share: float = Field(
        0.01, ge=0, le=1, description="Share of people entered twice and merged later."
    )
    delete_share: float = Field(0.005, ge=0, le=1, description="Share of contacts that are deleted later.")
    segments: tuple[Segment, ...] = Field(
        (), max_length=50, description="Kinds of customers; none: everybody is alike and has no traits."
    )
    segment_overlap: float = Field(
        0.15, ge=0, le=1, description="How often a trait is not its segment's but anybody's."
    )
    segment_tilt: float = Field(
        0.5, ge=0, le=3, description="How much the mix of segments differs between ad sets (log scale)."
    )
    trait_missing: float = Field(
        0.1, ge=0, le=1, description="How often a trait of a person or a company is not known."
    )
    trait_missing_of: dict[str, float] = Field({}, description="The same for single traits, by name.")
    consent_share: float | None = Field(
        None, ge=0, le=1, description="Share of people who agreed to advertising; none: nobody was asked."
    )
    unsubscribe_share: float = Field(
        0.06, ge=0, le=1, description="Share of those who take it back some day."
    )
    unsubscribe_days: float = Field(60, gt=0, description="Mean days until they do.")

    @model_validator(mode="after")
    def _segments_are_told_apart(self) -> "Crm":
        names = [segment.name for segment in self.segments]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"segments: '{doubled[0]}' is there twice")
        strange = {channel for segment in self.segments for channel in segment.channels} - set(CHANNELS)
        if strange:
            raise ValueError(f"segments: '{min(strange)}' is no channel; they are {', '.join(CHANNELS)}")
        return self
