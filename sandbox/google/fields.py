"""Which fields of each resource are honoured: everything else that Google Ads has is refused, never answered
with nothing.

The table is the one that queries are checked against, that GoogleAdsFieldService answers from, and that the
documentation lists.
"""

from functools import lru_cache
from typing import Any

from sandbox.google.failures import VERSION, refused
from sandbox.google.gaql import Query, descriptor_of

VERSIONS = (VERSION, "v25")
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "customer": ("id", "descriptive_name", "currency_code", "time_zone", "manager", "status", "test_account"),
    "customer_client": (
        "client_customer",
        "id",
        "descriptive_name",
        "manager",
        "level",
        "status",
        "currency_code",
        "time_zone",
        "hidden",
        "test_account",
    ),
    "campaign": (
        "id",
        "name",
        "status",
        "advertising_channel_type",
        "bidding_strategy_type",
        "bidding_strategy_system_status",
        "campaign_budget",
        "start_date_time",
        "end_date_time",
        "labels",
    ),
    "campaign_budget": (
        "id",
        "name",
        "amount_micros",
        "explicitly_shared",
        "reference_count",
        "status",
        "period",
        "total_amount_micros",
    ),
    "ad_group": ("id", "name", "status", "campaign", "type", "labels"),
    "ad_group_ad": (
        "status",
        "primary_status",
        "policy_summary.approval_status",
        "policy_summary.review_status",
        "ad_group",
        "labels",
        "ad.id",
        "ad.name",
        "ad.type",
        "ad.final_urls",
        "ad.responsive_search_ad.headlines",
        "ad.responsive_search_ad.descriptions",
        "ad.responsive_search_ad.path1",
        "ad.responsive_search_ad.path2",
    ),
    "ad_group_criterion": (
        "criterion_id",
        "status",
        "negative",
        "type",
        "ad_group",
        "keyword.text",
        "keyword.match_type",
        "cpc_bid_micros",
        "age_range.type",
        "gender.type",
    ),
    "campaign_criterion": (
        "criterion_id",
        "campaign",
        "negative",
        "type",
        "status",
        "keyword.text",
        "keyword.match_type",
        "user_list.user_list",
    ),
    "customer_negative_criterion": ("id", "type", "negative_keyword_list.shared_set"),
    "shared_set": ("id", "name", "type", "status", "member_count", "reference_count"),
    "shared_criterion": (
        "shared_set",
        "criterion_id",
        "type",
        "keyword.text",
        "keyword.match_type",
    ),
    "campaign_shared_set": ("campaign", "shared_set", "status"),
    "conversion_action": (
        "id",
        "name",
        "category",
        "status",
        "primary_for_goal",
        "include_in_conversions_metric",
        "click_through_lookback_window_days",
        "view_through_lookback_window_days",
    ),
    "label": ("id", "name", "status"),
    "user_list": (
        "id",
        "name",
        "type",
        "membership_status",
        "size_for_search",
        "size_for_display",
        "eligible_for_search",
        "eligible_for_display",
        "match_rate_percentage",
    ),
    "asset": ("id", "type", "text_asset.text"),
    "ad_group_ad_asset_view": (
        "ad_group_ad",
        "asset",
        "field_type",
        "enabled",
        "pinned_field",
        "performance_label",
        "source",
    ),
    "search_term_view": ("search_term", "ad_group", "status"),
    "campaign_search_term_view": ("search_term", "campaign"),
    "keyword_view": (),
    "age_range_view": (),
    "gender_view": (),
    "change_event": (
        "change_date_time",
        "change_resource_type",
        "change_resource_name",
        "client_type",
        "user_email",
        "resource_change_operation",
        "changed_fields",
        "campaign",
        "ad_group",
    ),
    "change_status": (
        "last_change_date_time",
        "resource_type",
        "resource_status",
        "campaign",
        "ad_group",
        "shared_set",
    ),
}
"""Per resource its own fields, besides `resource_name`, which every resource has."""

