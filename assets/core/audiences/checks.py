"""Asset checks of audiences: one row per key."""

from assets.core.performance.checks import check_keys
from resources.tables.audiences import CORE_AUDIENCE_TABLES

keys_of_audiences, keys_of_audience_uses = (check_keys(table) for table in CORE_AUDIENCE_TABLES)
