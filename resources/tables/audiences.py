"""Audiences at the platforms, where they are used, and how many people were reached over a window of days."""

from resources.lake.schema import COUNT, MONEY, TEXT, Column, Table
from resources.tables import common as c

_AUDIENCE_ID = Column("audience_id", TEXT, "The audience, as targeting names it at the platform.")
_ABOUT = (
    Column("name", TEXT, "Name of the audience."),
    Column(
        "kind",
        TEXT,
        "What it is made of, in the platform's words, such as CRM_BASED or CUSTOM.",
        nullable=True,
    ),
    Column("status", TEXT, "The platform's own word for how it is.", nullable=True),
    Column(
        "size_low",
        COUNT,
        "People in it that the platform knows: at least so many. Empty where it does not say.",
        nullable=True,
    ),
    Column("size_high", COUNT, "At most so many.", nullable=True),
)


def _audience_table(platform: str, spoken: str) -> Table:
    return Table(
        layer="raw",
        name=f"{platform}_audiences",
        description=f"Audiences in {spoken} with their size as {spoken} states it, whoever made them.",
        columns=(c.ACCOUNT_ID, _AUDIENCE_ID, *_ABOUT, c.PULLED_AT),
        key=("account_id", "audience_id"),
        keeps_history=True,
    )


RAW_AUDIENCES = {
    "google_ads": _audience_table("google_ads", "Google Ads"),
    "meta_ads": _audience_table("meta_ads", "Meta Ads"),
    "linkedin_ads": _audience_table("linkedin_ads", "LinkedIn Ads"),
}
GOOGLE_USES = Table(
    layer="raw",
    name="google_ads_audience_uses",
    description="Which audiences Google's campaigns are aimed at or kept away from.",
    columns=(
        c.ACCOUNT_ID,
        Column("use_id", TEXT, "Google's resource name of the criterion."),
        c.CAMPAIGN_ID,
        _AUDIENCE_ID,
        Column("use", TEXT, "include or exclude."),
        Column("status", TEXT, "ENABLED, PAUSED or REMOVED."),
        c.PULLED_AT,
    ),
    key=("account_id", "use_id"),
    keeps_history=True,
)
REACH_WINDOWS = Table(
    layer="raw",
    name="meta_ads_reach_window",
    description=(
        "People that each account, campaign and ad set of Meta reached in the 7 and in the 28 days that end"
        " with a day."
    ),
    columns=(
        *c.ACCOUNT_DAY,
        Column("window_days", COUNT, "Days of the window, which ends with `day`: 7 or 28."),
        Column("level", TEXT, "account, campaign or ad_set."),
        Column("entity_id", TEXT, "Its id at that level."),
        Column("reach", COUNT, "People who saw an ad at least once in the window. Never to be added."),
        c.IMPRESSIONS,
        c.SPEND,
        c.PULLED_AT,
    ),
    key=("account_id", "window_days", "level", "entity_id", "day"),
    keeps_history=True,
)
AUDIENCES = Table(
    layer="core",
    name="audiences",
    description=(
        "Every audience at every platform, whoever made it, with its size and how many places use it."
    ),
    columns=(
        c.PLATFORM,
        c.ACCOUNT_ID,
        _AUDIENCE_ID,
        *_ABOUT,
        Column("included_in", COUNT, "Active and paused places that aim at it."),
        Column("excluded_from", COUNT, "Active and paused places that keep it out."),
    ),
    key=("platform", "account_id", "audience_id"),
)
AUDIENCE_USES = Table(
    layer="core",
    name="audience_uses",
    description=(
        "Where each audience is aimed at or kept out: Google's campaigns, the ad sets of Meta and LinkedIn."
    ),
    columns=(
        c.PLATFORM,
        c.ACCOUNT_ID,
        Column("level", TEXT, "campaign or ad_set."),
        Column("entity_id", TEXT, "The place."),
        _AUDIENCE_ID,
        Column("audience_name", TEXT, "Its name; empty for one that the login does not list.", nullable=True),
        Column("use", TEXT, "include or exclude."),
        Column(
            "entity_status", TEXT, "Status of the place: active, paused, removed or other.", nullable=True
        ),
        Column(
            "spend_28d",
            MONEY,
            "Spend of the place in the last 28 days that were read, account currency.",
            nullable=True,
        ),
    ),
    key=("platform", "account_id", "level", "entity_id", "audience_id", "use"),
)
RAW_AUDIENCE_TABLES = (*RAW_AUDIENCES.values(), GOOGLE_USES, REACH_WINDOWS)
CORE_AUDIENCE_TABLES = (AUDIENCES, AUDIENCE_USES)
