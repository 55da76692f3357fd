"""Responses to a write that prove it changed nothing: an allow-list per platform.

A response that is not listed proves nothing, even if it reads like a refusal: a gateway, the client library
or a server that failed after the commit may have produced it. Such a write has an unknown outcome and is read
back. Entries need a public source. The lists apply to atomic calls (one operation, or one transaction without
partial failure) that were sent once.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

# Google Ads.
# Status codes that gRPC libraries never produce themselves:
# https://grpc.github.io/grpc/core/md_doc_statuscodes.html
# (UNIMPLEMENTED they do produce; it counts with UNSUPPORTED_VERSION alone.) What each code says of the state
# of the server, among it
# that DEADLINE_EXCEEDED may come although the operation completed:
# https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
_GOOGLE_STATUSES = frozenset(
    {
        "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "OUT_OF_RANGE", "PERMISSION_DENIED",
        "UNAUTHENTICATED",
    }
)  # fmt: skip
# Errors of authentication and validation, which Google says to correct before sending again, and which end
# the one transaction of a
# mutate: https://developers.google.com/google-ads/api/docs/best-practices/error-types
_GOOGLE_MEMBERS = frozenset(
    {
        "authentication_error", "authorization_error", "header_error", "request_error", "field_error", "field_mask_error",
        "enum_error", "string_length_error", "string_format_error", "collection_size_error", "range_error", "null_error",
        "not_empty_error", "distinct_error", "id_error", "operator_error", "date_error", "url_field_error",
        "list_operation_error", "multiplier_error", "criterion_error", "ad_group_criterion_error", "campaign_criterion_error",
        "shared_set_error", "shared_criterion_error", "campaign_shared_set_error", "ad_error", "ad_group_ad_error",
        "ad_group_error", "campaign_error", "campaign_budget_error", "bidding_error", "bidding_strategy_error", "asset_error",
        "asset_link_error", "policy_finding_error", "policy_violation_error", "policy_validation_parameter_error",
        "context_error", "operation_access_denied_error", "resource_access_denied_error",
        "resource_count_limit_exceeded_error", "mutate_error", "new_resource_creation_error", "user_list_error",
        "not_allowlisted_error", "partial_failure_error",
    }
)  # fmt: skip
_GOOGLE_SINGLE = frozenset({("size_limit_error", "REQUEST_SIZE_LIMIT_EXCEEDED")})
"""Single values of a member whose other values prove nothing."""
_GOOGLE_EXCLUDED = frozenset({("request_error", "RPC_DEADLINE_TOO_SHORT")})
_GOOGLE_UNNAMED = frozenset({"UNSPECIFIED", "UNKNOWN"})
# "Requests exceeding the limit are rejected":
# https://developers.google.com/google-ads/api/docs/best-practices/quotas
_GOOGLE_QUOTA = frozenset({"RESOURCE_EXHAUSTED", "RESOURCE_TEMPORARILY_EXHAUSTED", "ACCESS_PROHIBITED"})

# Google's Data Manager API answers as other Google APIs over HTTP do:
# https://cloud.google.com/apis/design/errors
_GOOGLE_HTTP = {
    400: frozenset({"INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE"}), 401: frozenset({"UNAUTHENTICATED"}),
    403: frozenset({"PERMISSION_DENIED"}), 404: frozenset({"NOT_FOUND"}),
}  # fmt: skip

# Meta. Token, permission, capability and version are judged before the object is touched; codes below 0, 1
# and 2 are Meta's own
# failures: https://developers.facebook.com/docs/graph-api/guides/error-handling
_META_CODES = frozenset({3, 10, 102, 190, 294, 2635, *range(200, 300)})
_META_STATUSES = frozenset({400, 401, 403})
# Code 100, "invalid parameter", proves something only where Meta names the parameter, or by one of these
# subcodes:
# https://developers.facebook.com/docs/marketing-api/error-reference
_META_SUBCODES_OF_100 = frozenset(
    {1487694, 1713230, 1752129, 1885272, 1885621, 1885878, 2446173, 2446307, 2909034}
)
# 33: an object that is not to be seen, which also comes for one that was just made. 1487390: "try again
# later", which comes and goes
# (https://github.com/justwatchcom/facebook-marketing-api-golang-sdk/pull/90). 1504018: the answer was too
# large.
_META_UNCERTAIN_SUBCODES = frozenset({33, 1487390, 1504018})
BUDGET_CHANGED_TOO_OFTEN = 1487632
"""Meta's subcode of code 613 for a budget that was changed four times within an hour; every other 613 proves
nothing.
"""

# LinkedIn. Client errors in LinkedIn's own shape, whose `status` repeats that of HTTP:
# https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling. Without that shape a
# gateway may have answered.
# Left out: 404, which also comes for an object that was just made; 409 and 412, which no page explains; 408,
# 429, 499 and 5xx.
_LINKEDIN_STATUSES = frozenset({400, 401, 403, 405, 414, 415, 422, 426})
_LINKEDIN_UNCERTAIN_CODES = frozenset({"DUPLICATE_POST"})


def google_ads_refused(status: str, errors: Collection[tuple[str | None, str]]) -> bool:
    """Whether a Google Ads mutate was definitely refused.

    Args:
        status: Name of the gRPC status.
        errors: Of each error in the GoogleAdsFailure, the member of ErrorCode and the name of its value.
            Empty: no failure came.
    """
    if not errors:
        return False
    if status == "UNIMPLEMENTED":
        return set(errors) == {("request_error", "UNSUPPORTED_VERSION")}
    if status == "RESOURCE_EXHAUSTED":
        return all(member == "quota_error" and name in _GOOGLE_QUOTA for member, name in errors)
    return status in _GOOGLE_STATUSES and all(_is_listed(member, name) for member, name in errors)


def _is_listed(member: str | None, name: str) -> bool:
    if name in _GOOGLE_UNNAMED or (member, name) in _GOOGLE_EXCLUDED:
        return False
    return member in _GOOGLE_MEMBERS or (member, name) in _GOOGLE_SINGLE


def google_http_refused(http_status: int, error: Mapping[str, Any]) -> bool:
    """Whether a call to a Google API over HTTP was definitely refused; `error` is the response's `error`
    object.

    Only a response with the API's own reason (google.rpc.ErrorInfo) counts: without it, a proxy may have sent
    it.
    """
    details = [detail for detail in error.get("details") or () if isinstance(detail, dict)]
    gives_reason = any(detail.get("reason") for detail in details)
    is_listed = error.get("status") in _GOOGLE_HTTP.get(http_status, ())
    return gives_reason and is_listed and error.get("code") == http_status


def meta_refused(http_status: int, error: Mapping[str, Any]) -> bool:
    """Whether a Meta write was definitely refused; `error` is the response's `error` object."""
    code, subcode = error.get("code"), error.get("error_subcode")
    is_whole_number = isinstance(code, int) and not isinstance(code, bool)
    if http_status not in _META_STATUSES or not is_whole_number or error.get("is_transient"):
        return False
    if code == 100:
        if http_status != 400 or subcode in _META_UNCERTAIN_SUBCODES:
            return False
        return subcode in _META_SUBCODES_OF_100 or _blames_a_parameter(error.get("error_data"))
    return code in _META_CODES or (code, subcode) == (613, BUDGET_CHANGED_TOO_OFTEN)


def _blames_a_parameter(error_data: Any) -> bool:
    """Whether `error_data` (an object, or JSON text of one) names the invalid parameter."""
    if isinstance(error_data, str):
        try:
            error_data = msgspec.json.decode(error_data)
        except msgspec.DecodeError:
            return False
    return isinstance(error_data, dict) and bool(error_data.get("blame_field_specs"))


def linkedin_refused(http_status: int, body: Mapping[str, Any]) -> bool:
    """Whether a LinkedIn call on one entity was definitely refused; `body` is the whole response."""
    return (
        http_status in _LINKEDIN_STATUSES
        and body.get("status") == http_status
        and body.get("code") not in _LINKEDIN_UNCERTAIN_CODES
    )
