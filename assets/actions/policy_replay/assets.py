"""Replay of the threshold rule on past days, point in time, so that a policy can be tried before it is
trusted with money.
"""

import json
from datetime import date, datetime, timedelta

import dagster as dg
import pyarrow as pa

from assets.actions.rules import threshold
from assets.automation import SAFE_RETRIES, follows_newest
from assets.core.performance.point_in_time import CORE_DEPS, known_by, known_on
from assets.partitions import day_range, days
from assets.signals.underperformers.candidates import verdicts
from assets.signals.underperformers.inputs import accounts_with_learned_lag
from resources.action_services import ActionServices
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.platforms.registry import Platforms
from resources.policy.policy import Policy
from resources.run_metadata import row_metadata
from resources.tables.core import CONVERSION_LAG
from resources.tables.signals import FINDINGS


@dg.asset(
    **FINDINGS.asset_options,
    deps=[*CORE_DEPS, CONVERSION_LAG.asset_key],
    partitions_def=days,
    backfill_policy=dg.BackfillPolicy.multi_run(31),
    automation_condition=follows_newest(),
    retry_policy=SAFE_RETRIES,
    code_version="2026-11-24",
    owners=["team:media"],
    kinds={"duckdb", "deltalake"},
)
def threshold_signal(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    services: dg.ResourceParam[ActionServices],
    platforms: dg.ResourceParam[Platforms],
) -> dg.MaterializeResult:
    start, end = day_range(context)
    with one_sentence():
        policy, rows, unknown = services.policy(), [], 0
        for day in (start + timedelta(days=n) for n in range((end - start).days + 1)):
            found = replayed(lake, day, policy=policy, now=platforms.now())
            unknown += found is None
            rows += found or []
        table = pa.Table.from_pylist(rows, schema=FINDINGS.schema)
        written = lake.replace(FINDINGS, table, where={"day": (start, end)})
    told = {"days of which nothing was known in time": unknown}
    return dg.MaterializeResult(metadata=row_metadata(written) | told)


def replayed(lake: Lake, day: date, *, policy: Policy, now: datetime) -> list[dict[str, object]] | None:
    """The rule's findings on `day` from what was known by then; None where nothing was."""
    known = known_on(lake, day, policy=policy, now=now)
    if known is None:
        return None
    # Computed under the policy that is tried, from the inputs of signals/underperformers.
    learned = accounts_with_learned_lag(lake, as_of=known_by(day, now=now))
    judged = verdicts(*known, as_of=day, policy=policy, learned_lag=learned)
    found = threshold.findings(judged, *known, as_of=day, policy=policy)
    return [
        {
            "day": day,
            "known_by": known_by(day, now=now),
            "kind": one.kind,
            "targets": ", ".join(
                f"{w.target.platform} {w.target.account_id} {w.target.level} {w.target.entity_id}"
                for w in one.change_requests
            ),
            "reason": one.reason,
            "weight": float(one.weight),
            "evidence": json.dumps(one.evidence, sort_keys=True),
        }
        for one in found
    ]
