"""The gate under every answer a platform can give: what was written, how often, and what the ledger says of
it a day later.

Each case carries one proposal (or a batch) from its approval to its receipt while one write gets one answer
at one moment: before the change, after it, or while the change lands 1 second, 1 minute or 10 minutes later,
by a simulated clock. Then the sensor's looks go on for 24 simulated hours. What is counted is counted from
the sandbox's audit of requests and from the entities as the platform then has them:

- `wrongly_failed`: the ledger says, or said, that it failed, and the change is there;
- `unapproved`: an entity differs from its before-image without an approval, or otherwise than approved;
- `twice`: more write requests than the changes and their way back;
- `unknown_forever`: no outcome after 24 hours.

`--kills K` kills processes between and inside the steps by SIGKILL, K of them, on a platform over HTTP (a
process with a gRPC server cannot be forked).
"""

import logging
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
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
from benchmarks.ground import even_world
from resources.config.settings import load_settings
from resources.errors import PaidMediaError
from resources.kinds.daily_budget.change import BudgetChange
from resources.kinds.entity_status.change import StatusChange
from resources.ledger.anchor import AnchorFile
from resources.ledger.proposal import Change, Effect, Proposal, Target, proposal_id
from resources.ledger.states import IN_FLIGHT, State
from resources.ledger.store import Ledger
from resources.platforms.registry import Platforms
from resources.platforms.retries import Patience
from resources.policy.policy import Policy
from resources.security.approvers import Approvers
from resources.security.ledger_key import LedgerKey
from sandbox.clock import Clock
from sandbox.running_world import set_stage
from sandbox.serve import Sandbox, running
from sandbox.world import load_world
from sandbox.write_faults import AMBIGUOUS, DEFINITE

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATE_SECONDS = (1.0, 60.0, 600.0)
KINDS = ("pause", "budget", "bundle", "batch", "rejected")
LOOKS = tuple(timedelta(minutes=m) for m in (0.3, 1, 3, 10.5, 15.5, 19, 25, 60, 95, 360, 720, 1440))
"""When the sensor looks, after the write."""
SAMPLE = 240
FIGURES = ("wrongly_failed", "unapproved", "twice", "unknown_forever")
NAME, SECRET = "bench", pyotp.random_base32()


@dataclass(frozen=True)
class Case:
    """One write's answer and moment, for one kind of proposal at one platform.

    `nth`: which of its writes gets the answer.
    """

    platform: str
    kind: str
    answer: str
    moment: str
    seconds: float
    nth: int


