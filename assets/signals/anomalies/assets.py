"""Anomaly assets: the incidents of each day, from the data known on the following morning.

Reads core as of that morning and writes signals/anomalies and signals/watched. A backfill over past days is a
point-in-time replay. The method is in `assets.signals.anomalies.sequential_detector`, the texts in `causes`
and `advice`.
"""

from collections.abc import Iterable
from datetime import timedelta

import dagster as dg
import pandas as pd
import pyarrow as pa

from assets.automation import SAFE_RETRIES, follows_newest
from assets.core.performance.point_in_time import known_by
from assets.partitions import day_range, days
from assets.signals.anomalies.feedback import precision
from assets.signals.anomalies.inputs import incidents_on
from resources.action_services import ActionServices
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.platforms.registry import Platforms
from resources.policy.policy import PolicyUnreadable
from resources.run_metadata import row_metadata
from resources.tables import core
from resources.tables.signals import ANOMALIES, MARKS, WATCHED


@dg.multi_asset(
    name="anomalies",
    specs=[
        table.asset_spec(
            owners=["team:media"],
            kinds={"numpy", "deltalake"},
            automation_condition=follows_newest(),
            code_version="2026-11-24",
            deps=[core.DAYS["ad_set"].asset_key, core.DAYS["campaign"].asset_key, core.ENTITIES.asset_key],
        )
        for table in (ANOMALIES, WATCHED)
    ],
    partitions_def=days,
    backfill_policy=dg.BackfillPolicy.multi_run(31),
    retry_policy=SAFE_RETRIES,
)
def anomalies(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    services: dg.ResourceParam[ActionServices],
    platforms: dg.ResourceParam[Platforms],
) -> Iterable[dg.MaterializeResult]:
    start, end = day_range(context)
    with one_sentence():
        try:
            policy = services.policy()
        except (
            PolicyUnreadable
        ) as error:  # nothing is judged, and the page that reads this comes nevertheless
            context.log.warning(str(error))
            for table in (ANOMALIES, WATCHED):
                lake.replace(table, table.schema.empty_table(), where={"day": (start, end)})
                yield dg.MaterializeResult(
                    asset_key=table.asset_key, metadata={"note": str(error), "dagster/row_count": 0}
                )
            return
        incident_rows, watched, unknown, ours = [], [], 0, _ours(services)
        for day in (start + timedelta(days=n) for n in range((end - start).days + 1)):
            at = known_by(day, now=platforms.now())
            day_result = incidents_on(lake, day, at=at, policy=policy, ours=ours)
            unknown += day_result is None
            if day_result is not None:
                incident_rows += [row | {"day": day, "known_by": at} for row in day_result.incidents]
                watched += day_result.watched
        marks = lake.read(MARKS)
        rows = {
            table: _written(lake, table, some, (start, end))
            for table, some in ((ANOMALIES, incident_rows), (WATCHED, watched))
        }
    newest = [row for row in watched if row["day"] == end]
    right, judged = precision(marks)
    yield dg.MaterializeResult(
        asset_key=ANOMALIES.asset_key,
        metadata=rows[ANOMALIES]
        | {
            "open": sum(
                row["day"] == end and row["state"] == "open" and row["part_of"] is None
                for row in incident_rows
            ),
            "series tested": sum(row["series"] for row in newest),
            "tests": sum(row["tests"] for row in newest),
            "flags that chance alone would raise, at most": round(sum(row["by_chance"] for row in newest), 2),
            "marked right by people": f"{right} of {judged}",
            "days of which nothing was known in time": unknown,
        },
    )
    yield dg.MaterializeResult(asset_key=WATCHED.asset_key, metadata=rows[WATCHED])


def _written(lake: Lake, table: Table, rows: list[dict], where: tuple) -> dict:
    whole = (
        pd.DataFrame(rows).reindex(columns=table.schema.names)
        if rows
        else pd.DataFrame(columns=table.schema.names)
    )
    return row_metadata(
        lake.replace(
            table,
            pa.Table.from_pandas(whole, schema=table.schema, preserve_index=False),
            where={"day": where},
        )
    )


def _ours(services: ActionServices) -> set[tuple[str, str]]:
    """Entities that we changed in the last eight days, as (platform, entity id)."""
    written = services.ledger.writes.since(services.ledger.clock() - timedelta(days=8))
    return {
        (c.target.platform, c.target.entity_id)
        for proposal, write in written
        for n, c in enumerate(proposal.changes)
        if n == write.part
    }
