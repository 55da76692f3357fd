"""The advertising account that platform clients read and write."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """One advertising account. `status` is `active` or `other`; its days begin at midnight in `time_zone`."""

    platform: str
    account_id: str
    name: str
    currency: str
    time_zone: str
    status: str = "active"
