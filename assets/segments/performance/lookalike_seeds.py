"""Seed lists for look-alike audiences: the customers of highest expected value who consented to
advertising.
"""

import pandas as pd

from resources.errors import DataUnusable


def seeds(features: pd.DataFrame, *, share: float = 0.1, fewest: int = 100) -> pd.DataFrame:
    """customer_id and value of the top `share` of customers by expected value who consented, highest first.

    The threshold is that of all customers: missing consent makes the list shorter, never worse. Below
    `fewest` the list is empty, because platforms refuse or ignore such lists.

    Args:
        features: customer_id, expected_value and may_advertise, as in segments/customer_features. An unknown
            value or
            consent counts as none.
        share: Of the customers with a known value, above 0 and at most 1.
        fewest: Least people in a list.

    Raises:
        DataUnusable: A column is missing, or the share is out of range.
    """
    if missing := [
        name for name in ("customer_id", "expected_value", "may_advertise") if name not in features
    ]:
        raise DataUnusable(f"A seed list needs {', '.join(missing)} of segments/customer_features.")
    if not 0 < share <= 1:
        raise DataUnusable(f"A share of {share} is none. Give one above 0 and at most 1.")
    worth = pd.to_numeric(features["expected_value"], errors="coerce").astype(float)
    ranked = features.assign(value=worth)[worth > 0].sort_values(
        ["value", "customer_id"], ascending=[False, True]
    )
    top = ranked.head(max(round(len(ranked) * share), 1) if len(ranked) else 0)
    agreed = top[top["may_advertise"].fillna(value=False).astype(bool)]
    return (agreed if len(agreed) >= fewest else agreed.head(0))[["customer_id", "value"]].reset_index(
        drop=True
    )
