"""CRM funnel assets: people, attribution credit, daily funnel, cost per qualified lead and pipeline.

Unites the people of raw/crm_*, attributes outcomes and puts platform and CRM figures side by side. Without
a CRM every table stays empty and nothing fails. The arithmetic is in the other modules of this folder.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

from assets.automation import SAFE_RETRIES, follows
from assets.core.crm.acquisition import DELIVERED_SQL, EARNING_DAYS, WINDOWS
from assets.core.crm.funnel import FunnelInputs, funnel, headline
from assets.core.crm.people import outcomes, people, touchpoints
from assets.raw.crm.assets import NOT_CONFIGURED
from resources.config.settings import Settings
from resources.crm.registry import Crms
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.tables import core
from resources.tables.crm import CONTACTS, DEAL_STAGES, DEALS, TOUCHES
from resources.tables.crm_core import ACQUISITION, CPQL, CREDIT, FUNNEL_DAY, OUTCOMES, PIPELINE, TOUCHPOINTS

FUNNEL = (CREDIT, FUNNEL_DAY, CPQL, PIPELINE, ACQUISITION)


@dg.multi_asset(
    name="crm_people",
    specs=[
        table.asset_spec(deps=(CONTACTS, TOUCHES, DEALS, core.FX_RATE), automation_condition=follows())
        for table in (TOUCHPOINTS, OUTCOMES)
    ],
    retry_policy=SAFE_RETRIES,
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
        table.asset_spec(
            deps=(
                TOUCHPOINTS,
                OUTCOMES,
                DEAL_STAGES,
                core.KPI_DAY,
                core.DAYS["campaign"],
                core.DAYS["ad_set"],
            ),
            automation_condition=follows(),
            code_version="2026-11-25",
        )
        for table in FUNNEL
    ],
    retry_policy=SAFE_RETRIES,
)
def crm_funnel(
    lake: dg.ResourceParam[Lake], settings: dg.ResourceParam[Settings], crms: dg.ResourceParam[Crms]
) -> Iterator[dg.MaterializeResult]:
    with one_sentence():
        read = _read(lake, settings, crms)
        tables = {} if read is None else funnel(read, crms.mapping())
        for table in FUNNEL:
            _replace(
                lake,
                table,
                tables.get(table.name, pd.DataFrame(columns=[column.name for column in table.columns])),
            )
    newest = headline(tables) if tables else {}
    for table in FUNNEL:
        rows: dict[str, Any] = (
            {"dagster/row_count": len(tables[table.name])} if tables else dict(NOT_CONFIGURED)
        )
        yield dg.MaterializeResult(asset_key=table.asset_key, metadata=rows | newest.get(table.name, {}))


def _read(lake: Lake, settings: Settings, crms: Crms) -> FunnelInputs | None:
    """Inputs of the funnel; None where no CRM has outcomes or no platform has figures."""
    ends, kpi = lake.read(OUTCOMES), lake.read(core.KPI_DAY)
    if ends.empty or kpi.empty:
        return None
    last = pd.Timestamp(kpi["day"].max()).date()
    delivered = lake.arrow(
        DELIVERED_SQL,
        core.KPI_DAY,
        core.DAYS["campaign"],
        core.DAYS["ad_set"],
        parameters={
            "start": last - timedelta(days=EARNING_DAYS - 1),
            "lately": last - timedelta(days=max(WINDOWS) - 1),
            "end": last,
        },
    ).to_pandas(date_as_object=True)
    return FunnelInputs(
        visits=lake.read(TOUCHPOINTS),
        ends=ends,
        kpi=kpi,
        deals=lake.read(DEALS),
        stages=lake.read(DEAL_STAGES),
        delivered=delivered,
        last=last,
        currency=settings.reporting_currency,
        margin=crms.margin(),
    )


def _replace(lake: Lake, table: Table, rows: pd.DataFrame) -> None:
    """Replaces the whole table: today's CRM records may change any past day."""
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
