"""Core tables of the CRM: touchpoints and outcomes of people, attribution credit, and the funnel's figures."""

from resources.lake.schema import COUNT, DAY, INSTANT, MONEY, NUMBER, SHARE, TEXT, Column, Table
from resources.tables.common import PULLED_AT

_PERSON = Column(
    "person_id",
    TEXT,
    "The person, whatever records the CRM has of them: from the hashed address, else the record's id.",
)
_CHANNEL = Column(
    "channel",
    TEXT,
    "google_ads, meta_ads, linkedin_ads, organic, direct, email, referral, social, other_paid, other or"
    " unattributed.",
)
_CAMPAIGN = Column("campaign_id", TEXT, "The campaign, where it is known.", nullable=True)
_AD_SET = Column("ad_set_id", TEXT, "The ad set, where it is known.", nullable=True)
_KIND = Column("kind", TEXT, "lead, qualified, opportunity, or order (an order, or a deal that was won).")
_CURRENCY = Column("currency", TEXT, "The reporting currency.")


def _money(name: str, description: str) -> Column:
    return Column(name, MONEY, description, nullable=True)


def _number(name: str, description: str) -> Column:
    return Column(name, NUMBER, description, nullable=True)


TOUCHPOINTS = Table(
    layer="core",
    name="touchpoints",
    description=(
        "Every visit of every person that the CRM remembers, with the platform, campaign and ad set that led"
        " to it."
    ),
    columns=(
        _PERSON,
        Column("touch_at", INSTANT, "When it was (UTC)."),
        Column("day", DAY, "Its day (UTC)."),
        _CHANNEL,
        _CAMPAIGN,
        _AD_SET,
        Column("click_id_kind", TEXT, "Kind of click id that came with it.", nullable=True),
        Column(
            "funnel",
            TEXT,
            "shop, or lead for people who left their address to be called: their chances are not compared.",
        ),
        Column("source", TEXT, "The CRM."),
        PULLED_AT,
    ),
    key=("person_id", "touch_at", "channel", "campaign_id", "ad_set_id"),
)
OUTCOMES = Table(
    layer="core",
    name="outcomes",
    description=(
        "What came of people: leads, qualified leads, opportunities and orders. Tests and refunds are left"
        " out; a person is one lead."
    ),
    columns=(
        _KIND,
        Column("outcome_id", TEXT, "The person for leads, else the deal or order."),
        Column("person_id", TEXT, "Who; empty where the CRM does not say.", nullable=True),
        Column("account", TEXT, "The company, where the CRM says.", nullable=True),
        Column("at", INSTANT, "When it happened (UTC)."),
        Column("day", DAY, "Its day (UTC)."),
        Column("is_shop", TEXT, "order for a shop's order, deal otherwise."),
        _money("value", "Amount in its own currency; empty for leads."),
        Column("value_currency", TEXT, "Currency of the amount.", nullable=True),
        _money("value_reporting", "Amount in the reporting currency, at the rate of its day."),
        PULLED_AT,
    ),
    key=("kind", "outcome_id"),
)
CREDIT = Table(
    layer="core",
    name="credit",
    description=(
        "Whose credit orders, opportunities and leads are, by day, channel, campaign and ad set, and by each"
        " model of credit."
    ),
    columns=(
        Column("model", TEXT, "The model of credit; docs/crm.md explains them."),
        _KIND,
        Column("day", DAY, "Day of the outcome (UTC)."),
        _CHANNEL,
        _CAMPAIGN,
        _AD_SET,
        Column("credit", NUMBER, "Outcomes; shares of one add up to one."),
        _number("value", "Their value in the reporting currency."),
        PULLED_AT,
    ),
    key=("model", "kind", "day", "channel", "campaign_id", "ad_set_id"),
)
FUNNEL_DAY = Table(
    layer="core",
    name="funnel_day",
    description=(
        "From clicks to orders per day: spend, what the platform claims, and beside it what the CRM booked."
    ),
    columns=(
        Column(
            "channel",
            TEXT,
            "A channel, `unattributed`, `paid` (the platforms together) or `all` (everything the CRM"
            " booked).",
        ),
        Column("day", DAY, "Day of the spend and of what was booked."),
        _CURRENCY,
        _money("spend", "Cost in the reporting currency."),
        _number(
            "claimed_conversions",
            "Conversions the platform claims. Empty for `paid` and `all`: claims of two platforms are never"
            " added.",
        ),
        _number("claimed_value", "Value of those claims; likewise."),
        _number("leads", "New leads, by credit."),
        _number("qualified", "Leads that qualified that day, by credit."),
        _number("qualified_low", "For `paid`: without those whose channel is not known."),
        _number("qualified_high", "For `paid`: with all of those."),
        _number("opportunities", "Deals that were opened, by credit."),
        _number("orders", "Orders and won deals, by credit."),
        _number(
            "shop_orders",
            "Of them a shop's orders for which people came, as platforms count them: an order without a visit"
            " since the one before is none.",
        ),
        _number(
            "revenue",
            "Booked value of the orders. For `paid`, touches that nobody saw are accounted for"
            " (docs/crm.md).",
        ),
        _number(
            "revenue_low",
            "For `paid`: lower end of the 80 % range; with few orders, nothing of what is unattributed.",
        ),
        _number("revenue_high", "For `paid`: upper end; with few orders, everything unattributed."),
        PULLED_AT,
    ),
    key=("channel", "day"),
)
CPQL = Table(
    layer="core",
    name="cpql",
    description=(
        "What a qualified lead costs, by weeks of clicks: so far, and in the end with its range, when every"
        " open lead was decided."
    ),
    columns=(
        Column("channel", TEXT, "A platform, or `paid` for all together."),
        Column("start_day", DAY, "First click day."),
        Column("end_day", DAY, "Last click day."),
        _CURRENCY,
        _number("spend", "Cost of the clicks in the reporting currency."),
        Column("leads", COUNT, "Leads so far."),
        Column("qualified", COUNT, "Of them qualified so far."),
        _number("projected", "Qualified in the end."),
        _number("projected_low", "Low end of that: 80 % interval."),
        _number("projected_high", "High end of that: 80 % interval."),
        Column("matured", SHARE, "Qualified so far over qualified in the end.", nullable=True),
        _number("cpql_so_far", "Spend over qualified leads so far: too dear while leads are open."),
        _number("cpql", "Spend over qualified leads in the end."),
        _number("cpql_low", "Low end of that: 80 % interval."),
        _number("cpql_high", "High end of that: 80 % interval."),
        PULLED_AT,
    ),
    key=("channel", "start_day", "end_day"),
)
PIPELINE = Table(
    layer="core",
    name="pipeline",
    description=(
        "Deals that are open now, by channel and stage: their amount and what they will probably bring."
    ),
    columns=(
        _CHANNEL,
        Column("stage", TEXT, "The stage they are in."),
        _CURRENCY,
        Column("deals", NUMBER, "Deals, by credit."),
        _number("amount", "Their amount in the reporting currency."),
        _number(
            "expected",
            "Amount times the chance to be won by stage and age; empty before any deal was closed.",
        ),
        PULLED_AT,
    ),
    key=("channel", "stage"),
)
ACQUISITION = Table(
    layer="core",
    name="acquisition",
    description=(
        "What every platform, campaign and ad set cost and brought over the last 28 and 90 days: leads,"
        " qualified leads and their cost, orders, pipeline, and how soon the money is back."
    ),
    columns=(
        Column("window_days", COUNT, "How many days up to the last: 28 or 90."),
        Column("day", DAY, "The last of them."),
        Column("level", TEXT, "paid (the platforms together), platform, campaign or ad_set."),
        _CHANNEL,
        _CAMPAIGN,
        _AD_SET,
        _CURRENCY,
        _number("spend", "Cost in the reporting currency; empty where a day's is not known."),
        _number("impressions", "How often an ad was shown."),
        _number("clicks", "Clicks, as the platform counts them."),
        _number("cpc", "Spend over clicks."),
        _number("ctr", "Clicks over impressions, as a fraction."),
        _number("cpm", "Spend over a thousand impressions."),
        _number(
            "claimed_conversions",
            "What the platform claims. Empty for `paid`: claims of two platforms are never added.",
        ),
        _number("claimed_value", "Value of those claims; likewise."),
        _number("claimed_roas", "That over spend; likewise."),
        _number("claim_inflation", "Conversions claimed for each that was booked; likewise."),
        _number("leads", "Leads, by credit."),
        _number(
            "booked", "Leads and shop orders for which people came, by credit: what claims are compared with."
        ),
        _number("cvr", "Those over clicks, as a fraction."),
        _number("cpl", "Spend over leads."),
        _number("qualified", "Leads that qualified in these days, by credit."),
        _number(
            "qualified_low",
            "Low end: for `paid` without those whose channel is not known, else 80 % of what such spend"
            " brings.",
        ),
        _number("qualified_high", "High end, likewise."),
        _number(
            "cpql",
            "Spend over the qualified leads that the clicks of these days will have brought in the end; empty"
            " where that is less than one.",
        ),
        _number("cpql_low", "Low end of that: 80 % interval."),
        _number("cpql_high", "High end of that: 80 % interval."),
        Column("matured", SHARE, "Qualified so far over qualified in the end.", nullable=True),
        _number("opportunities", "Deals opened, by credit."),
        _number("pipeline", "Open deals: amount times the chance to win by stage and age, by credit."),
        _number("pipeline_low", "Low end of what comes of them: 80 % interval."),
        _number("pipeline_high", "High end of what comes of them: 80 % interval."),
        _number("orders", "Orders and won deals, by credit."),
        _number("revenue", "Their booked value."),
        _number("roas", "Booked value over spend."),
        _number(
            "roas_low",
            "Low end: of `paid` with touches that nobody saw accounted for, else of what such spend earns"
            " (80 %).",
        ),
        _number("roas_high", "High end, likewise."),
        _number(
            "returned",
            "Share of the spend that is back within 90 days of the click, by what the clicks of 180 days"
            " earned.",
        ),
        _number(
            "payback_days", "Days from the click until all of it is back; empty where it is not within 90."
        ),
        _number("payback_low", "Low end of that: 80 % interval."),
        _number("payback_high", "High end of that; empty where it may not be within 90."),
        Column(
            "payback_of", TEXT, "What pays back: margin (by policy.yaml) or revenue (where it names none)."
        ),
        PULLED_AT,
    ),
    key=("window_days", "channel", "campaign_id", "ad_set_id", "level"),
)
CORE_CRM = (ACQUISITION, TOUCHPOINTS, OUTCOMES, CREDIT, FUNNEL_DAY, CPQL, PIPELINE)
