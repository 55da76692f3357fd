"""The gate at size: what waiting costs, how long a tick of the sensor takes, and how long a hundred approvals
take by one code.

`waiting_processes` counts what runs because proposals wait. The ticks are measured after everything was
registered, as they are for as long as proposals wait; `first_tick_s_*` registers them all. The bulk is one
batch, one digest, one code, against the sandbox.
"""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import dagster as dg
import psutil
import requests
import yaml
from dotenv import dotenv_values

from benchmarks.ground import ground, timed
from orchestration.cli.decisions import decide
from resources.config.settings import load_settings
from resources.kinds.entity_status.change import StatusChange
from resources.lake.lake import Lake
from resources.ledger.proposal import Effect, Image, Proposal, Target, proposal_id
from resources.ledger.store import Ledger
from resources.platforms.registry import Platforms
from resources.policy.policy import policy_text
from resources.security.approvers import enroll

WAITING, BULK, NAME = (500, 10_000), 100, "bench"


def measure(*, seed: int, world: str | None, size: int | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Ticks with 500 and 10,000 waiting, and `size` (100) approvals by one code in `world` (made for it)."""
    figures: dict[str, float] = {"waiting_processes": 0.0}
    for count in WAITING:
        first, later, processes = _ticks(count)
        figures |= {f"first_tick_s_{count}": first, f"tick_s_{count}": later}
        figures["waiting_processes"] = max(figures["waiting_processes"], processes)
        say(f"{count} waiting: first tick {first:.2f} s, then {later:.2f} s, {processes} processes")
    count = size or BULK
    with TemporaryDirectory() as folder:
        where = world or _world(Path(folder), seed=seed, ad_sets=count)
        with ground(where, seed=seed) as var:
            seconds, verified, writes = _bulk(var, count)
    say(f"{count} approvals: {seconds:.1f} s, {verified} verified, {writes} writes")
    figures |= {f"bulk_{count}_s": seconds, "bulk_verified": verified, "bulk_writes": writes}
    return {"figures": figures, "peers": {}, "ratios": {}}


def _ticks(count: int) -> tuple[float, float, int]:
    from resources.action_services import ActionServices
    from sensors.proposals import tick

    with TemporaryDirectory() as folder, dg.DagsterInstance.local_temp(folder) as instance:
        settings = load_settings({"PAID_MEDIA_VAR": folder}, with_platforms=False)
        services = ActionServices(settings, Platforms())
        _fill(services.ledger, count)
        before = len(psutil.Process().children(recursive=True))
        times = []
        for _ in range(4):
            began = perf_counter()
            tick(instance, services)
            times.append(perf_counter() - began)
        waiting = len(psutil.Process().children(recursive=True)) - before
        return times[0], sorted(times[1:])[1], waiting


def _fill(ledger: Ledger, count: int) -> None:
    now = datetime.now(UTC)
    for number in range(count):
        ledger.proposals.propose(_pause(str(number), now, account_id="1", name=f"Set {number}"))


def _pause(
    entity_id: str,
    at: datetime,
    *,
    account_id: str,
    name: str,
    image: Image | None = None,
    as_of: date | None = None,
) -> Proposal:
    made = image or Image(
        name=name, campaign_id="1", campaign_name="C", status="active", native_status="ACTIVE", currency="EUR"
    )
    target = Target(platform="meta_ads", account_id=account_id, level="ad_set", entity_id=entity_id)
    change = StatusChange(target=target, before="active", after="paused", image=made)
    as_of = as_of or at.date() - timedelta(days=1)
    return Proposal(
        proposal_id=proposal_id("pause_ad_set", as_of, [change], created_at=at),
        kind="pause_ad_set",
        changes=(change,),
        proposer="rule:bench",
        reason="a benchmark",
        evidence={"spend_a_day": 1.0},
        effect=Effect(metric="none", words="none"),
        verdicts=(),
        level="propose",
        as_of=as_of,
        created_at=at,
        expires_at=at + timedelta(hours=24),
    )


def _bulk(var: Path, count: int) -> tuple[float, int, int]:
    from assets.actions.inputs import Figures
    from resources.action_services import ActionServices

    timed("daily", var=var)
    policy = var / "policy.yaml"
    limits = {
        "pauses_a_day": 9999,
        "pauses_share_a_day": 1.0,
        "account_share_a_day": 1.0,
        "untouched_share": 0.0,
    }
    caps = {
        f"meta_ads {2_000_000_000 + n}": {"currency": "EUR", "entity_daily": 10**6, "account_daily": 10**8}
        for n in (1, 2)
    }
    given = {
        "permissions": [{"level": "propose"}],
        "caps": caps,
        "approvers": {NAME: {"up_to": 10**6}},
        "guardrails": limits,
        "labels": {"protected": {}, "brand": {}, "experiment": {}},
    }
    policy.write_text(policy_text(given), encoding="utf-8")
    settings = load_settings({**os.environ, "PAID_MEDIA_VAR": str(var), "PAID_MEDIA_POLICY": str(policy)})
    services = ActionServices(settings, Platforms(lambda: settings))
    enroll(settings.approvers_file, NAME)
    figures = Figures(Lake(settings.lake_uri), services)
    around, writer = figures.around(), services.platforms.writer("meta_ads")
    sets = around.entities[
        (around.entities["level"] == "ad_set") & (around.entities["learning_state"] != "LEARNING")
    ]
    digests: dict[str, str] = {}
    for row in sets.to_dict("records"):
        if len(digests) == count:
            break
        target = Target(
            platform="meta_ads", account_id=row["account_id"], level="ad_set", entity_id=row["entity_id"]
        )
        made = _pause(
            target.entity_id,
            services.ledger.clock(),
            account_id=target.account_id,
            name="",
            image=writer.image(target),
            as_of=around.newest_as_of,
        )
        if services.ledger.proposals.propose(made):  # the day's own run may have proposed the same
            digests[made.proposal_id] = made.digest
    batch = services.ledger.proposals.make_batch("batch.bench", digests)
    code = services.approvers().bound_code(
        NAME, decision="approve", digests=digests.values(), at=services.ledger.clock()
    )
    began = perf_counter()
    meant = services.ledger.proposals.summary(batch.batch_id)
    decide(services, figures, (batch.batch_id,), "approve", note="", name=NAME, code=code, meant=meant)
    seconds = perf_counter() - began
    control = (
        str(dotenv_values(var / "sandbox" / "sandbox.env")["META_GRAPH_URL"]).removesuffix("/graph")
        + "/control/audit"
    )
    writes = requests.get(control, params={"writes": "true"}, timeout=30).json()["requests"]
    verified = sum(state == "verified" for state in services.ledger.proposals.states().values())
    return seconds, verified, len(writes)


def _world(folder: Path, *, seed: int, ad_sets: int) -> str:
    """One account with room for that many pauses: none of them learning, none a campaign's last."""
    account = {
        "platform": "meta_ads",
        "id": "2000000001",
        "name": "Bench",
        "currency": "EUR",
        "time_zone": "UTC",
        "campaigns": 4,
        "ad_sets_per_campaign": max(2, ad_sets // 2),
        "ads_per_ad_set": 1,
        "behaviour": {"paused_share": 0.0},
    }
    path = folder / "gate.yaml"
    path.write_text(
        yaml.safe_dump({"name": "gate", "seed": seed, "begins": "2026-01-01", "accounts": [account]}),
        encoding="utf-8",
    )
    return str(path)
