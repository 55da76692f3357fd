"""Registers proposals as partitions, announces them, reminds approvers, expires and retires proposals.

The ledger remembers what was done (`registered_at`, `announced_at`), and each is done again until it is
marked: a crash in between says something twice, and never keeps it quiet. A proposal that waits holds no run,
no process and no slot.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import dagster as dg

from assets.actions.approval import AUTOMATIC
from assets.actions.assets import PROPOSAL, form_for
from assets.actions.rendering import ASSET, key_facts, link, sheet
from assets.partitions import proposals
from assets.reports.notifications.action_notices import approval, reminder
from assets.reports.notifications.quiet_hours import quiet_until
from resources.action_services import ActionServices
from resources.ledger.proposal import Proposal
from resources.ledger.records import LedgerEntry
from resources.ledger.states import OPEN, State
from resources.policy.policy import PolicyUnreadable

AT_ONCE, SHEETS_SECONDS, REMIND_BEFORE = 5_000, 1.0, timedelta(hours=2)


def proposals_sensor(job: Any) -> dg.SensorDefinition:
    """The sensor that looks after waiting proposals; `job` is what an automatic level asks to run."""

    @dg.sensor(
        name="proposals_waiting",
        job=job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Registers new proposals, announces them with their diff, reminds, expires, and retires what has"
            " ended."
        ),
    )
    def proposals_waiting(
        context: dg.SensorEvaluationContext, services: dg.ResourceParam[ActionServices]
    ) -> dg.SensorResult:
        summary = tick(context.instance, services)
        context.log.info(summary)
        return dg.SensorResult(
            run_requests=list(automatic_runs(services)), skip_reason=dg.SkipReason(summary)
        )

    return proposals_waiting


def tick(instance: dg.DagsterInstance, services: ActionServices) -> str:
    """Do what is due; one sentence about it."""
    ledger = services.ledger
    services.killed()  # a KILL file on this machine turns the switch on for every other one
    expired = ledger.proposals.expire()
    registered, shown = _register(instance, services)
    announced, reminded = _announce(services, shown), _remind(services)
    retired = ledger.proposals.to_retire(
        ended_before=ledger.clock() - timedelta(days=services.policy().approval.retire_days), limit=200
    )
    for key in retired:
        instance.delete_dynamic_partition(str(proposals.name), key)
    ledger.proposals.mark("retired_at", retired)
    return (
        f"{registered} registered, {announced} announced, {reminded} reminded of, {len(expired)} expired,"
        f" {len(retired)} retired"
    )


def automatic_runs(services: ActionServices) -> Iterator[dg.RunRequest]:
    """A run, once an hour at most, for each open proposal that the policy lets be carried out by itself."""
    hour = f"{services.ledger.clock():%Y%m%d%H}"  # what a blackout or a limit held back is tried again
    for entry in services.ledger.proposals.entries(
        states=[State.PROPOSED, State.APPROVED], level="automatic", limit=50
    ):
        config = form_for(entry.proposal_id, services)
        config["ops"][ASSET]["config"]["decision"] = AUTOMATIC
        yield dg.RunRequest(
            run_key=f"automatic.{entry.proposal_id}.{hour}",
            partition_key=entry.proposal_id,
            run_config=config,
        )


def _register(instance: dg.DagsterInstance, services: ActionServices) -> tuple[int, list[LedgerEntry]]:
    """Partitions for what is new, then their sheets, as many as a second allows: the form itself needs none."""
    ledger, name = services.ledger, str(proposals.name)
    new = ledger.proposals.lacking("registered_at", states=OPEN, limit=AT_ONCE)
    batches = ledger.proposals.new_batches()
    keys = [entry.proposal_id for entry in new] + [batch.batch_id for batch in batches]
    if keys:
        instance.add_dynamic_partitions(name, keys)
        ledger.proposals.mark("registered_at", keys)
    began = time.monotonic()
    for batch in batches:
        members = "\n".join(f"- {member}" for member in batch.members)
        _report(
            instance, batch.batch_id, f"**{ledger.proposals.summary(batch.batch_id)}**\n\n{members}", services
        )
    shown: list[LedgerEntry] = []
    for entry in ledger.proposals.lacking("announced_at", states=OPEN, limit=1_000):
        if time.monotonic() - began > SHEETS_SECONDS:
            break  # the rest at the next tick
        _report(instance, entry.proposal_id, sheet(entry.proposal), services, entry)
        shown.append(entry)
    return len(keys), shown


def _report(
    instance: dg.DagsterInstance,
    key: str,
    text: str,
    services: ActionServices,
    entry: LedgerEntry | None = None,
) -> None:
    summary = services.ledger.proposals.summary(key)
    metadata: dict[str, Any] = {}
    if entry is not None:
        metadata |= key_facts(entry.proposal)
        metadata["evidence"] = dg.MetadataValue.json(dict(entry.proposal.evidence))
        metadata["expires"] = dg.MetadataValue.timestamp(entry.proposal.expires_at.timestamp())
    metadata["everything"] = dg.MetadataValue.md(text)
    metadata["what you decide on"] = summary
    metadata["decide here"] = dg.MetadataValue.url(link(services.settings.ui_url, key, summary))
    instance.report_runless_asset_event(dg.AssetMaterialization(PROPOSAL, partition=key, metadata=metadata))


def _announce(services: ActionServices, shown: list[LedgerEntry]) -> int:
    """Keep for the next message that those wait whose sheet is there."""
    if not shown:
        return 0
    ui_url, labels = services.settings.ui_url, _labels(services)
    notices = [approval(entry.proposal, ui_url=ui_url, labels=labels(entry.proposal)) for entry in shown]
    if not services.notifier.tell(notices):
        return 0  # said again at the next tick
    services.ledger.proposals.mark("announced_at", [entry.proposal_id for entry in shown])
    return len(shown)


def _remind(services: ActionServices) -> int:
    """At half of their time, and two hours before their end; before quiet hours, of what would end in them."""
    count, now, ui_url = 0, services.ledger.clock(), services.settings.ui_url
    labels = _labels(services)
    for reminded, half_time in ((2, False), (1, True)):
        due = services.ledger.proposals.reminders_due(
            half_time=half_time, before=_before_quiet(services), limit=AT_ONCE
        )
        notices = [
            reminder(entry.proposal, reminded, ui_url=ui_url, now=now, labels=labels(entry.proposal))
            for entry in due
        ]
        if due and services.notifier.tell(notices):
            services.ledger.proposals.reminded([entry.proposal_id for entry in due], reminded)
            count += len(due)
    return count


def _before_quiet(services: ActionServices) -> timedelta:
    """How long before its end a proposal is reminded of for the last time. Nobody is told in quiet hours, so
    in the hour before them it is all that ends until two hours after them.
    """
    rules, now = services.notifications, services.ledger.clock()
    ends = quiet_until(now, rules.zone(), rules.quiet_hours, within=timedelta(hours=1))
    return REMIND_BEFORE if ends is None else ends - now + REMIND_BEFORE


def _labels(services: ActionServices) -> Callable[[Proposal], tuple[str, ...]]:
    """The policy's labels of what a proposal changes; none where the policy cannot be read."""
    try:
        policy = services.policy()
    except PolicyUnreadable:
        return lambda _: ()
    return lambda proposal: tuple(
        sorted(
            name
            for change in proposal.changes
            for name in policy.labels_of(
                campaign_id=change.image.campaign_id,
                campaign_name=change.image.campaign_name,
                ad_set_id=change.target.entity_id if change.target.level == "ad_set" else None,
                at_platform=change.image.labels or (),
            )
        )
    )
