"""Audiences section of policy.yaml: which segment is sent to which platform, within which limits."""

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from resources.ledger.proposal import Target

Purpose = Literal["target", "exclude", "seed"]
LONGEST_ID = 48
"""Of a segment's id as a part of proposals' keys; longer ones are cut and told apart by a hash."""
Shares = dict[str, Annotated[float, Field(gt=0, le=1)]]


class AudienceLine(BaseModel):
    """One segment sent to one account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    segment: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="The segment's lasting id.")
    platform: Literal["google_ads", "meta_ads", "linkedin_ads"]
    account_id: str = Field(pattern=r"^\d+$")
    purpose: Purpose
    keep_out_of: tuple[str, ...] = Field(
        (), description="With exclude: campaigns (Google) or ad sets (Meta, LinkedIn) it is kept out of."
    )
    may_shrink: bool = Field(
        default=False, description="Whether one proposal may take out more than `removed_share` of it."
    )

    @model_validator(mode="after")
    def _keeps_out_for_a_reason(self) -> "AudienceLine":
        if self.keep_out_of and self.purpose != "exclude":
            raise ValueError("keep_out_of goes with the purpose exclude")
        return self

    @property
    def target(self) -> Target:
        """Target of the audience in proposals."""
        entity_id = self.segment
        if len(entity_id) > LONGEST_ID:
            entity_id = f"{entity_id[: LONGEST_ID - 9]}-{hashlib.sha256(entity_id.encode()).hexdigest()[:8]}"
        return Target(
            platform=self.platform,
            account_id=self.account_id,
            level="audience",
            entity_id=f"{entity_id}.{self.purpose}",
        )

    def places(self) -> tuple[Target, ...]:
        """Campaigns or ad sets that exclude the audience."""
        level: Literal["campaign", "ad_set"] = "campaign" if self.platform == "google_ads" else "ad_set"
        return tuple(
            Target(platform=self.platform, account_id=self.account_id, level=level, entity_id=entity_id)
            for entity_id in self.keep_out_of
        )


class AudiencePolicy(BaseModel):
    """Audiences and the limits on them.

    Only the removal of members happens without an approval.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lines: tuple[AudienceLine, ...] = ()
    least_matched: dict[str, Annotated[int, Field(ge=1)]] = {
        "google_ads": 100,
        "meta_ads": 100,
        "linkedin_ads": 300,
    }
    """People the platform has to know of an audience before it can be used."""
    match_share: Shares = {"google_ads": 0.4, "meta_ads": 0.4, "linkedin_ads": 0.25}
    """Share of people who are known there, until it was measured: low ones, so that a list is not sent in
    vain.
    """
    removed_share: float = Field(
        0.20, gt=0, le=1, description="The most of an audience that one proposal takes out."
    )
    unexplained_share: float = Field(
        0.20,
        gt=0,
        le=1,
        description=(
            "The most of an audience that goes by itself because its consent is not known any more. Whoever"
            " withdrew it always goes."
        ),
    )
    kept_conversions: float = Field(
        0.70, ge=0, le=1, description="Share of a campaign's conversions that an exclusion has to leave."
    )
    days_to_decide: float = Field(7, gt=0)
    oldest_days: int = Field(9, ge=1, description="Age of the segments that a proposal may rest on.")
    special_category_accounts: tuple[str, ...] = Field(
        (), description='Accounts that advertise housing, jobs or credit, such as "meta_ads 2000000001".'
    )

    @model_validator(mode="after")
    def _each_once(self) -> "AudiencePolicy":
        words = [line.target.words for line in self.lines]
        if twice := {name for name in words if words.count(name) > 1}:
            raise ValueError(f"lines name '{min(twice)}' twice")
        return self

    def line(self, target: Target) -> AudienceLine | None:
        """Policy entry of an audience; None if policy.yaml no longer has one."""
        return next((line for line in self.lines if line.target == target), None)
