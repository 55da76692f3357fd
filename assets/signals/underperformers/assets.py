"""Underperforming ad sets per day, judged on the data known at noon UTC of the following day.

A backfill over past days replays the method point in time.
"""

from datetime import timedelta

import dagster as dg
import pandas as pd
import pyarrow as pa

from assets.automation import SAFE_RETRIES, follows_newest
from assets.core.performance.point_in_time import CORE_DEPS, known_by, known_on
from assets.partitions import day_range, days
from assets.signals.underperformers.candidates import verdicts
from assets.signals.underperformers.inputs import accounts_with_learned_lag
from resources.action_services import ActionServices
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.platforms.registry import Platforms
from resources.policy.policy import PolicyUnreadable
from resources.run_metadata import row_metadata
from resources.tables.core import CONVERSION_LAG
from resources.tables.signals import UNDERPERFORMERS


@dg.asset(
    **UNDERPERFORMERS.asset_options,
    deps=[*CORE_DEPS, CONVERSION_LAG.asset_key],
    partitions_def=days,
    backfill_policy=dg.BackfillPolicy.multi_run(31),
    automation_condition=follows_newest(),
    retry_policy=SAFE_RETRIES,
    code_version="2026-11-24",
    owners=["team:media"],
    kinds={"scipy", "deltalake"},
)
def underperformers(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    services: dg.ResourceParam[ActionServices],
    platforms: dg.ResourceParam[Platforms],
) -> dg.MaterializeResult:
    start, end = day_range(context)
    with one_sentence():
        try:
            policy = services.policy()
        except (
            PolicyUnreadable
        ) as error:  # nothing is judged, and the page that reads this comes nevertheless
            lake.replace(UNDERPERFORMERS, UNDERPERFORMERS.schema.empty_table(), where={"day": (start, end)})
            context.log.warning(str(error))
            return dg.MaterializeResult(metadata={"note": str(error), "dagster/row_count": 0})
        day_frames, unknown = [], 0
        for day in (start + timedelta(days=n) for n in range((end - start).days + 1)):
            core_tables = known_on(lake, day, policy=policy, now=platforms.now())
            unknown += core_tables is None
            if core_tables is not None:
                at = known_by(day, now=platforms.now())
                learned = accounts_with_learned_lag(lake, as_of=at)
                judged = verdicts(*core_tables, as_of=day, policy=policy, learned_lag=learned)
                day_frames.append(judged.assign(day=day, known_by=at))
        schema = UNDERPERFORMERS.schema
        whole = (
            pd.concat(day_frames).reindex(columns=schema.names)
            if day_frames
            else pd.DataFrame(columns=schema.names)
        )
        table = pa.Table.from_pandas(whole, schema=schema, preserve_index=False)
        written = lake.replace(UNDERPERFORMERS, table, where={"day": (start, end)})
    newest = whole[whole["day"] == end]
    verdict_counts = {verdict: int(count) for verdict, count in newest["verdict"].value_counts().items()}
    return dg.MaterializeResult(
        metadata=row_metadata(written)
        | {
            "verdicts": dg.MetadataValue.json(verdict_counts),
            "days of which nothing was known in time": unknown,
        }
    )
