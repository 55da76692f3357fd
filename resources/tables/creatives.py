"""Creatives: the texts of ads, who wrote them, and what each ad and text delivered."""

from dataclasses import replace

from resources.lake.schema import COUNT, DAY, FLAG, INSTANT, TEXT, Column, Table
from resources.tables import common as c
from resources.tables.google_ads import DELIVERY

_ASSET_ID = Column("asset_id", TEXT, "Google's number of the text.")
_FIELD = Column("field_type", TEXT, "HEADLINE, DESCRIPTION or another place in the ad.")
AD_TEXTS = Table(
    layer="raw",
    name="google_ads_ad_texts",
    description=(
        "The texts of Google's ads one by one: who wrote each, whether it is still in use, and how Google"
        " rates it."
    ),
    columns=(
        c.ACCOUNT_ID,
        c.CAMPAIGN_ID,
        c.AD_SET_ID,
        c.AD_ID,
        _ASSET_ID,
        _FIELD,
        Column("text", TEXT, "The words."),
        Column("source", TEXT, "ADVERTISER, or AUTOMATICALLY_CREATED where Google wrote it."),
        Column("is_enabled", FLAG, "False for a text that was taken out of the ad."),
        Column("pinned_field", TEXT, "Position it is pinned to, if any.", nullable=True),
        Column("performance_label", TEXT, "Google's own rating, PENDING to BEST.", nullable=True),
        c.PULLED_AT,
    ),
    key=("account_id", "ad_id", "asset_id", "field_type"),
    keeps_history=True,
)
AD_TEXT_DAY = Table(
    layer="raw",
    name="google_ads_ad_text_day",
    description=(
        "How often each text of Google's ads was shown and clicked. An ad shows several texts at once, so"
        " they never add up to the ad."
    ),
    columns=(
        *c.ACCOUNT_DAY,
        c.CAMPAIGN_ID,
        c.AD_SET_ID,
        c.AD_ID,
        _ASSET_ID,
        _FIELD,
        *DELIVERY[:3],
        c.PULLED_AT,
    ),
    key=("account_id", "ad_id", "asset_id", "field_type", "day"),
    keeps_history=True,
)
POSTS = Table(
    layer="raw",
    name="linkedin_ads_posts",
    description=(
        "The posts behind LinkedIn's sponsored content: their words, which the ad itself only refers to."
    ),
    columns=(
        c.ACCOUNT_ID,
        Column("post_id", TEXT, "The post's own name at LinkedIn (a URN)."),
        Column(
            "commentary", TEXT, "The introduction; empty where the login may not read posts.", nullable=True
        ),
        Column("title", TEXT, "Title of the article or medium.", nullable=True),
        Column("landing_page", TEXT, "Where it leads.", nullable=True),
        Column("call_to_action", TEXT, "Label of its button.", nullable=True),
        Column("media_id", TEXT, "Picture, video or document it shows.", nullable=True),
        Column(
            "is_readable",
            FLAG,
            "False where LinkedIn refuses the post to this login: no words, not empty ones.",
        ),
        c.PULLED_AT,
    ),
    key=("account_id", "post_id"),
    keeps_history=True,
)
CREATIVES = Table(
    layer="core",
    name="creatives",
    description=(
        "The texts of every ad one by one, in one vocabulary: role, language, who wrote them, and from when"
        " to when the ad had them."
    ),
    columns=(
        c.PLATFORM,
        c.ACCOUNT_ID,
        c.CAMPAIGN_ID,
        c.AD_SET_ID,
        c.AD_ID,
        Column("text_id", TEXT, "Digest of role and words: the same words in the same role have the same."),
        Column("role", TEXT, "headline, body or introduction."),
        Column("text", TEXT, "The words, as they were written."),
        Column(
            "language",
            TEXT,
            "ISO 639-1, where letters and frequent words decide it; empty where they do not.",
            nullable=True,
        ),
        Column("written_by", TEXT, "advertiser, or platform where the platform wrote the text itself."),
        Column("pinned_to", TEXT, "Position that shows this text alone, if any.", nullable=True),
        Column("rating", TEXT, "The platform's own rating of the text, if it gives one.", nullable=True),
        Column(
            "picture",
            TEXT,
            "Picture, video or document that the ad shows, as the platform names it.",
            nullable=True,
        ),
        Column("call_to_action", TEXT, "Label of the button.", nullable=True),
        Column("landing_page", TEXT, "Where the ad leads.", nullable=True),
        Column(
            "first_day",
            DAY,
            "First day on which the ad is known to have had this text: when it was first read, or last edited"
            " before that.",
        ),
        Column("last_day", DAY, "Last day on which it was; empty while it still has it.", nullable=True),
    ),
    key=("platform", "account_id", "ad_id", "text_id"),
)
_COUNTED = tuple(
    replace(column, nullable=True)
    for column in (c.IMPRESSIONS, c.CLICKS, c.SPEND, c.CONVERSIONS, c.CONVERSION_VALUE)
)
CREATIVE_DAY = Table(
    layer="core",
    name="creative_day",
    description=(
        "What each ad delivered with the texts it had that day, and, where the platform tells it, how often"
        " each text was shown. Rows of texts overlap: they are never added up."
    ),
    columns=(
        c.PLATFORM,
        *c.ACCOUNT_DAY,
        c.CAMPAIGN_ID,
        c.AD_SET_ID,
        c.AD_ID,
        Column(
            "unit",
            TEXT,
            "ad: the ad as a whole. text: one of its texts, which shared impressions with others.",
        ),
        Column(
            "text_id",
            TEXT,
            "For a text the one of core/creatives; for an ad the digest of all its texts; empty where no text"
            " was seen.",
            nullable=True,
        ),
        Column(
            "is_text_assumed",
            FLAG,
            "True on days before the ad's texts were first read: those of the first reading are assumed.",
        ),
        *_COUNTED,
        *c.REPORTING_MONEY,
        Column(
            "reach",
            COUNT,
            "People who saw it that day (Meta). Reach of two days or two ads cannot be added.",
            nullable=True,
        ),
        Column("pulled_at", INSTANT, "When these figures were read from the platform (UTC)."),
    ),
    key=("platform", "account_id", "ad_id", "unit", "text_id", "day"),
)
RAW_CREATIVES = (AD_TEXTS, AD_TEXT_DAY, POSTS)
CORE_CREATIVES = (CREATIVES, CREATIVE_DAY)
