"""The allow-lists of definite refusals, without a wire: what is not listed, or not whole, proves nothing."""

from importlib import import_module
from typing import Any

import pytest

from resources.platforms import definite_refusals
from resources.platforms.definite_refusals import (
    BUDGET_CHANGED_TOO_OFTEN,
    google_ads_refused,
    google_http_refused,
    linkedin_refused,
    meta_refused,
)

ERROR_CODE = import_module("google.ads.googleads.v26.errors.types.errors").ErrorCode.pb().DESCRIPTOR
LISTED = {
    *definite_refusals._GOOGLE_MEMBERS, "quota_error", "size_limit_error",
}  # fmt: skip
REASON = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ENCODING_REQUIRED"}]
UNLISTED = sorted({field.name for field in ERROR_CODE.fields} - LISTED)


def test_every_listed_error_is_one_of_googles() -> None:
    assert {field.name for field in ERROR_CODE.fields} >= LISTED
    assert len(UNLISTED) > 50  # most of Google's error enums prove nothing


@pytest.mark.parametrize("member", UNLISTED)
def test_an_error_of_google_that_is_not_listed_proves_nothing(member: str) -> None:
    enum = ERROR_CODE.fields_by_name[member].enum_type
    assert not any(google_ads_refused("INVALID_ARGUMENT", [(member, value.name)]) for value in enum.values)


@pytest.mark.parametrize(
    ("status", "errors", "is_refused"),
    [
        ("INVALID_ARGUMENT", [("field_error", "INVALID_VALUE")], True),
        ("INVALID_ARGUMENT", [], False),
        ("INVALID_ARGUMENT", [("field_error", "INVALID_VALUE"), ("internal_error", "INTERNAL_ERROR")], False),
        ("INVALID_ARGUMENT", [("field_error", "UNKNOWN")], False),
        ("INVALID_ARGUMENT", [("field_error", "UNSPECIFIED")], False),
        ("INVALID_ARGUMENT", [(None, "UNKNOWN")], False),
        ("INVALID_ARGUMENT", [("request_error", "RPC_DEADLINE_TOO_SHORT")], False),
        ("INVALID_ARGUMENT", [("size_limit_error", "REQUEST_SIZE_LIMIT_EXCEEDED")], True),
        ("INVALID_ARGUMENT", [("size_limit_error", "RESPONSE_SIZE_LIMIT_EXCEEDED")], False),
        ("INTERNAL", [("field_error", "INVALID_VALUE")], False),
        ("UNAVAILABLE", [("authentication_error", "OAUTH_TOKEN_INVALID")], False),
        ("RESOURCE_EXHAUSTED", [("quota_error", "RESOURCE_EXHAUSTED")], True),
        ("RESOURCE_EXHAUSTED", [("field_error", "INVALID_VALUE")], False),
        ("RESOURCE_EXHAUSTED", [], False),
        ("UNIMPLEMENTED", [("request_error", "UNSUPPORTED_VERSION")], True),
        ("UNIMPLEMENTED", [("request_error", "INVALID_CUSTOMER_ID")], False),
    ],
)
def test_google_ads(status: str, errors: list[tuple[str | None, str]], *, is_refused: bool) -> None:
    assert google_ads_refused(status, errors) == is_refused


@pytest.mark.parametrize(
    ("http", "error", "is_refused"),
    [
        (401, {"code": 190}, True),
        (500, {"code": 190}, False),
        (200, {"code": 190}, False),
        (401, {"code": 190, "is_transient": True}, False),
        (401, {"code": "190"}, False),
        (400, {"code": True}, False),
        (400, {}, False),
        (403, {"code": 299}, True),
        (403, {"code": 300}, False),
        (400, {"code": 100, "error_data": '{"blame_field_specs": [["status"]]}'}, True),
        (400, {"code": 100, "error_data": {"blame_field_specs": [["status"]]}}, True),
        (400, {"code": 100, "error_data": '{"blame_field_specs": []}'}, False),
        (400, {"code": 100, "error_data": "not JSON"}, False),
        (400, {"code": 100, "error_data": "[1]"}, False),
        (403, {"code": 100, "error_data": {"blame_field_specs": [["status"]]}}, False),
        (400, {"code": 100, "error_subcode": 1885272}, True),
        (400, {"code": 100, "error_subcode": 1487390, "error_data": {"blame_field_specs": [["a"]]}}, False),
        (400, {"code": 100, "error_subcode": 33, "error_data": {"blame_field_specs": [["a"]]}}, False),
        (400, {"code": 613, "error_subcode": BUDGET_CHANGED_TOO_OFTEN}, True),
        (400, {"code": 613}, False),
        (400, {"code": 4, "error_subcode": BUDGET_CHANGED_TOO_OFTEN}, False),
        *[(400, {"code": code}, False) for code in (-1, 0, 1, 2, 4, 17, 32, 99, 104, 341, 368, 506, 960, 80004)],
    ],
)  # fmt: skip
def test_meta(http: int, error: dict[str, Any], *, is_refused: bool) -> None:
    assert meta_refused(http, error) == is_refused


@pytest.mark.parametrize(
    ("http", "body", "is_refused"),
    [
        (400, {"status": 400, "code": "ILLEGAL_ARGUMENT"}, True),
        (400, {"status": 422}, False),
        (400, {}, False),
        (422, {"status": 422, "code": "DUPLICATE_POST"}, False),
        *[(status, {"status": status}, False) for status in (200, 302, 404, 408, 409, 412, 429, 499, 500, 502, 503, 504)],
    ],
)  # fmt: skip
def test_linkedin(http: int, body: dict[str, Any], *, is_refused: bool) -> None:
    assert linkedin_refused(http, body) == is_refused


@pytest.mark.parametrize(
    ("http", "error", "is_refused"),
    [
        (400, {"code": 400, "status": "INVALID_ARGUMENT", "details": REASON}, True),
        (400, {"code": 400, "status": "INVALID_ARGUMENT"}, False),
        (400, {"code": 400, "status": "INVALID_ARGUMENT", "details": ["text"]}, False),
        (400, {"code": 400, "status": "UNKNOWN", "details": REASON}, False),
        (400, {"status": "INVALID_ARGUMENT", "details": REASON}, False),
        (409, {"code": 409, "status": "ABORTED", "details": REASON}, False),
        (429, {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": REASON}, False),
        (500, {"code": 500, "status": "INTERNAL", "details": REASON}, False),
        (400, {}, False),
    ],
)
def test_a_google_api_over_http(http: int, error: dict[str, Any], *, is_refused: bool) -> None:
    assert google_http_refused(http, error) == is_refused
