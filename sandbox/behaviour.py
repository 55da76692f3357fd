"""How an account's market behaves: the `behaviour` section of a world file, and the effects that it may
switch on.

An effect whose section is absent does not exist: the world delivers the bytes it delivered before the effect
was written.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from sandbox.ad_language import AdLanguage
from sandbox.search_language import Language

Shape = Literal["hill", "logistic", "power", "dead", "step"]
SHAPES: tuple[Shape, ...] = ("hill", "logistic", "power", "dead", "step")


class Section(BaseModel):
    """A section of a world file: refuses fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Response(Section):
    """How an ad set's clicks and conversions answer its spend, and what else moves them beside its spend."""

    shapes: dict[Shape, float] = Field(
        {"hill": 1.0}, description="How common each shape of the response curve is among ad sets."
    )
    half_saturation: float = Field(
        1.0,
        gt=0,
        le=100,
        description="Median spend at half of the most that can be reached, in daily budgets.",
    )
    half_saturation_spread: float = Field(
        0.5, ge=0, le=2, description="Spread of that between ad sets (log scale)."
    )
    slope: float = Field(
        1.0, gt=0, le=4, description="Median exponent of hill curves; above 1 they begin slowly (S-shape)."
    )
    slope_spread: float = Field(0.2, ge=0, le=1, description="Spread of the exponents (log scale).")
    carry_over: float = Field(
        0.0, ge=0, le=0.8, description="Adstock: share of a day's effect that is still there a day later."
    )
    competition: float = Field(
        0.0,
        ge=0,
        le=1,
        description="How much the spend of ad sets on the same people saturates an ad set, against its own.",
    )
    starvation: float = Field(
        0.0,
        ge=0,
        le=1,
        description=(
            "How much the platform holds back an ad set where a stronger one is after the same people."
        ),
    )
    group_size: int = Field(
        1,
        ge=1,
        le=100,
        description=(
            "Ad sets of an account that are after the same people; with a population its pools count."
        ),
    )
    demand_swing: float = Field(
        0.0,
        ge=0,
        le=1,
        description=(
            "Swing of the demand that all ad sets of the account share (log scale, standard deviation)."
        ),
    )
    demand_memory: float = Field(
        0.85, ge=0, le=0.95, description="Correlation of that demand with the day before."
    )
    demand_conversion: float = Field(
        0.0,
        ge=0,
        le=2,
        description="By which power of demand and season the conversion rate moves with them.",
    )
    shocks_a_year: float = Field(
        0.0,
        ge=0,
        le=12,
        description="Unexplained changes of an ad set's conversion rate a year, each for 5 to 25 days.",
    )
    shock_size: float = Field(0.4, ge=0, le=2, description="Spread of the shocks (log scale).")

    @field_validator("shapes")
    @classmethod
    def _some_shape_has_a_share(cls, shares: dict[Shape, float]) -> dict[Shape, float]:
        if not shares or min(shares.values()) < 0 or not sum(shares.values()):
            raise ValueError("give at least one shape a share above 0 and none a share below 0")
        return shares


class Searches(Section):
    """What people search for before they see an ad of a Google search or Performance Max campaign."""

    vocabulary: int = Field(
        4_000, ge=20, le=500_000, description="Searches that people of the account's themes know."
    )
    languages: tuple[Language, ...] = Field(
        ("en",), min_length=1, description="Languages that people search in."
    )
    tail: float = Field(
        1.0, ge=0, le=2, description="How fast popularity falls with the rank (Zipf's exponent)."
    )
    hidden_share: float = Field(
        0.25, ge=0, lt=1, description="Share of the clicks on searches that are too rare to be reported."
    )
    misspelled_share: float = Field(
        0.08, ge=0, le=1, description="Share of the searches that are misspelled."
    )
    strength: float = Field(
        1.0,
        ge=0,
        le=2,
        description="By which power intents move conversion rates; 0: all searches convert alike.",
    )
    exceptions: float = Field(
        1.0,
        ge=0,
        le=2,
        description="How often and how much an intent or a qualifier means something else in a theme.",
    )


class AdTexts(Section):
    """What the words of ads do. Without this section every ad has one of a few texts, and none matters."""

    languages: tuple[AdLanguage, ...] = Field(
        ("en",), min_length=1, description="Languages that ads are written in."
    )
    strength: float = Field(
        0.25,
        ge=0,
        le=2,
        description=(
            "Typical effect of a trait of the text on the click rate (log scale); 0: words do not matter."
        ),
    )
    interaction: float = Field(
        0.1, ge=0, le=2, description="The same, additional and different for each audience."
    )
    trade_off: float = Field(
        0.0,
        ge=-1,
        le=3,
        description=(
            "By how much the conversion rate falls where words raise the click rate, on the log scale."
        ),
    )
    novelty_decay: float = Field(
        0.0,
        ge=0,
        le=2,
        description=(
            "By which power the click rate falls with the attention an ad had lately; 0: ads do not wear out."
        ),
    )
    novelty_days: int = Field(42, ge=1, le=180, description="Days whose attention counts.")
    renewal_days: int = Field(
        1_000,
        ge=1,
        le=3_000,
        description="Days over which an ad set's further ads were added, from its first day on.",
    )


