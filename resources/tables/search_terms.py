"""Search terms and keywords: what people typed, the keyword that matched, and where negatives apply."""

from dataclasses import replace

from resources.lake.schema import COUNT, FLAG, INSTANT, NUMBER, SHARE, TEXT, Column, Table
from resources.tables import common as c
from resources.tables.google_ads import DELIVERY, SEARCH_TERM

_KEYWORD = Column("keyword", TEXT, "The keyword that matched.", nullable=True)
_MATCH_TYPE = Column("match_type", TEXT, "Match type of that keyword: EXACT, PHRASE or BROAD.", nullable=True)
KEYWORD_TERM_DAY = Table(
    layer="raw",
    name="google_ads_keyword_term_day",
    description=(
        "Which keyword brought which search, per day. Searches that no keyword brought are missing here."
    ),
    columns=(
        *c.ACCOUNT_DAY,
        c.CAMPAIGN_ID,
        c.AD_SET_ID,
        SEARCH_TERM,
        Column("criterion_id", TEXT, "Google's resource name of the keyword that matched."),
        replace(_KEYWORD, nullable=False),
        replace(_MATCH_TYPE, nullable=False),
        Column("matched_as", TEXT, "How closely it matched, such as EXACT, NEAR_EXACT, BROAD or AI_MAX."),
        *DELIVERY,
        c.PULLED_AT,
    ),
    key=("account_id", "ad_set_id", "search_term", "criterion_id", "matched_as", "day"),
    keeps_history=True,
)
PERFORMANCE_MAX_TERM_DAY = Table(
    layer="raw",
    name="google_ads_performance_max_term_day",
    description=(
        "What people typed before they saw an ad of a Performance Max campaign, which has no ad groups and no"
        " keywords."
    ),
    columns=(
        *c.ACCOUNT_DAY,
        c.CAMPAIGN_ID,
        SEARCH_TERM,
        Column(
            "status", TEXT, "ADDED, EXCLUDED, ADDED_EXCLUDED or NONE: whether it is a keyword or a negative."
        ),
        *DELIVERY,
        c.PULLED_AT,
    ),
    key=("account_id", "campaign_id", "search_term", "status", "day"),
    keeps_history=True,
)
_LIST_ID = Column("shared_set_id", TEXT, "The shared list, as Google numbers it.")
KEYWORD_LISTS = Table(
    layer="raw",
    name="google_ads_keyword_lists",
    description="Shared lists of negative keywords, with how many words they hold and where they are used.",
    columns=(
        c.ACCOUNT_ID,
        _LIST_ID,
        Column("name", TEXT, "Name of the list."),
        Column("type", TEXT, "NEGATIVE_KEYWORDS, or ACCOUNT_LEVEL_NEGATIVE_KEYWORDS."),
        Column("status", TEXT, "ENABLED or REMOVED."),
        Column("words", COUNT, "Words in it, as Google counts them.", nullable=True),
        Column("uses", COUNT, "Campaigns it is attached to, as Google counts them.", nullable=True),
        c.PULLED_AT,
    ),
    key=("account_id", "shared_set_id"),
    keeps_history=True,
)
KEYWORD_LIST_USES = Table(
    layer="raw",
    name="google_ads_keyword_list_uses",
    description=(
        "Where each shared list of negative keywords applies: the campaigns it is attached to, or the whole"
        " account."
    ),
    columns=(
        c.ACCOUNT_ID,
        Column("use_id", TEXT, "Google's resource name of the attachment."),
        _LIST_ID,
        Column(
            "list_account_id",
            TEXT,
            "Account that owns the list. Another than `account_id`: a manager's list, whose words may not be"
            " readable.",
        ),
        Column("level", TEXT, "campaign or account."),
        Column("campaign_id", TEXT, "Campaign it is attached to; empty for the account.", nullable=True),
        Column("status", TEXT, "ENABLED or REMOVED."),
        c.PULLED_AT,
    ),
    key=("account_id", "use_id"),
    keeps_history=True,
)
RAW_SEARCH = (KEYWORD_TERM_DAY, PERFORMANCE_MAX_TERM_DAY, KEYWORD_LISTS, KEYWORD_LIST_USES)

