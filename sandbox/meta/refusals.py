"""Graph API errors: one shape, told apart by code and subcode."""

import json
from typing import Any

from starlette.responses import JSONResponse


class Refused(Exception):
    """A request that Meta would answer with an error."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        subcode: int | None = None,
        http: int = 400,
        kind: str = "OAuthException",
        is_transient: bool = False,
        blame: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.http = http
        self.error: dict[str, Any] = {
            "message": message,
            "type": kind,
            "code": code,
            "is_transient": is_transient,
            "fbtrace_id": "SandboxTrace",
        } | more
        if subcode:
            self.error["error_subcode"] = subcode
        if blame:
            self.error["error_data"] = json.dumps({"blame_field_specs": [[blame]]})

    def response(self, headers: dict[str, str]) -> JSONResponse:
        return JSONResponse({"error": self.error}, status_code=self.http, headers=headers)


def bad(message: str, *, blame: str | None = None, subcode: int | None = None) -> Refused:
    """Code 100: a parameter does not fit."""
    return Refused(100, f"(#100) {message}", blame=blame, subcode=subcode)


def unknown_object(what: str, method: str) -> Refused:
    message = (
        f"Unsupported {method.lower()} request. Object with ID '{what}' does not exist, cannot be loaded due"
        " to missing permissions, or does not support this operation"
    )
    return Refused(100, message, subcode=33, kind="GraphMethodException")


def reduce_data() -> Refused:
    message = "Please reduce the amount of data you're asking for, then retry your request"
    return Refused(1, message, subcode=99, http=500)
