"""What every platform's client offers to the assets, and the stand-in for a platform nobody configured."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

import pyarrow as pa

from resources.lake.schema import Table
from resources.platforms.account import Account
from resources.platforms.api_quota import Meter


class PlatformReader(Protocol):
    """One login at one platform, able to read every account it is given."""

    @property
    def platform(self) -> str:
        """google_ads, meta_ads or linkedin_ads."""

    meter: Meter
    """What its calls cost so far."""

    def accounts(self) -> list[Account]:
        """The accounts to read: those the settings name, or all the login sees."""

    def days(self, level: str, account: Account, *, start: date, end: date) -> Iterator[pa.RecordBatch]:
        """What the account, each campaign, ad_set or ad delivered per day, `start` and `end` included."""

    def entities(self, account: Account) -> pa.Table:
        """The account, its campaigns, ad sets and ads as they stand now."""

    def conversion_actions(self, account: Account) -> pa.Table | None:
        """What the account counts as conversions and for how long; None where the platform has no such list."""

    def table_days(
        self, table: Table, account: Account, *, start: date, end: date
    ) -> Iterator[pa.RecordBatch]:
        """The rows of one of the platform's weekly tables of days, `start` and `end` included."""

    def listing(self, table: Table, account: Account) -> pa.Table:
        """One of the platform's weekly lists as it stands now."""

    def token_ends_at(self) -> datetime | None:
        """When the login ends unless somebody renews it; None where it does not, or where the platform does
        not say.
        """


@dataclass
class NotConfigured:
    """A platform without any credentials: it has no accounts, so its tables stay empty and nothing fails."""

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
    """The slice of a daily table that one account's pull replaces."""
    if not table.has_days:
        return {"account_id": account.account_id}
    return {"account_id": account.account_id, "day": (start, end)}
