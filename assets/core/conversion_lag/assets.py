"""Conversion lag: how late conversions arrive, estimated from the project's own readings.

Reads every version in raw/* and raw/pulls, writes core/conversion_lag. The estimate is in
`assets.core.conversion_lag.curve`.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

from assets.automation import SAFE_RETRIES, follows
from assets.core.conversion_lag.curve import LONGEST_DAYS, curves
from assets.core.conversion_lag.sightings import COLUMNS, SOURCES, sightings
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.lake.layout import LakeWrite
from resources.platforms.registry import PLATFORMS, Platforms
from resources.run_metadata import row_metadata
from resources.tables import core
from resources.tables.pulls import PULLS

LOOK_BACK_DAYS = 120
"""Click days that are learned from: long enough for four full windows, short enough to follow an account that
changes.
"""


@dg.asset(
    **core.CONVERSION_LAG.asset_options,
    deps=[source.table.asset_key for source in {source.table.path: source for source in SOURCES}.values()],
    automation_condition=follows(),
    retry_policy=SAFE_RETRIES,
    code_version="2026-11-24",
    owners=["team:data"],
    kinds={"scipy", "deltalake"},
)
def conversion_lag(
    lake: dg.ResourceParam[Lake], platforms: dg.ResourceParam[Platforms]
) -> dg.MaterializeResult:
    now = platforms.now()
    with one_sentence():
        lag = learned(lake, until=now)
        written = keep(lake, lag, at=now)
    return dg.MaterializeResult(metadata=row_metadata(written) | _headline(lag))


def learned(lake: Lake, *, until: datetime) -> pd.DataFrame:
    """The curves as they can be learned from what was read up to `until`, and from nothing later."""
    return curves(seen(lake, until=until), platforms=PLATFORMS, longest=LONGEST_DAYS)


def keep(lake: Lake, lag: pd.DataFrame, *, at: datetime) -> LakeWrite:
    """Record the curves as those of the instant `at`."""
    schema = core.CONVERSION_LAG.schema
    rows = pa.Table.from_pandas(lag.assign(pulled_at=at), schema=schema, preserve_index=False)
    return lake.record(core.CONVERSION_LAG, rows, at=at)


def seen(lake: Lake, *, until: datetime) -> pd.DataFrame:
    """Conversions per click day and age, as every reading up to `until` had them."""
    parameters = {"since": (until.astimezone(UTC) - timedelta(days=LOOK_BACK_DAYS)).date(), "until": until}
    frames = [
        lake.arrow(sightings(source), source.table, PULLS, parameters=parameters).to_pandas()
        for source in SOURCES
    ]
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(COLUMNS))


def _headline(lag: pd.DataFrame) -> dict[str, Any]:
    """Share visible after 1, 7 and 14 days per platform, which is what people ask for."""
    whole = lag[(lag["account_id"] == "") & (lag["action"] == "*")]
    shares = {
        f"{row.platform}: visible after {row.age_days} days": round(float(row.share), 3)
        for row in whole.itertuples()
        if row.age_days in {1, 7, 14}
    }
    return shares | {
        "learned from": dg.MetadataValue.json(whole.groupby("platform")["source"].first().to_dict())
    }