_CAMPAIGN = ("customer", "campaign_budget")
ATTRIBUTED: dict[str, tuple[str, ...]] = {
    "campaign": _CAMPAIGN,
    "campaign_budget": ("customer",),
    "ad_group": ("campaign", *_CAMPAIGN),
    "ad_group_ad": ("ad_group", "campaign", *_CAMPAIGN),
    "ad_group_criterion": ("ad_group", "campaign", *_CAMPAIGN),
    "campaign_criterion": ("campaign", *_CAMPAIGN),
    "customer_negative_criterion": ("customer",),
    "shared_set": ("customer",),
    "shared_criterion": ("shared_set", "customer"),
    "campaign_shared_set": ("campaign", *_CAMPAIGN, "shared_set"),
    "ad_group_ad_asset_view": ("asset", "ad_group_ad", "ad_group", "campaign", *_CAMPAIGN),
    "search_term_view": ("ad_group", "campaign", *_CAMPAIGN),
    "campaign_search_term_view": ("campaign", *_CAMPAIGN),
    "keyword_view": ("ad_group_criterion", "ad_group", "campaign", *_CAMPAIGN),
    "age_range_view": ("ad_group_criterion", "ad_group", "campaign", *_CAMPAIGN),
    "gender_view": ("ad_group_criterion", "ad_group", "campaign", *_CAMPAIGN),
}
"""Other resources whose fields may be selected with a resource."""

_DATES = ("date", "week", "month", "quarter", "year", "day_of_week")
_ACTION = ("conversion_action", "conversion_action_name", "conversion_action_category")
_KEYWORD = (
    "keyword.info.text",
    "keyword.info.match_type",
    "keyword.ad_group_criterion",
    "search_term_match_type",
)
COUNTS = (
    "impressions",
    "clicks",
    "cost_micros",
    "conversions",
    "conversions_value",
    "all_conversions",
    "all_conversions_value",
)
RATIOS = (
    "ctr",
    "average_cpc",
    "average_cpm",
    "average_cost",
    "interactions",
    "interaction_rate",
    "cost_per_conversion",
    "conversions_from_interactions_rate",
    "value_per_conversion",
)
_DELIVERY = (*COUNTS, *RATIOS, "view_through_conversions", "search_impression_share")
_PARTS = (*COUNTS, *RATIOS)
METRICS: dict[str, tuple[str, ...]] = {
    "customer": _DELIVERY,
    "campaign": (*_DELIVERY, "search_budget_lost_impression_share"),
    "ad_group": _DELIVERY,
    "ad_group_ad": _DELIVERY,
    "search_term_view": _PARTS,
    "campaign_search_term_view": _PARTS,
    "keyword_view": _PARTS,
    "age_range_view": _PARTS,
    "gender_view": _PARTS,
    "ad_group_ad_asset_view": ("impressions", "clicks", "cost_micros"),
}
SEGMENTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("customer", "campaign", "ad_group", "ad_group_ad"), (*_DATES, "device", *_ACTION)),
    "search_term_view": (*_DATES, *_KEYWORD),
    "campaign_search_term_view": (*_DATES, *_KEYWORD, "search_term_targeting_status"),
    **dict.fromkeys(("keyword_view", "age_range_view", "gender_view", "ad_group_ad_asset_view"), _DATES),
}
EXCLUSIVE = ({"segments.device"}, {f"segments.{name}" for name in _ACTION})
"""Kinds of segments that are not combined with each other here."""
WITH_ACTION = {"conversions", "conversions_value", "all_conversions", "all_conversions_value"}
WITH_DEVICE = set(_PARTS)


@lru_cache(maxsize=64)
def selectable(resource: str) -> frozenset[str]:
    """Every path that may stand in a query from this resource."""
    names = {
        f"{each}.{name}"
        for each in (resource, *ATTRIBUTED.get(resource, ()))
        for name in ("resource_name", *ATTRIBUTES[each])
    }
    names |= {f"segments.{name}" for name in SEGMENTS.get(resource, ())}
    return frozenset(names | {f"metrics.{name}" for name in METRICS.get(resource, ())})


