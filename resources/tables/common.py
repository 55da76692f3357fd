"""Columns that several tables share, so that one quantity has one name, one unit and one description."""

from resources.lake.schema import COUNT, DAY, INSTANT, MONEY, NUMBER, TEXT, Column

PLATFORM = Column("platform", TEXT, "google_ads, meta_ads or linkedin_ads.")
ACCOUNT_ID = Column("account_id", TEXT, "The advertising account, as the platform numbers it.")
CAMPAIGN_ID = Column("campaign_id", TEXT, "The campaign (LinkedIn's API calls it campaign group).")
AD_SET_ID = Column("ad_set_id", TEXT, "The ad set (Google: ad group; LinkedIn's API: campaign).")
AD_ID = Column("ad_id", TEXT, "The ad (LinkedIn: creative).")
THE_DAY = Column("day", DAY, "Calendar day in the account's own time zone (LinkedIn: UTC).")
CURRENCY = Column("currency", TEXT, "Currency of the account, ISO 4217.")
TIME_ZONE = Column("time_zone", TEXT, "Time zone in which the account counts its days.")
IMPRESSIONS = Column("impressions", COUNT, "How often an ad was shown.")
CLICKS = Column("clicks", COUNT, "Clicks, as the platform counts them.")
SPEND = Column("spend", MONEY, "Cost in account currency.")
CONVERSIONS = Column("conversions", NUMBER, "Conversions the platform claims for this day so far.")
CONVERSION_VALUE = Column("conversion_value", MONEY, "Value of those conversions in account currency.")
PULLED_AT = Column("pulled_at", INSTANT, "When these figures were read from the platform (UTC).")

REPORTING_MONEY = (
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

ACCOUNT_DAY = (ACCOUNT_ID, THE_DAY, CURRENCY, TIME_ZONE)
LEVEL_IDS = {
    "campaign": (CAMPAIGN_ID,),
    "ad_set": (CAMPAIGN_ID, AD_SET_ID),
    "ad": (CAMPAIGN_ID, AD_SET_ID, AD_ID),
}
"""Which ids a row of each level carries, from the top down. The last one is the level's own."""
WITH_ACCOUNT: dict[str, tuple[Column, ...]] = {"account": (), **LEVEL_IDS}
"""The same with the account's own total, which platforms report and nobody runs."""


def day_key(level: str) -> tuple[str, ...]:
    """The columns that are unique together in a platform's table of days."""
    return ("account_id", *(column.name for column in WITH_ACCOUNT[level][-1:]), "day")
