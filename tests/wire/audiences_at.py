"""Audiences at the sandbox, by the real clients: hashes to send, and what the sandbox holds for true."""

from hashlib import sha256

from resources.ledger.proposal import Target
from resources.platforms.audience_client import AudienceClient
from sandbox.serve import Sandbox

ACCOUNTS = {"google_ads": "1000000001", "meta_ads": "2000000001", "linkedin_ads": "510000001"}
PLATFORMS = tuple(ACCOUNTS)
LEVELS = {"google_ads": "campaign", "meta_ads": "ad_set", "linkedin_ads": "ad_set"}
"""Where each platform keeps audiences out."""


def hashes(first: int, last: int, *, what: str = "mail") -> list[str]:
    return [sha256(f"{what}{n}".encode()).hexdigest() for n in range(first, last)]


def held(sandbox: Sandbox, platform: str, name: str | None = None) -> set[str]:
    """Everybody the platform's audience of that name, or its only one, really holds, as kind:hash."""
    audiences = [
        audience for audience in sandbox.stage.audiences.truth(platform) if name in {None, audience["name"]}
    ]
    assert len(audiences) == 1, f"{len(audiences)} audiences"
    return set(audiences[0]["members"])


def place(sandbox: Sandbox, platform: str, *, nth: int = 0) -> Target:
    """A campaign or ad set that an audience can be kept out of."""
    account = sandbox.stage.world.account(platform, ACCOUNTS[platform])
    assert account is not None
    catalog = sandbox.stage.market.catalog(account)
    things = catalog.campaigns if LEVELS[platform] == "campaign" else catalog.ad_sets
    entity_id = str(things.id.tolist()[nth])
    return Target(platform=platform, account_id=account.id, level=LEVELS[platform], entity_id=entity_id)  # type: ignore[arg-type]


def sent_whole(
    client: AudienceClient, account_id: str, audience_id: str, mails: list[str], *, adds: bool
) -> None:
    """One upload, waited for until the platform has worked on it."""
    request = client.upload(account_id, audience_id, "email", mails, adds=adds)
    while request is not None and not client.is_done(account_id, request):
        pass
