"""Meta Ads as it answers: counts and money as decimal text turned into numbers, one action type per metric."""

from resources.lake.schema import COUNT, MONEY, NUMBER, TEXT, Column, Table
from resources.tables import common as c
from resources.tables.entities import entity_table

_DELIVERY = (
    c.IMPRESSIONS,
    Column("reach", COUNT, "People who saw an ad at least once that day. Reach of two days cannot be added."),
    c.CLICKS,
    Column("link_clicks", COUNT, "Clicks that lead to the advertiser (Meta: inline link clicks)."),
    c.SPEND,
    Column("purchases", NUMBER, "Purchases Meta claims for this day so far (action type omni_purchase)."),
    Column("purchase_value", MONEY, "Value of those purchases in account currency."),
    Column("leads", NUMBER, "Leads Meta claims for this day so far (action type lead)."),
    Column("landing_page_views", COUNT, "Visits that loaded the landing page."),
    Column(
        "attribution", TEXT, "Attribution setting the claims follow, such as 7d_click_1d_view.", nullable=True
    ),
)


def _day_table(level: str) -> Table:
    ids = c.WITH_ACCOUNT[level]
    return Table(
        layer="raw",
        name=f"meta_ads_{level}_day",
        description=f"What each Meta Ads {level.replace('_', ' ')} delivered each day, as Meta reports it.",
        columns=(*c.ACCOUNT_DAY, *ids, *_DELIVERY, c.PULLED_AT),
        key=c.day_key(level),
        keeps_history=True,
    )


DAYS = {level: _day_table(level) for level in c.WITH_ACCOUNT}
ENTITIES = entity_table("meta_ads", "Meta Ads")
