"""What the platforms delivered in a sandbox's two weeks, as core's tables hold it: from the market itself,
in euro at the day's rate.
"""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.tables import core
from sandbox.fx import rates
from sandbox.market import Report
from sandbox.world import Account
from tests.crm.ground import NOW, Ground

LAST = NOW.date() - timedelta(days=1)
FIRST = date(2026, 11, 6)


def fill(lake: Lake, ground: Ground) -> None:
    """core/kpi_day, campaign_day, ad_set_day and fx_rate."""
    of_accounts = _rows(ground, "account")
    sums = pd.concat([of_accounts, of_accounts.assign(platform="all")])
    names = ["spend", "impressions", "clicks", "conversions", "conversion_value"]
    kpi = sums.groupby(["platform", "day"], as_index=False)[names].sum().assign(currency="EUR")
    lake.replace(core.KPI_DAY, _table(kpi, core.KPI_DAY))
    for level in ("campaign", "ad_set"):
        lake.replace(core.DAYS[level], _table(_rows(ground, level), core.DAYS[level]))
    days = rates(ground.stage.world, start=FIRST, end=LAST + timedelta(days=2))
    prices = [
        {
            "currency": r["currency"],
            "day": date.fromisoformat(r["day"]),
            "reporting_currency": "EUR",
            "rate": r["eur"],
            "source": "test",
        }
        for r in days
    ]
    lake.replace(core.FX_RATE, pa.Table.from_pylist(prices, schema=core.FX_RATE.schema))


def _rows(ground: Ground, level: str) -> pd.DataFrame:
    market = ground.stage.market
    worth = {(r["currency"], r["day"]): r["eur"] for r in rates(ground.stage.world, start=FIRST, end=LAST)}
    blocks = [
        _block(account, block, worth).assign(**_ids(ground, account, block))
        for account in ground.stage.world.accounts
        for block in market.report(account, level, FIRST, LAST)
    ]
    return pd.concat(blocks, ignore_index=True)


def _block(account: Account, block: Report, worth: dict[tuple[str, str], float]) -> pd.DataFrame:
    day = [date(1970, 1, 1) + timedelta(days=int(number)) for number in block.day]
    rate = np.array([worth[account.currency, each_day.isoformat()] for each_day in day]) / 1e6
    spend, value = block.spend_micros * rate, block.purchase_value_micros * rate
    return pd.DataFrame(
        {
            "platform": account.platform,
            "account_id": account.id,
            "currency": account.currency,
            "time_zone": account.time_zone,
            "day": day,
            "impressions": block.impressions,
            "clicks": block.clicks,
            "conversions": (block.purchases + block.leads).astype(float),
            "spend": spend,
            "spend_reporting": spend,
            "conversion_value": value,
            "conversion_value_reporting": value,
        }
    )


def _ids(ground: Ground, account: Account, block: Report) -> dict[str, Any]:
    catalog = ground.stage.market.catalog(account)
    ids: dict[str, Any] = {}
    if block.campaign is not None:
        ids["campaign_id"] = catalog.campaigns.id[block.campaign].astype(str)
    if block.ad_set is not None:
        ids["ad_set_id"] = catalog.ad_sets.id[block.ad_set].astype(str)
    return ids


def _table(rows: pd.DataFrame, table: Table) -> pa.Table:
    whole = rows.assign(pulled_at=NOW, read_at=NOW).reindex(columns=table.schema.names)
    money = {field.name: pa.float64() for field in table.schema if pa.types.is_decimal(field.type)}
    plain = pa.schema([field.with_type(money.get(field.name, field.type)) for field in table.schema])
    return pa.Table.from_pandas(whole, plain, preserve_index=False).cast(table.schema)
