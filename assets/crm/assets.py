"""The CRM, from its own records to the three numbers: blended paid ROAS, cost per qualified lead, paid pipeline.

Reads the CRM that is configured into raw/crm_*, unites its people, gives credit and puts platform and CRM side by side. Without a CRM
every table stays empty and nothing fails. The arithmetic is in the neighbours of this file.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

from assets.crm.funnel import Read, funnel, headline
from assets.crm.people import outcomes, people, touchpoints
from assets.crm.places import DELIVERED_SQL, EARNING_DAYS, WINDOWS
from orchestration.automation import follows
from resources.crm.keeping import Kept, read_and_keep
from resources.crm.login import Crms
from resources.failures import one_sentence
from resources.lake import Lake
from resources.schema import Table
from resources.settings import Settings
from resources.tables import core
from resources.tables.crm import CONTACTS, CRM_PULLS, DEAL_STAGES, DEALS, READ, TOUCHES
from resources.tables.crm_core import ACQUISITION, CPQL, CREDIT, FUNNEL_DAY, OUTCOMES, PIPELINE, TOUCHPOINTS

OWNERS = ["team:data"]
READS = dg.RetryPolicy(max_retries=2, delay=30, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
FUNNEL = (CREDIT, FUNNEL_DAY, CPQL, PIPELINE, ACQUISITION)
NOT_CONFIGURED = {"note": "No CRM is configured (docs/crm.md)."}


def _spec(table: Table, *, group: str, deps: tuple[Table, ...] = (), **more: object) -> dg.AssetSpec:
    return dg.AssetSpec(
        table.asset_key, description=table.description, metadata=table.metadata, group_name=group, owners=OWNERS,
        deps=[one.asset_key for one in deps], kinds={"deltalake"}, **more,  # type: ignore[arg-type]
    )  # fmt: skip


@dg.multi_asset(
    name="pull_crm",
    specs=[_spec(table, group="raw", skippable=True) for table in READ.values()],
    can_subset=False,
    pool="crm_api",
    retry_policy=READS,
)
def crm_records(lake: dg.ResourceParam[Lake], crms: dg.ResourceParam[Crms]) -> Iterator[dg.MaterializeResult]:
    """Reads what changed in the CRM. No row of it is shown: even hashed, an address is somebody's."""
    with one_sentence():
        kept = [read_and_keep(lake, reader, crms.mapping(), now=crms.now) for reader in crms.readers()]
    for name, table in READ.items():
        yield dg.MaterializeResult(
            asset_key=table.asset_key, metadata=_told(name, kept) if kept else NOT_CONFIGURED
        )


def _told(name: str, kept: list[Kept]) -> dict[str, int | str]:
    return {
        "dagster/row_count": sum(len(one.reading.rows.get(name, [])) for one in kept),
        "new or changed rows": sum(one.changed.get(name, 0) for one in kept),
        "merged records": sum(one.reading.merged for one in kept),
        "deleted records": sum(one.reading.deleted for one in kept),
        "calls": sum(one.reading.calls for one in kept),
        "traits left out": "; ".join(
            f"{out.trait}: {out.distinct} different values, which is free text"
            for one in kept
            for out in one.left_out
            if out.trait.startswith(f"{name}.")
        )
        or "none",
        "read": ", ".join(
            f"{one.reading.source} ({'everything' if one.reading.since is None else 'changes'})"
            for one in kept
        ),
    }


crm_pulls = _spec(CRM_PULLS, group="raw")


