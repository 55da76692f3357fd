"""Context of a platform call, for error messages."""

from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class CallContext:
    """Operation in plain words, such as "Reading ad sets", with its account and days."""

    platform: str
    operation: str
    account_id: str | None = None
    days: tuple[date, date] | None = None

    def known(self) -> dict[str, Any]:
        """Arguments of a `PlatformError` that this context supplies."""
        return {
            "operation": self.operation,
            "platform": self.platform,
            "account_id": self.account_id,
            "days": self.days,
        }
