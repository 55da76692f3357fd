"""Many proposals, living at random: crashes, lost answers, drift, expiry, switches, clocks. Whatever comes,
three things hold: nothing unapproved is written, nothing is written twice, and the trail is whole.
"""

import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from assets.actions.approval import ApprovalGate, DecisionRequest, NotApproved
from assets.actions.approval_rules import ApprovalRules
from assets.actions.execution.executor import Executor, WriteHeld
from assets.actions.execution.permission import WritePermission
from assets.actions.execution.platform_writes import (
    PlatformWriters,
    PlatformWrites,
    ProposalStale,
    settle_time,
)
from assets.actions.guardrails.context import Edit, Surroundings
from resources.errors import DataUnusable
from resources.kinds.ad_content import AdContent, AdLine
from resources.kinds.daily_budget.change import BudgetChange
from resources.kinds.entity_status.change import StatusChange
from resources.kinds.keywords import Keyword
from resources.kinds.negative_keywords.change import NegativeKeywordsRequest
from resources.kinds.new_ad.change import NewAdChange, NewAdRequest
from resources.ledger.anchor import AnchorFile
from resources.ledger.proposal import Change, Proposal
from resources.ledger.states import NEXT, State
from resources.ledger.store import Ledger
from resources.policy.policy import Policy
from resources.security.approvers import Approvers
from resources.security.ledger_key import LedgerKey
from tests.actions.conftest import SECRETS
from tests.actions.made import AT, proposal, target
from tests.actions.memory import NAMES, Dies, Platform, frames, signature
from tests.examples import examples

CHANGES = ["pause", "cut", "raise", "words", "ad"]
WORD = Keyword(text="torrent", match_type="broad")
AD = AdContent(
    headlines=(AdLine(text="A headline"),),
    primary_text="A text",
    landing_page="https://shop.example",
    page="1",
)
MOODS = ["well", "well", "refuses", "lost request", "lost answer", "ignored", "dies before", "dies after"]
POLICY = Policy.model_validate(
    {
        "permissions": [{"level": "propose"}], "approvers": {"alice": {"up_to": 9999}, "bob": {"up_to": 9999}},
        "caps": {"meta_ads a1": {"currency": "EUR", "entity_daily": 9999, "account_daily": 99999}},
        "guardrails": {
            "pauses_a_day": 99, "pauses_share_a_day": 1, "account_share_a_day": 1, "untouched_share": 0, "cool_down_hours": 0,
            "change_share_week": 2, "floor_share": 0, "ceiling_share": 99, "data_hours": 9999, "blackouts": [], "month_end_days": 0,
        },
    }
)  # fmt: skip


FRAMES = frames()


