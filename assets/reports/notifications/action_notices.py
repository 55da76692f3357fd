"""Notices about proposals that wait for a decision, platform writes that failed or are unknown, and failed
runs.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from assets.actions.rendering import details_in_a_sentence, link
from assets.formatting.platform_names import spoken
from assets.reports.notifications.notice import NOW, SOON, Link, Notice
from assets.reports.notifications.signal_notices import NoticeContext
from resources.ledger.notices import StoredNotice
from resources.ledger.proposal import Proposal
from resources.ledger.records import LedgerEntry
from resources.ledger.states import State

APPROVAL, REMINDER, WRITE, RUN = "approval", "reminder", "write", "run"
UNKNOWN_FOR, STUCK_FOR = timedelta(minutes=2), timedelta(minutes=15)
"""A lost answer is read back within a minute or two; nobody is notified earlier."""


def approval(proposal: Proposal, *, ui_url: str, labels: tuple[str, ...] = ()) -> StoredNotice:
    """A proposal waits for approval; the notice is useful until half of its time has passed."""
    half = proposal.created_at + (proposal.expires_at - proposal.created_at) / 2
    return _waits(proposal, APPROVAL, ui_url=ui_url, labels=labels, by=half).said("")


def reminder(
    proposal: Proposal, nth: int, *, ui_url: str, now: datetime, labels: tuple[str, ...] = ()
) -> StoredNotice:
    """A proposal still waits: first at half of its time, then shortly before it expires."""
    return _waits(proposal, REMINDER, ui_url=ui_url, labels=labels, by=now).said(str(nth))


def _waits(proposal: Proposal, kind: str, *, ui_url: str, labels: tuple[str, ...], by: datetime) -> Notice:
    first = proposal.changes[0].target
    is_still = "still undecided, " if kind == REMINDER else ""
    return Notice(
        topic=proposal.proposal_id,
        kind=kind,
        priority=SOON,
        entity=proposal.summary,
        short="1 approval",
        seen=proposal.reason,
        money=proposal.effect.words,
        cause=details_in_a_sentence(proposal),
        todo=f"{is_still}decide until {proposal.expires_at:%Y-%m-%d %H:%M} UTC",
        links=(
            Link("decide", link(ui_url, proposal.proposal_id, proposal.summary)),
            Link(
                "read",
                f"{ui_url.rstrip('/')}/assets/actions/proposal?view=partitions&partition={proposal.proposal_id}",
            ),
        ),
        by=by,
        until=proposal.expires_at,
        platform=first.platform,
        account_id=first.account_id,
        labels=labels,
        rows=rows_of(proposal),
    )


def rows_of(proposal: Proposal) -> tuple[dict[str, str], ...]:
    """The proposal as CSV rows, one per change."""
    return tuple(
        {
            "proposal": proposal.proposal_id,
            "kind": proposal.kind,
            "platform": change.target.platform,
            "account": change.target.account_id,
            "level": change.target.level,
            "id": change.target.entity_id,
            "name": change.image.name,
            "field": change.field,
            "now": change.now,
            "proposed": change.proposed,
            "every word": "\n".join(change.details),
            "currency": change.image.currency if change.budgets else "",
            "reason": proposal.reason,
            "expected": proposal.effect.words,
            "until (UTC)": f"{proposal.expires_at:%Y-%m-%d %H:%M}",
        }
        for change in proposal.changes
    )


def write_notices(
    entries: Sequence[LedgerEntry], *, ui_url: str, now: datetime, runs: Mapping[str, str]
) -> list[Notice]:
    """Writes that failed, and writes whose outcome is still unknown (also of a run that died).

    Args:
        entries: Proposals that failed or are in flight.
        ui_url: Address of the Dagster UI.
        now: The current instant.
        runs: Run id of the write, by proposal id.
    """
    notices = []
    for entry in entries:
        age = now - entry.changed_at
        if (entry.state == State.UNKNOWN and age < UNKNOWN_FOR) or (
            entry.state == State.EXECUTING and age < STUCK_FOR
        ):
            continue
        if entry.state == State.ARRIVED_LATE:
            notices.append(_late_arrival(entry, ui_url=ui_url, run=runs.get(entry.proposal_id)))
            continue
        if entry.state not in {State.FAILED, State.UNKNOWN, State.EXECUTING}:
            continue
        is_failed = entry.state == State.FAILED
        first = entry.proposal.changes[0]
        run = runs.get(entry.proposal_id)
        notices.append(
            Notice(
                topic=f"{entry.proposal_id}|{'failed' if is_failed else 'unknown'}",
                kind=WRITE,
                priority=NOW,
                entity=f"{spoken(first.target.platform)} · {entry.proposal.summary}",
                short="a write failed" if is_failed else "outcome of a write unknown",
                seen=(
                    "the approved change did not come about"
                    if is_failed
                    else "it was sent, and nobody knows whether it happened"
                ),
                cause=entry.why or "",
                todo=(
                    "Look at the run and at the platform; a new proposal is needed."
                    if is_failed
                    else "It is read back until it is known and never sent again: look at the platform."
                ),
                links=(
                    *([Link("run", f"{ui_url.rstrip('/')}/runs/{run}")] if run else []),
                    Link(
                        "plan",
                        f"{ui_url.rstrip('/')}/assets/actions/approved?view=partitions&partition={entry.proposal_id}",
                    ),
                ),
                platform=first.target.platform,
                account_id=first.target.account_id,
                ref=f"{entry.proposal_id}|{entry.state}"[:80],
            )
        )
    return notices


def _late_arrival(entry: LedgerEntry, *, ui_url: str, run: str | None) -> Notice:
    """A change that was counted as failed and is there after all: an alarm, and a decision for a person."""
    first = entry.proposal.changes[0]
    return Notice(
        topic=f"{entry.proposal_id}|arrived late",
        kind=WRITE,
        priority=NOW,
        entity=f"{spoken(first.target.platform)} · {entry.proposal.summary}",
        short="a failed write arrived late",
        seen="a change that was counted as failed is there after all",
        cause=entry.why or "",
        todo=(
            f"Decide: `accept-late {entry.proposal_id}` lets it stay, `revert {entry.proposal_id}` proposes"
            " to lead it back."
        ),
        links=(
            *([Link("run", f"{ui_url.rstrip('/')}/runs/{run}")] if run else []),
            Link(
                "plan",
                f"{ui_url.rstrip('/')}/assets/actions/approved?view=partitions&partition={entry.proposal_id}",
            ),
        ),
        platform=first.target.platform,
        account_id=first.target.account_id,
        ref=f"{entry.proposal_id}|{entry.state}"[:80],
    )


def run_notice(
    job: str, steps: Sequence[str], *, run_id: str, why: str, context: NoticeContext, ui_url: str
) -> Notice:
    """A failed run; the same job and steps are one topic until they succeed."""
    step_names = ", ".join(step.replace("__", "/") for step in steps[:3]) or "before its first step"
    name = "materializing" if job.startswith("__") else job
    return Notice(
        topic=f"{job}|{','.join(sorted(steps))}"[:200],
        kind=RUN,
        priority=SOON,
        entity=f"Run · {name}: {step_names}",
        short=f"run failed: {step_names}",
        seen="it failed, and what follows from it is as old as before",
        cause=why,
        todo="Open the run, mend the cause, and launch it again.",
        links=(Link("run", f"{ui_url.rstrip('/')}/runs/{run_id}"), Link("dashboard", context.dashboard)),
    )
