"""Asset checks of the funnel: credit adds up, tests and refunds are excluded, one person is one lead, claims
do not jump.
"""

import dagster as dg

from resources.lake.lake import Lake
from resources.tables.crm import CONTACTS, DEALS
from resources.tables.crm_core import CREDIT, FUNNEL_DAY, OUTCOMES

JUMP, USUAL_DAYS, LATELY_DAYS = 0.5, 28, 7
"""Relative change of claims per booked conversion, in a week against the four weeks before, that is worth a
look.
"""
FEWEST = 30
SETTLING_DAYS = 14
"""In a CRM's first days, clicks from before it are claimed by platforms and booked nowhere."""


def _counted(lake: Lake, sql: str, *tables: object) -> int:
    return int(lake.arrow(sql, *tables).column("rows")[0].as_py())  # type: ignore[arg-type]


@dg.asset_check(asset=CREDIT.asset_key, additional_deps=[OUTCOMES.asset_key], blocking=True)
def channels_add_up_to_the_crm(lake: dg.ResourceParam[Lake]) -> dg.AssetCheckResult:
    """Credit is shared out, never made: over all channels, unattributed among them, it is exactly what the
    CRM has.
    """
    apart = _counted(
        lake,
        """
        with given as (select model, kind, sum(credit) as credit, sum(value) as value from core.credit
            group by all),
        had as (select kind, count(*) as outcomes, sum(value_reporting) as value from core.outcomes
            group by all)
        select count(*) as rows from given join had using (kind)
        where abs(given.credit - had.outcomes) > 0.001
            or abs(coalesce(given.value, 0) - coalesce(had.value, 0)) > 0.01 + 1e-9 * coalesce(had.value, 0)
        """,
        CREDIT,
        OUTCOMES,
    )
    return dg.AssetCheckResult(passed=apart == 0, metadata={"models and kinds that do not add up": apart})


@dg.asset_check(
    asset=OUTCOMES.asset_key, additional_deps=[DEALS.asset_key, CONTACTS.asset_key], blocking=True
)
def refunds_and_tests_are_out(lake: dg.ResourceParam[Lake]) -> dg.AssetCheckResult:
    """Money that went back is no revenue, and a form that a colleague tried is no lead."""
    inside = _counted(
        lake,
        """
        select count(*) as rows from core.outcomes as o
            join raw.crm_deals as d on o.outcome_id = d.source || ':' || d.deal_id
        left join raw.crm_contacts as c on c.source = d.source and c.contact_id = d.contact_id
        where (o.kind = 'order' and d.is_refunded) or c.is_test
        """,
        OUTCOMES,
        DEALS,
        CONTACTS,
    )
    return dg.AssetCheckResult(passed=inside == 0, metadata={"refunds and tests among the outcomes": inside})


@dg.asset_check(asset=OUTCOMES.asset_key, blocking=True)
def a_lead_is_one_person(lake: dg.ResourceParam[Lake]) -> dg.AssetCheckResult:
    """Somebody who fills in two forms is one lead of one company."""
    doubled = _counted(
        lake,
        """
        select count(*) as rows from (
            select kind, person_id from core.outcomes where kind in ('lead', 'qualified') group by all
                having count(*) > 1 or count(distinct account) > 1
        )
        """,
        OUTCOMES,
    )
    return dg.AssetCheckResult(passed=doubled == 0, metadata={"people who are several leads": doubled})


@dg.asset_check(asset=FUNNEL_DAY.asset_key)
def claims_do_not_jump(lake: dg.ResourceParam[Lake]) -> dg.AssetCheckResult:
    """A platform that suddenly claims much more (or less) per conversion that was booked counts otherwise, or
    a tag is doubled or lost.
    """
    rows = lake.arrow(
        f"""
        with newest as (
            select max(day) as day, min(day) filter (where leads + orders > 0) as began from core.funnel_day
                where channel = 'all'
        ),
        sums as (
            select channel, f.day > newest.day - {LATELY_DAYS} as is_lately,
                sum(claimed_conversions) as claimed, sum(leads + shop_orders) as booked
            from core.funnel_day as f, newest where claimed_conversions is not null
                and f.day > newest.day - {USUAL_DAYS + LATELY_DAYS}
                and newest.began + {SETTLING_DAYS} <= newest.day - {USUAL_DAYS + LATELY_DAYS} group by all
        )
        select lately.channel, lately.claimed / lately.booked as now, usual.claimed / usual.booked as before
        from sums as lately join sums as usual on lately.channel = usual.channel and lately.is_lately
            and not usual.is_lately
        where lately.booked >= {FEWEST} and usual.booked >= {FEWEST}
        """,
        FUNNEL_DAY,
    ).to_pylist()
    jumps = (
        [row for row in rows if not 1 / (1 + JUMP) <= row["now"] / row["before"] <= 1 + JUMP] if rows else []
    )
    sentences = [
        f"{row['channel']} claims {row['now']:.2f} conversions for each booked, {row['before']:.2f} before"
        for row in jumps
    ]
    return dg.AssetCheckResult(
        passed=not jumps,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(sentences) or None,
        metadata={"platforms that jumped": len(jumps)},
    )