class Population(Section):
    """The people whom an account's ads reach; without it nobody is counted and exclusions change no delivery."""

    people: int = Field(
        400_000, ge=1_000, le=100_000_000, description="People whom the account's ads could reach."
    )
    overlap: float = Field(
        0.15,
        ge=0,
        le=1,
        description="Chance that an ad set also reaches the people of a pool that is not its own.",
    )
    focus: float = Field(
        3.0,
        ge=1,
        le=100,
        description="Impressions per person in an ad set's own pool, against its other people.",
    )
    pool_spread: float = Field(0.8, ge=0, le=3, description="Spread of the sizes of pools (log scale).")
    pool_contrast: float = Field(
        0.0,
        ge=0,
        le=2,
        description="By which power pools differ in how easily their people convert; 0: not at all.",
    )


class Behaviour(Section):
    """How an account's market behaves. Money in major units of the account's currency."""

    daily_budget: float = Field(60.0, gt=0, description="Median daily budget of an ad set.")
    budget_spread: float = Field(
        0.6, ge=0, le=2, description="Spread of budgets between ad sets (log scale)."
    )
    demand: float = Field(1.1, gt=0, description="Median of what could be spent over the budget.")
    demand_spread: float = Field(
        0.35,
        ge=0,
        le=2,
        description="Spread of that between ad sets (log scale): where it is below 1 no budget binds.",
    )
    cpm: float = Field(9.0, gt=0, description="Median cost of a thousand impressions.")
    ctr: float = Field(0.014, gt=0, lt=1)
    conversion_rate: float = Field(0.035, gt=0, lt=1, description="Conversions per click.")
    order_value: float = Field(70.0, gt=0, description="Median value of a purchase.")
    order_value_spread: float = Field(
        0.45, ge=0, le=2, description="Spread of the values of an ad set's purchases (log scale)."
    )
    wholesale_share: float = Field(
        0.0, ge=0, le=0.5, description="Share of purchases that are wholesale orders."
    )
    wholesale_multiple: float = Field(
        12.0, ge=1, le=1_000, description="What a wholesale order is worth, in ordinary orders."
    )
    lead_share: float = Field(
        0.3, ge=0, le=1, description="Share of campaigns that collect leads, not purchases."
    )
    weekday_swing: float = Field(0.25, ge=0, lt=1, description="How much quieter the quietest weekday is.")
    season_swing: float = Field(
        0.15, ge=0, lt=1, description="Half the distance from the year's low to its high."
    )
    noise: float = Field(0.12, ge=0, le=1, description="Day-to-day noise of delivery (log scale).")
    noise_most: float | None = Field(
        None,
        ge=0,
        le=1,
        description="With it each ad set has a noise of its own between `noise` and this (log-uniform).",
    )
    noise_memory: float = Field(
        0.0, ge=0, le=0.9, description="Correlation of an ad set's noise with that of the day before."
    )
    same_day_share: float = Field(
        0.5, ge=0, le=1, description="Share of conversions within hours of the click."
    )
    lag_days: float = Field(4.0, gt=0, le=30, description="Mean lag of the other conversions, in days.")
    longest_lag_days: int = Field(30, ge=1, le=90)
    retracted_share: float = Field(
        0.0, ge=0, le=0.5, description="Share of conversions that are taken back, such as returned orders."
    )
    retraction_days: float = Field(8.0, gt=0, le=60, description="Mean time until they are, in days.")
    credit_share: float = Field(
        0.0, ge=0, le=0.2, description="Share of clicks and cost credited back as invalid, on average."
    )
    credit_days: float = Field(2.0, ge=0, le=30, description="Days after the day's end until they are.")
    paused_share: float = Field(0.08, ge=0, lt=1)
    campaign_budget_share: float = Field(
        0.5, ge=0, le=1, description="Share of campaigns that hold the budget."
    )
    searches: Searches | None = Field(
        None,
        description="What people search for; without it 14 searches per theme, and negatives block nothing.",
    )
    population: Population | None = Field(None, description="Whom ads reach.")
    ad_texts: AdTexts | None = Field(None, description="What the words of ads do.")
    appeal_spread: float = Field(
        0.2,
        ge=0,
        le=1,
        description="Spread of what an ad's picture does to its click rate, whatever its words (log scale).",
    )
    response: Response | None = Field(
        None, description="How clicks and conversions answer spend; without it alike everywhere."
    )
