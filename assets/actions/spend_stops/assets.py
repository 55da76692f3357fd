"""Action: pauses proposed where today's spend breaks a hard cap. Proposes; changes nothing."""

from datetime import timedelta

import dagster as dg

from assets.actions.inputs import Figures, propose_findings
from assets.actions.rules.spend_stops import spend_stops
from assets.automation import SAFE_RETRIES
from assets.formatting.markdown import as_markdown_text
from resources.action_services import ActionServices
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.ledger.states import OPEN
from resources.policy.budgets import load_budgets
from resources.tables.signals import UNDERPERFORMERS
from resources.tables.spend_today import SPEND_WATCH

SPEND_STOPS = dg.AssetKey(["actions", "spend_stops"])
FRESH = timedelta(hours=1)
"""An older verdict on the running day proposes nothing."""


@dg.asset(
    key=SPEND_STOPS,
    description=(
        "Pauses proposed because a hard cap breaks today, written down for approvers like every other"
        " proposal. Changes nothing."
    ),
    deps=[SPEND_WATCH.asset_key, UNDERPERFORMERS.asset_key],
    retry_policy=SAFE_RETRIES,
    group_name="actions",
    owners=["team:media"],
    kinds={"sqlalchemy"},
    pool="proposals",
)
def action_spend_stops(
    lake: dg.ResourceParam[Lake], services: dg.ResourceParam[ActionServices]
) -> dg.MaterializeResult:
    with one_sentence():
        now, settings = services.ledger.clock(), services.settings
        rows = [row for row in lake.read(SPEND_WATCH).to_dict("records") if row["checked_at"] > now - FRESH]
        if not any(row["status"] in {"broken", "breaks_today"} for row in rows):
            return dg.MaterializeResult(
                metadata={"dagster/row_count": 0, "note": "No hard cap breaks today."}
            )
        figures = Figures(lake, services)
        around = figures.around()
        if around.newest_as_of is None:
            return dg.MaterializeResult(
                metadata={"dagster/row_count": 0, "note": "No closed day was read yet."}
            )
        waiting = services.ledger.proposals.entries(states=OPEN)
        found = spend_stops(
            rows,
            load_budgets(settings.budgets_file, is_asked_for=settings.has_named_budgets).of(
                now.date().replace(day=1)
            ),
            around.entities,
            around.ad_set_days,
            waiting=[change for entry in waiting for change in entry.proposal.changes],
            judged=lake.read(UNDERPERFORMERS, where={"day": (around.newest_as_of, around.newest_as_of)}),
            as_of=around.newest_as_of,
        )
        drafts, taken = propose_findings(found, services, figures)
    kept = "\n".join(f"- {name}: {as_markdown_text(why)}" for name, why in drafts.kept_back.items())
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(taken),
            "proposed": dg.MetadataValue.md(
                "\n".join(f"- {as_markdown_text(made.reason)}" for made in taken) or "nothing"
            ),
            "kept back by limits": dg.MetadataValue.md(kept or "nothing"),
        }
    )
