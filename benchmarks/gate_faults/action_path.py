"""The action path of one process: ledger, gate, executor and platforms, with limits that hold nothing back,
because what is measured is the writing.
"""

from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyotp

from assets.actions.approval import ApprovalGate, DecisionRequest
from assets.actions.approval_rules import ApprovalRules
from assets.actions.execution.executor import Executor, WriteHeld
from assets.actions.execution.permission import WritePermission
from assets.actions.execution.platform_writes import (
    PlatformWriters,
    PlatformWrites,
    ProposalStale,
    settle_time,
)
from assets.actions.execution.receipts import apply_batch
from assets.actions.guardrails.context import Edit, Surroundings
from resources.ledger.anchor import AnchorFile
from resources.ledger.proposal import Proposal
from resources.ledger.states import IN_FLIGHT, State
from resources.ledger.store import Ledger
from resources.platforms.registry import Platforms
from resources.platforms.writer import PlatformWriter
from resources.policy.policy import Policy
from resources.security.approvers import Approvers
from resources.security.ledger_key import LedgerKey

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
APPROVER = "bench"
RATES = {"EUR": 1.0, "USD": 1.0}
AMPLE = 1e7
"""Delivery and budgets of an entity that no limit is reached by, a day."""


@dataclass(frozen=True)
class LedgerAddress:
    """One ledger, so that another process can open it too."""

    url: str
    anchor: str
    accounts: tuple[str, ...]
    """`platform account` of everything that may be changed."""
    approver_secret: str = field(default_factory=pyotp.random_base32)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> "LedgerAddress":
        return cls(**{**given, "accounts": tuple(given["accounts"])})


@dataclass
class ActionPath:
    """What carries proposals out over one ledger.

    Args:
        address: The ledger.
        platforms: The sandbox's wires, and the clock.
        writers: The writing side of each platform, opened once a process.
    """

    address: LedgerAddress
    platforms: Platforms
    writers: dict[str, PlatformWriter]
    ledger: Ledger = field(init=False)
    policy: Policy = field(init=False)
    _figures: dict[str, Surroundings] = field(default_factory=dict)

    def __post_init__(self) -> None:
        key = LedgerKey(bytes(range(32)))
        self.ledger = Ledger(self.address.url, now=self.platforms.now, key=key)
        self.policy = policy_without_limits(self.address.accounts)

    def writer(self, platform: str) -> PlatformWriter:
        if platform not in self.writers:
            self.writers[platform] = self.platforms.writer(platform)
        return self.writers[platform]

    def approvers(self) -> Approvers:
        return Approvers({APPROVER: self.address.approver_secret})

    def rules(self) -> ApprovalRules:
        return ApprovalRules(self.policy, self.approvers(), RATES, lambda *_: (0, 0))

    def executor(self) -> Executor:
        anchor = AnchorFile(Path(self.address.anchor))
        writes = PlatformWrites(
            self.ledger,
            PlatformWriters(self.writer),
            WritePermission(self.ledger, lambda: None, self.rules, anchor),
            settle=lambda: settle_time(0),
            run_id="bench",
            wait=lambda: None,
            log=lambda _: None,
        )
        return Executor(self.ledger, lambda: self.policy, self.surroundings, writes)

    def surroundings(self, proposal: Proposal) -> Surroundings:
        """Figures in which every limit holds: each entity's account delivers, nobody edits."""
        known = self._figures.get(proposal.proposal_id)
        if known is None:
            known = self._figures[proposal.proposal_id] = ample_surroundings(
                proposal, now=self.platforms.now()
            )
        return replace(known, now=self.platforms.now(), parts={})

    # What people and runs do

    def decide(self, key: str, verdict: str) -> None:
        """Approve or reject, as the command line and then a run do."""
        gate, now = ApprovalGate(self.ledger, self.rules()), self.platforms.now()
        digests = [entry.proposal.digest for entry in self.ledger.proposals.members(key)]
        code = self.approvers().totp(APPROVER, at=now)
        reference = gate.record_decisions(APPROVER, dict.fromkeys(digests, verdict), code)
        summary = self.ledger.proposals.summary(key)
        gate.decide(DecisionRequest(key, (key,), summary, verdict, APPROVER, reference, "", now, "bench"))

    def carry_out(self, key: str) -> str | None:
        """What a run does after the gate; the sentence that says what held it back, None where nothing did."""
        executor, entries = self.executor(), self.ledger.proposals.members(key)
        held = None
        try:
            if len(entries) == 1:
                executor.preflight(entries[0].proposal_id)
                executor.apply(entries[0].proposal_id)
            else:
                held = apply_batch(executor, entries)
        except (WriteHeld, ProposalStale) as error:
            held = str(error)
        for entry in entries:
            executor.read_back(entry.proposal_id)
        return held

    def look(self, key: str) -> bool:
        """One look of the sensor. False: nothing is left to look for."""
        executor, is_left = self.executor(), False
        for entry in self.ledger.proposals.members(key):
            if entry.state in IN_FLIGHT:
                executor.read_back(entry.proposal_id)
                is_left = True
            elif entry.state == State.FAILED:
                executor.watch_failed(entry.proposal_id)
                is_left = True
        return is_left


