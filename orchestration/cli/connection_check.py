"""Tries each platform and CRM as configured: what can be read, what cannot, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from resources.crm.registry import Crms
from resources.errors import PaidMediaError
from resources.platforms.account import Account
from resources.platforms.reader import NotConfigured, PlatformReader
from resources.platforms.registry import Platforms
from resources.platforms.retries import BackOff

HASTY = BackOff(total_seconds=15.0, unreachable_seconds=5.0)
"""A person waits for the answer."""
SPOKEN = {
    "google_ads": "Google Ads",
    "meta_ads": "Meta Ads",
    "linkedin_ads": "LinkedIn Ads",
    "crm": "CRM",
    "hubspot": "HubSpot",
    "salesforce": "Salesforce",
    "sql": "CRM by SQL",
    "files": "CRM by files",
}


@dataclass(frozen=True)
class AccountAccess:
    """One account: how many campaigns reported yesterday, or the sentence it was refused with."""

    account: Account
    campaigns: int = 0
    refused: str | None = None


@dataclass(frozen=True)
class ConnectionResult:
    """One platform: its accounts, or why there are none."""

    platform: str
    accounts: list[AccountAccess] = field(default_factory=list)
    note: str | None = None
    is_broken: bool = False
    works: str | None = None
    """What can be read, of something that has no accounts."""

    @property
    def is_fine(self) -> bool:
        return not self.is_broken and all(access.refused is None for access in self.accounts)


def checked(platform: str, platforms: Platforms | None = None) -> ConnectionResult:
    """What a login of that platform can read, tried on yesterday's campaigns of every account."""
    try:
        reader = (platforms or Platforms(back_off=HASTY)).reader(platform)
        if isinstance(reader, NotConfigured):
            return ConnectionResult(
                platform, note="not configured; docs/configuration.md says which variables to set"
            )
        accounts = reader.accounts()
    except PaidMediaError as error:
        return ConnectionResult(platform, note=str(error), is_broken=True)
    if not accounts:
        return ConnectionResult(
            platform, note="the login works and sees no account: give it access to one", is_broken=True
        )
    return ConnectionResult(platform, accounts=[_tried(reader, account) for account in accounts])


def checked_crms(crms: Crms | None = None) -> list[ConnectionResult]:
    """What each CRM that is configured lets us read."""
    try:
        readers = (crms or Crms(back_off=HASTY)).readers()
    except PaidMediaError as error:
        return [ConnectionResult("crm", note=str(error), is_broken=True)]
    if not readers:
        return [ConnectionResult("crm", note="not configured; docs/crm.md says what it is for")]
    findings = []
    for reader in readers:
        try:
            findings.append(ConnectionResult(reader.source, works=reader.spoken()))
        except PaidMediaError as error:
            findings.append(ConnectionResult(reader.source, note=str(error), is_broken=True))
    return findings


def _tried(reader: PlatformReader, account: Account) -> AccountAccess:
    day = datetime.now(ZoneInfo(account.time_zone)).date() - timedelta(days=1)
    try:
        rows = sum(len(batch) for batch in reader.days("campaign", account, start=day, end=day))
    except PaidMediaError as error:
        return AccountAccess(account, refused=str(error))
    return AccountAccess(account, campaigns=rows)


def shown(findings: Sequence[ConnectionResult]) -> str:
    """The findings as lines for a terminal, each with a word that says how it stands."""
    lines = []
    for finding in findings:
        name = SPOKEN[finding.platform]
        if finding.note:
            lines.append(f"{'BROKEN ' if finding.is_broken else 'skipped'}  {name}: {finding.note}")
        if finding.works:
            lines.append(f"works    {name}: {finding.works}")
        for access in finding.accounts:
            account = access.account
            who = f"{name} {account.account_id} {account.name} ({account.currency}, {account.time_zone})"
            if access.refused:
                lines.append(f"BROKEN   {who}: {access.refused}")
            else:
                lines.append(f"works    {who}: {access.campaigns} campaigns delivered yesterday")
    return "\n".join(lines)
