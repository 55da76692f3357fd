"""Pacing assets: month-end projection of every budget, each day from the data known on the following morning.

The arithmetic is in `assets.signals.pacing.month` and `assets.signals.pacing.verdicts`; this file reads and
writes.
"""

from datetime import timedelta
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

from assets.automation import SAFE_RETRIES, follows_newest
from assets.partitions import day_range, days
from assets.signals.pacing.inputs import pacing_on
from resources.action_services import ActionServices
from resources.config.settings import Settings
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.platforms.registry import Platforms
from resources.policy.budgets import Budgets, load_budgets
from resources.policy.pacing import Pacing
from resources.policy.policy import PolicyUnreadable
from resources.run_metadata import row_metadata
from resources.tables import core
from resources.tables.signals import PACING, PACING_ACCURACY

_COMMON: dict[str, Any] = {"owners": ["team:media"], "kinds": {"numpy", "deltalake"}}


@dg.multi_asset(
    name="pacing",
    specs=[
        table.asset_spec(
            deps=[core.DAYS["campaign"].asset_key, core.ENTITIES.asset_key],
            automation_condition=follows_newest(),
            code_version="2026-11-24",
            **_COMMON,
        )
        for table in (PACING, PACING_ACCURACY)
    ],
    partitions_def=days,
    backfill_policy=dg.BackfillPolicy.multi_run(31),
    retry_policy=SAFE_RETRIES,
)
def pacing(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    services: dg.ResourceParam[ActionServices],
    platforms: dg.ResourceParam[Platforms],
    settings: dg.ResourceParam[Settings],
) -> Any:
    start, end = day_range(context)
    with one_sentence():
        budgets, policy = budgets_of(settings), thresholds(services)
        rows, past, unknown = [], [], 0
        for day in (start + timedelta(days=n) for n in range((end - start).days + 1)):
            day_result = pacing_on(
                lake,
                day,
                budgets=budgets,
                policy=policy,
                reporting_currency=settings.reporting_currency,
                now=platforms.now(),
            )
            unknown += day_result is None
            rows += [] if day_result is None else [day_result.rows]
            past += [] if day_result is None else [day_result.accuracy]
        written = lake.replace(PACING, _as_table(PACING, rows), where={"day": (start, end)})
        accuracy_written = lake.replace(
            PACING_ACCURACY, _as_table(PACING_ACCURACY, past), where={"day": (start, end)}
        )
    newest = rows[-1] if rows else pd.DataFrame({"verdict": [], "level": []})
    verdict_counts = {str(verdict): int(count) for verdict, count in newest["verdict"].value_counts().items()}
    notes = {
        "verdicts": dg.MetadataValue.json(verdict_counts),
        "days of which nothing was known in time": unknown,
        "budgets": (
            f"{len(budgets.budgets)} in {settings.budgets_file.name}"
            if budgets.budgets
            else "no file: the platforms' daily budgets are the plan"
        ),
    }
    yield dg.MaterializeResult(asset_key=PACING.asset_key, metadata=row_metadata(written) | notes)
    yield dg.MaterializeResult(asset_key=PACING_ACCURACY.asset_key, metadata=row_metadata(accuracy_written))


def budgets_of(settings: Settings) -> Budgets:
    """The budgets file as it is now.

    Raises:
        BudgetsUnreadable: The file is wrong, or was named and is not there.
    """
    return load_budgets(settings.budgets_file, is_asked_for=settings.has_named_budgets)


def thresholds(services: ActionServices) -> Pacing:
    """Thresholds of the policy, or the defaults if it cannot be read: nothing is proposed then, but the
    report is still written.
    """
    try:
        return services.policy().pacing
    except PolicyUnreadable:
        return Pacing()


def _as_table(table: Any, parts: list[pd.DataFrame]) -> pa.Table:
    names = table.schema.names
    whole = (
        pd.concat([part for part in parts if len(part)])
        if any(len(part) for part in parts)
        else pd.DataFrame(columns=names)
    )
    return pa.Table.from_pandas(whole.reindex(columns=names), schema=table.schema, preserve_index=False)
