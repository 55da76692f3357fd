"""Which fields of each kind of node and which parameters of an update are honoured: everything else is
refused.
"""

WRITABLE = {
    "campaign": {"status", "daily_budget", "name", "special_ad_categories", "execution_options"},
    "ad_set": {"status", "daily_budget", "name", "targeting", "execution_options"},
    "ad": {"status", "name", "creative", "execution_options"},
}
"""Parameters of an update that are honoured, by level."""
_SHARED = (
    "id",
    "account_id",
    "name",
    "status",
    "configured_status",
    "effective_status",
    "created_time",
    "updated_time",
    "adlabels",
    "issues_info",
)
_CREATIVE = (
    "id",
    "account_id",
    "name",
    "title",
    "body",
    "link_url",
    "object_story_spec",
    "asset_feed_spec",
    "status",
)
FIELDS: dict[str, dict[str, frozenset[str]]] = {
    "account": dict.fromkeys(
        (
            "id",
            "account_id",
            "name",
            "currency",
            "timezone_name",
            "timezone_offset_hours_utc",
            "account_status",
            "min_daily_budget",
        ),
        frozenset(),
    ),
    "campaign": dict.fromkeys(
        (
            *_SHARED,
            "objective",
            "special_ad_categories",
            "buying_type",
            "start_time",
            "stop_time",
            "daily_budget",
            "lifetime_budget",
            "bid_strategy",
            "is_adset_budget_sharing_enabled",
        ),
        frozenset(),
    ),
    "ad_set": dict.fromkeys(
        (
            *_SHARED,
            "campaign_id",
            "optimization_goal",
            "billing_event",
            "bid_strategy",
            "bid_amount",
            "attribution_spec",
            "learning_stage_info",
            "start_time",
            "end_time",
            "targeting",
            "daily_budget",
            "lifetime_budget",
            "daily_min_spend_target",
            "daily_spend_cap",
        ),
        frozenset(),
    ),
    "ad": (
        dict.fromkeys((*_SHARED, "adset_id", "campaign_id", "ad_review_feedback"), frozenset())
        | {"creative": frozenset(_CREATIVE)}
    ),
    "creative": dict.fromkeys(_CREATIVE, frozenset()),
}
"""Fields of each kind of node that are honoured, with what may be selected inside them.

One that a node has not is left out, as Meta does.
"""
for _level in ("campaign", "ad_set", "ad"):
    FIELDS[_level]["adlabels"] = frozenset({"id", "name"})
NODE_TYPES = {
    "account": "AdAccount",
    "campaign": "Campaign",
    "ad_set": "AdSet",
    "ad": "Ad",
    "creative": "AdCreative",
}