def check(query: Query, *, version: str = VERSION) -> None:
    """Refuse what the resource does not have, what is not simulated, and combinations that are not.

    Raises:
        Refused: In Google's own words and codes.
    """
    if query.resource not in ATTRIBUTES:
        message = f"The sandbox does not simulate '{query.resource}'."
        raise refused(
            "query_error", "PROHIBITED_RESOURCE_TYPE_IN_FROM_CLAUSE", message, trigger=query.resource
        )
    available = selectable(query.resource)
    filtered = {condition.field for condition in query.conditions}
    for name in query.names:
        descriptor_of(name, version)
        if name not in available:
            raise _prohibited(name, query, in_where=name in filtered and name not in query.fields)
    _check_segments(query)
    _check_change_history(query)


def _prohibited(name: str, query: Query, *, in_where: bool) -> Any:
    message = f"Cannot use '{name}' with '{query.resource}': the sandbox does not honour it."
    if name.startswith("metrics."):
        code = "PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE"
    elif name.startswith("segments."):
        code = "PROHIBITED_SEGMENT_IN_SELECT_OR_WHERE_CLAUSE"
    else:
        code = "PROHIBITED_FIELD_IN_WHERE_CLAUSE" if in_where else "PROHIBITED_FIELD_IN_SELECT_CLAUSE"
    return refused("query_error", code, message, trigger=name)


def _check_segments(query: Query) -> None:
    used = set(query.segments)
    for name in used - set(query.fields) - {"segments.date"}:
        message = f"'{name}' must be in the SELECT clause too."
        raise refused("query_error", "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE", message, trigger=name)
    dated = {f"segments.{name}" for name in _DATES} & set(query.fields)
    if dated and query.days is None:
        message = "Expected filters on the following field to limit a valid date range: 'segments.date'"
        raise refused("query_error", "EXPECTED_FILTERS_ON_DATE_RANGE", message)
    device, action = (bool(kind & used) for kind in EXCLUSIVE)
    if device and action:
        message = "segments.device cannot be combined with segments.conversion_action here."
        raise refused(
            "query_error", "PROHIBITED_FIELD_COMBINATION_IN_SELECT_CLAUSE", message, trigger="segments.device"
        )
    if (device or action) and not query.metrics:
        name = min(used & (EXCLUSIVE[0] | EXCLUSIVE[1]))
        raise refused(
            "query_error", "REQUIRED_SEGMENT_FIELD_MISSING", f"'{name}' needs a metric.", trigger=name
        )
    allowed = WITH_ACTION if action else WITH_DEVICE if device else None
    wrong = (
        [] if allowed is None else [name for name in query.metrics if name.split(".", 1)[1] not in allowed]
    )
    if wrong:
        message = f"Cannot select '{wrong[0]}' with these segments."
        code = "PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE"
        raise refused("query_error", code, message, trigger=wrong[0])


def _check_change_history(query: Query) -> None:
    instants = {"change_event": "change_date_time", "change_status": "last_change_date_time"}
    if query.resource not in instants:
        return
    name = f"{query.resource}.{instants[query.resource]}"
    signs = {sign for c in query.conditions if c.field == name for sign in _ends(c.operator)}
    field = f"{query.resource}_error"
    if signs < {"from", "to"}:
        message = f"{query.resource} needs a finite range of {instants[query.resource]}."
        raise refused(field, "CHANGE_DATE_RANGE_INFINITE", message)
    if query.limit is None:
        raise refused(field, "LIMIT_NOT_SPECIFIED", f"{query.resource} needs a LIMIT of at most 10000.")
    if query.limit > MOST_CHANGES:
        raise refused(field, "INVALID_LIMIT_CLAUSE", "The LIMIT is at most 10000.")


MOST_CHANGES = 10_000


def _ends(operator: str) -> set[str]:
    return {
        "BETWEEN": {"from", "to"},
        "=": {"from", "to"},
        ">": {"from"},
        ">=": {"from"},
        "<": {"to"},
        "<=": {"to"},
    }.get(operator, set())
