"""Asset checks of breakdowns: one row per key, and parts that do not exceed the whole."""

import dagster as dg

from assets.core.performance.checks import check_days, check_keys, days_of_run
from resources.lake.lake import Lake
from resources.tables.breakdowns import BREAKDOWN_DAY

keys_of_breakdown_day, days_of_breakdown_day = check_keys(BREAKDOWN_DAY), check_days(BREAKDOWN_DAY)


@dg.asset_check(asset=BREAKDOWN_DAY.asset_key)
def parts_never_exceed_the_whole(
    context: dg.AssetCheckExecutionContext, lake: dg.ResourceParam[Lake]
) -> dg.AssetCheckResult:
    """Google's and Meta's parts divide what the entity delivered. LinkedIn's are approximated and may exceed it."""
    start, end = days_of_run(context)
    counted = lake.arrow(
        """
        select count(*) filter (where covered_share > 1.005 and platform <> 'linkedin_ads') as exceeding,
            min(covered_share) as least
        from core.breakdown_day where day between $start and $end
        """,
        BREAKDOWN_DAY,
        parameters={"start": start, "end": end},
    ).to_pylist()[0]
    return dg.AssetCheckResult(
        passed=counted["exceeding"] == 0,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "parts of such": counted["exceeding"],
            "least covered share": round(counted["least"] or 0.0, 3),
        },
    )
