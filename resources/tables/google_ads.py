"""Google Ads as it answers: money in micros, metrics by its own names, ids as text."""

from resources.lake.schema import COUNT, FLAG, NUMBER, SHARE, TEXT, Column, Table
from resources.tables import common as c
from resources.tables.entities import conversion_action_table, entity_table

_COST = Column("cost_micros", COUNT, "Cost in millionths of the account currency.")
_CONVERSIONS = Column(
    "conversions", NUMBER, "Conversions counted so far, dated by the click; grows for weeks."
)
_VALUE = Column("conversions_value", NUMBER, "Value of those conversions in account currency.")
_EXTRA = (
    Column("all_conversions", NUMBER, "Conversions of every action, also those not used for bidding."),
    Column("view_through_conversions", COUNT, "Conversions after an ad was seen and not clicked."),
)
_IMPRESSION_SHARE = Column(
    "search_impression_share", SHARE, "Share of the possible search impressions won, 0 to 1.", nullable=True
)
_LOST_TO_BUDGET = Column(
    "search_budget_lost_impression_share",
    SHARE,
    "Share of the possible search impressions lost for lack of budget, 0 to 1.",
    nullable=True,
)
DELIVERY = (c.IMPRESSIONS, c.CLICKS, _COST, _CONVERSIONS, _VALUE)


def _day_table(level: str, *extra: Column) -> Table:
    ids = c.WITH_ACCOUNT[level]
    return Table(
        layer="raw",
        name=f"google_ads_{level}_day",
        description=f"What each Google Ads {_NATIVE[level]} delivered each day, as Google reports it.",
        columns=(*c.ACCOUNT_DAY, *ids, *DELIVERY, *_EXTRA, *extra, c.PULLED_AT),
        key=c.day_key(level),
        keeps_history=True,
    )


_NATIVE = {"account": "account", "campaign": "campaign", "ad_set": "ad group (our ad set)", "ad": "ad"}
DAYS = {
    "account": _day_table("account"),
    "campaign": _day_table("campaign", _IMPRESSION_SHARE, _LOST_TO_BUDGET),
    "ad_set": _day_table("ad_set", _IMPRESSION_SHARE),
    "ad": _day_table("ad"),
}
SEARCH_TERM = Column("search_term", TEXT, "What was typed.")
SEARCH_TERM_DAY = Table(
    layer="raw",
    name="google_ads_search_term_day",
    description=(
        "What people typed before they saw an ad, with what it cost. Rare searches are hidden by Google."
    ),
    columns=(
        *c.ACCOUNT_DAY,
        c.CAMPAIGN_ID,
        c.AD_SET_ID,
        SEARCH_TERM,
        Column(
            "status", TEXT, "ADDED, EXCLUDED, ADDED_EXCLUDED or NONE: whether it is a keyword or a negative."
        ),
        *DELIVERY,
        c.PULLED_AT,
    ),
    key=("account_id", "ad_set_id", "search_term", "day"),
    keeps_history=True,
)
CONVERSION_ACTION_DAY = Table(
    layer="raw",
    name="google_ads_conversion_action_day",
    description=(
        "Conversions of each ad set by the action that was counted, such as a purchase or a lead form."
    ),
    columns=(
        *c.ACCOUNT_DAY,
        c.CAMPAIGN_ID,
        c.AD_SET_ID,
        Column("conversion_action_id", TEXT, "The conversion action."),
        Column("conversion_action_name", TEXT, "Its name in the account."),
        Column("category", TEXT, "Google's category, such as PURCHASE or SUBMIT_LEAD_FORM."),
        _CONVERSIONS,
        _VALUE,
        _EXTRA[0],
        c.PULLED_AT,
    ),
    key=("account_id", "ad_set_id", "conversion_action_id", "day"),
    keeps_history=True,
)
KEYWORDS = Table(
    layer="raw",
    name="google_ads_keywords",
    description="Keywords that are bid on and negative keywords that are excluded, with where they apply.",
    columns=(
        c.ACCOUNT_ID,
        Column("criterion_id", TEXT, "Google's resource name of the keyword, unique in the account."),
        Column("campaign_id", TEXT, "Campaign it applies to; empty for one in a shared list.", nullable=True),
        Column("ad_set_id", TEXT, "Ad set it applies to; empty above that level.", nullable=True),
        Column("shared_set_id", TEXT, "Shared negative list it belongs to, if any.", nullable=True),
        Column("text", TEXT, "The keyword."),
        Column("match_type", TEXT, "EXACT, PHRASE or BROAD."),
        Column("is_negative", FLAG, "True where it excludes searches."),
        Column("status", TEXT, "ENABLED, PAUSED or REMOVED."),
        c.PULLED_AT,
    ),
    key=("account_id", "criterion_id"),
    keeps_history=True,
)
ENTITIES = entity_table("google_ads", "Google Ads")
CONVERSION_ACTIONS = conversion_action_table("google_ads", "Google Ads")
