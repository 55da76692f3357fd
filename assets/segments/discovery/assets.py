"""segments/customers and segments/cards: segment of each customer at the end of a week, with test results.

The search and its tests are in `assets.segments.discovery.discovery`, reading and writing in
`assets.segments.discovery.inputs`.
"""

from typing import Any

import dagster as dg

from assets.automation import SAFE_RETRIES, newest_week
from assets.formatting.markdown import markdown_list
from assets.partitions import week_of, weeks
from assets.segments.discovery.cards import ACTIVE, EXPIRED
from assets.segments.discovery.inputs import as_rows, card_words, week_on
from resources.action_services import ActionServices
from resources.crm.registry import Crms
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.run_metadata import records_of
from resources.tables.crm import CRM_PULLS
from resources.tables.crm_core import OUTCOMES
from resources.tables.segments import CARDS, CUSTOMER_FEATURES, CUSTOMERS

HOLDS = "no_segment_expired"
NO_CRM: dict[str, Any] = {
    "dagster/row_count": 0,
    "note": "No CRM was ever read (docs/crm.md), so there is nobody to divide.",
}
HOLDS_WORDS = (
    "A segment whose test stopped passing is no group to aim at any more: campaigns that use it should stop."
)


@dg.multi_asset(
    name="segments",
    specs=[
        table.asset_spec(
            deps=[CUSTOMER_FEATURES.asset_key, OUTCOMES.asset_key],
            automation_condition=newest_week(),
            code_version="2026-11-25",
            owners=["team:media"],
            kinds={"numpy", "deltalake"},
        )
        for table in (CUSTOMERS, CARDS)
    ],
    check_specs=[dg.AssetCheckSpec(HOLDS, asset=CARDS.asset_key, description=HOLDS_WORDS)],
    partitions_def=weeks,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    retry_policy=SAFE_RETRIES,
)
def segments(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    services: dg.ResourceParam[ActionServices],
    crms: dg.ResourceParam[Crms],
) -> Any:
    _, sunday = week_of(context)
    with one_sentence():
        week = week_on(lake, sunday, services.policy().segments, now=crms.now())
        if week is None and lake.count(CRM_PULLS) == 0:
            for table in (CUSTOMERS, CARDS):
                yield dg.MaterializeResult(asset_key=table.asset_key, metadata=NO_CRM)
            yield dg.AssetCheckResult(
                check_name=HOLDS, asset_key=CARDS.asset_key, passed=True, metadata=NO_CRM
            )
            return
        if week is None:
            raise dg.Failure(
                f"Nothing is known of customers on {sunday}. Materialize segments/customer_features of "
                "the same week first.",
                allow_retries=False,
            )
        where = {"day": (sunday, sunday)}
        people = lake.replace(CUSTOMERS, week.customers, where=where)
        cards = lake.replace(CARDS, as_rows(CARDS, week.cards), where=where)
    cards_of_week = week.cards.to_dict("records")
    states = week.cards["state"].value_counts()
    tried = week.report.astype(object).where(week.report.notna(), None).to_dict("records")
    yield dg.MaterializeResult(
        asset_key=CUSTOMERS.asset_key,
        metadata={
            "dagster/row_count": people.rows,
            "people by segment": {
                str(card["segment"]): int(card["people"]) for card in cards_of_week if card["state"] == ACTIVE
            },
        },
    )
    yield dg.MaterializeResult(
        asset_key=CARDS.asset_key,
        metadata={
            "dagster/row_count": cards.rows,
            "active": int(states.get(ACTIVE, 0)),
            "cards": dg.MetadataValue.md(
                "\n\n".join(card_words(card) for card in cards_of_week)
                or "No group of customers passed the tests: none is called a segment."
            ),
            "what was tried": dg.MetadataValue.table(records_of(tried)) if tried else "nothing",
            "campaigns to stop": dg.MetadataValue.md(markdown_list(week.flagged) or "none"),
        },
    )
    expired = [str(card["segment"]) for card in cards_of_week if card["state"] == EXPIRED]
    yield dg.AssetCheckResult(
        check_name=HOLDS,
        asset_key=CARDS.asset_key,
        passed=not expired,
        severity=dg.AssetCheckSeverity.WARN,
        description=(
            f"Expired: {', '.join(expired)}." if expired else "Every segment of the week before holds."
        ),
        metadata={"expired": len(expired), "campaigns to stop": len(week.flagged)},
    )
