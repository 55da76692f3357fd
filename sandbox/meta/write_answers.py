"""Answers that Meta gives to a write besides the result: ambiguous ones and definite refusals, by the names
of `write_faults`.
"""

from typing import Any

from starlette.responses import JSONResponse, RedirectResponse, Response

from sandbox.meta.refusals import Refused, bad, reduce_data, unknown_object
from sandbox.write_faults import NO_ANSWER, WriteFault

_UNKNOWN = "An unknown error occurred"
_BUSY = "Service temporarily unavailable"
_LIMIT = "User request limit reached"


class WriteAnswered(Exception):
    """The answer of a fault takes the place of the result."""

    def __init__(self, fault: WriteFault) -> None:
        super().__init__(fault.label)
        self.fault = fault


def _refusals() -> dict[str, Refused]:
    return {
        "1/99": Refused(1, _UNKNOWN, subcode=99, http=500),
        "1": Refused(1, _UNKNOWN, http=400),
        "reduce_data": reduce_data(),
        "2": Refused(2, _BUSY, subcode=1504044, http=503, is_transient=True),
        "http_500/100": Refused(100, "Invalid parameter", http=500),
        "http_503/100": Refused(100, "Invalid parameter", http=503),
        "-1": Refused(-1, _UNKNOWN, http=500),
        "0": Refused(0, _UNKNOWN),
        "99": Refused(99, _UNKNOWN),
        "104": Refused(104, "Incorrect signature"),
        "960": Refused(960, "Request failed"),
        "100": Refused(100, "Invalid parameter"),
        "100/1487390": Refused(
            100,
            "Invalid parameter",
            subcode=1487390,
            error_user_title="Ad Creative Not Created",
            error_user_msg="The creative could not be created. Try again later.",
        ),
        "100/33": unknown_object("0", "POST"),
        "transient": Refused(100, "Invalid parameter", is_transient=True),
        "4": Refused(4, "Application request limit reached"),
        "17": Refused(17, _LIMIT, subcode=2446079),
        "341": Refused(341, "Application limit reached"),
        "368": Refused(368, "The action attempted has been deemed abusive or is otherwise disallowed"),
        "506": Refused(506, "Duplicate status message"),
        "613": Refused(613, "Calls to this api have exceeded the rate limit", subcode=1487742),
        "80004": Refused(80004, "There have been too many calls to this ad-account"),
        "190": Refused(190, "Error validating access token: Session has expired", subcode=463, http=401),
        "10": Refused(10, "Application does not have permission for this action", http=403),
        "200": Refused(200, "Ad account owner has NOT grant ads_management permission", http=403),
        "100_blamed": bad("The value is not valid", blame="status"),
        "2635": Refused(2635, "You are calling a deprecated version of the Ads API"),
    }


def write_response(fault: WriteFault, headers: dict[str, str]) -> Response:
    """The response that stands for the fault's answer."""
    name = str(fault.answer)
    plain: dict[str, Any] = {
        NO_ANSWER: lambda: Response("<html>502 Bad Gateway</html>", 502, media_type="text/html"),
        "http_500": lambda: Response(b"", 500),
        "http_503_without_error": lambda: JSONResponse({"status": "unavailable"}, 503),
        "none": lambda: JSONResponse({"error": {"message": _UNKNOWN, "type": "Exception"}}, 500),
        "success_false": lambda: JSONResponse({"success": False}, 200),
        "empty_200": lambda: Response(b"", 200),
        "html_200": lambda: Response("<html>OK</html>", 200, media_type="text/html"),
        "without_id": lambda: JSONResponse({"result": "ok"}, 200),
        "redirect": lambda: RedirectResponse("/graph/elsewhere", 302),
    }
    return plain[name]() if name in plain else _refusals()[name].response(headers)


def batch_item(fault: WriteFault) -> dict[str, Any] | None:
    """The answer as one item of a batch: a refusal's body, null for what has no JSON shape."""
    refused = _refusals().get(str(fault.answer))
    return None if refused is None else {"code": refused.http, "error": refused.error}
