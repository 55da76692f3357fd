"""Notifications end to end: the sandbox's catcher, a lake with rows written by hand, a ledger of its own per
test.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from resources.action_services import ActionServices
from resources.config.settings import load_settings
from resources.lake.lake import Lake
from resources.platforms.registry import Platforms
from resources.policy.policy import policy_text
from resources.tables.core import KPI_DAY
from resources.tables.signals import ANOMALIES, WATCHED
from sandbox.serve import Sandbox
from sensors.notices import NO_ADDRESS, queue_messages, send_messages
from tests.actions.conftest import POLICY
from tests.notifications.made import incident, kpi, watched

MONDAY = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
"""Nine in the morning in Berlin."""


@dataclass
class Post:
    """What tests do with messages."""

    services: ActionServices
    lake: Lake
    sandbox: Sandbox
    instance: dg.DagsterInstance
    policy: dict[str, Any]

    @property
    def now(self) -> datetime:
        return self.services.ledger.clock()

    def rewrite(self, **notifications: Any) -> None:
        """Change the notifications of the policy."""
        self.policy["notifications"] = self.policy["notifications"] | notifications
        self.services.settings.policy_file.write_text(policy_text(self.policy), encoding="utf-8")

    def go_to(self, at: datetime) -> None:
        self.sandbox.stage.clock.set(at)

    def later(self, **step: float) -> None:
        self.sandbox.stage.clock.advance(timedelta(**step))

    def judge(self, day: date, *incidents: dict[str, Any]) -> None:
        """The signals of a day, as if the daily run had just written them."""
        for table, rows in (
            (WATCHED, [watched(day)]),
            (ANOMALIES, [incident(day, **row) for row in incidents]),
            (KPI_DAY, kpi(day)),
        ):
            self.lake.replace(table, rows_of(table, rows), where={"day": (day, day)})

    def tick(self, **given: Any) -> str:
        """One look of the sensor and the run that it requests; how many are new, sent and not taken."""
        try:
            queued = queue_messages(self.instance, self.lake, self.services, **given)
        finally:
            answers = send_messages(self.instance, self.lake, self.services)
        if queued == NO_ADDRESS:
            return queued
        refused = [problem for problem in answers.values() if problem is not None]
        return f"{queued}, {len(answers) - len(refused)} sent, {len(refused)} not taken"

    def caught(self, service: str = "chat") -> list[str]:
        """Titles and texts of what a service took."""
        messages = self.sandbox.stage.caught.all(service)
        return [message["subject"] if service == "mail" else message["body"]["text"] for message in messages]


def rows_of(table: Any, rows: list[dict[str, Any]]) -> Any:
    import pyarrow as pa

    return pa.Table.from_pylist(rows, schema=table.schema)


@pytest.fixture
def post(sandbox: Sandbox, var: Path, tmp_path: Path, lake: Lake) -> Any:
    sandbox.stage.clock.set(MONDAY)
    policy = POLICY | {
        "notifications": {
            "company": "Acme",
            "time_zone": "Europe/Berlin",
            "channels": {"team": {"address": "PAID_MEDIA_NOTIFY_CHAT"}},
        }
    }
    settings = load_settings(
        {
            "PAID_MEDIA_VAR": str(var),
            "PAID_MEDIA_PROFILE": "sandbox",
            "PAID_MEDIA_LEDGER": f"sqlite:///{tmp_path / 'ledger.db'}",
            "PAID_MEDIA_POLICY": str(tmp_path / "policy.yaml"),
        }
    ).model_copy(update={"root": tmp_path, "lake_uri": str(lake.root), "reports_dir": tmp_path / "reports"})
    services = ActionServices(settings, Platforms(lambda: settings, now=sandbox.stage.clock.now))
    with dg.DagsterInstance.ephemeral() as instance:
        post_office = Post(services, lake, sandbox, instance, policy)
        post_office.rewrite()
        yield post_office
