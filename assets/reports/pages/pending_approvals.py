"""Proposals that wait for a person, as the page shows them, and whether anything may be written at all.

The text to copy has the proposal's own summary, reason, effect and link, as its message has, so that both say
the same of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from assets.actions.rendering import invitation, kind_reads, link, now_reads, then_reads
from assets.formatting import numbers
from assets.formatting.platform_names import spoken
from resources.ledger.proposal import Change, Proposal

SHOWN = 6
"""More than that nobody decides on from a page; `cli proposals list` has them all."""
CampaignKey = tuple[str, str, str]
"""Platform, account and campaign."""


@dataclass(frozen=True)
class Move:
    """One change: from what it is now to what is proposed.

    Amounts are daily budgets in `currency`, None for a status.
    """

    name: str
    level: str
    platform: str
    platform_label: str
    campaign: CampaignKey | None
    field: str
    now: str
    proposed: str
    now_amount: float | None
    proposed_amount: float | None
    currency: str
    details: tuple[str, ...] = ()
    """Every word of it, a line each, where `now` and `proposed` do not say all."""


@dataclass(frozen=True)
class PendingApproval:
    """One proposal. `broken` are the limits that do not hold, or of which that cannot be said."""

    proposal_id: str
    kind: str
    moves: tuple[Move, ...]
    reason: str
    evidence: tuple[tuple[str, str], ...]
    effect: str
    held: int
    limits: int
    broken: tuple[tuple[str, str], ...]
    expires_at: datetime
    expires_soon: bool
    link: str
    text: str


@dataclass(frozen=True)
class Approvals:
    """What waits, the soonest to expire first, and the kill switch.

    `unreadable` says why nothing is known of what waits.
    """

    rows: tuple[PendingApproval, ...] = ()
    waiting: int = 0
    killed: str | None = None
    unreadable: str = ""

    def of(self, campaign: CampaignKey) -> "Approvals":
        """The same, with the proposals of one campaign and its ad sets alone."""
        rows = tuple(row for row in self.rows if any(move.campaign == campaign for move in row.moves))
        return replace(self, rows=rows, waiting=len(rows))

    @property
    def left_out(self) -> int:
        return self.waiting - len(self.rows)

    def shown(self) -> "Approvals":
        """The same with as many proposals as a page shows."""
        return replace(self, rows=self.rows[:SHOWN])


def approvals_of(
    proposals: Sequence[Proposal], *, killed: str | None, now: datetime, ui_url: str
) -> Approvals:
    """What waits at `now`; what has expired is over, also where nobody has noted that yet.

    Args:
        proposals: Those that a person has to decide on.
        killed: Why nothing may be written, if it may not.
        now: The instant of the page (UTC).
        ui_url: Where people reach the Dagster UI.
    """
    waiting = sorted(
        (proposal for proposal in proposals if proposal.expires_at > now),
        key=lambda proposal: (proposal.expires_at, proposal.proposal_id),
    )
    return Approvals(tuple(_row(proposal, now, ui_url) for proposal in waiting), len(waiting), killed)


def _row(proposal: Proposal, now: datetime, ui_url: str) -> PendingApproval:
    return PendingApproval(
        proposal_id=proposal.proposal_id,
        kind=kind_reads(proposal),
        moves=tuple(map(_move, proposal.changes)),
        reason=proposal.reason,
        evidence=tuple(
            (name.replace("_", " "), numbers.plain(value)) for name, value in proposal.evidence.items()
        ),
        effect=proposal.effect.words,
        held=sum(verdict.holds is True for verdict in proposal.verdicts),
        limits=len(proposal.verdicts),
        broken=tuple(
            (verdict.guardrail, verdict.words) for verdict in proposal.verdicts if verdict.holds is not True
        ),
        expires_at=proposal.expires_at,
        expires_soon=(proposal.expires_at - now).total_seconds() < 4 * 3600,
        link=link(ui_url, proposal.proposal_id, proposal.summary),
        text=invitation(proposal, ui_url=ui_url),
    )


def _move(change: Change) -> Move:
    target, image = change.target, change.image
    before, after = change.budgets or (None, None)
    campaign = target.entity_id if target.level == "campaign" else image.campaign_id
    return Move(
        name=image.name,
        level=target.level.replace("_", " "),
        platform=target.platform,
        platform_label=spoken(target.platform),
        campaign=None if campaign is None else (target.platform, target.account_id, campaign),
        field=change.title,
        now=now_reads(change),
        proposed=then_reads(change),
        now_amount=None if before is None else float(before),
        proposed_amount=None if after is None else float(after),
        currency=image.currency,
        details=change.details,
    )
