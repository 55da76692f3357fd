"""Core: the platforms' days unified into one vocabulary, entities, and the key figures per day.

Reads raw/*, writes core/*_day, core/entities and core/kpi_day. The SQL is in `assets.core.performance.facts`.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.automation import SAFE_RETRIES, follows
from assets.core.performance.entities import UNIFIED
from assets.core.performance.entities import sources as entity_sources
from assets.core.performance.facts import key_figures, sources, unified, unpriced
from assets.partitions import day_range, days, windows
from resources.config.settings import Settings
from resources.errors import DataUnusable
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.run_metadata import row_metadata
from resources.tables import core, dropped
from resources.tables.pulls import PULLS

OWNERS = ["team:data"]
WITHOUT_DAYS = dg.AssetSelection.assets(
    core.FX_RATE.asset_key,
    core.CONVERSION_LAG.asset_key,
    PULLS.asset_key,
    *(t.asset_key for t in dropped.DAYS.values()),
)
"""Inputs without partitions: a sensor asks for the days they touch, or all of history would run again."""


def _level(level: str) -> dg.AssetsDefinition:
    table = core.DAYS[level]

    @dg.asset(
        **table.asset_options,
        deps=[source.asset_key for source in dict.fromkeys(sources(level))],
        partitions_def=days,
        backfill_policy=windows,
        automation_condition=follows(ignoring=WITHOUT_DAYS),
        retry_policy=SAFE_RETRIES,
        owners=OWNERS,
        kinds={"duckdb", "deltalake"},
    )
    def unify(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
        start, end = day_range(context)
        with one_sentence():
            written = lake.replace(
                table, _priced(lake, level, start=start, end=end), where={"day": (start, end)}
            )
        return dg.MaterializeResult(metadata=row_metadata(written))

    return unify


def _priced(lake: Lake, level: str, *, start: date, end: date) -> Iterator[pa.RecordBatch]:
    """Core's rows of a level; ends in an error where a currency has no exchange rate, and then nothing is
    written.
    """
    parameters = {"start": start, "end": end}
    for batch in lake.stream(unified(level), *sources(level), parameters=parameters):
        if (
            batch.column("spend_reporting").null_count > batch.column("spend").null_count
        ):  # no rate is not a rate of one
            raise _unpriced(lake.arrow(unpriced(level), *sources(level), parameters=parameters).to_pylist())
        yield batch


def _unpriced(gaps: list[dict[str, Any]]) -> DataUnusable:
    gap_texts = "; ".join(
        f"{gap['currency']} on {gap['days']} day(s) from {gap['first_day']} to {gap['last_day']}"
        f" ({gap['accounts']})"
        for gap in gaps
    )
    return DataUnusable(
        f"Exchange rates are missing: {gap_texts}. Add them to the file that PAID_MEDIA_FX_RATES names, "
        "renew core/fx_rate, then run these days again."
    )


campaign_day, ad_set_day, ad_day = (_level(level) for level in core.DAYS)


@dg.asset(
    **core.KPI_DAY.asset_options,
    deps=[core.DAYS["campaign"].asset_key],
    partitions_def=days,
    backfill_policy=windows,
    automation_condition=follows(),
    retry_policy=SAFE_RETRIES,
    owners=OWNERS,
    kinds={"duckdb", "deltalake"},
)
def kpi_day(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake], settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult:
    start, end = day_range(context)
    with one_sentence():
        parameters = {"start": start, "end": end, "currency": settings.reporting_currency}
        figures = lake.arrow(key_figures(), core.DAYS["campaign"], parameters=parameters)
        written = lake.replace(core.KPI_DAY, figures, where={"day": (start, end)})
    return dg.MaterializeResult(metadata=row_metadata(written) | _headline(figures, end))


def _headline(figures: pa.Table, day: date) -> dict[str, float]:
    """The last day's totals, and each platform's ROAS as it claims it, as numbers which the Dagster UI plots
    over time.
    """
    rows = {row["platform"]: row for row in figures.to_pylist() if row["day"] == day}
    total = rows.pop("all", {})
    headline = {name: total.get(name) for name in ("spend", "cpc", "ctr")}
    headline |= {f"roas, {platform}": row["roas"] for platform, row in sorted(rows.items())}
    return {name: float(value) for name, value in headline.items() if value is not None}


SNAPSHOTS = entity_sources()


@dg.asset(
    **core.ENTITIES.asset_options,
    deps=[table.asset_key for table in SNAPSHOTS],
    automation_condition=follows(),
    retry_policy=SAFE_RETRIES,
    owners=OWNERS,
    kinds={"duckdb", "deltalake"},
)
def entities(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    with one_sentence():
        written = lake.replace(core.ENTITIES, lake.arrow(UNIFIED, *SNAPSHOTS))
    return dg.MaterializeResult(metadata=row_metadata(written))
