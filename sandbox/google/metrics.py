"""Google's metrics from counts: whole numbers as they are, and ratios that are not there where nothing was
divided.
"""

from collections.abc import Callable

import numpy as np

Counts = dict[str, np.ndarray]
LEAST_SHARE = 0.0999
"""What Google says of every impression share below a tenth."""


def columns(names: list[str], counts: Counts) -> Counts:
    """One array per metric; not a number where Google leaves it out, as search metrics of what is not
    searched.
    """
    if "action" in counts:
        return _of_actions(names, counts)
    conversions = (counts["purchases"] + counts["leads"]).astype(float)
    value = counts["purchase_value_micros"] / 1e6
    clicks, impressions, cost = counts["clicks"], counts["impressions"], counts["spend_micros"]
    available: dict[str, Callable[[], np.ndarray]] = {
        "impressions": lambda: impressions,
        "clicks": lambda: clicks,
        "interactions": lambda: clicks,
        "cost_micros": lambda: cost,
        "conversions": lambda: conversions,
        "conversions_value": lambda: value,
        "all_conversions": lambda: conversions + counts["signups"],
        "all_conversions_value": lambda: value,
        "view_through_conversions": lambda: counts["view_through"],
        "search_impression_share": lambda: _share(counts),
        "search_budget_lost_impression_share": lambda: np.clip(0.6 - _share(counts), 0, 1),
        "ctr": lambda: _ratio(clicks, impressions),
        "interaction_rate": lambda: _ratio(clicks, impressions),
        "average_cpc": lambda: _ratio(cost, clicks),
        "average_cost": lambda: _ratio(cost, clicks),
        "average_cpm": lambda: _ratio(cost * 1_000, impressions),
        "cost_per_conversion": lambda: _ratio(cost, conversions),
        "conversions_from_interactions_rate": lambda: _ratio(conversions, clicks),
        "value_per_conversion": lambda: _ratio(value, conversions),
    }
    return {name: available[name]() for name in names}


def _of_actions(names: list[str], counts: Counts) -> Counts:
    available = {
        "conversions": counts["action"].astype(float),
        "conversions_value": counts["action_value_micros"] / 1e6,
        "all_conversions": counts["all_action"].astype(float),
        "all_conversions_value": counts["all_action_value_micros"] / 1e6,
    }
    return {name: available[name] for name in names}


def _share(counts: Counts) -> np.ndarray:
    impressions = counts["impressions"]
    if "served" in counts:
        share = impressions / (impressions * 1.4 + 400) * counts["served"]
        share = np.where(np.isnan(counts["eligible"]), np.nan, share)
    else:
        share = _ratio(impressions, counts["eligible"])
    return np.clip(share, LEAST_SHARE, 1.0)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    out = np.full(len(above), np.nan)
    return np.divide(above, below, out=out, where=np.asarray(below) > 0)
