"""Core: the platforms in one vocabulary, one row per thing and day, money also in the reporting currency."""

from dataclasses import replace

from resources.schema import DAY, MONEY, NUMBER, SHARE, TEXT, Column, Table
from resources.tables import common as c
from resources.tables.entities import ENTITY_COLUMNS

_REPORTING = (
    Column(
        "spend_reporting", MONEY, "Cost in the reporting currency, at the rate of that day.", nullable=True
    ),
    Column(
        "conversion_value_reporting",
        MONEY,
        "Conversion value in the reporting currency, at the rate of that day.",
        nullable=True,
    ),
)
RATIOS = (
    Column("cpc", NUMBER, "Cost per click in account currency; empty without clicks.", nullable=True),
    Column("ctr", SHARE, "Clicks per impression, as a fraction; empty without impressions.", nullable=True),
    Column(
        "roas",
        NUMBER,
        "Conversion value per spend, as the platform claims it; empty without spend.",
        nullable=True,
    ),
)
_COUNTED = tuple(
    replace(column, nullable=True) for column in (c.IMPRESSIONS, c.CLICKS, c.SPEND, c.CONVERSIONS)
)
"""Empty where an export that people dropped does not say: missing is missing, never zero."""
_VALUE = replace(c.CONVERSION_VALUE, nullable=True)
_DELIVERY = (*_COUNTED, _VALUE, *_REPORTING, *RATIOS)


def _day_table(level: str, spoken: str) -> Table:
    ids = c.LEVEL_IDS[level]
    return Table(
        layer="core",
        name=f"{level}_day",
        description=f"Daily spend, clicks, conversions, CPC, CTR and ROAS of every {spoken} on every platform.",
        columns=(c.PLATFORM, *c.ACCOUNT_DAY, *ids, *_DELIVERY, c.PULLED_AT),
        key=("platform", "account_id", ids[-1].name, "day"),
    )


DAYS = {
    "campaign": _day_table("campaign", "campaign"),
    "ad_set": _day_table("ad_set", "ad set"),
    "ad": _day_table("ad", "ad"),
}
ENTITIES = Table(
    layer="core",
    name="entities",
    description="Every account, campaign, ad set and ad of all platforms as it stands now, with names, status and budgets.",
    columns=ENTITY_COLUMNS,
    key=("platform", "account_id", "level", "entity_id"),
)
FX_RATE = Table(
    layer="core",
    name="fx_rate",
    description="What one unit of each account currency was worth in the reporting currency on each day.",
    columns=(
        c.CURRENCY,
        Column("day", DAY, "The day the rate holds for."),
        Column("reporting_currency", TEXT, "The currency that reports are in."),
        Column("rate", NUMBER, "Units of reporting currency for one unit of `currency`."),
        Column("source", TEXT, "Where the rate came from."),
    ),
    key=("currency", "day"),
)
KPI_DAY = Table(
    layer="core",
    name="kpi_day",
    description="The day's key figures per platform and in total, in the reporting currency.",
    columns=(
        Column("platform", TEXT, "A platform, or `all` for the total."),
        c.THE_DAY,
        Column("currency", TEXT, "The reporting currency."),
        Column("spend", MONEY, "Cost in the reporting currency.", nullable=True),
        _COUNTED[0],
        _COUNTED[1],
        Column(
            "conversions",
            NUMBER,
            "Conversions the platforms claim. Two platforms may claim the same sale: read the total with that in mind.",
            nullable=True,
        ),
        Column("conversion_value", MONEY, "Value of those claims in the reporting currency.", nullable=True),
        Column(
            "cpc", NUMBER, "Cost per click in the reporting currency; empty without clicks.", nullable=True
        ),
        *RATIOS[1:],
        c.PULLED_AT,
    ),
    key=("platform", "day"),
)
