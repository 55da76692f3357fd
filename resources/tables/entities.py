"""Entities: accounts, campaigns, ad sets and ads as a platform describes them now, in one shape for all
platforms.
"""

from resources.lake.schema import COUNT, DAY, FLAG, INSTANT, MONEY, TEXT, Column, Table
from resources.tables import common as c


def _text(name: str, description: str) -> Column:
    return Column(name, TEXT, description, nullable=True)


ENTITY_COLUMNS = (
    c.PLATFORM,
    c.ACCOUNT_ID,
    Column("level", TEXT, "account, campaign, ad_set or ad."),
    Column("entity_id", TEXT, "The entity's own id at the platform."),
    _text("campaign_id", "Campaign it is or belongs to."),
    _text("ad_set_id", "Ad set it is or belongs to."),
    Column("name", TEXT, "Name as people gave it."),
    Column("native_level", TEXT, "What the platform itself calls this level."),
    Column("status", TEXT, "active, paused, removed, or other: one word for the three platforms' many."),
    _text("native_status", "The platform's own word for it."),
    c.CURRENCY,
    c.TIME_ZONE,
    Column("daily_budget", MONEY, "Daily budget set on this very entity, account currency.", nullable=True),
    Column("lifetime_budget", MONEY, "Lifetime budget set on this very entity.", nullable=True),
    _text("budget_owner", "Where the budget that limits it is kept: campaign, ad_set or shared_budget."),
    _text("budget_id", "Id of that budget's owner at the platform (Google: the campaign budget)."),
    Column(
        "shares_budget",
        FLAG,
        "True where the platform may lend a part of an ad set's budget to other ad sets of its campaign"
        " (Meta: up to 20 %).",
        nullable=True,
    ),
    Column(
        "daily_spend_least",
        MONEY,
        "What the platform tries to spend here a day at least, account currency (Meta, below a campaign"
        " budget).",
        nullable=True,
    ),
    Column(
        "daily_spend_most",
        MONEY,
        "What may be spent here a day at most, account currency (Meta, below a campaign budget).",
        nullable=True,
    ),
    _text("bid_strategy", "How the platform bids."),
    _text("objective", "What the campaign is meant to achieve."),
    _text("learning_state", "Learning phase as the platform states it."),
    _text(
        "labels",
        "Labels that people put on it at the platform, as a JSON list of names; LinkedIn has none. Empty"
        " where they could not be read.",
    ),
    _text("targeting", "Targeting, as JSON in the platform's own words."),
    _text("creative", "Texts and landing pages of an ad, as JSON."),
    Column("start_day", DAY, "First day it may deliver.", nullable=True),
    Column("end_day", DAY, "Last day it may deliver.", nullable=True),
    _text("version", "The platform's own version tag, which moves with every edit, where it has one."),
    Column("updated_at", INSTANT, "When the platform says it was last edited (UTC).", nullable=True),
    c.PULLED_AT,
)


def conversion_action_table(platform: str, spoken: str) -> Table:
    """The conversion actions of one platform, with how long after a click or a view each still counts."""
    return Table(
        layer="raw",
        name=f"{platform}_conversion_actions",
        description=(
            f"What {spoken} counts as a conversion, and how many days after a click or a view it still does."
        ),
        columns=(
            c.ACCOUNT_ID,
            Column("conversion_action_id", TEXT, "The conversion action."),
            Column("name", TEXT, "Its name in the account."),
            _text("category", "The platform's category, such as PURCHASE or LEAD."),
            Column("status", TEXT, "active, or other."),
            Column("click_window_days", COUNT, "Days after a click in which it counts.", nullable=True),
            Column("view_window_days", COUNT, "Days after a view in which it counts.", nullable=True),
            c.PULLED_AT,
        ),
        key=("account_id", "conversion_action_id"),
        keeps_history=True,
    )


def entity_table(platform: str, spoken: str) -> Table:
    """The snapshot table of one platform; the newest reading of each account stands in it."""
    return Table(
        layer="raw",
        name=f"{platform}_entities",
        description=(
            f"Accounts, campaigns, ad sets and ads in {spoken} as they stand now: status, budget, targeting,"
            " texts."
        ),
        columns=ENTITY_COLUMNS,
        key=("account_id", "level", "entity_id"),
        keeps_history=True,
    )
