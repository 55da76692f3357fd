"""segments/performance: cost and return of each segment by platform, campaign and ad set, at the end of each
week.

Inputs are read in `assets.segments.performance.inputs` and evaluated in `performance`; this file declares
the asset.
"""

from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

from assets.automation import SAFE_RETRIES, newest_week
from assets.partitions import week_of, weeks
from assets.segments.performance.inputs import performance_on
from assets.segments.performance.performance import Performance
from resources.crm.registry import Crms
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.run_metadata import row_metadata
from resources.tables import core
from resources.tables.crm_core import OUTCOMES, TOUCHPOINTS
from resources.tables.segments import CUSTOMER_FEATURES, CUSTOMERS, PERFORMANCE


@dg.asset(
    **PERFORMANCE.asset_options,
    deps=[t.asset_key for t in (CUSTOMERS, CUSTOMER_FEATURES, TOUCHPOINTS, OUTCOMES, core.DAYS["ad_set"])],
    partitions_def=weeks,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    automation_condition=newest_week(),
    code_version="2026-11-25",
    retry_policy=SAFE_RETRIES,
    owners=["team:media"],
    kinds={"duckdb", "deltalake"},
)
def segment_performance(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake], crms: dg.ResourceParam[Crms]
) -> dg.MaterializeResult:
    _, sunday = week_of(context)
    mapping = crms.mapping()
    with one_sentence():
        performance = performance_on(lake, sunday, model=mapping.model, window_days=mapping.window_days)
        rows = (
            pd.DataFrame()
            if performance is None
            else performance.rows.assign(day=sunday, pulled_at=datetime.now(UTC))
        )
        whole = rows.reindex(columns=PERFORMANCE.schema.names).astype(object)
        written = lake.replace(
            PERFORMANCE,
            pa.Table.from_pandas(whole, schema=PERFORMANCE.schema, preserve_index=False),
            where={"day": (sunday, sunday)},
        )
    return dg.MaterializeResult(metadata=row_metadata(written) | _told(performance))


def _told(performance: Performance | None) -> dict[str, Any]:
    """Metadata that the rows do not show: what was left out, and how similar cells are."""
    if performance is None:
        return {"note": "No customer is in a segment at the end of this week."}
    verdicts = performance.rows[performance.rows["ad_set_id"].notna()].drop_duplicates(
        ["platform", "campaign_id", "ad_set_id"]
    )
    return {
        "cells of fewer than 20 people": performance.left_out,
        "spend of ad sets of which nobody is known": round(performance.untouched_spend, 2),
        "spend on people in no segment": round(performance.unassigned_spend, 2),
        "ad sets whose spend is not known": performance.spend_unknown,
        "orders' worth of belief in the level above": dg.MetadataValue.json(
            {k: round(v, 2) for k, v in performance.strengths.items()}
        ),
        "verdicts on ad sets": dg.MetadataValue.json(
            {str(k): int(v) for k, v in verdicts["verdict"].value_counts().items()}
        ),
    }
