"""An office over a lake that knows one closed day: kinds that move no money by themselves need no more."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from assets.actions.draft_proposals import proposed
from assets.actions.guardrails.registry import judge
from assets.actions.rules.finding import Finding
from resources.action_services import ActionServices
from resources.config.settings import load_settings
from resources.kinds.base import ChangeRequest
from resources.lake.lake import Lake
from resources.ledger.proposal import Effect, Proposal
from resources.platforms.registry import Platforms
from resources.platforms.retries import BackOff
from resources.tables import core
from sandbox.serve import Sandbox
from tests.actions.conftest import NOON, POLICY, SECRETS, Office


@pytest.fixture(scope="session")
def one_day(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake whose newest figures are of the day before NOON."""
    lake = Lake(tmp_path_factory.mktemp("one_day"))
    day = NOON.date() - timedelta(days=1)
    row = {"platform": "all", "day": day, "currency": "EUR", "read_at": NOON, "pulled_at": NOON}
    schema = core.KPI_DAY.schema
    lake.replace(core.KPI_DAY, pa.Table.from_pylist([row], schema=schema), where={"day": (day, day)})
    rates = [
        {
            "currency": currency,
            "day": day,
            "reporting_currency": "EUR",
            "rate": 1.0,
            "source": "test",
            "pulled_at": NOON,
        }
        for currency in ("EUR", "USD")
    ]
    lake.replace(
        core.FX_RATE, pa.Table.from_pylist(rates, schema=core.FX_RATE.schema), where={"day": (day, day)}
    )
    accounts = [_account(*account.split(" ")) for account in POLICY["caps"]]
    lake.replace(core.ENTITIES, pa.Table.from_pylist(accounts, schema=core.ENTITIES.schema))
    return lake


def _account(platform: str, account_id: str) -> dict[str, Any]:
    """An account's own row among the entities, for its time zone."""
    row: dict[str, Any] = dict.fromkeys(core.ENTITIES.schema.names)
    for name in ("read_at", "pulled_at"):
        if name in row:
            row[name] = NOON
    named = {"platform": platform, "account_id": account_id, "entity_id": account_id, "level": "account"}
    texts = {"name": account_id, "status": "active", "native_status": "ACTIVE", "native_level": "account"}
    given = named | texts | {"time_zone": "UTC", "currency": "EUR"}
    return row | {name: value for name, value in given.items() if name in row}


@pytest.fixture
def open_kinds(sandbox: Sandbox, var: Path, one_day: Lake, tmp_path: Path) -> Callable[[str], Office]:
    """Makes an office over a ledger at an address."""
    sandbox.stage.clock.set(NOON)
    approvers = tmp_path / "approvers.env"
    approvers.write_text("".join(f"{name}={secret}\n" for name, secret in SECRETS.items()))
    approvers.chmod(0o600)

    def opened(url: str) -> Office:
        settings = load_settings(
            {
                "PAID_MEDIA_VAR": str(var),
                "PAID_MEDIA_PROFILE": "sandbox",
                "PAID_MEDIA_LEDGER": url,
                "PAID_MEDIA_POLICY": str(tmp_path / "policy.yaml"),
                "PAID_MEDIA_APPROVERS_FILE": str(approvers),
            }
        )
        settings = settings.model_copy(update={"root": tmp_path, "lake_uri": one_day.root})
        hasty = BackOff(total_seconds=2, unreachable_seconds=0.2, first_pause=0.01)
        platforms = Platforms(lambda: settings, back_off=hasty, now=sandbox.stage.clock.now)
        office = Office(ActionServices(settings, platforms), one_day, sandbox, POLICY, var)
        office.rewrite()
        return office

    return opened


def ask(office: Office, request: ChangeRequest, kind: str, *, reverts: str | None = None) -> Proposal:
    """A proposal of what is asked for, judged and in the ledger."""
    finding = Finding(
        kind=kind,
        change_requests=(request,),
        reason="because",
        evidence={"spend_a_day": 20.0},
        effect=Effect(metric="none", words="none"),
        as_of=NOON.date() - timedelta(days=1),
        proposer="rule:test",
        weight=1.0,
        reverts=reverts,
    )
    made = proposed(finding, gate=office.gate, image=office.figures.image)
    verdicts = judge(made, office.services.policy(), office.figures.around(made), automatic=False)
    made = made.model_copy(update={"verdicts": verdicts})
    assert office.services.ledger.proposals.propose(made)
    return made