@dataclass
class Rig:
    """The action path over a sandbox, with limits that hold nothing back: what is measured is the writing."""

    sandbox: Sandbox
    folder: Path
    platforms: Platforms
    targets: dict[tuple[str, str], list[Target]]
    ledger: Ledger = field(init=False)
    number: int = 0

    def begin(self) -> None:
        """A ledger of its own, and the world as it began."""
        self.sandbox.stage.forget()
        self.sandbox.stage.clock.set(NOON)
        self.number += 1
        url = f"sqlite:///{self.folder / f'ledger{self.number}.db'}"
        self.ledger = Ledger(url, now=self.platforms.now, key=LedgerKey(bytes(range(32))))

    def image(self, target: Target) -> Any:
        return self.platforms.writer(target.platform).image(target)

    def rules(self) -> ApprovalRules:
        return ApprovalRules(
            policy_for(self.targets), Approvers({NAME: SECRET}), {"EUR": 1.0, "USD": 1.0}, lambda *_: (0, 0)
        )

    def executor(self) -> Executor:
        anchor = AnchorFile(self.folder / f"anchor{self.number}")
        permission = WritePermission(self.ledger, lambda: None, self.rules, anchor)
        writes = PlatformWrites(
            self.ledger,
            PlatformWriters(self.platforms.writer),
            permission,
            settle=lambda: settle_time(0),
            run_id="bench",
            wait=lambda: None,
            log=lambda _: None,
        )
        return Executor(self.ledger, lambda: policy_for(self.targets), self.around, writes)

    def around(self, proposal: Proposal) -> Surroundings:
        """Figures in which every limit holds: each entity's account delivers, nobody edits."""
        days = pd.date_range(NOON.date() - timedelta(days=30), NOON.date() - timedelta(days=1))
        place = proposal.changes[0].target
        ids = [change.target.entity_id for change in proposal.changes] + ["spare"]
        campaigns = {change.target.entity_id: change.image.campaign_id or "c" for change in proposal.changes}
        budgets = {
            change.target.entity_id: float(change.image.daily_budget or 100) for change in proposal.changes
        }
        rows = [
            {
                "platform": place.platform,
                "account_id": place.account_id,
                "ad_set_id": own,
                "campaign_id": campaigns.get(own, "spare"),
                "day": day,
                "spend": budgets.get(own, 1e7),
                "clicks": 1e3,
                "impressions": 1e4,
                "conversions": 1e3,
                "conversion_value": 1e4,
                "read_at": pd.Timestamp(self.platforms.now()),
            }
            for own in ids
            for day in days
        ]
        sets = pd.DataFrame(rows)
        keys = ["platform", "account_id", "campaign_id", "day", "read_at"]
        by_campaign = sets.drop(columns="ad_set_id").groupby(keys, as_index=False).sum()
        owners = {own: campaigns.get(own, "spare") for own in ids}
        for campaign in set(
            campaigns.values()
        ):  # other ad sets of each campaign: no pause stops its last one
            owners |= {f"{campaign} other {number}": campaign for number in range(10)}
        entities = pd.DataFrame(
            [
                {
                    "platform": place.platform,
                    "account_id": place.account_id,
                    "level": level,
                    "entity_id": own,
                    "campaign_id": campaign,
                    "status": "active",
                    "daily_budget": budgets.get(own, 1e7),
                    "budget_id": own,
                    "budget_owner": level,
                    "time_zone": "UTC",
                    "name": own,
                }
                for own, campaign in owners.items()
                for level in ("ad_set", "campaign")
            ]
        )
        words = [change.target.words for change in proposal.changes]
        return Surroundings(
            now=self.platforms.now(),
            rates={"EUR": 1.0, "USD": 1.0},
            written=[],
            edits={one: Edit(None, by_us=False) for one in words},
            budget_edits={one: [] for one in words},
            newest_as_of=proposal.as_of,
            ad_set_days=sets,
            campaign_days=by_campaign,
            entities=entities,
        )


def policy_for(targets: dict[tuple[str, str], list[Target]]) -> Policy:
    """A policy without a limit that could hold a case back."""
    accounts = {
        f"{target.platform} {target.account_id}" for several in targets.values() for target in several
    }
    caps = {
        account: {"currency": currency, "entity_daily": 10**9, "account_daily": 10**9}
        for account, currency in ((name, "USD" if name.endswith("2") else "EUR") for name in accounts)
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
            "approvers": {NAME: {"up_to": 10**9}},
            "caps": caps,
            "guardrails": limits,
            "approval": {"second_person_above": 10**9, "second_person_share": 9, "proposals_a_day": 999},
        }
    )


