"""What every wire shares: the market with its clock, the faults that are armed, the audit, and the
credentials it accepts.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from time import monotonic
from typing import Any, Protocol

from sandbox.account_objects import AccountObjects
from sandbox.audiences import Audience, Audiences
from sandbox.audit import Audit, Request
from sandbox.clock import Clock
from sandbox.customers.customer_records import Bookkeeper
from sandbox.faults import UPLOADS, Faults
from sandbox.market import Market
from sandbox.message_store import Caught
from sandbox.pool_audiences import pool_audiences
from sandbox.world import Account, World
from sandbox.write_faults import LateChanges, WriteFault


class UploadChange(Protocol):
    """Puts an upload to an audience into effect, the whole of it or half."""

    def __call__(self, *, half: bool) -> None: ...


@dataclass(frozen=True)
class Credentials:
    """The only credentials the sandbox accepts. Worth nothing anywhere else."""

    google_refresh_token: str = "sandbox-google-refresh"  # noqa: S105 — these open nothing but this program
    google_client_id: str = "sandbox-client"
    google_client_secret: str = "sandbox-client-secret"  # noqa: S105
    meta_app_id: str = "77001"
    meta_app_secret: str = "sandbox-app-secret"  # noqa: S105
    meta_access_token: str = "sandbox-meta-token"  # noqa: S105
    linkedin_client_id: str = "sandbox-linkedin-client"
    linkedin_client_secret: str = "sandbox-linkedin-secret"  # noqa: S105
    linkedin_access_token: str = "sandbox-linkedin-token"  # noqa: S105
    linkedin_refresh_token: str = "sandbox-linkedin-refresh"  # noqa: S105
    hubspot_access_token: str = "sandbox-hubspot-token"  # noqa: S105
    salesforce_client_id: str = "sandbox-salesforce-client"
    salesforce_client_secret: str = "sandbox-salesforce-secret"  # noqa: S105
    salesforce_access_token: str = "sandbox-salesforce-session"  # noqa: S105


@dataclass(frozen=True)
class Stage:
    """One running sandbox."""

    market: Market
    clock: Clock
    faults: Faults = field(default_factory=Faults)
    audit: Audit = field(default_factory=Audit)
    caught: Caught = field(default_factory=Caught)
    audiences: Audiences = field(default_factory=Audiences)
    credentials: Credentials = field(default_factory=Credentials)
    stopwatch: Callable[[], float] = monotonic
    """Seconds that limits per second are counted by; never the market's clock, which may stand still."""

    @cached_property
    def keeper(self) -> Bookkeeper:
        """The books of the market's customers."""
        return Bookkeeper(self.market)

    @cached_property
    def objects(self) -> AccountObjects:
        """What was made and changed through the platforms' APIs besides the market's own entities."""
        return AccountObjects(self.clock)

    def audiences_of(self, account: Account) -> list[Audience]:
        """Every audience that an account may target and exclude: uploaded ones, and those of its population's
        pools.
        """
        return [*self.audiences.of(account.platform, account.id), *pool_audiences(self.market, account)]

    def audience(self, platform: str, audience_id: str) -> Audience | None:
        """An audience of any account of a platform."""
        if (uploaded := self.audiences.find(platform, audience_id)) is not None:
            return uploaded
        every = (entry for account in self.world.of(platform) for entry in self.audiences_of(account))
        return next((entry for entry in every if str(entry.audience_id) == audience_id), None)

    @cached_property
    def late_changes(self) -> LateChanges:
        """Changes that were answered and are still to land."""
        return LateChanges(self.clock)

    def carry_out(self, platform: str, apply: Callable[[], None]) -> WriteFault | None:
        """Let a checked write happen as the armed faults say: at once, late or never; the fault that its
        answer has to show.
        """
        return self._happens(self.faults.of_a_write(platform), apply)

    def carry_out_upload(self, platform: str, apply: UploadChange) -> WriteFault | None:
        """The same for an upload to an audience; `apply` is told whether half of it alone is taken."""
        fault = self.faults.of_an_upload(platform)
        half = fault is not None and fault.kind in UPLOADS
        return self._happens(fault, lambda: apply(half=half))

    def _happens(self, fault: WriteFault | None, apply: Callable[[], None]) -> WriteFault | None:
        if fault is None or fault.moment == "after":
            apply()
        elif fault.moment == "late":
            self.late_changes.add(fault.seconds, apply)
        return fault

    def forget(self) -> None:
        """Back to the world as it began: no change, audience, added incident, fault, request or message; the
        clock stays.
        """
        self.market.reset()
        self.audiences.clear()
        self.objects.clear()
        self.faults.clear()
        self.late_changes.clear()
        self.audit.clear()
        self.caught.clear()

    @property
    def world(self) -> World:
        return self.market.world

    def note(
        self, platform: str, name: str, account_id: str | None = None, *, wrote: bool = False, **detail: Any
    ) -> None:
        """Write a request into the audit."""
        self.audit.record(Request(self.clock.now(), platform, name, account_id, wrote, detail))

    def today(self, account: Account) -> date:
        return self.clock.today(account.zone)


def set_stage(
    world: World, clock: Clock | None = None, *, stopwatch: Callable[[], float] = monotonic
) -> Stage:
    clock = clock or Clock()
    audiences = Audiences()
    return Stage(Market(world, clock, audiences), clock, audiences=audiences, stopwatch=stopwatch)
