"""Segment tables: customers' features, their segments, and what paid media spends on and earns from each."""

from resources.lake.schema import COUNT, DAY, FLAG, INSTANT, NUMBER, SHARE, TEXT, Column, Table
from resources.tables import common as c

_WEEK = Column("day", DAY, "Last day that was known: the Sunday of the week.")
_CUSTOMER = Column(
    "customer_id", TEXT, "The customer, as `person_id` of core/touchpoints: never an address or a number."
)
_SEGMENT = Column("segment_id", TEXT, "The segment's lasting id, such as de-large-repeat.")


def _text(name: str, description: str) -> Column:
    return Column(name, TEXT, description, nullable=True)


def _number(name: str, description: str) -> Column:
    return Column(name, NUMBER, description, nullable=True)


CUSTOMER_FEATURES = Table(
    layer="segments",
    name="customer_features",
    description=(
        "What is known of each customer at the end of a week: where they are, whom they work for, what they"
        " did, need and are worth. What is not known is empty, never guessed."
    ),
    columns=(
        _WEEK,
        _CUSTOMER,
        _text("country", "Country as the CRM has it, ISO 3166 where it can be told."),
        _text("region", "Region within the country."),
        _text("language", "Language, ISO 639-1."),
        _text("industry", "Industry of their company."),
        _text("company_size", "Employees of their company: 1-9, 10-49, 50-249, 250-999 or 1000+."),
        _text("account_tier", "Tier of their company in the CRM."),
        _text("technology", "What their company uses, in the CRM's word."),
        _text("first_channel", "Channel of the first visit that anybody saw."),
        _text("content", "What they looked at first, from the tagged address."),
        _text("use_case", "What they want to do, from a form."),
        _text("pain", "What troubles them, from a form."),
        _text("search_topic", "Topic of the search that led to them."),
        _number("visits", "Visits that anybody saw."),
        _number("tenure_days", "Days since the first visit, lead or order."),
        _number("recency_days", "Days since the last order."),
        _number("orders", "Orders and won deals so far."),
        _number("revenue", "Their value so far, reporting currency."),
        _number("margin", "The same times the margin of policy.yaml."),
        _number("expected_value", "Value of the next 365 days, reporting currency."),
        _number("expected_low", "Low end of that: 80 % interval."),
        _number("expected_high", "High end of that: 80 % interval."),
        _number(
            "mean_value",
            "The mean of that value: what is added up over a group. `expected_value` is nearest for one"
            " customer.",
        ),
        Column(
            "may_advertise", FLAG, "Agreed to advertising; empty where the CRM does not say.", nullable=True
        ),
        c.PULLED_AT,
    ),
    key=("day", "customer_id"),
)
CUSTOMERS = Table(
    layer="segments",
    name="customers",
    description="Which segment each customer is in. One person is in one segment.",
    columns=(
        _WEEK,
        _CUSTOMER,
        _SEGMENT,
        Column("segment", TEXT, "Its name, from the rule."),
        Column("origin", TEXT, "discovered, or written (in policy.yaml)."),
        c.PULLED_AT,
    ),
    key=("day", "customer_id"),
)
CARDS = Table(
    layer="segments",
    name="cards",
    description=(
        "A card per segment: its rule, size, value and needs, the tests it passed with their numbers, how it"
        " drifted, and what to do with it."
    ),
    columns=(
        _WEEK,
        _SEGMENT,
        Column("segment", TEXT, "Its name, from the rule."),
        Column("origin", TEXT, "discovered, or written (in policy.yaml)."),
        Column("priority", COUNT, "Who fits several rules is in the one of the lowest number."),
        Column("rule", TEXT, "The rule, as people read it."),
        Column("rule_sql", TEXT, "The same as an SQL condition over segments/customer_features."),
        Column("definition", TEXT, "The same as JSON, so that the next week tests exactly this rule."),
        Column("way", TEXT, "How it was found: classes, response, tiers or written."),
        Column("asked_for", COUNT, "How many groups the model was asked for when it was found."),
        Column("people", COUNT, "Customers in it."),
        Column("share", SHARE, "Share of all customers."),
        _number("value_mean", "Expected value of the next 365 days per customer, reporting currency."),
        _number("value_total", "The same, together."),
        _text("about", "What its customers have in common, in a sentence or two."),
        _text("channels", "Channels they came by, the most first."),
        _text("action", "What to do with it."),
        Column("state", TEXT, "active, expired (a test it passed does not hold any more), or refused."),
        _text("why", "Which test it fails, and by how much."),
        Column("tests", TEXT, "The six tests with their numbers, as JSON."),
        _number("drift", "Population stability index against the week before; above 0.2 is a drift."),
        c.PULLED_AT,
    ),
    key=("day", "segment_id"),
)
PERFORMANCE = Table(
    layer="segments",
    name="performance",
    description=(
        "What each segment costs and brings, by platform, campaign and ad set. Cells of fewer than 20 people"
        " are left out."
    ),
    columns=(
        _WEEK,
        _SEGMENT,
        c.PLATFORM,
        Column("campaign_id", TEXT, "The campaign; empty for the whole platform.", nullable=True),
        Column("ad_set_id", TEXT, "The ad set; empty for the whole campaign.", nullable=True),
        Column("basis", TEXT, "crm (joined customers) or breakdown (the platform's own)."),
        Column("people", COUNT, "People it rests on."),
        _number("spend", "Cost of their clicks, reporting currency."),
        _number("clicks", "Their clicks."),
        _number("impressions", "Their impressions, where the platform breaks them down."),
        _number("cpc", "Cost per click, reporting currency."),
        _number("ctr", "Clicks per impression."),
        _number("qualified", "Qualified leads by credit."),
        _number("cpql", "Cost per qualified lead."),
        _number("revenue", "Booked value by credit, reporting currency."),
        _number(
            "roas", "Booked value over spend, pulled towards the platform's by how few people it rests on."
        ),
        _number("roas_low", "Low end of that: 80 % interval."),
        _number("roas_high", "High end of that: 80 % interval."),
        _number("value_to_cost", "Expected value of the next 365 days over spend."),
        _number(
            "mix_adjusted",
            "ROAS the campaign or ad set would have with the platform's average mix of segments.",
        ),
        _text(
            "verdict",
            "Of the campaign or ad set: good, poor, well mixed (only its mix is good), badly mixed, as the"
            " others, or not enough people.",
        ),
        c.PULLED_AT,
    ),
    key=("day", "segment_id", "platform", "campaign_id", "ad_set_id", "basis"),
)
AUDIENCES = Table(
    layer="actions",
    name="audiences",
    description=(
        "Which audience of which account holds which segment: how many people it should have, has been sent"
        " and was matched."
    ),
    columns=(
        _WEEK,
        _SEGMENT,
        c.PLATFORM,
        c.ACCOUNT_ID,
        _text("audience_id", "The audience at the platform; empty before the first sync."),
        Column("purpose", TEXT, "target, exclude or seed."),
        Column(
            "members", COUNT, "People it should hold: in the segment, with an identifier, and who agreed."
        ),
        Column("to_add", COUNT, "Of them not sent yet."),
        Column("to_remove", COUNT, "Sent, and to be taken out."),
        Column("without_consent", COUNT, "Left out for want of consent."),
        Column("without_identifier", COUNT, "Left out for want of an address or a number."),
        _number("matched", "People the platform says it knows, where it says."),
        _number("match_rate", "That over the people it was sent."),
        Column("state", TEXT, "new, in step, to be synced, too small, or held."),
        _text("why", "Why, in a sentence."),
        Column("read_at", INSTANT, "When the platform was asked (UTC).", nullable=True),
        c.PULLED_AT,
    ),
    key=("day", "segment_id", "platform", "account_id", "purpose"),
)
SEGMENTS = (CUSTOMER_FEATURES, CUSTOMERS, CARDS, PERFORMANCE, AUDIENCES)