def measure(
    *, seed: int, world: str | None, size: int | None, say: Callable[[str], None], kills: int = 0
) -> dict[str, Any]:
    """Every answer and moment in `size` cases (240 unless given; 0 is all of them), then `kills` killed
    processes.
    """
    logging.getLogger("google.ads.googleads.client").setLevel(logging.CRITICAL)  # it tells of every fault
    cases = list(all_cases())
    chosen = cases if size == 0 else random.Random(seed).sample(cases, min(size or SAMPLE, len(cases)))
    totals: Counter[str] = Counter()
    states: Counter[str] = Counter()
    with TemporaryDirectory() as folder, open_rig(Path(folder), seed=seed, world=world) as rig:
        for number, case in enumerate(chosen, 1):
            counts, ended = run_case(rig, case)
            totals += counts
            states[ended] += 1
            if sum(counts.values()):
                say(f"{case}: {dict(counts)}, {ended}")
            if number % 40 == 0:
                say(f"{number} of {len(chosen)} cases")
        killed = run_kills(rig, kills, seed=seed, say=say) if kills else Counter()
    totals += killed
    say(
        f"{len(chosen)} of {len(cases)} cases ended {dict(states)}; {totals['killed']} of {kills} processes killed"
    )
    figures = {name: totals[name] for name in FIGURES} | {"cases": len(chosen), "kills": totals["killed"]}
    return {"figures": figures, "peers": {}, "ratios": {}}


def all_cases() -> Iterator[Case]:
    """Every ambiguous answer at every moment and every definite refusal, for every platform and kind."""
    moments = [("before", 0.0), ("after", 0.0), *(("late", seconds) for seconds in LATE_SECONDS)]
    for platform in AMBIGUOUS:
        answers = [(answer, moment, seconds) for answer in AMBIGUOUS[platform] for moment, seconds in moments]
        answers += [(answer, "before", 0.0) for answer in DEFINITE[platform]]
        for kind in KINDS:
            for answer, moment, seconds in answers:
                for nth in (0, 1) if kind in {"bundle", "batch"} else (0,):
                    yield Case(platform, kind, answer, moment, seconds, nth)


@contextmanager
def open_rig(folder: Path, *, seed: int, world: str | None) -> Iterator[Rig]:
    """A sandbox with its targets, for as long as the block runs."""
    stage = set_stage(load_world(world or even_world(folder, seed=seed, ad_sets=80)), Clock(NOON))
    with running(stage, folder=folder / "sandbox") as sandbox:
        settings = load_settings({"PAID_MEDIA_VAR": str(folder), "PAID_MEDIA_PROFILE": "sandbox"})
        patience = Patience(total_seconds=2, unreachable_seconds=0.2, first_pause=0.01)
        platforms = Platforms(lambda: settings, patience=patience, now=stage.clock.now)
        rig = Rig(sandbox, folder, platforms, {})
        for platform in AMBIGUOUS:
            rig.targets[platform, "pause"] = targets_of(rig, platform, "ad_set", count=3)
            rig.targets[platform, "budget"] = targets_of(rig, platform, "campaign", count=2) or targets_of(
                rig, platform, "ad_set", count=2, with_budget=True
            )
        yield rig


def targets_of(rig: Rig, platform: str, level: str, *, count: int, with_budget: bool = False) -> list[Target]:
    """Active entities of one account that can be paused, or that own a daily budget nobody shares."""
    needs_budget = with_budget or level == "campaign"
    account = rig.sandbox.stage.world.of(platform)[0]
    catalog = rig.sandbox.stage.market.catalog(account)
    ids = (catalog.campaigns if level == "campaign" else catalog.ad_sets).id.tolist()
    chosen: list[Target] = []
    for entity_id in ids:
        target = Target(platform=platform, account_id=account.id, level=level, entity_id=str(entity_id))
        try:
            image = rig.image(target)
        except PaidMediaError:
            continue
        if (
            image.status == "active"
            and image.learning_state != "LEARNING"
            and (not needs_budget or (image.daily_budget is not None and image.shared_by == 1))
        ):
            chosen.append(target)
        if len(chosen) == count:
            return chosen
    return []


