"""Records that cross a boundary whole."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Account:
    """One advertising account. `status` is `active` or `other`; `time_zone` is where it counts its days."""

    platform: str
    account_id: str
    name: str
    currency: str
    time_zone: str
    status: str = "active"


@dataclass(frozen=True)
class ChangedPast:
    """A change of what counts as a conversion, or for how long: days that were read before may read differently now."""

    at: datetime
    what: str
    """Such as "conversion action Purchase was changed"."""
