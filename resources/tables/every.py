"""Every table of the lake, for operations on all of them."""

from resources.lake.schema import Table
from resources.tables import core, dropped, google_ads, linkedin_ads, meta_ads
from resources.tables.audiences import CORE_AUDIENCE_TABLES, RAW_AUDIENCE_TABLES
from resources.tables.breakdowns import BREAKDOWN_DAY, RAW_BREAKDOWNS
from resources.tables.creatives import CORE_CREATIVES, RAW_CREATIVES
from resources.tables.crm import CRM_PULLS, READ
from resources.tables.crm_core import CORE_CRM
from resources.tables.pulls import PULLS
from resources.tables.search_terms import (
    CORE_SEARCH,
    KEYWORD_LIST_USES,
    KEYWORD_LISTS,
    KEYWORD_TERM_DAY,
    PERFORMANCE_MAX_TERM_DAY,
)
from resources.tables.segments import SEGMENTS
from resources.tables.signals import (
    ANOMALIES,
    FINDINGS,
    MARKS,
    PACING,
    PACING_ACCURACY,
    PROPOSED_FINDINGS,
    UNDERPERFORMERS,
    WATCHED,
)
from resources.tables.spend_today import SPEND_TODAY, SPEND_WATCH

WEEKLY: tuple[Table, ...] = (
    KEYWORD_TERM_DAY,
    PERFORMANCE_MAX_TERM_DAY,
    *RAW_CREATIVES,
    *RAW_BREAKDOWNS.values(),
    *RAW_AUDIENCE_TABLES,
)
"""What is read from the platforms once a week: many rows or many calls, and nothing that changes by the day."""
_RAW = (
    *google_ads.DAYS.values(),
    google_ads.SEARCH_TERM_DAY,
    google_ads.CONVERSION_ACTION_DAY,
    google_ads.KEYWORDS,
    KEYWORD_LISTS,
    KEYWORD_LIST_USES,
    google_ads.ENTITIES,
    google_ads.CONVERSION_ACTIONS,
    *meta_ads.DAYS.values(),
    meta_ads.ENTITIES,
    *linkedin_ads.DAYS.values(),
    linkedin_ads.ENTITIES,
    linkedin_ads.CONVERSION_ACTIONS,
    *dropped.DAYS.values(),
    dropped.ENTITIES,
    dropped.PARTS,
    dropped.REJECTS,
    PULLS,
    *READ.values(),
    CRM_PULLS,
    SPEND_TODAY,
    *WEEKLY,
)
_CORE = (*core.DAYS.values(), core.ENTITIES, core.FX_RATE, core.CONVERSION_LAG, core.KPI_DAY, *CORE_CRM)
_DETAILS = (*CORE_SEARCH, *CORE_CREATIVES, BREAKDOWN_DAY, *CORE_AUDIENCE_TABLES)
_SIGNALS = (
    UNDERPERFORMERS,
    FINDINGS,
    PROPOSED_FINDINGS,
    ANOMALIES,
    WATCHED,
    MARKS,
    PACING,
    PACING_ACCURACY,
    SPEND_WATCH,
)
TABLES: tuple[Table, ...] = (*_RAW, *_CORE, *_DETAILS, *SEGMENTS, *_SIGNALS)