def proposals_of(rig: Rig, case: Case) -> list[Proposal]:
    """What is approved in a case."""
    kind = "budget" if case.kind in {"budget", "bundle"} else "pause"
    targets = rig.targets[case.platform, kind]
    if case.kind == "bundle":
        return [
            proposal_of(rig, [cut(rig, targets[0], "-2"), cut(rig, targets[1], "2")], "reallocate_budget")
        ]
    if case.kind == "budget":
        return [proposal_of(rig, [cut(rig, targets[0], "-1")], "set_daily_budget")]
    count = 2 if case.kind == "batch" else 1
    return [proposal_of(rig, [pause(rig, target)], "pause_ad_set") for target in targets[:count]]


def pause(rig: Rig, target: Target) -> Change:
    return StatusChange(target=target, before="active", after="paused", image=rig.image(target))


def cut(rig: Rig, target: Target, amount: str) -> Change:
    image = rig.image(target)
    return BudgetChange.to(target, image, (image.daily_budget or Decimal(0)) + Decimal(amount))


def proposal_of(rig: Rig, changes: list[Change], kind: str) -> Proposal:
    at, as_of = rig.platforms.now(), NOON.date() - timedelta(days=1)
    return Proposal(
        proposal_id=proposal_id(kind, as_of, changes, created_at=at),
        kind=kind,
        changes=tuple(changes),
        proposer="rule:bench",
        reason="a benchmark",
        evidence={"spend_a_day": 1.0, "expected_conversions": 99},
        effect=Effect(metric="none", words="none"),
        verdicts=(),
        level="propose",
        as_of=as_of,
        created_at=at,
        expires_at=at + timedelta(hours=30),
    )


def run_case(rig: Rig, case: Case) -> tuple[Counter[str], str]:
    """One case from its approval to 24 hours later; what was counted, and the states it ended in."""
    rig.begin()
    proposals = proposals_of(rig, case)
    key = propose(rig, proposals)
    detail: dict[str, Any] = {"answer": case.answer, "moment": case.moment, "seconds": case.seconds}
    rig.sandbox.stage.faults.arm(case.platform, "write_answer", after=case.nth, **detail)
    decide(rig, key, "reject" if case.kind == "rejected" else "approve")
    carry_out(rig, key)
    look_for_a_day(rig, key)
    return count(rig, proposals, approved=case.kind != "rejected")


def propose(rig: Rig, proposals: list[Proposal]) -> str:
    """The key that the proposals wait under."""
    for proposal in proposals:
        if not rig.ledger.proposals.propose(proposal):
            raise RuntimeError(f"{proposal.proposal_id} was not taken in")
    if len(proposals) == 1:
        return proposals[0].proposal_id
    digests = {proposal.proposal_id: proposal.digest for proposal in proposals}
    return rig.ledger.proposals.make_batch("batch.bench", digests).batch_id


def decide(rig: Rig, key: str, verdict: str) -> None:
    gate, now = ApprovalGate(rig.ledger, rig.rules()), rig.platforms.now()
    digests = [entry.proposal.digest for entry in rig.ledger.proposals.members(key)]
    code = Approvers({NAME: SECRET}).totp(NAME, at=now)
    reference = gate.record_decisions(NAME, dict.fromkeys(digests, verdict), code)
    summary = rig.ledger.proposals.summary(key)
    gate.decide(DecisionRequest(key, (key,), summary, verdict, NAME, reference, "", now, "bench"))


def carry_out(rig: Rig, key: str) -> None:
    """What a run does after the gate."""
    executor, entries = rig.executor(), rig.ledger.proposals.members(key)
    try:
        if len(entries) == 1:
            executor.preflight(entries[0].proposal_id)
            executor.apply(entries[0].proposal_id)
        else:
            apply_batch(executor, entries)
    except (WriteHeld, ProposalStale) as error:
        raise RuntimeError(f"a limit held {key} back, so nothing was measured: {error}") from error
    for entry in entries:
        executor.read_back(entry.proposal_id)


