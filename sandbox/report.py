"""A report: the rows of one account at one level, as columns."""

from dataclasses import dataclass

from sandbox.draws import Whole

LEVELS = ("campaign", "ad_set", "ad")
METRICS = ("impressions", "clicks", "spend_micros", "purchases", "purchase_value_micros", "leads", "signups")


@dataclass(frozen=True)
class Report:
    """Rows with activity, ordered by day, then entity.

    `campaign`, `ad_set`, `ad` are row numbers in the account's catalog; those below the report's level (`account`: all) are None. `day` counts
    days since 1970. Money is in micros of the account's currency and always a multiple of its smallest unit. `purchases`
    and `leads` are the conversions the platform claims so far; `signups` a secondary action that is not bid on.
    """

    level: str
    day: Whole
    campaign: Whole | None
    ad_set: Whole | None
    ad: Whole | None
    impressions: Whole
    clicks: Whole
    spend_micros: Whole
    purchases: Whole
    purchase_value_micros: Whole
    leads: Whole
    signups: Whole

    def __len__(self) -> int:
        return len(self.day)
