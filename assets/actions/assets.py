"""Actions: findings become proposals, people approve them, and exactly what was approved is carried out,
once.

`actions/proposals` writes proposals to the ledger. `actions/approved` has one partition per proposal:
materializing it with a decision is how people approve. The ledger alone says what was approved; nothing here
believes a Dagster event, tag or config.
"""

import enum
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import pyarrow as pa
from pydantic import Field

from assets.actions.approval import VALID_FOR, DecisionRequest
from assets.actions.draft_proposals import Drafts
from assets.actions.execution.executor import STAGES, WriteHeld
from assets.actions.execution.receipts import apply_batch, receipt, receipt_lines
from assets.actions.inputs import ActionPath, Figures, pacing_findings, propose_findings
from assets.actions.rendering import ASSET, diff, form
from assets.actions.rules import threshold
from assets.actions.rules.finding import prioritised
from assets.actions.rules.incidents import cuts
from assets.automation import SAFE_RETRIES, follows_newest
from assets.formatting.markdown import as_markdown_text
from assets.partitions import day_range, days, proposals
from resources.action_services import ActionServices
from resources.errors import PaidMediaError
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.ledger.proposal import Target
from resources.ledger.records import LedgerEntry
from resources.ledger.states import State
from resources.ledger.store import Ledger
from resources.tables import core
from resources.tables.signals import ANOMALIES, PACING, PROPOSED_FINDINGS, UNDERPERFORMERS

PROPOSALS = PROPOSED_FINDINGS.asset_key
PROPOSAL, APPROVED = (dg.AssetKey(["actions", name]) for name in ("proposal", "approved"))
OWNERS = ["team:media"]
BATCH = "batch."


@dg.asset(
    **PROPOSED_FINDINGS.asset_options,
    deps=[
        core.DAYS["ad_set"].asset_key,
        core.DAYS["campaign"].asset_key,
        core.KPI_DAY.asset_key,
        core.ENTITIES.asset_key,
        ANOMALIES.asset_key,
        PACING.asset_key,
        UNDERPERFORMERS.asset_key,
    ],
    partitions_def=days,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    automation_condition=follows_newest(),
    retry_policy=SAFE_RETRIES,
    owners=OWNERS,
    kinds={"sqlalchemy", "deltalake"},
    pool="proposals",
)
def action_proposals(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    services: dg.ResourceParam[ActionServices],
) -> dg.MaterializeResult:
    _, as_of = day_range(context)
    with one_sentence():
        figures = Figures(lake, services)
        around = figures.around()
        if around.newest_as_of is None or as_of < around.newest_as_of:
            note = (
                f"{as_of} is over: newer figures are there ({around.newest_as_of}). A past day proposes"
                " nothing."
            )
            return dg.MaterializeResult(metadata={"note": note, "dagster/row_count": 0})
        judged = lake.read(UNDERPERFORMERS, where={"day": (as_of, as_of)})
        found = threshold.findings(
            judged,
            around.ad_set_days,
            around.campaign_days,
            around.entities,
            as_of=as_of,
            policy=services.policy(),
            paused_by_us=_paused(services),
        )
        found += pacing_findings(found, lake, services, around=around, judged=judged, as_of=as_of)
        stood_out = lake.read(ANOMALIES, where={"day": (as_of, as_of)})
        found += cuts(
            stood_out,
            around.entities,
            as_of=as_of,
            taken={wish.target for one in found for wish in one.change_requests},
        )
        drafts, taken = propose_findings(prioritised(found), services, figures)
        lake.replace(PROPOSED_FINDINGS, outcome_rows(drafts, as_of=as_of), where={"day": (as_of, as_of)})
        if len(taken) > 1:
            digests = {made.proposal_id: made.digest for made in taken}
            services.ledger.proposals.make_batch(f"{BATCH}{as_of:%Y%m%d}.{context.run_id[:8]}", digests)
    kept = "\n".join(f"| {name} | {as_markdown_text(why)} |" for name, why in drafts.kept_back.items())
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(taken),
            "findings": len(found),
            "findings not looked at": drafts.left,
            "proposed": dg.MetadataValue.md(
                "\n\n".join(f"`{p.proposal_id}` {as_markdown_text(p.reason)}\n\n{diff(p)}" for p in taken)
                or "nothing"
            ),
            "kept back by limits": dg.MetadataValue.md(
                f"| finding | why |\n|---|---|\n{kept}" if kept else "nothing"
            ),
        }
    )


def outcome_rows(drafts: Drafts, *, as_of: date) -> pa.Table:
    """Rows of actions/proposals: one per finding, in order."""
    rows = [
        {
            "day": as_of,
            "position": position,
            "kind": item.finding.kind,
            "rule": item.finding.proposer,
            **item.finding.target.model_dump(),
            "weight": item.finding.weight,
            "reason": item.finding.reason,
            "outcome": item.outcome,
            "why": item.why,
            "proposal_id": item.proposal_id,
        }
        for position, item in enumerate(drafts.outcomes, start=1)
    ]
    return pa.Table.from_pylist(rows, schema=PROPOSED_FINDINGS.schema)


