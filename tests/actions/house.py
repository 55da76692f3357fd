"""A whole deployment for tests: sandbox, figures, Dagster's own processes, a place that takes messages.

All in real time.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
import yaml
from dotenv import dotenv_values

from assets.actions.draft_proposals import proposed
from assets.actions.inputs import Figures, approval_gate
from assets.actions.rules.finding import EntityChangeRequest, Finding
from orchestration.cli.in_process_runs import dagster_environment
from orchestration.cli.sandbox_process import sandbox_running
from resources.action_services import ActionServices
from resources.config.settings import PROJECT, load_settings
from resources.lake.lake import Lake
from resources.ledger.proposal import Effect, Proposal, Target
from resources.platforms.registry import Platforms
from resources.policy.policy import policy_text
from tests.actions.conftest import POLICY, SECRETS
from tests.notifications.made import AT_ANY_HOUR

LOCATION = {"repositoryLocationName": "paid_media", "repositoryName": "__repository__"}
LAUNCH = """mutation L($p: ExecutionParams!) { launchRun(executionParams: $p) { __typename
  ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } ... on RunConfigValidationInvalid { errors { message } } } }"""
AGAIN = """mutation R($p: ExecutionParams!) { launchRunReexecution(executionParams: $p) { __typename
  ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } ... on RunConfigValidationInvalid { errors { message } } } }"""
RUN = "query R($i: ID!) { runOrError(runId: $i) { ... on Run { status } } }"
FAILURES = """query F($i: ID!) { logsForRun(runId: $i, limit: 1000) { ... on EventConnection { events {
  ... on ExecutionStepFailureEvent { stepKey failureMetadata { description } error { message } } } } } }"""
BACKFILL = """mutation B($p: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $p) { __typename
  ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
RUNS_OF = (
    """query Q($f: RunsFilter!) { runsOrError(filter: $f) { ... on Runs { results { runId status } } } }"""
)
ADD = """mutation A($r: RepositorySelector!, $k: String!) {
  addDynamicPartition(repositorySelector: $r, partitionsDefName: "proposals", partitionKey: $k) { __typename } }"""
WORLD = {
    "name": "house", "seed": 5, "begins": "2026-01-01",
    "accounts": [
        {
            "platform": "meta_ads", "id": "2000000001", "name": "House", "currency": "EUR", "time_zone": "UTC", "campaigns": 2,
            "ad_sets_per_campaign": 40, "ads_per_ad_set": 1, "behaviour": {"paused_share": 0.0},
        }
    ],
}  # fmt: skip
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


@dataclass
class House:
    """One deployment, with what tests do to it."""

    env: dict[str, str]
    url: str
    control: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    early: Proposal | None = None
    """A proposal made before the first test, for the sensor to find."""

    @property
    def services(self) -> ActionServices:
        settings = load_settings(self.env)
        return ActionServices(settings, Platforms(lambda: settings))

    def pause(self, *, announced: bool = False) -> Proposal:
        """A proposal to pause an ad set that no other test has; `announced` leaves registering it to the
        sensor.
        """
        services = self.services
        figures = Figures(Lake(services.settings.lake_uri), services)
        around = figures.around()
        sets = around.entities[
            (around.entities["level"] == "ad_set") & (around.entities["learning_state"] != "LEARNING")
        ]
        found = {
            change.target.entity_id
            for entry in services.ledger.proposals.entries()
            for change in entry.proposal.changes
        }
        row = next(one for one in sets.to_dict("records") if one["entity_id"] not in self.taken | found)
        self.taken.add(row["entity_id"])
        target = Target(
            platform=row["platform"], account_id=row["account_id"], level="ad_set", entity_id=row["entity_id"]
        )
        assert around.newest_as_of is not None
        finding = Finding(
            kind="pause_ad_set", change_requests=(EntityChangeRequest(target, status="paused"),), reason="a test", evidence={"spend_a_day": 20.0},
            effect=Effect(metric="none", words="none"), as_of=around.newest_as_of, proposer="rule:test", weight=1.0,
        )  # fmt: skip
        made = proposed(
            finding,
            gate=approval_gate(services, figures),
            image=figures.image,
        )
        assert services.ledger.proposals.propose(made)
        if not announced:
            self.gql(ADD, r=LOCATION, k=made.proposal_id)  # the sensor would, at its next tick
        return made

    def form(self, key: str, *, by: str = "alice", **other: str) -> dict[str, Any]:
        """A good decision as run config, but for what `other` says."""
        services = self.services
        digests = [entry.proposal.digest for entry in services.ledger.proposals.members(key)]
        code = services.approvers().bound_code(
            by, decision="approve", digests=digests, at=services.ledger.clock()
        )
        fields = {
            "proposal": services.ledger.proposals.summary(key),
            "decision": "approve",
            "approver": by,
            "code": code,
            "note": "",
        }
        return {"ops": {"actions__approved": {"config": fields | other}}}

    def gql(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = requests.post(
            f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60
        ).json()
        assert not answer.get("errors"), answer["errors"]
        return answer["data"]

    def launch(
        self, key: str, config: dict[str, Any], *, job: str = "decide", tags: dict[str, str] | None = None
    ) -> dict[str, Any]:
        return self.gql(LAUNCH, p=self.parameters(key, config, job=job, tags=tags))["launchRun"]

    def parameters(
        self, key: str, config: dict[str, Any], *, job: str = "decide", tags: dict[str, str] | None = None
    ) -> dict[str, Any]:
        selector: dict[str, Any] = {**LOCATION, "pipelineName": job}
        if job == "__ASSET_JOB":
            selector |= {"assetSelection": [{"path": ["actions", "approved"]}], "assetCheckSelection": []}
        named = {"dagster/partition": key, **(tags or {})}
        return {
            "selector": selector, "runConfigData": json.dumps(config), "mode": "default",
            "executionMetadata": {"tags": [{"key": name, "value": value} for name, value in named.items()]},
        }  # fmt: skip

    def run(self, key: str, config: dict[str, Any], **more: Any) -> tuple[str, str]:
        """Status and failure of a run; a launch that is refused counts as one that failed."""
        launched = self.launch(key, config, **more)
        if "run" not in launched:
            return "REFUSED", str(launched)
        return self.ended(launched["run"]["runId"])

    def ended(self, run_id: str) -> tuple[str, str]:
        until(lambda: self.status(run_id) in ENDED, seconds=240)
        events = self.gql(FAILURES, i=run_id)["logsForRun"]["events"]
        told = [
            (one.get("failureMetadata") or {}).get("description") or (one.get("error") or {}).get("message")
            for one in events
            if one
        ]
        return self.status(run_id), " ".join(filter(None, told))

    def status(self, run_id: str) -> str:
        return str(self.gql(RUN, i=run_id)["runOrError"]["status"])

    def state(self, key: str) -> str:
        return str(self.services.ledger.proposals.members(key)[0].state)

    def writes(self, made: Proposal) -> int:
        """How often the sandbox was written to for what the proposal changes."""
        found = requests.get(f"{self.control}/audit", params={"writes": "true"}, timeout=10).json()[
            "requests"
        ]
        return sum(one["detail"].get("entity") == made.changes[0].target.entity_id for one in found)


@contextmanager
def house_standing(folder: Path, *, storage: dict[str, Any] | None = None, **more: str) -> Iterator[House]:
    """Everything up, with thirty days of figures; all of it gone afterwards.

    `storage` is for Dagster's own records.
    """
    policy, world = folder / "policy.yaml", folder / "world.yaml"
    world.write_text(yaml.safe_dump(WORLD), encoding="utf-8")
    limits = {
        "pauses_a_day": 99,
        "pauses_share_a_day": 1.0,
        "account_share_a_day": 1.0,
        "untouched_share": 0.0,
    }
    policy.write_text(
        policy_text(
            POLICY | {"guardrails": limits, "approval": {"wrong_codes": 99}, "notifications": AT_ANY_HOUR}
        ),
        encoding="utf-8",
    )
    with _letterbox() as (address, messages), sandbox_running(folder / "sandbox", world=str(world)):
        env = {
            "PAID_MEDIA_VAR": str(folder), "PAID_MEDIA_PROFILE": "sandbox", "PAID_MEDIA_POLICY": str(policy), "PAID_MEDIA_NOTIFY": address,
            "PAID_MEDIA_APPROVERS": ",".join(f"{name}={secret}" for name, secret in SECRETS.items()), **more,
        }  # fmt: skip
        port = _free_port()
        env["PAID_MEDIA_UI_URL"] = url = f"http://127.0.0.1:{port}"
        subprocess.run(
            [sys.executable, "-m", "orchestration.cli", "daily"],
            cwd=PROJECT,
            env=os.environ | env,
            check=True,
            capture_output=True,
        )
        known = dotenv_values(folder / "sandbox" / "sandbox.env")
        control = str(known["META_GRAPH_URL"]).removesuffix("/graph") + "/control"
        with _dagster(folder, env, port, storage):
            until(lambda: _is_loaded(url), seconds=240)
            yield House(env, url, control, messages)


@contextmanager
def _dagster(folder: Path, env: dict[str, str], port: int, storage: dict[str, Any] | None) -> Iterator[None]:
    words = [
        sys.executable,
        "-m",
        "orchestration.web.dev",
        "-w",
        "workspace.yaml",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "--log-level",
        "warning",
    ]
    home = dagster_environment(folder / "sandbox" / "dagster")
    if storage is not None:  # as in production, but for where the database is
        settings = yaml.safe_load((PROJECT / "deploy" / "dagster.yaml").read_text("utf-8"))
        settings["storage"]["postgres"] = storage
        (folder / "sandbox" / "dagster" / "dagster.yaml").write_text(
            yaml.safe_dump(settings), encoding="utf-8"
        )
    # Whoever started the tests in the background had them ignore Ctrl-C, and every child with them.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with (folder / "dagster.log").open("w") as log:
        child = subprocess.Popen(
            words, cwd=PROJECT, env=os.environ | env | home, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield
        finally:
            os.killpg(child.pid, signal.SIGINT)
            try:
                child.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


@contextmanager
def _letterbox() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Takes messages as Apprise sends them as JSON."""
    messages: list[dict[str, Any]] = []

    class Box(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Box)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"json://127.0.0.1:{server.server_port}/", messages
    finally:
        server.shutdown()
        server.server_close()


def until(holds: Any, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.2)


def _is_loaded(url: str) -> bool:
    try:
        asked = {"query": "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"}
        found = requests.post(f"{url}/graphql", json=asked, timeout=10).json()
        return bool(found["data"]["repositoriesOrError"]["nodes"])
    except (requests.RequestException, KeyError, ValueError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
