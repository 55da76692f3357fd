"""Every table of the lake, for operations on all of them."""

from resources.lake.schema import Table
from resources.tables import core, dropped, google_ads, linkedin_ads, meta_ads
from resources.tables.crm import CRM_PULLS, READ
from resources.tables.crm_core import CORE_CRM
from resources.tables.pulls import PULLS
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

_RAW = (
    *google_ads.DAYS.values(),
    google_ads.SEARCH_TERM_DAY,
    google_ads.CONVERSION_ACTION_DAY,
    google_ads.KEYWORDS,
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
)
_CORE = (*core.DAYS.values(), core.ENTITIES, core.FX_RATE, core.CONVERSION_LAG, core.KPI_DAY, *CORE_CRM)
_SIGNALS = (UNDERPERFORMERS, FINDINGS, PROPOSED_FINDINGS, ANOMALIES, WATCHED, MARKS, PACING, PACING_ACCURACY)
TABLES: tuple[Table, ...] = (*_RAW, *_CORE, *SEGMENTS, *_SIGNALS)
