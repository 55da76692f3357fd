"""HubSpot's error bodies: status, message, correlationId, and category; rate limits name their policy
instead.
"""

from typing import Any
from uuid import uuid4

from starlette.responses import JSONResponse


class Refused(Exception):
    """A request that HubSpot would answer with an error."""

    def __init__(
        self, status: int, message: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers
        self.body = {"status": "error", "message": message, "correlationId": str(uuid4()), **more}

    def response(self) -> JSONResponse:
        headers = {"X-HubSpot-Correlation-Id": self.body["correlationId"], **(self.headers or {})}
        return JSONResponse(self.body, status_code=self.status, headers=headers)


def bad(message: str) -> Refused:
    """A 400 for a parameter or a body that does not fit."""
    return Refused(400, message, category="VALIDATION_ERROR")


def throttled(policy: str, spoken: str, *, headers: dict[str, str] | None = None) -> Refused:
    message = f"You have reached your {spoken} limit."
    return Refused(429, message, headers=headers, errorType="RATE_LIMIT", policyName=policy)


def expired() -> Refused:
    message = "The OAuth token used to make this call expired 3 hour(s) ago."
    return Refused(401, message, category="EXPIRED_AUTHENTICATION")


def unknown_token() -> Refused:
    message = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
    return Refused(401, message, category="INVALID_AUTHENTICATION")
