"""Asset checks of search terms and keywords: one row per key, and never more than the ad group spent."""

import dagster as dg

from assets.core.performance.checks import check_days, check_keys, days_of_run
from resources.lake.lake import Lake
from resources.tables.search_terms import CORE_SEARCH, SEARCH_TERM_DAY

keys_of_search_term_day, keys_of_keywords, keys_of_list_uses = (check_keys(table) for table in CORE_SEARCH)
days_of_search_term_day = check_days(SEARCH_TERM_DAY)


@dg.asset_check(asset=SEARCH_TERM_DAY.asset_key)
def searches_never_exceed_their_ad_group(
    context: dg.AssetCheckExecutionContext, lake: dg.ResourceParam[Lake]
) -> dg.AssetCheckResult:
    """Searches that are shown are a part of what their ad group, or Performance Max campaign, spent."""
    start, end = days_of_run(context)
    counted = lake.arrow(
        """
        select count(distinct (account_id, campaign_id, ad_set_id, day)) filter (where visible_share > 1.005) as exceeding,
            sum(spend)::double / nullif(sum(spend / visible_share), 0) as visible
        from core.search_term_day where day between $start and $end
        """,
        SEARCH_TERM_DAY,
        parameters={"start": start, "end": end},
    ).to_pylist()[0]
    return dg.AssetCheckResult(
        passed=counted["exceeding"] == 0,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "ad group days where they do": counted["exceeding"],
            "share of search cost that is shown": round(counted["visible"] or 0.0, 3),
        },
    )
