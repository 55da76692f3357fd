"""One login at Google Ads: its client and services, questions with patience, and mutates that leave once."""

from collections.abc import Sequence
from typing import Any

from resources.config.credentials import GoogleAdsSettings
from resources.platforms.call_context import CallContext
from resources.platforms.google_client import as_our_errors, mutated, open_client, renew_token
from resources.platforms.retries import BackOff
from resources.platforms.writer import rehearsed, sent_once

WRITE_SECONDS, READ_SECONDS = 60.0, 60.0
PLATFORM = "google_ads"


def enum_name(message: Any, field: str) -> str:
    """The name of an enum's value in a message, UNKNOWN for one that this version of the client has not."""
    enum = message.DESCRIPTOR.fields_by_name[field].enum_type
    value = enum.values_by_number.get(getattr(message, field))
    return str(value.name) if value else "UNKNOWN"


class GoogleAdsSession:
    """The official client, opened when it is first used."""

    def __init__(self, settings: GoogleAdsSettings, back_off: BackOff) -> None:
        self._settings, self._back_off = settings, back_off
        self._client: Any = None
        self._services: dict[str, Any] = {}

    @property
    def client(self) -> Any:
        """The official client.

        Raises:
            PlatformRefused: The credentials cannot be used.
        """
        if self._client is None:
            with as_our_errors(CallContext(PLATFORM, "Signing in")):
                self._client = open_client(self._settings)
        return self._client

    def enum(self, name: str, value: str) -> int:
        """The number of an enum's value."""
        return int(getattr(getattr(self.client.enums, name), value))

    def service(self, name: str) -> Any:
        if name not in self._services:
            self._services[name] = self.client.get_service(name)
        return self._services[name]

    def search(self, account_id: str, query: str, what: str) -> list[Any]:
        """The rows of a query; `what` says in errors what was being done.

        Raises:
            PlatformRefused: Google refused the query.
            PlatformBusy: Throttled or silent until patience ran out.
        """

        def rows() -> list[Any]:
            with as_our_errors(CallContext(PLATFORM, what, account_id)):
                service = self.service("GoogleAdsService")
                return list(service.search(customer_id=account_id, query=query, timeout=READ_SECONDS))
            raise AssertionError("the errors are raised as ours")

        return self._back_off.with_retries(rows)

    def mutate(
        self, method: Any, request: Any, context: CallContext, *, operations: int, validate_only: bool
    ) -> str | None:
        """One mutate, sent once, or only checked; the resource names of what it changed.

        Raises:
            PlatformRefused: A definite refusal: nothing was changed.
            RefusedForNow: It could not be checked now.
            OutcomeUnknown: Anything else. It may have happened.
        """
        if validate_only:
            with rehearsed(), as_our_errors(context):
                method(request=request, timeout=WRITE_SECONDS)
            return None
        renew_token(self.client, context)
        with sent_once(context), as_our_errors(context):
            return mutated(method(request=request, timeout=WRITE_SECONDS), operations, context)
        raise AssertionError("the errors are raised as ours")

    def mutate_all(
        self, account_id: str, operations: Sequence[Any], context: CallContext, *, validate_only: bool
    ) -> str | None:
        """Several operations of different kinds as one transaction; like `mutate`."""
        request = self.client.get_type("MutateGoogleAdsRequest")
        request.customer_id, request.validate_only = account_id, validate_only
        request.mutate_operations.extend(operations)
        service = self.service("GoogleAdsService")
        return self.mutate(
            service.mutate, request, context, operations=len(operations), validate_only=validate_only
        )
