"""CRM load at scale: contacts and deals read whole from the simulated HubSpot, then kept current for a day
and verified.

`size` contacts (50,000) and about a tenth as many deals. The rate limit's clock is moved instead of waited
for; the time it would have taken is reported. Loading runs in the same process as the sandbox, so seconds
are those of both.
"""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from resources.crm.incremental_load import read_and_keep
from resources.lake.lake import Lake
from resources.policy.crm import CrmMapping
from resources.tables.crm import CONTACTS, DEALS
from sandbox.customer_settings import Crm
from sandbox.world import Account, Behaviour, World, load_world
from tests.crm.ground import ground
from tests.crm.truth import assert_equal_to_the_books

SIZE, DAYS = 50_000, 41
A_BUDGET = 265
"""Contacts per euro of daily budget over these days, measured once; the actual count is reported."""


def measure(*, seed: int, world: str | None, size: int | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Records, calls, seconds, waiting by the rate limit, and whether the lake equals the simulated books."""
    company = load_world(world, seed=seed) if world else _company(seed, size or SIZE)
    with TemporaryDirectory(prefix="benchmark-") as folder, ground(Path(folder), company) as server:
        lake, crms = Lake(Path(folder) / "lake"), server.crms()
        (reader,) = crms.readers()
        figures: dict[str, float] = {}
        for name, hours in (("whole", 0), ("day", 24)):
            server.stage.clock.advance(timedelta(hours=hours))
            waited, began = server.pace.waited, perf_counter()
            load = read_and_keep(lake, reader, CrmMapping(), now=crms.now)
            figures[f"{name}_seconds"] = perf_counter() - began
            figures[f"{name}_records"] = float(load.reading.records)
            figures[f"{name}_calls"] = float(load.reading.calls) - sum(
                figures.get(f"{earlier}_calls", 0.0) for earlier in ("whole",)
            )
            figures[f"{name}_waited_s"] = server.pace.waited - waited
            figures[f"{name}_merged"], figures[f"{name}_deleted"] = (
                float(load.reading.merged),
                float(load.reading.deleted),
            )
            figures[f"{name}_equal_to_the_books"] = _equals(lake, server.stage)
            say(
                f"{name}: {load.reading.records:,} records, {figures[f'{name}_seconds']:.1f} s, waited "
                f"{figures[f'{name}_waited_s']:.0f} s by the limit's clock"
            )
        figures["contacts"], figures["deals"] = float(lake.count(CONTACTS)), float(lake.count(DEALS))
    return {"figures": {name: round(value, 2) for name, value in figures.items()}, "peers": {}, "ratios": {}}


def _equals(lake: Lake, stage: Any) -> float:
    try:
        assert_equal_to_the_books(lake, stage)
    except AssertionError:
        return 0.0
    return 1.0


def _company(seed: int, contacts: int) -> World:
    """A company that lives on leads, of about that size."""
    budget = contacts / A_BUDGET
    behaviour = Behaviour(lead_share=1.0, ctr=0.05, cpm=30, daily_budget=budget, conversion_rate=0.05)
    accounts = tuple(
        Account(
            platform="google_ads",
            id=f"120000000{n}",
            name=f"Leads {n}",
            currency="EUR",
            time_zone="UTC",
            campaigns=4,
            ad_sets_per_campaign=6,
            behaviour=behaviour,
        )
        for n in range(3)
    )
    crm = Crm(
        kind="hubspot", begins=date(2026, 11, 20) - timedelta(days=DAYS), deal_share=0.35, delete_share=0.02
    )
    return World(name="leads", seed=seed, begins=date(2026, 6, 1), accounts=accounts, crm=crm)