class Lives(RuleBasedStateMachine):
    """Every step picks by `st.data` what happens next to whom."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.at = AT
        self.platform, self.killed = Platform(), False
        database = f"sqlite:///{Path(self.folder.name) / 'ledger.db'}"
        self.ledger = Ledger(database, now=self.now, key=LedgerKey(bytes(range(32))))
        self.made: dict[str, Proposal] = {}
        self.dies_in = -1
        self.codes = 0
        real = self.ledger.database.note

        def noted(*args: Any) -> None:
            real(*args)
            self.dies_in -= 1
            if self.dies_in == 0:
                raise Dies

        self.ledger.database.note = noted  # type: ignore[method-assign]

    def now(self) -> Any:
        self.at += timedelta(milliseconds=1)
        return self.at

    def around(self, made: Proposal) -> Surroundings:
        edits = {change.target.words: Edit(None, False) for change in made.changes}
        written = self.ledger.writes.since(self.at - timedelta(days=8))
        return Surroundings(
            now=self.at, rates={"EUR": 1.0}, edits=edits, budget_edits={words: [] for words in edits}, newest_as_of=made.as_of,
            written=written, **FRAMES,
        )  # fmt: skip

    def executor(self) -> Executor:
        permission = WritePermission(
            self.ledger, lambda: "it is on" if self.killed else None, self.approval_rules, AnchorFile(Path(self.folder.name) / "anchor")
        )  # fmt: skip
        writes = PlatformWrites(
            self.ledger, PlatformWriters(lambda _: self.platform, of_kind=lambda *given: given[-1]), permission, settle=lambda: settle_time(0), run_id="run",
            wait=lambda: None, log=lambda _: None,
        )  # fmt: skip
        return Executor(self.ledger, lambda: POLICY, self.around, writes)

    def approval_rules(self) -> ApprovalRules:
        return ApprovalRules(POLICY, Approvers(SECRETS), {"EUR": 1.0}, self.ledger.shadows.score)

    def pick(self, data: Any, states: set[State]) -> str | None:
        """Any proposal, mostly one in these states."""
        known = self.ledger.proposals.states()
        likely = sorted(key for key in self.made if known[key] in states)
        chosen = likely if likely and data.draw(st.integers(0, 9)) else sorted(self.made)
        return data.draw(st.sampled_from(chosen)) if chosen else None

    def survive(self, deed: Callable[[], object]) -> None:
        try:
            deed()
        except (Dies, WriteHeld, ProposalStale, NotApproved):
            pass
        finally:
            self.dies_in = -1

    @rule(
        names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
        kind=st.sampled_from(CHANGES),
    )
    def propose(self, names: list[str], kind: str) -> None:
        try:
            changes = [self.change(name, kind) for name in names]
        except DataUnusable:
            return
        made = proposal(*changes, created_at=self.now(), hours=72)
        if self.ledger.proposals.propose(made):
            self.made[made.proposal_id] = made

    def change(self, name: str, kind: str) -> Change:
        """A change of a kind, from what is there now.

        Raises:
            DataUnusable: It is so already.
        """
        if kind == "words":
            at = target(name, level="negative_list")
            image, words = self.platform.image(at), (WORD,)
            is_there = WORD.key in self.platform.words[name]
            request = (
                NegativeKeywordsRequest(at, removes=words) if is_there else NegativeKeywordsRequest(at, words)
            )
            return request.change(image)
        if kind == "ad":
            wanted = NewAdRequest(target(name), AD)
            image = self.platform.image(wanted.target)
            if wanted.target.entity_id not in self.platform.ads:
                return wanted.change(image)
            return NewAdChange(target=wanted.target, image=image, content=AD).led_back(image)
        live = self.platform.live[name]
        if kind == "pause":
            return StatusChange.to(target(name), live, "paused")
        factor = Decimal("0.9") if kind == "cut" else Decimal("1.1")
        return BudgetChange.to(target(name), live, (live.daily_budget or Decimal(0)) * factor)

    @rule(
        data=st.data(),
        good=st.sampled_from([True, True, True, False]),
        approve=st.sampled_from([True, True, True, False]),
        by=st.sampled_from(["alice", "bob"]),
        dies=st.integers(-1, 4),
    )
    def decide(self, data: Any, *, good: bool, approve: bool, by: str, dies: int) -> None:
        key = self.pick(data, {State.PROPOSED})
        if key is None:
            return
        self.at += timedelta(seconds=61)
        approvers = Approvers(SECRETS)
        self.dies_in = dies
        verdict = "approve" if approve else "reject"
        digests = [entry.proposal.digest for entry in self.ledger.proposals.members(key)]
        code = approvers.totp(by, at=self.at) if good else "000000"

        def recorded() -> None:
            gate = ApprovalGate(self.ledger, self.approval_rules())
            reference = gate.record_decisions(by, dict.fromkeys(digests, verdict), code)
            summary = self.ledger.proposals.summary(key)
            gate.decide(
                DecisionRequest(key, (key,), summary, verdict, by, reference, "", self.at, f"run {self.at}")
            )

        self.survive(recorded)

    @rule(
        data=st.data(), mood=st.sampled_from(MOODS),
        dies=st.integers(-1, 12), only=st.sampled_from(["all", "apply", "read_back"]),
    )  # fmt: skip
    def carry_out(self, data: Any, mood: str, dies: int, only: str) -> None:
        key = self.pick(data, {State.APPROVED, State.EXECUTING, State.UNKNOWN})
        if key is None:
            return
        self.platform.mood, self.dies_in = mood, dies

        def deeds() -> None:
            work = self.executor()
            if only == "all":
                work.preflight(key)
            if only in {"all", "apply"}:
                work.apply(key)
            if only in {"all", "read_back"}:
                work.read_back(key)

        self.survive(deeds)
        self.platform.mood = "well"

    @rule(
        data=st.data(), names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
        kind=st.sampled_from(CHANGES), by=st.sampled_from(["alice", "bob"]),
        moods=st.lists(st.sampled_from(MOODS), min_size=1, max_size=3), dies=st.lists(st.integers(-1, 12), min_size=3, max_size=3),
        pauses=st.lists(st.sampled_from([1, 1000]), min_size=3, max_size=3),
    )  # fmt: skip
    def a_whole_life(
        self, data: Any, names: list[str], kind: str, by: str, moods: list[str], dies: list[int], pauses: list[int]
    ) -> None:  # fmt: skip
        """Most lives go on to the end: proposed, approved, and carried out again and again in one mood or
        another.
        """
        self.propose(names, kind)
        self.decide(data, good=True, approve=True, by=by, dies=-1)
        for mood, end, seconds in zip(moods, dies, pauses, strict=False):
            self.carry_out(data, mood, end, "all")
            self.at += timedelta(seconds=seconds)

    @rule(name=st.sampled_from(NAMES), amount=st.integers(50, 150))
    def drift(self, name: str, amount: int) -> None:
        self.platform.live[name] = self.platform.live[name].model_copy(
            update={"daily_budget": Decimal(amount)}
        )
        if amount % 2:  # somebody adds a negative keyword of their own, or takes it away
            self.platform.words[name] ^= {("drift", "exact")}

    @rule(seconds=st.sampled_from([1, 1000, 1000, 3600, 80 * 3600]))
    def wait(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)
        self.ledger.proposals.expire()

    @rule(on=st.sampled_from([False, False, True]))
    def switch(self, *, on: bool) -> None:
        self.killed = on

    @invariant()
    def nothing_is_written_twice_or_unapproved(self) -> None:
        allowed: Counter[str] = Counter()
        for key, made in self.made.items():
            decisions = {(one.approver, one.verdict) for one in self.ledger.decisions.of(key)}
            for row in self.ledger.writes.of(key):
                assert any(verdict == "approve" for _, verdict in decisions), key
                change = (
                    made.changes[row.part] if row.direction == "forward" else made.changes[row.part].undone()
                )
                allowed[signature(change)] += 1
        for deed, count in Counter(self.platform.sent).items():
            assert count <= allowed[deed], deed

    @invariant()
    def the_trail_is_whole_and_every_step_is_allowed(self) -> None:
        assert self.ledger.audit.verify().broken is None
        last: dict[str, State] = {}
        for row in self.ledger.audit.entries():
            if row.event in set(State) and row.proposal_id:
                state, before = State(row.event), last.get(row.proposal_id)
                assert before is None or state in NEXT[before], (before, state)
                last[row.proposal_id] = state
        assert last == {key: state for key, state in self.ledger.proposals.states().items() if key in last}

    def teardown(self) -> None:
        for _ in range(3):  # whatever happened, it comes to an end
            self.at += timedelta(hours=30)
            self.killed = False
            self.ledger.proposals.expire()
            for key in self.made:
                self.survive(lambda key=key: self.executor().read_back(key))  # type: ignore[misc]
        assert not {State.EXECUTING, State.UNKNOWN, State.PROPOSED, State.APPROVED} & set(
            self.ledger.proposals.states().values()
        )
        self.nothing_is_written_twice_or_unapproved()
        self.folder.cleanup()


Lives.TestCase.settings = settings(
    max_examples=examples(15), stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLives = Lives.TestCase
