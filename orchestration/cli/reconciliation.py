"""Reconciliation of an account's levels per month, and which of its days have been read."""

from datetime import date
from pathlib import Path

import pandas as pd

from assets.formatting.csv_text import csv_text
from assets.raw.platforms.reading_totals import DAYS, ENTITIES, SPEND
from resources.lake.lake import Lake
from resources.platforms.registry import PLATFORMS
from resources.tables import core
from resources.tables.pulls import PULLS

TOLERANCE = 0.005


def readings(lake: Lake, platform: str) -> pd.DataFrame:
    """Accepted readings of all levels: account_id, start_day, end_day, pulled_at, read_on (the account's own
    day).
    """
    sql = """
        select account_id, start_day, end_day, pulled_at, (pulled_at at time zone time_zone)::date as read_on
        from raw.pulls where platform = $platform and verdict = 'accepted' and start_day is not null
            and contains(tables, '_account_day') and contains(tables, '_ad_day')
    """
    return lake.arrow(sql, PULLS, parameters={"platform": platform}).to_pandas()


def accounts_of(lake: Lake, platform: str) -> list[str]:
    """Accounts as last listed."""
    sql = f"select account_id from raw.{ENTITIES[platform].name} where level = 'account'"
    return list(lake.arrow(sql, ENTITIES[platform]).column(0).to_pylist())


def reconciled(lake: Lake, start: date, end: date) -> pd.DataFrame:
    """Per platform, account and month: days read and not read, and spend by account, campaigns, ad sets and
    core.

    Returns:
        platform, account_id, month, days, days_missing, account, campaigns, ad_sets (those campaigns that
        have any), core, gap (share of the account's total that campaigns or core differ by), verdict (agrees,
        DIFFERS or INCOMPLETE).
    """
    parts = [_of_platform(lake, platform, start, end) for platform in PLATFORMS]
    some = [frame for frame in parts if len(frame)]
    return pd.concat(some, ignore_index=True) if some else pd.DataFrame(columns=["platform", "verdict"])


def _of_platform(lake: Lake, platform: str, start: date, end: date) -> pd.DataFrame:
    tables, spend = DAYS[platform], SPEND[platform]
    sql = f"""
        with wanted as (
            select account_id, day::date as day from raw.{ENTITIES[platform].name},
                unnest(generate_series($start::timestamp, $end::timestamp, interval 1 day)) as t(day)
            where level = 'account'
        ),
        read as (
            select distinct wanted.account_id, wanted.day from wanted join raw.pulls as p
                on p.platform = '{platform}' and p.account_id = wanted.account_id and verdict = 'accepted'
                    and wanted.day between start_day and end_day and contains(tables, '_campaign_day')
        ),
        sums as (
            {_sums("account", tables["account"].name, spend)} union all
            {_sums("campaigns", tables["campaign"].name, spend)} union all
            {_sums("ad_sets", tables["ad_set"].name, spend)} union all
            select 'core' as what, account_id, date_trunc('month', day)::date as month, sum(spend)::double as spend
            from core.campaign_day where platform = '{platform}' and day between $start and $end group by all
        )
        select '{platform}' as platform, account_id, month, days, days_missing,
            coalesce(account, 0) as account, coalesce(campaigns, 0) as campaigns, coalesce(ad_sets, 0) as ad_sets,
            coalesce(core, 0) as core
        from (
            select w.account_id, date_trunc('month', w.day)::date as month, count(*) as days,
                count(*) - count(r.day) as days_missing
            from wanted as w left join read as r using (account_id, day) group by all
        ) left join (
            pivot sums on what in ('account', 'campaigns', 'ad_sets', 'core') using sum(spend) group by account_id, month
        ) using (account_id, month)
        order by account_id, month
    """
    parameters = {"start": start, "end": end}
    needed = (*(tables[level] for level in ("account", "campaign", "ad_set")), ENTITIES[platform], PULLS)
    comparison = lake.arrow(sql, *needed, core.DAYS["campaign"], parameters=parameters).to_pandas()
    away = comparison[["campaigns", "core"]].sub(comparison["account"], axis=0).abs().max(axis=1)
    comparison["gap"] = (
        (away / comparison["account"].where(comparison["account"] > 0)).fillna(0.0).astype(float)
    )
    comparison["verdict"] = "agrees"
    comparison.loc[comparison["gap"] > TOLERANCE, "verdict"] = "DIFFERS"
    comparison.loc[comparison["days_missing"] > 0, "verdict"] = "INCOMPLETE"
    return comparison


def _sums(what: str, table: str, spend: str) -> str:
    return f"""select '{what}' as what, account_id, date_trunc('month', day)::date as month, sum({spend}) as spend
            from raw.{table} where day between $start and $end group by all"""


def written(report: pd.DataFrame, folder: Path, start: date, end: date) -> Path:
    """The report as a CSV file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"reconciliation_{start}_{end}.csv"
    path.write_text(
        csv_text(report.columns, report.itertuples(index=False, name=None)), encoding="utf-8", newline=""
    )
    return path


def spoken(report: pd.DataFrame) -> str:
    """The report in a few lines: what agrees in one, what does not each in its own."""
    wrong = report[report["verdict"] != "agrees"]
    lines = [
        f"Reconciled {len(report)} account-months: {len(report) - len(wrong)} agree within {TOLERANCE:.1%}."
    ]
    lines += [
        f"  {row.verdict} {row.platform} {row.account_id} {row.month:%Y-%m}: {row.days_missing} of {row.days}"
        f" days not read, account {row.account:,.2f}, campaigns {row.campaigns:,.2f}, core {row.core:,.2f}"
        for row in wrong.itertuples()
    ]
    return "\n".join(lines)