def look_for_a_day(rig: Rig, key: str) -> None:
    """The looks of the sensor, as the simulated clock goes on."""
    began = rig.platforms.now()
    for after in LOOKS:
        rig.sandbox.stage.clock.set(began + after)
        executor = rig.executor()
        for entry in rig.ledger.proposals.members(key):
            if entry.state in IN_FLIGHT:
                executor.read_back(entry.proposal_id)
            elif entry.state == State.FAILED:
                executor.watch_failed(entry.proposal_id)


def count(rig: Rig, proposals: list[Proposal], *, approved: bool) -> tuple[Counter[str], str]:
    """What went wrong, by the sandbox's audit and the entities as the platform has them now."""
    counts: Counter[str] = Counter(dict.fromkeys(FIGURES, 0))
    platform = proposals[0].changes[0].target.platform
    rig.sandbox.stage.faults.clear()
    changes = [change for proposal in proposals for change in proposal.changes]
    requests = rig.sandbox.stage.audit.requests(platform=platform, writes_only=True)
    most = sum(len(proposal.changes) * (2 if len(proposal.changes) > 1 else 1) for proposal in proposals)
    counts["twice"] = max(0, len(requests) - most)
    by_target = {change.target: rig.image(change.target) for change in changes}
    states = {}
    for proposal in proposals:
        state = states[proposal.proposal_id] = rig.ledger.proposals.states()[proposal.proposal_id]
        for change in proposal.changes:
            live = by_target[change.target]
            is_before = change.state_in(live) == change.state_in(change.image)
            counts["unapproved"] += not is_before and not (approved and change.is_in(live))
        is_there = [change.is_in(by_target[change.target]) for change in proposal.changes]
        events = [row.event for row in rig.ledger.audit.entries() if row.proposal_id == proposal.proposal_id]
        if State.FAILED in events and any(is_there):
            counts["wrongly_failed"] += 1
        if state == State.VERIFIED and not all(is_there):
            counts["unapproved"] += 1
        if state in IN_FLIGHT:
            counts["unknown_forever"] += 1
    if broken := rig.ledger.audit.verify().broken:
        raise RuntimeError(f"the ledger contradicts its audit: {broken}")
    return counts, ", ".join(sorted(str(state) for state in states.values()))


def run_kills(rig: Rig, kills: int, *, seed: int, say: Callable[[str], None]) -> Counter[str]:
    """Kill that many processes at random moments of carrying a proposal out; another finishes each."""
    drawn, totals = random.Random(seed), Counter[str]()
    for number in range(1, kills + 1):
        case = Case("meta_ads", drawn.choice(["pause", "budget", "bundle", "batch"]), "", "", 0.0, 0)
        rig.begin()
        proposals = proposals_of(rig, case)
        key = propose(rig, proposals)
        totals["killed"] += die_in_a_child(rig, key, after=drawn.randrange(0, 60))
        for verdict in ("approve",) if waits(rig, key) else ():
            rig.sandbox.stage.clock.advance(timedelta(minutes=1))
            decide(rig, key, verdict)
        carry_out(rig, key)
        look_for_a_day(rig, key)
        counts, ended = count(rig, proposals, approved=True)
        totals += counts
        if sum(counts.values()):
            say(f"killed {number} ({case.kind}): {dict(counts)}, {ended}")
    return totals


def waits(rig: Rig, key: str) -> bool:
    return any(entry.state == State.PROPOSED for entry in rig.ledger.proposals.members(key))


def die_in_a_child(rig: Rig, key: str, *, after: int) -> bool:
    """Carry out in a forked process that kills itself at the database statement or commit of that number.

    False: it ended before.
    """
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    signal.alarm(60)  # a lock that another thread held at the fork never opens
    left = [after]

    def count_down(*_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    from sqlalchemy import event

    event.listen(rig.ledger.database.engine, "before_cursor_execute", count_down)
    event.listen(rig.ledger.database.engine, "commit", count_down)
    try:
        decide(rig, key, "approve")
        carry_out(rig, key)
        look_for_a_day(rig, key)
    finally:
        os._exit(0)