def _paused(services: ActionServices) -> set[Target]:
    """Ad sets whose last change of ours was a pause that happened."""
    last = {
        change.target: change.pauses
        for entry in services.ledger.proposals.entries(states=[State.VERIFIED])
        for change in entry.proposal.changes
        if change.pauses or change.activates
    }
    return {target for target, is_paused in last.items() if is_paused}


proposal = dg.AssetSpec(
    PROPOSAL,
    partitions_def=proposals,
    group_name="actions",
    kinds={"sqlalchemy"},
    owners=OWNERS,
    description=(
        "Each proposal with its diff, evidence, expected effect, limits and expiry. Read here, decide by"
        " materializing actions/approved."
    ),
)


class Decision(enum.Enum):
    """What an approver chooses; `automatic` is what a sensor asks where the policy lets a level act by
    itself.
    """

    undecided = "undecided"
    approve = "approve"
    reject = "reject"
    automatic = "automatic"


class ApprovalForm(dg.Config):
    """What an approver fills in.

    Everything here is stored and shown to everybody: a code is worthless once it is used.
    """

    proposal: str = Field(
        default="", description="What you decide on; filled in by the job, compared with the ledger."
    )
    decision: Decision = Field(
        default=Decision.undecided, description="approve or reject. undecided changes nothing."
    )
    approver: str = Field(default="", description="Your name in policy.yaml.")
    code: str = Field(
        default="",
        description=(
            "The ten letters of `python -m orchestration.cli code`, or a reference; never an authenticator's"
            " six digits."
        ),
    )
    note: str = Field(default="", description="Why; kept in the audit trail.")


@dg.config_mapping
def approval_form(val: ApprovalForm) -> dict[str, Any]:
    """Lifts the form to the asset, so that the approver sees it and nothing else."""
    fields = {
        "proposal": val.proposal,
        "decision": val.decision.value,
        "approver": val.approver,
        "code": val.code,
        "note": val.note,
    }
    return {"manual_approval": {"config": fields}}


_NOTHING: dict[str, Any] = {"ins": {"start": dg.In(dg.Nothing)}, "out": dg.Out(dg.Nothing)}
"""Nothing is handed from op to op: each takes what it needs from the ledger, so no IO manager has a say."""


@dg.op(**_NOTHING, description=STAGES["load"])
def load(context: dg.OpExecutionContext, ledger: dg.ResourceParam[Ledger]) -> None:
    with one_sentence(may_retry=False):
        for entry in ledger.proposals.members(context.partition_key):
            context.log.info("%s is %s: %s", entry.proposal_id, entry.state, entry.proposal.summary)


@dg.op(**_NOTHING, description=STAGES["manual_approval"])
def manual_approval(
    context: dg.OpExecutionContext, config: ApprovalForm, action_path: dg.ResourceParam[ActionPath]
) -> None:
    with one_sentence(may_retry=False):
        key = context.partition_key
        launched_at, together = launch_of(context, key, config)
        request = DecisionRequest(
            key=key,
            together=together,
            proposal=config.proposal,
            decision=config.decision.value,
            approver=config.approver.strip(),
            code=config.code,
            note=config.note,
            launched_at=launched_at,
            run_id=context.run_id,
        )
        for outcome in action_path.gate().decide(request):
            context.log.info("%s %s", outcome.proposal_id, outcome.words)


@dg.op(**_NOTHING, description=STAGES["preflight"])
def preflight(
    context: dg.OpExecutionContext,
    ledger: dg.ResourceParam[Ledger],
    action_path: dg.ResourceParam[ActionPath],
) -> None:
    with one_sentence(may_retry=False):
        entries = ledger.proposals.members(context.partition_key)
        if len(entries) == 1:  # of a batch each is looked at right before it is written
            executor = action_path.executor(run_id=context.run_id, log=context.log.warning)
            executor.preflight(entries[0].proposal_id)


@dg.op(**_NOTHING, description=STAGES["apply"])
def apply(
    context: dg.OpExecutionContext,
    ledger: dg.ResourceParam[Ledger],
    action_path: dg.ResourceParam[ActionPath],
) -> None:
    with one_sentence(may_retry=False):
        executor = action_path.executor(run_id=context.run_id, log=context.log.warning)
        entries = ledger.proposals.members(context.partition_key)
        if len(entries) == 1:
            executor.apply(entries[0].proposal_id)
            return
        if stopped := apply_batch(executor, entries):
            raise WriteHeld(stopped)


