"""Asset checks of core: one row per key, no day from the future, ad sets that do not exceed their campaign."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg

from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.tables import core

RANGE_START, RANGE_END, DAY = (
    "dagster/asset_partition_range_start",
    "dagster/asset_partition_range_end",
    "dagster/partition",
)


def days_of_run(context: dg.AssetCheckExecutionContext) -> tuple[date, date]:
    """The days that the checked run wrote; all of history where a check is run on its own."""
    tags = context.run.tags
    start, end = tags.get(RANGE_START, tags.get(DAY)), tags.get(RANGE_END, tags.get(DAY))
    return date.fromisoformat(start) if start else date.min, date.fromisoformat(end) if end else date.max


def check_keys(table: Table) -> dg.AssetChecksDefinition:
    """The blocking check that every key of a table stands once in the days that were written."""

    @dg.asset_check(asset=table.asset_key, name="one_row_per_key", blocking=True)
    def one_row_per_key(
        context: dg.AssetCheckExecutionContext, lake: dg.ResourceParam[Lake]
    ) -> dg.AssetCheckResult:
        """A key that stands twice would count its spend twice."""
        key, (start, end) = ", ".join(table.key), days_of_run(context)
        within, parameters = (
            (" where day between $start and $end", {"start": start, "end": end})
            if table.has_days
            else ("", {})
        )
        doubled = lake.arrow(
            f"select {key}, count(*) as rows from {table.layer}.{table.name}{within} group by {key} having"
            " count(*) > 1",
            table,
            parameters=parameters,
        )
        return dg.AssetCheckResult(passed=len(doubled) == 0, metadata={"doubled keys": len(doubled)})

    return one_row_per_key


def check_days(table: Table) -> dg.AssetChecksDefinition:
    """The blocking check that a table holds no day that has not begun."""

    @dg.asset_check(asset=table.asset_key, name="no_day_from_the_future", blocking=True)
    def no_day_from_the_future(lake: dg.ResourceParam[Lake]) -> dg.AssetCheckResult:
        """A day that has not begun anywhere on earth cannot have delivered."""
        tomorrow = (datetime.now(UTC) + timedelta(hours=14)).date()
        sql = f"select count(*) as rows from {table.layer}.{table.name} where day > $tomorrow"
        late = lake.arrow(sql, table, parameters={"tomorrow": tomorrow}).to_pylist()[0]["rows"]
        return dg.AssetCheckResult(passed=late == 0, metadata={"rows": late})

    return no_day_from_the_future


keys_of_campaign_day, keys_of_ad_set_day, keys_of_ad_day = (check_keys(table) for table in core.DAYS.values())
keys_of_kpi_day, keys_of_entities = check_keys(core.KPI_DAY), check_keys(core.ENTITIES)
days_of_campaign_day, days_of_ad_set_day, days_of_ad_day = (check_days(table) for table in core.DAYS.values())


@dg.asset_check(asset=core.DAYS["ad_set"].asset_key, additional_deps=[core.DAYS["campaign"].asset_key])
def ad_sets_never_exceed_their_campaign(
    context: dg.AssetCheckExecutionContext, lake: dg.ResourceParam[Lake]
) -> dg.AssetCheckResult:
    """Ad sets may miss spend that only the campaign reports (Performance Max), and can never have more than
    it.
    """
    campaign, ad_set = core.DAYS["campaign"], core.DAYS["ad_set"]
    start, end = days_of_run(context)
    exceeding = lake.arrow(
        f"""
        with parts as (
            select platform, account_id, campaign_id, day, sum(spend) as spend from core.{ad_set.name}
            where day between $start and $end group by all
        )
        select count(*) as days from parts
        left join core.{campaign.name} as whole using (platform, account_id, campaign_id, day)
        where parts.spend > coalesce(whole.spend, 0) * 1.005 + 0.01
        """,
        campaign,
        ad_set,
        parameters={"start": start, "end": end},
    ).to_pylist()[0]["days"]
    return dg.AssetCheckResult(
        passed=exceeding == 0,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"campaign days where they do": exceeding},
    )
