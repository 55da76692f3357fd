"""A ledger of its own and a sync with each platform's real client against the sandbox."""

from collections.abc import Callable
from pathlib import Path

import pytest

from resources.audiences.sync import Sync
from resources.config.settings import Settings
from resources.ledger.audiences import LedgerAudience, Member
from resources.ledger.proposal import Target
from resources.ledger.store import Ledger
from resources.platforms.audience_client import AudienceClient
from resources.platforms.registry import Platforms
from resources.platforms.retries import BackOff
from sandbox.serve import Sandbox
from tests.wire.audiences_at import ACCOUNTS, PLATFORMS, hashes

Syncing = Callable[..., Sync]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")


@pytest.fixture(scope="module", params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def platforms(settings: Settings, sandbox: Sandbox) -> Platforms:
    """Clients that give up after a moment, so that a test can see what is left then."""
    sandbox.stage.audiences.ready_after_seconds = 0.0
    return Platforms(lambda: settings, back_off=BackOff(total_seconds=0.0, unreachable_seconds=0.0))


@pytest.fixture
def client(platforms: Platforms, platform: str) -> AudienceClient:
    """In batches of a hundred, so that a few hundred people are several uploads."""
    found = platforms.audiences(platform)
    found.at_once = 100  # type: ignore[misc]
    return found


@pytest.fixture
def sync(ledger: Ledger, client: AudienceClient) -> Sync:
    return Sync(ledger, client, wait=lambda: None)


@pytest.fixture
def kept(ledger: Ledger, platform: str) -> LedgerAudience:
    return an_audience(ledger, platform)


def an_audience(ledger: Ledger, platform: str) -> LedgerAudience:
    target = Target(
        platform=platform, account_id=ACCOUNTS[platform], level="audience", entity_id="loyal.exclude"
    )
    return ledger.audiences.keep_audience(
        target, segment_id="loyal", purpose="exclude", name="Loyal | exclude"
    )


def mails(first: int, last: int) -> list[Member]:
    return [Member("email", own, f"p:{own[:8]}") for own in hashes(first, last)]


def as_truth(members: list[Member]) -> set[str]:
    return {f"{one.kind}:{one.sha256}" for one in members}
