"""LinkedIn's error body: status, serviceErrorCode, code, message, and where the input was wrong."""

from typing import Any

from starlette.responses import JSONResponse


class Refused(Exception):
    """A request that LinkedIn would answer with an error."""

    def __init__(
        self, status: int, code: str, message: str, *, service: int | None = None, field: str | None = None
    ) -> None:
        super().__init__(message)
        self.body: dict[str, Any] = {"status": status, "code": code, "message": message}
        if service:
            self.body["serviceErrorCode"] = service
        if field:
            wrong = {"code": code, "input": {"inputPath": {"fieldPath": field}}}
            self.body["errorDetails"] = {"inputErrors": [wrong]}

    def response(self) -> JSONResponse:
        return JSONResponse(
            self.body,
            status_code=self.body["status"],
            headers={"x-li-uuid": "sandbox", "x-restli-error-response": "true"},
        )


def bad(message: str, *, field: str | None = None, code: str = "ILLEGAL_ARGUMENT") -> Refused:
    """A 400 for a parameter or a body that does not fit."""
    return Refused(400, code, message, field=field)


def not_found(what: str) -> Refused:
    return Refused(404, "NOT_FOUND", f"Could not find {what}")
