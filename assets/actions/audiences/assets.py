"""Audiences: where each stands (actions/audiences), what is proposed for it, and who leaves it today.

Counts alone are shown: no hash reaches an event, a log or a message. The arithmetic is in the neighbours of
this file.
"""

from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

from assets.actions.audiences.inputs import AudiencePolicyInputs, propose_audiences, take_out_the_unwilling
from assets.actions.inputs import Figures, approval_gate
from assets.actions.rendering import diff
from assets.automation import SAFE_RETRIES, follows, newest_week
from assets.formatting.markdown import as_markdown_text, markdown_table
from assets.partitions import week_of, weeks
from resources.action_services import ActionServices
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.tables.crm import CONTACTS
from resources.tables.segments import AUDIENCES, CARDS, CUSTOMERS

PROPOSALS, REMOVALS = (dg.AssetKey(["actions", name]) for name in ("audience_proposals", "audience_removals"))
OWNERS = ["team:media"]
NOBODY_STAYS = "nobody_stays_without_consent"


@dg.asset(
    **AUDIENCES.asset_options,
    deps=[CUSTOMERS.asset_key, CARDS.asset_key, CONTACTS.asset_key],
    partitions_def=weeks,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    automation_condition=newest_week(),
    retry_policy=SAFE_RETRIES,
    owners=OWNERS,
    kinds={"pandas", "deltalake"},
)
def audiences(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    services: dg.ResourceParam[ActionServices],
) -> dg.MaterializeResult:
    _, sunday = week_of(context)
    with one_sentence():
        policy, seen = services.policy().audiences, AudiencePolicyInputs(lake, services, sunday)
        rows = [seen.standing(line).row(policy) for line in policy.lines]
        table = pd.DataFrame(
            rows, columns=[name for name in AUDIENCES.schema.names if name not in {"day", "pulled_at"}]
        )
        table = table.assign(day=sunday, pulled_at=services.platforms.now())[AUDIENCES.schema.names]
        arrow = pa.Table.from_pandas(table, schema=AUDIENCES.schema, preserve_index=False)
        lake.replace(AUDIENCES, arrow, where={"day": (sunday, sunday)})
    told: dict[str, Any] = {"dagster/row_count": len(rows)}
    told |= {
        state: sum(row["state"] == state for row in rows) for state in sorted({row["state"] for row in rows})
    }
    lines = [
        (
            row["segment_id"],
            f"{row['platform']} {row['account_id']}",
            row["purpose"],
            row["members"],
            row["to_add"],
            row["to_remove"],
            f"{row['state']}: {row['why']}",
        )
        for row in rows
    ]
    header = ("segment", "account", "purpose", "people", "to add", "to remove", "")
    told["audiences"] = dg.MetadataValue.md(
        markdown_table(header, lines) if lines else "policy.yaml names none (docs/audiences.md)"
    )
    return dg.MaterializeResult(metadata=told)


@dg.asset(
    key=PROPOSALS,
    description=(
        "What should change about who sees ads: audiences to make or to bring up to date, and where to keep"
        " them out. Proposes; changes nothing."
    ),
    deps=[AUDIENCES.asset_key],
    partitions_def=weeks,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    automation_condition=newest_week(),
    retry_policy=SAFE_RETRIES,
    group_name="actions",
    owners=OWNERS,
    kinds={"sqlalchemy"},
    pool="proposals",
)
def audience_proposals(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    services: dg.ResourceParam[ActionServices],
) -> dg.MaterializeResult:
    _, sunday = week_of(context)
    with one_sentence():
        days = (services.ledger.clock().date() - sunday).days
        if days > services.policy().audiences.oldest_days:
            note = f"The week to {sunday} is over for {days} days. A past week proposes nothing."
            return dg.MaterializeResult(metadata={"note": note, "dagster/row_count": 0})
        figures = Figures(lake, services)
        asked = propose_audiences(
            AudiencePolicyInputs(lake, services, sunday), approval_gate(services, figures), figures.around
        )
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(asked.taken),
            "proposed": dg.MetadataValue.md(
                "\n\n".join(
                    f"`{p.proposal_id}` {as_markdown_text(p.reason)}\n\n{diff(p)}" for p in asked.taken
                )
                or "nothing"
            ),
            "kept back": dg.MetadataValue.md(
                markdown_table(("audience", "why"), asked.kept_back.items()) if asked.kept_back else "nothing"
            ),
        }
    )


@dg.asset(
    key=REMOVALS,
    description=(
        "Takes people who withdrew their consent out of every audience, within the hour. The approval of an"
        " audience is a standing permission for this, and for nothing else."
    ),
    deps=[CONTACTS.asset_key],
    check_specs=[
        dg.AssetCheckSpec(
            NOBODY_STAYS,
            asset=REMOVALS,
            description=(
                "Somebody who said no and is in an audience still is a breach of the law, whatever keeps them"
                " there."
            ),
        )
    ],
    # After every reading of the CRM, and once more an hour for what a platform did not take.
    automation_condition=follows(also_at="40 * * * *"),
    group_name="actions",
    owners=OWNERS,
    tags={"risk": "personal_data"},
    kinds={"googleads", "meta", "linkedin"},
    pool="audience_removals",
)
def audience_removals(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    services: dg.ResourceParam[ActionServices],
) -> dg.MaterializeResult:
    with one_sentence():
        done = take_out_the_unwilling(lake, services)
        in_use = [kept for kept in services.ledger.audiences.audiences() if kept.audience_id is not None]
    if done is None:
        note = "No CRM was ever read, so nobody knows who agrees."
        check = dg.AssetCheckResult(check_name=NOBODY_STAYS, passed=not in_use, metadata={"note": note})
        return dg.MaterializeResult(metadata={"note": note}, check_results=[check])
    late = [one for one in done if one.left]
    for one in late:
        context.log.warning("%s: %s", one.audience, one.why)
    lines = [
        (
            one.audience,
            one.refused,
            one.unexplained,
            one.removed,
            one.left if one.left >= 0 else "?",
            one.why,
        )
        for one in done
    ]
    header = ("audience", "said no", "not known any more", "taken out", "still there", "")
    return dg.MaterializeResult(
        metadata={
            "taken out": sum(one.removed for one in done),
            "still there": sum(max(one.left, 0) for one in done),
            "identifiers": dg.MetadataValue.md(
                markdown_table(header, lines) if lines else "no audience is in use"
            ),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name=NOBODY_STAYS,
                passed=not late,
                metadata={
                    "audiences that somebody should have left": len(late),
                    "why": "; ".join(one.why for one in late),
                },
            )
        ],
    )