@dg.op(**_NOTHING, description=STAGES["read_back"])
def read_back(
    context: dg.OpExecutionContext,
    ledger: dg.ResourceParam[Ledger],
    action_path: dg.ResourceParam[ActionPath],
) -> None:
    with one_sentence(may_retry=False):
        executor = action_path.executor(run_id=context.run_id, log=context.log.warning)
        for entry in ledger.proposals.members(context.partition_key):
            executor.read_back(entry.proposal_id)


@dg.op(**_NOTHING, description=STAGES["record"])
def record(context: dg.OpExecutionContext, ledger: dg.ResourceParam[Ledger]) -> None:
    with one_sentence(may_retry=False):
        entries = ledger.proposals.members(context.partition_key)
        for entry in entries:
            ledger.audit.note(context.run_id, "receipt", entry.proposal_id, receipt(ledger, entry))
        context.add_output_metadata(outcome_metadata(ledger, entries))
        bad = [entry for entry in entries if entry.state in {State.FAILED, State.UNKNOWN, State.ARRIVED_LATE}]
        if bad:
            raise WriteHeld("; ".join(f"{entry.proposal_id} is {entry.state}: {entry.why}" for entry in bad))


@dg.graph_asset(
    key=APPROVED,
    config=approval_form,
    ins={"proposal": dg.AssetIn(PROPOSAL, dagster_type=dg.Nothing)},
    partitions_def=proposals,
    group_name="actions",
    owners=OWNERS,
    tags={"risk": "writes_money"},
    kinds={"googleads", "meta", "linkedin"},
    description=(
        "The approval. One partition per proposal: materialize it with a decision, your name and a code, and"
        " exactly that happens, once."
    ),
)
def approved(proposal: Any) -> Any:
    return record(read_back(apply(preflight(manual_approval(load(proposal))))))


def launch_of(
    context: dg.OpExecutionContext, key: str, config: ApprovalForm
) -> tuple[datetime, tuple[str, ...]]:
    """When the server created this run, or the backfill that asked for it, and for which keys: server-set
    facts alone.

    Whoever launches a run can write any tag, so a backfill's name counts only where the instance says that it
    targets this key, still goes on, is minutes old, and was given the very form that this run brings.

    Raises:
        WriteHeld: The backfill decides nothing, or Dagster does not know the run.
    """
    instance, name = context.instance, context.run.tags.get("dagster/backfill")
    backfill = instance.get_backfill(name) if name else None
    if backfill is not None and backfill.asset_backfill_data is not None:
        subsets = backfill.asset_backfill_data.target_subset.partitions_subsets_by_asset_key
        keys = set(subsets[APPROVED].get_partition_keys()) if APPROVED in subsets else set()
        if key in keys:
            launched_at = datetime.fromtimestamp(backfill.backfill_timestamp, UTC)
            if config.decision in {Decision.approve, Decision.reject}:
                _refuse_backfill(backfill, launched_at, config)
            return launched_at, tuple(sorted(keys))
    run_record = instance.get_run_record_by_id(context.run_id)
    if run_record is None:
        raise WriteHeld("Dagster does not know when this run was launched. Nothing was decided.")
    return run_record.create_timestamp.astimezone(UTC), (key,)


def _refuse_backfill(backfill: Any, launched_at: datetime, config: ApprovalForm) -> None:
    if backfill.status.value not in {"REQUESTED", "COMPLETED_SUCCESS"}:
        raise WriteHeld(
            f"Backfill {backfill.backfill_id} is {backfill.status.value.lower()}, so it decides nothing."
            " Decide anew."
        )
    if datetime.now(UTC) - launched_at > VALID_FOR:
        minutes = VALID_FOR.total_seconds() / 60
        raise WriteHeld(
            f"Backfill {backfill.backfill_id} was launched more than {minutes:g} minutes ago, so it decides"
            " nothing. Decide anew."
        )
    given = (backfill.run_config or {}).get("ops", {}).get(ASSET, {}).get("config", {})
    brought = {
        "proposal": config.proposal,
        "decision": config.decision.value,
        "note": config.note,
        "approver": config.approver,
        "code": config.code,
    }
    if any(str(given.get(name) or "").strip() != value.strip() for name, value in brought.items()):
        raise WriteHeld(
            f"This run's form is not the one that backfill {backfill.backfill_id} was given. Nothing was"
            " decided."
        )


def outcome_metadata(ledger: Ledger, entries: list[LedgerEntry]) -> dict[str, Any]:
    """The receipts as metadata: of one proposal in lines, of a batch as a table."""
    if len(entries) == 1:
        return dict(receipt_lines(ledger, entries[0]))
    table = dg.MetadataValue.table([dg.TableRecord(receipt_lines(ledger, entry)) for entry in entries])
    return {"outcome": table, "proposals": len(entries)}


def form_for(key: str, services: ActionServices) -> dict[str, Any]:
    """The run config of a key: what the job's form shows once the partition is picked."""
    try:
        summary = services.ledger.proposals.summary(key)
    except PaidMediaError as error:
        summary = str(error)
    return {"ops": {ASSET: {"config": form(summary)}}}
