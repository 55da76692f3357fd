"""What is being done at a platform, for the error that may come of it."""

from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Doing:
    """A deed in plain words, such as "Reading ad sets", and for which account and days."""

    platform: str
    what: str
    account_id: str | None = None
    days: tuple[date, date] | None = None

    def known(self) -> dict[str, Any]:
        """The arguments of a `PlatformError` that are known beforehand."""
        return {
            "doing": self.what,
            "platform": self.platform,
            "account_id": self.account_id,
            "days": self.days,
        }