SEARCH_TERM_DAY = Table(
    layer="core",
    name="search_term_day",
    description=(
        "What people typed, the keyword that matched it, and what it cost and brought, per day. Rows of a"
        " search add up to what Google reports for it, except for what was restated between two readings."
        " Searches too rare to be shown are in no row."
    ),
    columns=(
        c.PLATFORM,
        *c.ACCOUNT_DAY,
        c.CAMPAIGN_ID,
        replace(c.AD_SET_ID, nullable=True, description="The ad group; empty for Performance Max."),
        SEARCH_TERM,
        Column("criterion_id", TEXT, "The keyword, as core/keywords has it.", nullable=True),
        replace(
            _KEYWORD, description="The keyword that matched; empty where none did, or where it was not read."
        ),
        _MATCH_TYPE,
        Column("matched_as", TEXT, "How closely it matched, in Google's words.", nullable=True),
        Column("status", TEXT, "ADDED, EXCLUDED, ADDED_EXCLUDED or NONE.", nullable=True),
        c.IMPRESSIONS,
        c.CLICKS,
        c.SPEND,
        c.CONVERSIONS,
        c.CONVERSION_VALUE,
        *c.REPORTING_MONEY,
        Column(
            "visible_share",
            SHARE,
            "Share of the cost of the ad group (Performance Max: campaign) on that day that stands in rows"
            " here; the rest is on searches that Google hides.",
            nullable=True,
        ),
        c.PULLED_AT,
    ),
    key=(
        "platform",
        "account_id",
        "campaign_id",
        "ad_set_id",
        "search_term",
        "criterion_id",
        "matched_as",
        "day",
    ),
)
KEYWORDS = Table(
    layer="core",
    name="keywords",
    description=(
        "Keywords and negative keywords as they stand now and as they were: level, list, words, and from when"
        " to when they were seen."
    ),
    columns=(
        c.PLATFORM,
        c.ACCOUNT_ID,
        Column("criterion_id", TEXT, "The keyword's own id at the platform."),
        Column("level", TEXT, "Where it is kept: ad_set, campaign or list."),
        Column("campaign_id", TEXT, "Campaign it applies to; empty for a list.", nullable=True),
        Column("ad_set_id", TEXT, "Ad group it applies to; empty above that level.", nullable=True),
        Column("list_id", TEXT, "Shared list it is in, if any.", nullable=True),
        Column("list_name", TEXT, "Name of that list.", nullable=True),
        Column("text", TEXT, "The words."),
        Column("match_type", TEXT, "EXACT, PHRASE or BROAD."),
        Column("is_negative", FLAG, "True where it excludes searches."),
        Column("status", TEXT, "ENABLED, PAUSED or REMOVED; REMOVED too where it is no longer listed."),
        Column("first_seen_at", INSTANT, "When it was first read (UTC)."),
        Column("changed_at", INSTANT, "When its present state was first read (UTC)."),
    ),
    key=("platform", "account_id", "criterion_id"),
)
KEYWORD_LIST_USE = Table(
    layer="core",
    name="keyword_list_uses",
    description="Which lists of negative keywords apply to which campaigns, or to the whole account, now.",
    columns=(
        c.PLATFORM,
        c.ACCOUNT_ID,
        Column("list_id", TEXT, "The shared list."),
        Column("list_name", TEXT, "Its name; empty for a manager's list that cannot be read.", nullable=True),
        Column("is_of_manager", FLAG, "True where another account owns the list."),
        Column("level", TEXT, "campaign or account."),
        Column("campaign_id", TEXT, "The campaign; empty where it holds for the account.", nullable=True),
        Column("words", COUNT, "Words in the list, as the platform counts them.", nullable=True),
        Column("read_share", NUMBER, "Share of these words that core/keywords holds, 0 to 1.", nullable=True),
    ),
    key=("platform", "account_id", "list_id", "level", "campaign_id"),
)
CORE_SEARCH = (SEARCH_TERM_DAY, KEYWORDS, KEYWORD_LIST_USE)
