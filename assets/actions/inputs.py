"""What the action path reads and stands on, put together: figures from the lake, edits from the platforms, gate and executor."""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from assets.actions.approval import Gate
from assets.actions.consent.audience_writers import audience_writer
from assets.actions.draft_proposals import Drafts, drafted
from assets.actions.execution.executor import Executor
from assets.actions.guardrails.context import OURS_WITHIN, Edit, Surroundings
from assets.actions.rules.finding import Finding
from assets.actions.rules.pacing import pace_findings
from resources.action_services import Desk
from resources.lake.lake import Lake
from resources.ledger.proposal import Change, Image, Proposal
from resources.policy.budgets import load_budgets
from resources.tables import core
from resources.tables.signals import PACING

FIGURES_SECONDS = 60.0
BUDGET_HISTORY = timedelta(hours=1, minutes=5)
"""How far back a platform is asked for changes of a budget: an hour, and a little for its clock."""


class Figures:
    """What limits are judged by, from lake, ledger and platforms. The lake's tables are read once a minute at most."""

    def __init__(self, lake: Lake, desk: Desk) -> None:
        self.lake, self._desk = lake, desk
        self._kept: tuple[float, dict[str, Any]] | None = None

    def around(self, proposal: Proposal | None = None) -> Surroundings:
        """The surroundings of a proposal now, with the last edits of what it changes."""
        now = self._desk.ledger.clock()
        tables = self._tables(now)
        written = self._desk.ledger.written_since(now - timedelta(days=8))
        return Surroundings(
            now=now, written=written, edits=self._edits(proposal, written) if proposal else {},
            budget_edits=self._budget_edits(proposal, now) if proposal else {}, **tables,
        )  # fmt: skip

    def _tables(self, now: datetime) -> dict[str, Any]:
        if self._kept is None or time.monotonic() - self._kept[0] > FIGURES_SECONDS:
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
            self._kept = (time.monotonic(), found)
        return self._kept[1]

    def _edits(self, proposal: Proposal, written: list[Any]) -> dict[str, Edit]:
        found = {}
        for change in proposal.changes:
            if change.field == "members":  # platforms tell nobody who edited an audience
                found[change.target.words] = Edit(None, by_us=False)
                continue
            at = self._desk.platforms.writer(change.target.platform).edited_at(change.target)
            ours = [row.intended_at for made, row in written if _same_thing(made.changes[row.part], change)]
            by_us = at is not None and any(abs(at - one) <= OURS_WITHIN for one in ours)
            found[change.target.words] = Edit(at, by_us)
        return found

    def _budget_edits(self, proposal: Proposal, now: datetime) -> dict[str, list[datetime] | None]:
        since = now - BUDGET_HISTORY
        return {
            change.target.words: self._desk.platforms.writer(change.target.platform).budget_edits(
                change.target, since=since
            )
            for change in proposal.changes
            if change.field == "daily_budget"
        }

    def image(self, change: Change) -> Image:
        """What is changed, as its platform has it now."""
        platform = change.target.platform
        if change.is_about_audiences:
            return audience_writer(platform, self._desk, self.lake).image(change.target)
        return self._desk.platforms.writer(platform).image(change.target)


def gate(desk: Desk, figures: Figures) -> Gate:
    """The door, with the policy and the approvers of this moment."""
    rates = figures.around().rates
    return Gate(desk.ledger, desk.policy(), desk.approvers(), rates, desk.by_proxy)


def executor(desk: Desk, figures: Figures, *, run_id: str, say: Callable[[str], None]) -> Executor:
    return Executor(
        ledger=desk.ledger, policy=desk.policy, writer=desk.platforms.writer, around=figures.around, killed=desk.killed,
        run_id=run_id, wait=lambda: time.sleep(1.0), say=say, audiences=lambda platform: audience_writer(platform, desk, figures.lake),
    )  # fmt: skip


def propose_findings(found: list[Finding], desk: Desk, figures: Figures) -> tuple[Drafts, list[Proposal]]:
    """Proposals of these findings, in the ledger; those that were there already are left out of the second part."""
    drafts = drafted(
        found, gate=gate(desk, figures), image=lambda target: desk.platforms.writer(target.platform).image(target),
        around=figures.around,
    )  # fmt: skip
    taken = [made for made in drafts.made if desk.ledger.propose(made)]
    for made, scope, level in drafts.shadows:
        known = {one.proposal_id for one in taken}
        desk.ledger.overshadow(
            f"{made.proposal_id}.{level}"[:128], scope=scope, level=level, body={"summary": made.summary},
            proposal_id=made.proposal_id if made.proposal_id in known else None,
        )  # fmt: skip
    return drafts, taken


def with_pace(
    found: list[Finding], lake: Lake, desk: Desk, *, around: Surroundings, as_of: date
) -> list[Finding]:
    """The findings and those of pacing that touch nothing of theirs: emergencies first, then the most money."""
    policy, settings = desk.policy(), desk.settings
    budgets = load_budgets(settings.budgets_file, is_asked_for=settings.has_named_budgets)
    pace = pace_findings(
        lake.read(PACING, where={"day": (as_of, as_of)}), around.entities, budgets, as_of=as_of, policy=policy.pacing,
        limits=policy.guardrails, ad_set_days=around.ad_set_days, taken=[wish.target for one in found for wish in one.wishes],
    )  # fmt: skip
    urgent = [one for one in pace if one.evidence["emergency"] == "yes"]
    calm = [one for one in pace if one.evidence["emergency"] != "yes"]
    return urgent + sorted([*found, *calm], key=lambda one: -one.weight)


def _same_thing(one: Change, other: Change) -> bool:
    """Whether a write to one shows as an edit of the other: the same target, or the budget both are about."""
    if one.target == other.target:
        return True
    same_account = (one.target.platform, one.target.account_id) == (
        other.target.platform,
        other.target.account_id,
    )
    about_budgets = one.field == other.field == "daily_budget"
    return (
        same_account
        and about_budgets
        and one.image.budget_id is not None
        and one.image.budget_id == other.image.budget_id
    )