def policy_without_limits(accounts: tuple[str, ...]) -> Policy:
    """A policy without a limit that could hold a case back."""
    caps = {
        account: {
            "currency": "USD" if account.endswith("2") else "EUR",
            "entity_daily": 10**9,
            "account_daily": 10**9,
        }
        for account in accounts
    }
    limits = {
        "pauses_a_day": 999,
        "pauses_share_a_day": 1,
        "account_share_a_day": 1,
        "untouched_share": 0,
        "cool_down_hours": 0,
        "change_share_week": 2,
        "floor_share": 0,
        "ceiling_share": 9999,
        "data_hours": 9999,
        "blackouts": [],
        "month_end_days": 0,
        "human_edit_hours": 0,
    }
    return Policy.model_validate(
        {
            "permissions": [{"level": "propose"}],
            "approvers": {APPROVER: {"up_to": 10**9}},
            "caps": caps,
            "guardrails": limits,
            "approval": {"second_person_above": 10**9, "second_person_share": 9, "proposals_a_day": 999},
        }
    )


def ample_surroundings(proposal: Proposal, *, now: datetime) -> Surroundings:
    """Thirty days of ample delivery of what is changed, and ten other ad sets in each campaign, so that no
    pause stops a campaign's last one.
    """
    target = proposal.changes[0].target
    account: dict[str, Any] = {"platform": target.platform, "account_id": target.account_id}
    campaigns = {
        change.target.entity_id: str(change.image.campaign_id or "c") for change in proposal.changes
    } | {"spare": "spare"}
    budgets = {
        change.target.entity_id: float(change.image.daily_budget or 100) for change in proposal.changes
    }
    delivery = {"clicks": 1e3, "impressions": 1e4, "conversions": 1e3, "conversion_value": 1e4}
    days = pd.date_range(NOON.date() - timedelta(days=30), NOON.date() - timedelta(days=1))
    ad_set_days = pd.DataFrame(
        [
            account
            | delivery
            | {
                "ad_set_id": entity_id,
                "campaign_id": campaign_id,
                "day": day,
                "spend": budgets.get(entity_id, AMPLE),
                "read_at": pd.Timestamp(now),
            }
            for entity_id, campaign_id in campaigns.items()
            for day in days
        ]
    )
    keys = [*account, "campaign_id", "day", "read_at"]
    others = {
        f"{campaign_id} other {number}": campaign_id
        for campaign_id in set(campaigns.values())
        for number in range(10)
    }
    entities = pd.DataFrame(
        [
            account
            | {
                "level": level,
                "entity_id": entity_id,
                "campaign_id": campaign_id,
                "status": "active",
                "daily_budget": budgets.get(entity_id, AMPLE),
                "budget_id": entity_id,
                "budget_owner": level,
                "time_zone": "UTC",
                "name": entity_id,
            }
            for entity_id, campaign_id in (campaigns | others).items()
            for level in ("ad_set", "campaign")
        ]
    )
    targets = [change.target.words for change in proposal.changes]
    return Surroundings(
        now=now,
        rates=RATES,
        written=[],
        edits={words: Edit(None, by_us=False) for words in targets},
        budget_edits={words: [] for words in targets},
        newest_as_of=proposal.as_of,
        ad_set_days=ad_set_days,
        campaign_days=ad_set_days.drop(columns="ad_set_id").groupby(keys, as_index=False).sum(),
        entities=entities,
    )
