"""Interface of platform readers, and a reader for a platform that is not configured."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

import pyarrow as pa

from resources.lake.schema import Table
from resources.platforms.account import Account
from resources.platforms.api_quota import Meter


class PlatformReader(Protocol):
    """Reader for one login and every account it can access."""

    @property
    def platform(self) -> str:
        """google_ads, meta_ads or linkedin_ads."""

    meter: Meter
    """What its calls cost so far."""

    def accounts(self) -> list[Account]:
        """Accounts to read: those in the settings, or all that the login can access."""

    def days(self, level: str, account: Account, *, start: date, end: date) -> Iterator[pa.RecordBatch]:
        """Daily metrics at a level (account, campaign, ad_set or ad), `start` and `end` inclusive."""

    def entities(self, account: Account) -> pa.Table:
        """Current state of the account, its campaigns, ad sets and ads."""

    def conversion_actions(self, account: Account) -> pa.Table | None:
        """Conversion actions with their lookback windows; None where the platform has no such list."""

    def table_days(
        self, table: Table, account: Account, *, start: date, end: date
    ) -> Iterator[pa.RecordBatch]:
        """The rows of one of the platform's weekly tables of days, `start` and `end` included."""

    def listing(self, table: Table, account: Account) -> pa.Table:
        """One of the platform's weekly lists as it stands now."""

    def token_ends_at(self) -> datetime | None:
        """Expiry of the login; None if it does not expire, or the platform does not report it."""


@dataclass
class NotConfigured:
    """Reader of a platform without credentials: it has no accounts, so its tables stay empty."""

    platform: str
    meter: Meter = field(default_factory=Meter)

    def accounts(self) -> list[Account]:
        return []

    def days(self, level: str, account: Account, *, start: date, end: date) -> Iterator[pa.RecordBatch]:
        raise LookupError(
            f"{self.platform} is not configured: no {level} days of {account.account_id}, {start}..{end}"
        )

    def entities(self, account: Account) -> pa.Table:
        raise LookupError(f"{self.platform} is not configured: no entities of {account.account_id}")

    def table_days(
        self, table: Table, account: Account, *, start: date, end: date
    ) -> Iterator[pa.RecordBatch]:
        raise LookupError(
            f"{self.platform} is not configured: no {table.name} of {account.account_id}, {start}..{end}"
        )

    def listing(self, table: Table, account: Account) -> pa.Table:
        raise LookupError(f"{self.platform} is not configured: no {table.name} of {account.account_id}")

    def conversion_actions(self, account: Account) -> pa.Table | None:
        raise LookupError(f"{self.platform} is not configured: no conversion actions of {account.account_id}")

    def token_ends_at(self) -> datetime | None:
        return None


def account_rows(
    table: Table, account: Account, *, start: date, end: date
) -> dict[str, str | tuple[date, date]]:
    """Partition predicate of the rows that one account's pull replaces in a daily table."""
    if not table.has_days:
        return {"account_id": account.account_id}
    return {"account_id": account.account_id, "day": (start, end)}
