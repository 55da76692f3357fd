"""LinkedIn Ads as it answers:

LinkedIn's campaign group is our campaign, its campaign is our ad set. Days are UTC.
"""

from resources.lake.schema import COUNT, MONEY, Column, Table
from resources.tables import common as c
from resources.tables.entities import conversion_action_table, entity_table

_DELIVERY = (
    c.IMPRESSIONS,
    c.CLICKS,
    Column("landing_page_clicks", COUNT, "Clicks that lead to the advertiser."),
    Column("total_engagements", COUNT, "Clicks, reactions, comments, shares and follows together."),
    c.SPEND,
    Column("spend_usd", MONEY, "Cost in US dollars at LinkedIn's own rate; never mixed with `spend`."),
    Column(
        "external_website_conversions", COUNT, "Conversions on the advertiser's site, after click or view."
    ),
    Column("post_click_conversions", COUNT, "The part of those that followed a click."),
    Column("post_view_conversions", COUNT, "The part of those that followed a view."),
    c.CONVERSION_VALUE,
    Column("one_click_leads", COUNT, "Leads from LinkedIn's own forms."),
    Column("one_click_lead_form_opens", COUNT, "How often such a form was opened."),
    Column("qualified_leads", COUNT, "Leads that the advertiser reported back as qualified."),
    Column("video_views", COUNT, "Video views of two seconds or more."),
)


def _day_table(level: str) -> Table:
    ids = c.WITH_ACCOUNT[level]
    return Table(
        layer="raw",
        name=f"linkedin_ads_{level}_day",
        description=f"What each LinkedIn {_NATIVE[level]} delivered each day, as LinkedIn reports it.",
        columns=(*c.ACCOUNT_DAY, *ids, *_DELIVERY, c.PULLED_AT),
        key=c.day_key(level),
        keeps_history=True,
    )


_NATIVE = {
    "account": "ad account",
    "campaign": "campaign group (our campaign)",
    "ad_set": "campaign (our ad set)",
    "ad": "creative (our ad)",
}
DAYS = {level: _day_table(level) for level in c.WITH_ACCOUNT}
ENTITIES = entity_table("linkedin_ads", "LinkedIn Ads")
CONVERSION_ACTIONS = conversion_action_table("linkedin_ads", "LinkedIn Ads")
