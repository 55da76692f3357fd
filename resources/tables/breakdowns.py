"""Breakdowns: delivery divided by age, gender, placement, device, and on LinkedIn by what members do for a living."""

from dataclasses import replace

from resources.lake.schema import COUNT, INSTANT, MONEY, SHARE, TEXT, Column, Table
from resources.tables import common as c
from resources.tables.google_ads import DELIVERY

_LEVEL = Column("level", TEXT, "What is divided: account, campaign or ad_set.")
_ENTITY = Column("entity_id", TEXT, "Its id at that level.")
_CAMPAIGN = replace(c.CAMPAIGN_ID, nullable=True)
_DIMENSION = Column(
    "dimension",
    TEXT,
    "By what: age, gender, device, placement, company_size, industry, seniority or job_function.",
)
_VALUE = Column("value", TEXT, "The part, in the platform's own words.")
_PERIOD_DAYS = Column(
    "period_days",
    COUNT,
    "Days that the row covers, from `day` on: 1, or 7 where LinkedIn adds noise to every answer and days"
    " would not add up.",
)
_PART = (_LEVEL, _ENTITY, _CAMPAIGN, _DIMENSION, _VALUE, _PERIOD_DAYS)
_KEY = ("account_id", "level", "entity_id", "dimension", "value", "period_days", "day")
_META = (
    c.IMPRESSIONS,
    c.CLICKS,
    c.SPEND,
    Column("reach", COUNT, "People who saw it. Neither parts nor days of reach can be added."),
    *(
        Column(name, kind, description)
        for name, kind, description in (
            ("purchases", c.CONVERSIONS.type, "Purchases Meta claims so far (action type omni_purchase)."),
            ("purchase_value", MONEY, "Value of those purchases in account currency."),
            ("leads", c.CONVERSIONS.type, "Leads Meta claims so far (action type lead)."),
        )
    ),
)


def _raw(platform: str, description: str, *metrics: Column) -> Table:
    return Table(
        layer="raw",
        name=f"{platform}_breakdown_day",
        description=description,
        columns=(*c.ACCOUNT_DAY, *_PART, *metrics, c.PULLED_AT),
        key=_KEY,
        keeps_history=True,
    )


RAW_BREAKDOWNS = {
    "google_ads": _raw(
        "google_ads",
        "Google Ads delivery by age and gender per ad group, and by device per campaign.",
        *DELIVERY,
    ),
    "meta_ads": _raw(
        "meta_ads", "Meta Ads delivery by age, gender, placement and device per ad set.", *_META
    ),
    "linkedin_ads": _raw(
        "linkedin_ads",
        "LinkedIn Ads delivery by company size, industry, seniority and job function per account and week,"
        " approximated by LinkedIn.",
        c.IMPRESSIONS,
        c.CLICKS,
        c.SPEND,
    ),
}
BREAKDOWN_DAY = Table(
    layer="core",
    name="breakdown_day",
    description=(
        "Delivery divided by age, gender, placement, device or profession, on all platforms. Small parts"
        " stand as the platform gives them; parts that it withholds are in no row, so `covered_share` says"
        " how much is there."
    ),
    columns=(
        c.PLATFORM,
        *c.ACCOUNT_DAY,
        *_PART,
        c.IMPRESSIONS,
        c.CLICKS,
        c.SPEND,
        *(replace(column, nullable=True) for column in (c.CONVERSIONS, c.CONVERSION_VALUE)),
        Column(
            "spend_reporting", MONEY, "Cost in the reporting currency, at the rate of `day`.", nullable=True
        ),
        Column("reach", COUNT, "People who saw it (Meta). Never to be added.", nullable=True),
        Column(
            "covered_share",
            SHARE,
            "Impressions of all parts of this dimension over those of the entity in the same days. Below 1"
            " parts are missing; approximated parts may exceed 1.",
            nullable=True,
        ),
        Column("pulled_at", INSTANT, "When these figures were read from the platform (UTC)."),
    ),
    key=("platform", *_KEY),
)
