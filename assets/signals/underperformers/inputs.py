"""Inputs of the verdicts that are not core tables: for which accounts the conversion lag is learned."""

from datetime import datetime

from assets.core.conversion_lag.sightings import EVERY
from resources.lake.lake import Lake
from resources.tables.core import CONVERSION_LAG

STATED = "prior"


def accounts_with_learned_lag(lake: Lake, *, as_of: datetime) -> frozenset[tuple[str, str]]:
    """Platform and account of every lag curve that was learned from readings up to `as_of`.

    An empty account stands for all accounts of the platform, which use its curve where they have none of
    their own.
    """
    curves = lake.read(CONVERSION_LAG, columns="platform, account_id, action, source", as_of=as_of)
    learned = curves[(curves["action"] == EVERY) & (curves["source"] != STATED)]
    return frozenset(zip(learned["platform"], learned["account_id"], strict=True))