@dg.multi_asset(
    name="crm_people",
    specs=[
        _spec(
            table, group="core", deps=(CONTACTS, TOUCHES, DEALS, core.FX_RATE), automation_condition=follows()
        )
        for table in (TOUCHPOINTS, OUTCOMES)
    ],
)
def crm_people(
    lake: dg.ResourceParam[Lake], settings: dg.ResourceParam[Settings]
) -> Iterator[dg.MaterializeResult]:
    with one_sentence():
        who = people(lake.read(CONTACTS))
        visits = touchpoints(who, lake.read(TOUCHES))
        ends = outcomes(who, lake.read(DEALS), lake.read(core.FX_RATE), currency=settings.reporting_currency)
        _replace(lake, TOUCHPOINTS, visits)
        _replace(lake, OUTCOMES, ends)
    unpriced = int((ends["value"].notna() & ends["value_reporting"].isna()).sum())
    yield dg.MaterializeResult(
        asset_key=TOUCHPOINTS.asset_key,
        metadata={"dagster/row_count": len(visits), "people": visits["person_id"].nunique()},
    )
    yield dg.MaterializeResult(
        asset_key=OUTCOMES.asset_key,
        metadata={
            "dagster/row_count": len(ends),
            "amounts without an exchange rate": unpriced,
            "people that are tests": len(who.tests),
        },
    )


@dg.multi_asset(
    name="crm_funnel",
    specs=[
        _spec(
            table,
            group="core",
            deps=(
                TOUCHPOINTS,
                OUTCOMES,
                DEAL_STAGES,
                core.KPI_DAY,
                core.DAYS["campaign"],
                core.DAYS["ad_set"],
            ),
            automation_condition=follows(),
        )
        for table in FUNNEL
    ],
)
def crm_funnel(
    lake: dg.ResourceParam[Lake], settings: dg.ResourceParam[Settings], crms: dg.ResourceParam[Crms]
) -> Iterator[dg.MaterializeResult]:  # fmt: skip
    with one_sentence():
        read = _read(lake, settings, crms)
        made = {} if read is None else funnel(read, crms.mapping())
        for table in FUNNEL:
            _replace(
                lake,
                table,
                made.get(table.name, pd.DataFrame(columns=[column.name for column in table.columns])),
            )
    told = headline(made) if made else {}
    for table in FUNNEL:
        rows: dict[str, Any] = {"dagster/row_count": len(made[table.name])} if made else dict(NOT_CONFIGURED)
        yield dg.MaterializeResult(asset_key=table.asset_key, metadata=rows | told.get(table.name, {}))


def _read(lake: Lake, settings: Settings, crms: Crms) -> Read | None:
    """What the funnel is made of; None where no CRM has told anything or no platform has figures."""
    ends, kpi = lake.read(OUTCOMES), lake.read(core.KPI_DAY)
    if ends.empty or kpi.empty:
        return None
    last = pd.Timestamp(kpi["day"].max()).date()
    delivered = lake.arrow(
        DELIVERED_SQL, core.KPI_DAY, core.DAYS["campaign"], core.DAYS["ad_set"],
        parameters={"start": last - timedelta(days=EARNING_DAYS - 1), "lately": last - timedelta(days=max(WINDOWS) - 1), "end": last},
    ).to_pandas(date_as_object=True)  # fmt: skip
    return Read(
        visits=lake.read(TOUCHPOINTS), ends=ends, kpi=kpi, deals=lake.read(DEALS), stages=lake.read(DEAL_STAGES), delivered=delivered,
        last=last, currency=settings.reporting_currency, margin=crms.margin(),
    )  # fmt: skip


def _replace(lake: Lake, table: Table, rows: pd.DataFrame) -> None:
    """The whole table anew: what the CRM says today may change any day of the past."""
    whole = rows.assign(pulled_at=datetime.now(UTC)).reindex(columns=table.schema.names)
    lake.replace(
        table,
        pa.table([_column(whole[field.name], field.type) for field in table.schema], schema=table.schema),
    )


def _column(values: pd.Series, kind: pa.DataType) -> pa.Array:
    """The values as they are written; what pandas calls missing is null."""
    if pa.types.is_decimal(kind):
        return pa.array(pd.to_numeric(values).astype(float), pa.float64(), from_pandas=True).cast(kind)
    return pa.array([None if pd.isna(value) else value for value in values], kind)
