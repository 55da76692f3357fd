"""The action path put together: figures from the lake, edits from the platforms, the gate, the executor,
proposals of findings.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import pandas as pd

from assets.actions.approval import ApprovalGate
from assets.actions.approval_rules import ApprovalRules
from assets.actions.consent.audience_writers import audience_writer
from assets.actions.draft_proposals import Drafts, drafted
from assets.actions.execution.executor import Executor
from assets.actions.execution.permission import WritePermission
from assets.actions.execution.platform_writes import PlatformWriters, PlatformWrites, settle_time
from assets.actions.guardrails.context import OURS_WITHIN, Edit, Surroundings
from assets.actions.rules.finding import Finding
from assets.actions.rules.pacing import pace_findings
from resources.action_services import ActionServices
from resources.kinds.base import ChangeRequest
from resources.kinds.registry import KINDS, writer_of
from resources.lake.lake import Lake
from resources.ledger.proposal import Change, Image, Proposal
from resources.platforms.writer import PlatformWriter
from resources.policy.budgets import load_budgets
from resources.policy.policy import Approval, PolicyUnreadable
from resources.tables import core
from resources.tables.signals import PACING

TABLES_SECONDS = 60.0
BUDGET_HISTORY = timedelta(hours=1, minutes=5)
"""How far back a platform is asked for changes of a budget: an hour, and a little for its clock."""


class Figures:
    """What limits are judged by, from lake, ledger and platforms.

    The lake's tables are read once a minute at most.
    """

    def __init__(self, lake: Lake, services: ActionServices) -> None:
        self.lake, self._services = lake, services
        self._cached: tuple[float, dict[str, Any]] | None = None

    def around(self, proposal: Proposal | None = None) -> Surroundings:
        """The surroundings of a proposal now, with the last edits of what it changes."""
        now = self._services.ledger.clock()
        tables = self._tables(now)
        written = self._services.ledger.writes.since(now - timedelta(days=8))
        return Surroundings(
            now=now,
            written=written,
            edits=self._edits(proposal, written) if proposal else {},
            budget_edits=self._budget_edits(proposal, now) if proposal else {},
            **tables,
        )

    def rates(self) -> dict[str, float]:
        """Units of reporting currency for one unit of each account currency, the newest known."""
        rates: dict[str, float] = self._tables(self._services.ledger.clock())["rates"]
        return rates

    def _tables(self, now: datetime) -> dict[str, Any]:
        if self._cached is None or time.monotonic() - self._cached[0] > TABLES_SECONDS:
            recent = {"day": ((now - timedelta(days=36)).date(), now.date())}
            rates = self.lake.read(
                core.FX_RATE, where={"day": ((now - timedelta(days=10)).date(), now.date())}
            )
            newest = rates.sort_values("day").drop_duplicates("currency", keep="last")
            kpi_days = self.lake.read(core.KPI_DAY, columns="day", where=recent)
            found = {
                "ad_set_days": self.lake.read(core.DAYS["ad_set"], where=recent),
                "campaign_days": self.lake.read(core.DAYS["campaign"], where=recent),
                "entities": self.lake.read(core.ENTITIES),
                "rates": dict(zip(newest["currency"], newest["rate"].astype(float), strict=True)),
                "newest_as_of": kpi_days["day"].max().date() if len(kpi_days) else None,
                "parts": {},
            }
            self._cached = (time.monotonic(), found)
        return self._cached[1]

    def _edits(self, proposal: Proposal, written: list[Any]) -> dict[str, Edit]:
        found = {}
        for change in proposal.changes:
            at = self._writer(change).edited_at(change.target)
            ours = [row.intended_at for made, row in written if _same_thing(made.changes[row.part], change)]
            by_us = at is not None and any(abs(at - one) <= OURS_WITHIN for one in ours)
            found[change.target.words] = Edit(at, by_us)
        return found

    def _budget_edits(self, proposal: Proposal, now: datetime) -> dict[str, list[datetime] | None]:
        since = now - BUDGET_HISTORY
        return {
            change.target.words: (
                self._services.platforms.writer(change.target.platform).budget_edits(
                    change.target, since=since
                )
            )
            for change in proposal.changes
            if change.budgets
        }

    def image(self, change: Change | ChangeRequest) -> Image:
        """What is changed or asked to be, as its platform has it now."""
        return self._writer(change).image(change.target)

    def _writer(self, change: Change | ChangeRequest) -> PlatformWriter:
        platform = change.target.platform
        if KINDS[change.field].is_about_audiences:
            return audience_writer(platform, self._services, self.lake)
        writer: PlatformWriter = writer_of(change.field, platform, self._services.platforms.writer(platform))
        return writer


def approval_rules(services: ActionServices, figures: Figures) -> ApprovalRules:
    """Who may approve what, by policy, approvers and exchange rates of this moment."""
    shadow_score = services.ledger.shadows.score
    return ApprovalRules(services.policy(), services.approvers(), figures.rates(), shadow_score)


def approval_gate(services: ActionServices, figures: Figures) -> ApprovalGate:
    """The gate, with the policy and the approvers of this moment."""
    return ApprovalGate(services.ledger, approval_rules(services, figures))


def executor(
    services: ActionServices, figures: Figures, *, run_id: str, log: Callable[[str], None]
) -> Executor:
    """What carries out approved proposals in one run."""
    permission = WritePermission(
        services.ledger, services.killed, lambda: approval_rules(services, figures), services.anchor
    )
    writers = PlatformWriters(
        services.platforms.writer, lambda platform: audience_writer(platform, services, figures.lake)
    )
    writes = PlatformWrites(
        services.ledger,
        writers,
        permission,
        settle=lambda: _settle_time(services),
        run_id=run_id,
        wait=lambda: time.sleep(1.0),
        log=log,
    )
    return Executor(services.ledger, services.policy, figures.around, writes)


@dataclass(frozen=True)
class ActionPath:
    """Opens the gate and the executor for an op, which needs nothing else of the deployment."""

    services: ActionServices
    lake: Lake

    @cached_property
    def figures(self) -> Figures:
        return Figures(self.lake, self.services)

    def gate(self) -> ApprovalGate:
        """The gate of this moment."""
        return approval_gate(self.services, self.figures)

    def executor(self, *, run_id: str, log: Callable[[str], None]) -> Executor:
        """What carries out approved proposals in one run."""
        return executor(self.services, self.figures, run_id=run_id, log=log)


def _settle_time(services: ActionServices) -> timedelta:
    try:
        return settle_time(services.policy().approval.settle_seconds)
    except PolicyUnreadable:  # what was sent is found out about without a policy too
        return settle_time(Approval().settle_seconds)


def propose_findings(
    found: list[Finding], services: ActionServices, figures: Figures
) -> tuple[Drafts, list[Proposal]]:
    """Proposals of these findings, in the ledger; those that were there already are left out of the second
    part.
    """
    drafts = drafted(
        found,
        gate=approval_gate(services, figures),
        image=figures.image,
        around=figures.around,
    )
    taken = [made for made in drafts.made if services.ledger.proposals.propose(made)]
    for made, scope, level in drafts.shadows:
        known = {one.proposal_id for one in taken}
        services.ledger.shadows.record(
            f"{made.proposal_id}.{level}"[:128],
            scope=scope,
            level=level,
            body={"summary": made.summary},
            proposal_id=made.proposal_id if made.proposal_id in known else None,
        )
    return drafts, taken


def pacing_findings(
    others: list[Finding],
    lake: Lake,
    services: ActionServices,
    *,
    around: Surroundings,
    judged: pd.DataFrame,
    as_of: date,
) -> list[Finding]:
    """Findings of pacing that touch nothing of the day's other findings.

    Args:
        others: Findings of the day's other rules.
        lake: The lake, for signals/pacing.
        services: Policy and settings.
        around: Surroundings of the proposals.
        judged: signals/underperformers of `as_of`.
        as_of: Last closed day.
    """
    policy, settings = services.policy(), services.settings
    budgets = load_budgets(settings.budgets_file, is_asked_for=settings.has_named_budgets)
    return pace_findings(
        lake.read(PACING, where={"day": (as_of, as_of)}),
        around.entities,
        budgets,
        as_of=as_of,
        policy=policy.pacing,
        limits=policy.guardrails,
        ad_set_days=around.ad_set_days,
        judged=judged,
        taken=[wish.target for finding in others for wish in finding.change_requests],
        paused={finding.target for finding in others if finding.is_pause},
    )


def _same_thing(one: Change, other: Change) -> bool:
    """Whether a write to one shows as an edit of the other: the same target, or the budget both are about."""
    if one.target == other.target:
        return True
    same_account = (one.target.platform, one.target.account_id) == (
        other.target.platform,
        other.target.account_id,
    )
    about_budgets = one.budgets is not None and other.budgets is not None
    return (
        same_account
        and about_budgets
        and one.image.budget_id is not None
        and one.image.budget_id == other.image.budget_id
    )
