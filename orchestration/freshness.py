"""Freshness policies: by when, and how often, what the daily page shows has to be renewed.

Dagster marks an asset as stale in its UI when the policy is not met. The morning pull begins at 05:00 UTC; by
08:00 the page and everything it shows has to be from that morning. Figures of the CRM are read every hour.
"""

from datetime import timedelta

import dagster as dg

PAGE = dg.AssetKey(["reports", "daily_dashboard"])
WEEKLY_PAGE = dg.AssetKey(["reports", "weekly_pacing"])
EVERY_MORNING = dg.FreshnessPolicy.cron(deadline_cron="0 8 * * *", lower_bound_delta=timedelta(hours=3))
EVERY_MONDAY = dg.FreshnessPolicy.cron(deadline_cron="0 10 * * 1", lower_bound_delta=timedelta(hours=10))
EVERY_FEW_HOURS = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(hours=6), warn_window=timedelta(hours=3)
)
RATES = dg.AssetKey(["core", "fx_rate"])
EVERY_NIGHT = dg.FreshnessPolicy.cron(deadline_cron="0 2 * * *", lower_bound_delta=timedelta(hours=2))
WEEKLY_GROUPS = {"segments"}


def with_freshness(definitions: dg.Definitions) -> dg.Definitions:
    """The definitions with a freshness policy on what the page shows, and on what that is made of."""
    graph = definitions.resolve_asset_graph()
    shown = graph.get_ancestor_asset_keys(PAGE, include_self=True) | {WEEKLY_PAGE, RATES}
    policies = {
        key: policy
        for key in shown
        if graph.get(key).is_executable and (policy := policy_of(key, graph.get(key).group_name))
    }

    def applied(spec: dg.AssetSpec) -> dg.AssetSpec:
        return dg.apply_freshness_policy(spec, policies[spec.key]) if spec.key in policies else spec

    return definitions.map_asset_specs(func=applied)


def policy_of(key: dg.AssetKey, group: str) -> dg.FreshnessPolicy | None:
    """The policy of an asset that the page shows.

    None for what the platforms' raw tables hold: one that nobody configured is never materialized, and the
    checks of the pull say where figures are old. None for files that are dropped by hand, which come when
    they come.
    """
    if key == RATES:
        return EVERY_NIGHT
    if group in WEEKLY_GROUPS or key == WEEKLY_PAGE:
        return EVERY_MONDAY
    if key.path[-1].startswith("crm_"):
        return EVERY_FEW_HOURS
    if group == "raw":
        return None
    return EVERY_MORNING
