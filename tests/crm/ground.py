"""A sandbox of its own with a small CRM, and a clock for limits that moves instead of waiting."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from resources.config.settings import Settings, load_settings
from resources.crm.rate_limit import RateLimiter
from resources.crm.registry import Crms
from resources.platforms.retries import BackOff
from sandbox.clock import Clock
from sandbox.customer_settings import Crm
from sandbox.running_world import Stage, set_stage
from sandbox.serve import Sandbox, running
from sandbox.world import World, load_world

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
HASTY = BackOff(total_seconds=0.0, unreachable_seconds=0.0)


@dataclass
class Stopwatch:
    """Seconds that pass by being slept."""

    at: float = 0.0
    naps: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.at += seconds


@dataclass(frozen=True)
class Ground:
    """What a test stands on."""

    sandbox: Sandbox
    settings: Settings
    stopwatch: Stopwatch
    pace: RateLimiter

    @property
    def stage(self) -> Stage:
        return self.sandbox.stage

    def crms(self, **more: Any) -> Crms:
        pace = more.pop("pace", lambda: self.pace)
        return Crms(
            lambda: self.settings, pace=pace, now=self.stage.clock.now, **({"back_off": HASTY} | more)
        )


def small_world(**crm: Any) -> World:
    """The demo world with the people of two weeks."""
    return load_world("kind").model_copy(
        update={"crm": Crm(**({"kind": "hubspot", "begins": date(2026, 11, 6)} | crm))}
    )


@contextmanager
def ground(folder: Path, world: World) -> Iterator[Ground]:
    stopwatch = Stopwatch()
    stage = set_stage(world, Clock(NOW), stopwatch=stopwatch.now)
    with running(stage, folder=folder / "sandbox") as sandbox:
        settings = load_settings({"PAID_MEDIA_VAR": str(folder), "PAID_MEDIA_PROFILE": "sandbox"})
        yield Ground(sandbox, settings, stopwatch, RateLimiter(clock=stopwatch.now, sleep=stopwatch.sleep))
