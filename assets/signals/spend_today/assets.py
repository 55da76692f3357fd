"""Signal: whether today's spend breaks a hard cap, and whether an account spends far above usual. Every hour."""

from datetime import UTC, datetime

import dagster as dg
import pandas as pd
import pyarrow as pa

from assets.automation import SAFE_RETRIES
from assets.signals.pacing.assets import budgets_of
from assets.signals.spend_today.inputs import SOURCES, verdicts
from resources.config.settings import Settings
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.platforms.registry import Platforms
from resources.run_metadata import row_metadata
from resources.tables.spend_today import SPEND_WATCH


@dg.asset(
    **SPEND_WATCH.asset_options,
    code_version="2026-11-28",
    deps=[table.asset_key for table in SOURCES],
    retry_policy=SAFE_RETRIES,
    owners=["team:media"],
    kinds={"pandas", "deltalake"},
)
def spend_watch(
    lake: dg.ResourceParam[Lake], settings: dg.ResourceParam[Settings], platforms: dg.ResourceParam[Platforms]
) -> dg.MaterializeResult:
    with one_sentence():
        rows = verdicts(lake, budgets_of(settings), now=platforms.now())
        names = SPEND_WATCH.schema.names
        table = pa.Table.from_pandas(
            _as_money(rows.reindex(columns=names)), schema=SPEND_WATCH.schema, preserve_index=False
        )
        written = lake.replace(SPEND_WATCH, table)
    told = "\n".join(
        f"- {row['name']}: {row['reason']}" for row in rows.to_dict("records") if row["status"] != "ok"
    )
    return dg.MaterializeResult(
        metadata=row_metadata(written)
        | {
            "not ok": dg.MetadataValue.md(told or "nothing"),
            "judged at": str(datetime.now(UTC)),
        }
    )


def _as_money(rows: pd.DataFrame) -> pd.DataFrame:
    """Amounts to six decimals, as the lake holds money; what is missing stays empty."""
    money = [field.name for field in SPEND_WATCH.schema if pa.types.is_decimal(field.type)]
    return rows.assign(
        **{
            name: (
                pa.array(rows[name].astype(float).round(6), from_pandas=True)
                .cast(pa.decimal128(18, 6), safe=False)
                .to_pandas()
            )
            for name in money
        }
    )
