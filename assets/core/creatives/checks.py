"""Asset checks of creatives: one row per key, and no day from the future."""

from assets.core.performance.checks import check_days, check_keys
from resources.tables.creatives import CREATIVE_DAY, CREATIVES

keys_of_creatives, keys_of_creative_day = check_keys(CREATIVES), check_keys(CREATIVE_DAY)
days_of_creative_day = check_days(CREATIVE_DAY)
