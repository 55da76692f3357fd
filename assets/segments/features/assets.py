"""segments/customer_features: traits, purchases, expected value and consent of each customer at the end of a
week.

Reads raw/crm_* as of then. The SQL is in `assets.segments.features.queries`, the coverage of features in
`coverage`. No row is ever shown: traits together may identify a person.
"""

from datetime import date, timedelta
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.automation import SAFE_RETRIES, newest_week
from assets.partitions import week_of, weeks
from assets.segments.features.coverage import (
    CoverageCheck,
    coverage,
    coverage_fall,
    coverage_rows,
    unknown_customers,
)
from assets.segments.features.inputs import features_at
from assets.segments.value import value
from resources.action_services import ActionServices
from resources.config.settings import Settings
from resources.crm.registry import Crms
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.run_metadata import records_of
from resources.tables import core
from resources.tables.crm import COMPANIES, CONTACTS, DEALS, TOUCHES
from resources.tables.segments import CUSTOMER_FEATURES

CHECKS = {
    "features_are_known_as_often_as_before": (
        "A trait that is suddenly known of far fewer customers is a broken field or form, not a changed "
        "market."
    ),
    "most_customers_are_known": (
        "Customers of whom nothing is known but their orders cannot be told apart by anything a platform "
        "can target."
    ),
}


@dg.asset(
    **CUSTOMER_FEATURES.asset_options,
    deps=[table.asset_key for table in (CONTACTS, COMPANIES, TOUCHES, DEALS, core.FX_RATE)],
    check_specs=[
        dg.AssetCheckSpec(name, asset=CUSTOMER_FEATURES.asset_key, description=words)
        for name, words in CHECKS.items()
    ],
    partitions_def=weeks,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    automation_condition=newest_week(),
    code_version="2026-11-25",
    retry_policy=SAFE_RETRIES,
    owners=["team:data"],
    kinds={"duckdb", "deltalake"},
)
def customer_features(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    services: dg.ResourceParam[ActionServices],
    crms: dg.ResourceParam[Crms],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult:
    _, sunday = week_of(context)
    with one_sentence():
        features = features_at(
            lake,
            sunday,
            currency=settings.reporting_currency,
            margins=services.policy().margin,
            value=value,
            now=crms.now(),
        )
        lake.replace(CUSTOMER_FEATURES, features.rows, where={"day": (sunday, sunday)})
        earlier = _week_before(lake, sunday)
    shares, read_on = coverage(features.rows), features.read_at and features.read_at.date()
    verdicts = (
        coverage_fall(shares, coverage(earlier), customers=len(features.rows), customers_before=len(earlier)),
        unknown_customers(features.rows),
    )
    shown: dict[str, Any] = {
        "dagster/row_count": len(features.rows),
        "known": (
            dg.MetadataValue.table(records_of(coverage_rows(shares, read_on=read_on)))
            if shares
            else "There are no customers."
        ),
        "read": (
            "after the week: what is known now, as far as it happened by then"
            if features.is_late
            else "as known then"
        ),
        "orders of nobody": features.orders_of_nobody,
        "orders without an exchange rate": features.orders_without_rate,
    }
    return dg.MaterializeResult(
        metadata=shown | {f"coverage of {name}": round(share, 4) for name, share in shares.items()},
        check_results=[_result(name, check) for name, check in zip(CHECKS, verdicts, strict=True)],
    )


def _week_before(lake: Lake, sunday: date) -> pa.Table:
    before = sunday - timedelta(days=7)
    sql = "select * from segments.customer_features where day = $day"
    return lake.arrow(sql, CUSTOMER_FEATURES, parameters={"day": before})


def _result(name: str, verdict: CoverageCheck) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        passed=verdict.holds,
        severity=dg.AssetCheckSeverity.WARN,
        description=verdict.said,
        metadata=dict(verdict.figures),
    )
