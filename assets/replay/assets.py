"""Signals on any day as they would have been: so that a policy can be tried on history before it is trusted with money.

A backfill of this asset over past days is a replay. Each day reads raw as it was known at noon UTC of the day after, through
`assets.performance.figures`, which takes that instant and hands it to every table underneath.
"""

import json
from datetime import UTC, date, datetime, time, timedelta

import dagster as dg
import pandas as pd
import pyarrow as pa

from assets.actions import threshold
from assets.performance.figures import core_days, entities
from assets.underperformers.candidates import verdicts
from orchestration.automation import follows_newest
from orchestration.partitions import day_range, days
from resources.desk import Desk
from resources.failures import one_sentence
from resources.lake import Lake
from resources.platforms.login import Platforms
from resources.policy import Policy, PolicyUnreadable
from resources.shown import row_metadata
from resources.tables import core
from resources.tables.signals import FINDINGS, UNDERPERFORMERS

_DEPS = [core.DAYS["ad_set"].asset_key, core.DAYS["campaign"].asset_key, core.ENTITIES.asset_key]
KNOWN_BY = time(12, 0, tzinfo=UTC)
"""Noon of the next day: after the morning's pull and before anybody has waited long."""


@dg.asset(
    key=UNDERPERFORMERS.asset_key,
    description=UNDERPERFORMERS.description,
    deps=_DEPS,
    metadata=UNDERPERFORMERS.metadata,
    partitions_def=days,
    backfill_policy=dg.BackfillPolicy.multi_run(31),
    automation_condition=follows_newest(),
    group_name="signals",
    owners=["team:media"],
    kinds={"scipy", "deltalake"},
)
def underperformers(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    desk: dg.ResourceParam[Desk],
    platforms: dg.ResourceParam[Platforms],
) -> dg.MaterializeResult:
    start, end = day_range(context)
    with one_sentence():
        try:
            policy = desk.policy()
        except (
            PolicyUnreadable
        ) as error:  # nothing is judged, and the page that reads this comes nevertheless
            lake.replace(UNDERPERFORMERS, UNDERPERFORMERS.schema.empty_table(), where={"day": (start, end)})
            context.log.warning(str(error))
            return dg.MaterializeResult(metadata={"note": str(error), "dagster/row_count": 0})
        found, unknown = [], 0
        for day in (start + timedelta(days=n) for n in range((end - start).days + 1)):
            known = known_on(lake, day, policy=policy, now=platforms.now())
            unknown += known is None
            if known is not None:
                judged = verdicts(*known, as_of=day, policy=policy)
                found.append(
                    judged.assign(
                        day=day, known_by=known_by(day, now=platforms.now()), spend=judged["spend_account"]
                    )
                )
        schema = UNDERPERFORMERS.schema
        whole = (
            pd.concat(found).reindex(columns=schema.names) if found else pd.DataFrame(columns=schema.names)
        )
        table = pa.Table.from_pandas(whole, schema=schema, preserve_index=False)
        written = lake.replace(UNDERPERFORMERS, table, where={"day": (start, end)})
    newest = whole[whole["day"] == end]
    told = {verdict: int(count) for verdict, count in newest["verdict"].value_counts().items()}
    return dg.MaterializeResult(
        metadata=row_metadata(written)
        | {"verdicts": dg.MetadataValue.json(told), "days of which nothing was known in time": unknown}
    )


@dg.asset(
    key=FINDINGS.asset_key,
    description=FINDINGS.description,
    deps=_DEPS,
    metadata=FINDINGS.metadata,
    partitions_def=days,
    backfill_policy=dg.BackfillPolicy.multi_run(31),
    automation_condition=follows_newest(),
    group_name="signals",
    owners=["team:media"],
    kinds={"duckdb", "deltalake"},
)
def threshold_signal(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    desk: dg.ResourceParam[Desk],
    platforms: dg.ResourceParam[Platforms],
) -> dg.MaterializeResult:
    start, end = day_range(context)
    with one_sentence():
        policy, rows, unknown = desk.policy(), [], 0
        for day in (start + timedelta(days=n) for n in range((end - start).days + 1)):
            found = replayed(lake, day, policy=policy, now=platforms.now())
            unknown += found is None
            rows += found or []
        table = pa.Table.from_pylist(rows, schema=FINDINGS.schema)
        written = lake.replace(FINDINGS, table, where={"day": (start, end)})
    told = {"days of which nothing was known in time": unknown}
    return dg.MaterializeResult(metadata=row_metadata(written) | told)


def known_by(day: date, *, now: datetime) -> datetime:
    """The instant up to which a day's signal may look: noon of the next day, and on that day itself whatever is known by now."""
    if now.astimezone(UTC).date() <= day + timedelta(days=1):
        return now
    return datetime.combine(day + timedelta(days=1), KNOWN_BY)


def replayed(lake: Lake, day: date, *, policy: Policy, now: datetime) -> list[dict[str, object]] | None:
    """The rule's findings on `day` from what was known by then; None where nothing was."""
    known = known_on(lake, day, policy=policy, now=now)
    if known is None:
        return None
    found = threshold.findings(*known, as_of=day, policy=policy)
    return [
        {
            "day": day, "known_by": known_by(day, now=now), "kind": one.kind,
            "targets": ", ".join(f"{w.target.platform} {w.target.account_id} {w.target.level} {w.target.entity_id}" for w in one.wishes),
            "reason": one.reason, "weight": float(one.weight), "evidence": json.dumps(one.evidence, sort_keys=True),
        }
        for one in found
    ]  # fmt: skip


def known_on(
    lake: Lake, day: date, *, policy: Policy, now: datetime
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame] | None:
    """Ad set days, campaign days and entities as they were known by the morning after `day`; None where nothing was."""
    at = known_by(day, now=now)
    window = max(policy.guardrails.evidence_days, policy.judging.window_days)
    first = day - timedelta(days=window - 1)
    ad_sets, campaigns = (
        core_days(lake, level, start=first, end=day, as_of=at) for level in ("ad_set", "campaign")
    )
    return None if campaigns.empty else (ad_sets, campaigns, entities(lake, as_of=at))
