"""What can go wrong, and what to do about it.

    PaidMediaError
    ├── PlatformError            something at Google Ads, Meta Ads, LinkedIn Ads or the CRM
    │   ├── PlatformBusy         quota, throttle, outage: the same call may work later
    │   │   └── PlatformUnreachable  nobody answers at all: an outage, or a wrong address
    │   ├── PlatformRefused      bad request, no access, dead token: the same call never will
    │   │   └── RefusedForNow    understood and not done, and only for now: a limit that is over by itself
    │   ├── OutcomeUnknown       sent, no answer: read back, never send again
    │   └── PlatformUnreadable   an answer came, but not one to trust: truncated, misshapen
    ├── SettingsWrong            a setting or a credential is missing or malformed
    ├── LakeBusy                 another writer came first: the same write may work later
    └── DataUnusable             rows at hand cannot be used as they are

The class carries the decision; `resources.failures` alone turns it into a Dagster failure. Messages are built
from what is known and never hold a token, an e-mail address or a payload.
"""

from datetime import date


class PaidMediaError(Exception):
    """Base of every error this project raises on purpose."""


class PlatformError(PaidMediaError):
    """Something went wrong at a platform.

    Args:
        operation: What was being done, in plain words: "Reading ad sets".
        platform: google_ads, meta_ads or linkedin_ads.
        account_id: Account it was done for, where there is one.
        days: First and last day asked for, where there are days.
        said: What the platform answered, already free of secrets.
        trace: The platform's request id, for its support.
        todo: What a person should do, when it is not the verdict of the class.
        wait_seconds: How long the platform asks to wait, if it says.
        proves_no_change: A write that got this answer changed nothing: it is on the platform's list of
            definite refusals (`resources.platforms.definite_refusals`), or the request never left. False
            proves nothing.
    """

    verdict = ""

    def __init__(
        self,
        operation: str,
        *,
        platform: str,
        said: str,
        account_id: str | None = None,
        days: tuple[date, date] | None = None,
        trace: str | None = None,
        todo: str | None = None,
        wait_seconds: float | None = None,
        proves_no_change: bool = False,
    ) -> None:
        self.operation, self.platform, self.account_id, self.days = operation, platform, account_id, days
        self.said, self.trace, self.wait_seconds = said, trace, wait_seconds
        self.proves_no_change = proves_no_change
        where = f" for account {account_id}" if account_id else ""
        when = f" {days[0]}..{days[1]}" if days else ""
        request = f" (request {trace})" if trace else ""
        spoken = {
            "google_ads": "Google Ads",
            "meta_ads": "Meta Ads",
            "linkedin_ads": "LinkedIn Ads",
            "hubspot": "HubSpot",
            "salesforce": "Salesforce",
            "sql": "The CRM's database",
        }
        name = spoken.get(platform, platform)
        super().__init__(
            f"{name}: {operation}{when}{where}: {said.rstrip('. ')}{request}. {todo or self.verdict}"
        )


class PlatformBusy(PlatformError):
    """Quota, throttle or outage. The same call may work later."""

    verdict = "Safe to retry."


class PlatformUnreachable(PlatformBusy):
    """Nobody answers at all. It may be an outage, and as well a wrong address that no waiting mends."""

    verdict = "Check the network; safe to retry."


class PlatformRefused(PlatformError):
    """The platform understood and said no. The same call never will work."""

    verdict = "Retrying will not help: correct the cause first."


class RefusedForNow(PlatformRefused):
    """The platform understood and said not now.

    Nothing happened; what is asked for may be asked again when its limit is over.
    """

    verdict = "Nothing was changed: wait until the limit is over."


class OutcomeUnknown(PlatformError):
    """A write was sent and no answer came back."""

    verdict = "It may have happened: read the entity back and never send it again."


class PlatformUnreadable(PlatformError):
    """An answer came that cannot be trusted: truncated, incomplete or of another shape."""

    verdict = "Nothing of it was kept."


class SettingsWrong(PaidMediaError):
    """A setting or a credential is missing or malformed. The message names it and says where to get it."""


class DataUnusable(PaidMediaError):
    """Rows at hand cannot be used as they are; the message says which and what to add."""


class LakeBusy(PaidMediaError):
    """Another writer changed the same slice in the same moment. Safe to retry: nothing was written."""
