"""The CRM, from its own records to the three numbers: blended paid ROAS, cost per qualified lead, paid pipeline.

Reads the CRM that is configured into raw/crm_*, unites its people, gives credit and puts platform and CRM side by side. Without a CRM
every table stays empty and nothing fails. The arithmetic is in the neighbours of this file.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

from assets.crm.attribution import UNATTRIBUTED
from assets.crm.cohorts import TOTAL, cost_per_qualified_lead, with_unseen
from assets.crm.figures_of_day import ALL, PAID, PLATFORMS, credit, funnel_days, lead_clicks
from assets.crm.people import outcomes, people, touchpoints
from assets.crm.pipeline_of_channels import by_channel
from orchestration.automation import follows
from resources.crm.keeping import Kept, read_and_keep
from resources.crm.login import Crms
from resources.crm.mapping import CrmMapping
from resources.failures import one_sentence
from resources.lake import Lake
from resources.schema import Table
from resources.settings import Settings
from resources.tables import core
from resources.tables.crm import CONTACTS, CRM_PULLS, DEAL_STAGES, DEALS, READ, TOUCHES
from resources.tables.crm_core import CPQL, CREDIT, FUNNEL_DAY, OUTCOMES, PIPELINE, TOUCHPOINTS

OWNERS = ["team:data"]
READS = dg.RetryPolicy(max_retries=2, delay=30, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
FUNNEL_DAYS, COHORT_WEEKS, RECENT_DAYS = 180, 12, 28
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
            deps=(TOUCHPOINTS, OUTCOMES, DEAL_STAGES, core.KPI_DAY),
            automation_condition=follows(),
        )
        for table in (CREDIT, FUNNEL_DAY, CPQL, PIPELINE)
    ],
)
def crm_funnel(
    lake: dg.ResourceParam[Lake], settings: dg.ResourceParam[Settings], crms: dg.ResourceParam[Crms]
) -> Iterator[dg.MaterializeResult]:  # fmt: skip
    with one_sentence():
        visits, ends, kpi = lake.read(TOUCHPOINTS), lake.read(OUTCOMES), lake.read(core.KPI_DAY)
        last = None if ends.empty or kpi.empty else pd.Timestamp(kpi["day"].max()).date()
        made = (
            {}
            if last is None
            else _figures(lake, visits, ends, kpi, last, crms.mapping(), settings.reporting_currency)
        )
        for table in (CREDIT, FUNNEL_DAY, CPQL, PIPELINE):
            _replace(
                lake,
                table,
                made.get(table.name, pd.DataFrame(columns=[column.name for column in table.columns])),
            )
    for table in (CREDIT, FUNNEL_DAY, CPQL, PIPELINE):
        told: dict[str, Any] = (
            {"dagster/row_count": len(made[table.name])} | _headline(made, table)
            if made
            else dict(NOT_CONFIGURED)
        )
        yield dg.MaterializeResult(asset_key=table.asset_key, metadata=told)


def _figures(
    lake: Lake,
    visits: pd.DataFrame,
    ends: pd.DataFrame,
    kpi: pd.DataFrame,
    last: date,
    mapping: CrmMapping,
    currency: str,
) -> dict[str, pd.DataFrame]:
    model, first = mapping.model, last - timedelta(days=FUNNEL_DAYS - 1)
    ends = ends.assign(day=pd.to_datetime(ends["day"]).dt.date)
    told = credit(visits, ends, model=model, window_days=mapping.window_days)
    days = funnel_days(told, kpi, model=model, start=first, end=last, currency=currency)
    spend = kpi.loc[kpi["platform"] != ALL, ["platform", "day", "spend"]].rename(
        columns={"platform": "channel"}
    )
    clicks, as_of = lead_clicks(visits, ends), pd.Timestamp(last + timedelta(days=1))
    spans = [(last - timedelta(days=7 * n + 6), last - timedelta(days=7 * n)) for n in range(COHORT_WEEKS)]
    spans.append((last - timedelta(days=RECENT_DAYS - 1), last))
    cohorts = [
        cost_per_qualified_lead(
            clicks, spend, as_of=as_of, start=start, end=end, within_days=mapping.qualify_within_days
        ).assign(start_day=start, end_day=end)
        for start, end in spans
    ]
    cpql = pd.concat(cohorts, ignore_index=True)
    cpql = cpql[cpql["channel"].isin([*PLATFORMS, TOTAL]) & cpql["spend"].notna()]
    cpql = with_unseen(cpql, total=TOTAL, seen=float((clicks["channel"] != UNATTRIBUTED).mean()))
    cpql = cpql.assign(channel=cpql["channel"].replace(TOTAL, PAID), currency=currency)
    by_kind = (
        told.drop(columns="is_shop")
        .groupby(
            ["model", "kind", "day", "channel", "campaign_id", "ad_set_id"], dropna=False, as_index=False
        )
        .sum(min_count=1)
    )
    deals = by_channel(
        lake.read(DEALS),
        lake.read(DEAL_STAGES),
        ends,
        visits,
        as_of=as_of,
        model=model,
        window_days=mapping.window_days,
    )
    return {
        CREDIT.name: by_kind,
        FUNNEL_DAY.name: days,
        CPQL.name: cpql,
        PIPELINE.name: deals.assign(currency=currency),
    }


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


def _headline(made: dict[str, pd.DataFrame], table: Table) -> dict[str, float]:
    """The newest figures as numbers, which the Dagster UI plots over time."""
    if table is not FUNNEL_DAY:
        return {}
    days = made[FUNNEL_DAY.name]
    lately = days[(days["channel"] == PAID) & (days["day"] > days["day"].max() - timedelta(days=RECENT_DAYS))]
    spend, cpql = float(lately["spend"].sum()), made[CPQL.name]
    recent = cpql[(cpql["channel"] == PAID) & (cpql["end_day"] - cpql["start_day"] > timedelta(days=7))][
        "cpql"
    ].dropna()
    found = {"blended paid ROAS, 28 days": float(lately["revenue"].sum()) / spend} if spend else {}
    return found | ({"CPQL, 28 days": float(recent.iloc[0])} if len(recent) else {})
