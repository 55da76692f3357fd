"""Records that cross a boundary whole."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """One advertising account. `status` is `active` or `other`; `time_zone` is where it counts its days."""

    platform: str
    account_id: str
    name: str
    currency: str
    time_zone: str
    status: str = "active"
