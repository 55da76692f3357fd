"""Exchange rates: from the user's table, or the sandbox's own in the sandbox profile."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pandas as pd
import pyarrow as pa

from assets.automation import SAFE_RETRIES, follows
from assets.core.fx.rates import COLUMNS, rates_between
from assets.partitions import FIRST_DAY
from resources.config.settings import Settings
from resources.errors import DataUnusable
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.run_metadata import row_metadata
from resources.tables.core import FX_RATE


@dg.asset(
    **FX_RATE.asset_options,
    automation_condition=follows(also_at="0 1 * * *"),
    retry_policy=SAFE_RETRIES,
    owners=["team:data"],
    kinds={"pandas", "deltalake"},
)
def fx_rate(lake: dg.ResourceParam[Lake], settings: dg.ResourceParam[Settings]) -> dg.MaterializeResult:
    today = datetime.now(UTC).date()
    with one_sentence():
        rates = _rates(settings, through=today + timedelta(days=1))
        written = lake.replace(FX_RATE, pa.Table.from_pandas(rates, preserve_index=False))
    shown = row_metadata(written)
    return dg.MaterializeResult(
        metadata=shown | {"currencies": ", ".join(sorted(rates["currency"].unique()))}
    )


def _rates(settings: Settings, *, through: date) -> pd.DataFrame:
    reporting, source = settings.reporting_currency, "no table given"
    table = pd.DataFrame(columns=list(COLUMNS))
    if settings.fx_file:
        source = settings.fx_file.name
        try:
            table = pd.read_csv(settings.fx_file, dtype=str)
        except (OSError, ValueError) as error:
            raise DataUnusable(
                f"Exchange rates: {source} cannot be read as CSV. Check PAID_MEDIA_FX_RATES."
            ) from error
    return rates_between(table, reporting=reporting, start=FIRST_DAY, end=through, source=source)
