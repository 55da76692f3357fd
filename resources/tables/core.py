"""Core tables: the platforms in one vocabulary, one row per entity and day, money also in the reporting
currency.
"""

from dataclasses import replace

from resources.lake.schema import COUNT, DAY, INSTANT, MONEY, NUMBER, SHARE, TEXT, Column, Table
from resources.tables import common as c
from resources.tables.entities import ENTITY_COLUMNS

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
MATURITY = (
    Column(
        "matured",
        SHARE,
        "Share of the day's final conversions that can be seen by now, 0 to 1; empty where that is not"
        " known.",
        nullable=True,
    ),
    Column("conversions_projected", NUMBER, "Conversions the day will have in the end.", nullable=True),
    Column("conversions_low", NUMBER, "Low end of that: 80 % interval.", nullable=True),
    Column("conversions_high", NUMBER, "High end of that: 80 % interval.", nullable=True),
    Column(
        "conversion_value_projected", NUMBER, "Conversion value the day will have in the end.", nullable=True
    ),
    Column("conversion_value_low", NUMBER, "Low end of that: 80 % interval.", nullable=True),
    Column("conversion_value_high", NUMBER, "High end of that: 80 % interval.", nullable=True),
    Column(
        "roas_projected", NUMBER, "Projected conversion value per spend; empty without spend.", nullable=True
    ),
)
READ_AT = Column(
    "read_at", INSTANT, "When the day was last read from the platform (UTC), also if nothing had changed."
)
_DELIVERY = (*_COUNTED, _VALUE, *c.REPORTING_MONEY, *RATIOS)


def _day_table(level: str, spoken: str) -> Table:
    ids = c.LEVEL_IDS[level]
    return Table(
        layer="core",
        name=f"{level}_day",
        description=(
            f"Daily spend, clicks, conversions, CPC, CTR and ROAS of every {spoken} on every platform."
        ),
        columns=(c.PLATFORM, *c.ACCOUNT_DAY, *ids, *_DELIVERY, *MATURITY, READ_AT, c.PULLED_AT),
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
    description=(
        "Every account, campaign, ad set and ad of all platforms as it stands now, with names, status and"
        " budgets."
    ),
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
    is_fixed=True,
)


def _shared(name: str, of: str) -> tuple[Column, ...]:
    return (
        Column(f"{name}share", SHARE, f"Share of the final {of} that is visible at this age."),
        Column(f"{name}low" if name else "share_low", SHARE, "Low end of that share: 80 % interval."),
        Column(f"{name}high" if name else "share_high", SHARE, "High end of that share: 80 % interval."),
    )


CONVERSION_LAG = Table(
    layer="core",
    name="conversion_lag",
    description=(
        "How late conversions arrive: the share that can be seen some days after the click, per platform,"
        " account and conversion action."
    ),
    columns=(
        c.PLATFORM,
        Column("account_id", TEXT, "The account; empty for all accounts of the platform together."),
        Column("action", TEXT, "The conversion action; `*` for all of them together."),
        Column("age_days", COUNT, "Days from the click to the reading, in the account's own calendar."),
        *_shared("", "conversions"),
        *_shared("value_", "conversion value"),
        Column("conversions", NUMBER, "Conversions that it was learned from."),
        Column("days", COUNT, "Click days that it was learned from."),
        Column(
            "source",
            TEXT,
            "own (learned from its own readings), pooled (mostly from the level above) or prior (nothing"
            " learned yet).",
        ),
        c.PULLED_AT,
    ),
    key=("platform", "account_id", "action", "age_days"),
    keeps_history=True,
)
KPI_DAY = Table(
    layer="core",
    name="kpi_day",
    description=(
        "The day's key figures per platform and in total, in the reporting currency. The total has spend,"
        " impressions and clicks; what platforms claim is never added up."
    ),
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
            "Conversions the platform claims; empty for the total, since two platforms may claim the same"
            " sale.",
            nullable=True,
        ),
        Column(
            "conversion_value",
            MONEY,
            "Value of those claims in the reporting currency; likewise.",
            nullable=True,
        ),
        Column(
            "cpc", NUMBER, "Cost per click in the reporting currency; empty without clicks.", nullable=True
        ),
        *RATIOS[1:],
        *MATURITY,
        READ_AT,
        c.PULLED_AT,
    ),
    key=("platform", "day"),
)
