"""Segments section of policy.yaml: acceptance tests of customer segments, and traits that may not define one."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

PROTECTED = (
    "ethnicity",
    "ethnic",
    "race",
    "racial",
    "skin color",
    "skin colour",
    "religion",
    "religious",
    "faith",
    "belief",
    "philosophy",
    "health",
    "medical",
    "disability",
    "disabled",
    "diagnosis",
    "pregnancy",
    "pregnant",
    "genetic",
    "biometric",
    "sexual orientation",
    "sexuality",
    "sex life",
    "gender identity",
    "political",
    "politics",
    "party membership",
    "trade union",
    "union member",
    "union membership",
    "criminal",
    "conviction",
    "caste",
    "national origin",
    "immigration",
    "citizenship",
)
"""Words in a trait's name that make it protected: the special categories of data protection law and what ad
platforms forbid.
"""
GENDER, AGE = ("gender", "sex"), ("age", "birth", "born", "birthday", "birthdate", "birthyear")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WrittenRule(_Frozen):
    """A segment defined by hand: a name, and an expression over customer features."""

    name: str = Field(min_length=1, max_length=80)
    expression: str = Field(min_length=1, max_length=2000)
    action: str | None = Field(None, description="What to do with it; worked out from its value where empty.")


class Acceptance(_Frozen):
    """Thresholds of the six acceptance tests. A group that fails one of them is not a segment."""

    jaccard: float = Field(0.75, ge=0, le=1, description="Mean overlap with itself on resampled customers.")
    stability: float = Field(
        0.60, ge=0, le=1, description="Agreement (ARI) of what two halves of time teach."
    )
    confidence: float = Field(0.95, gt=0.5, lt=1, description="Share of random partitions it has to beat.")
    ratio: float = Field(1.3, gt=1, description="Largest ratio of an outcome between two segments.")
    fidelity: float = Field(0.85, ge=0, le=1, description="Share of the model's labels that the rule gives.")
    least_share: float = Field(0.05, ge=0, lt=1, description="Share of all customers.")
    action_ratio: float = Field(
        1.15, gt=1, description="Two groups closer than this in every outcome are one."
    )


class Segments(_Frozen):
    """When a group of customers is a segment (`assets.segments.discovery`). Shares are fractions."""

    acceptance: Acceptance = Acceptance()
    most: int = Field(5, ge=2, le=7, description="More segments than that nobody operates.")
    holdout_share: float = Field(
        0.33, gt=0.05, lt=0.8, description="Share of the time, the last part of it, that the tests are kept."
    )
    least_customers: int = Field(200, ge=50, description="Fewer customers make no segments.")
    match_rate: dict[str, Annotated[float, Field(gt=0, le=1)]] = {
        "google_ads": 0.5,
        "meta_ads": 0.5,
        "linkedin_ads": 0.2,
    }
    """Share of uploaded people that a platform is expected to know."""
    platform_minimum: dict[str, Annotated[int, Field(ge=1)]] = {
        "google_ads": 100,
        "meta_ads": 100,
        "linkedin_ads": 300,
    }
    """People a platform asks for in an audience, after matching.

    A segment must be large enough for one of them.
    """
    drift: float = Field(0.2, gt=0, description="Population stability index above which a segment expires.")
    protected: tuple[str, ...] = PROTECTED
    allow_age: bool = True
    """Age and age bands, where they are lawfully known."""
    allow_gender: bool = False
    never: tuple[str, ...] = Field((), description="Further traits, by name, that make no segment.")
    tiers_by_value: bool = True
    """Where nothing but purchases is known, groups by purchases alone are offered."""
    sample: int = Field(5000, ge=500, description="Customers that the model is fitted on.")
    rules: tuple[WrittenRule, ...] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> "Segments":
        names = [rule.name.casefold() for rule in self.rules]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two rules are named '{min(twice)}'")
        if missing := set(self.platform_minimum) - set(self.match_rate):
            raise ValueError(f"match_rate has no '{min(missing)}', which platform_minimum has")
        return self
