"""Whom a platform should look for more of: the customers of the highest expected value who agreed to advertising."""

import pandas as pd

from resources.errors import DataUnusable


def seeds(features: pd.DataFrame, *, share: float = 0.1, fewest: int = 100) -> pd.DataFrame:
    """customer_id and value of the top `share` of all customers by expected value, those who did not agree left out, the most first.

    The threshold is that of all customers: want of consent makes the list shorter, never worse. Of fewer than `fewest` the list is empty, for
    platforms refuse or ignore such lists.

    Args:
        features: customer_id, expected_value and may_advertise, as in segments/customer_features. A value or a consent that is not known
            counts as none.
        share: Of the customers whose value is known, above 0 and at most 1.
        fewest: People a list must have.

    Raises:
        DataUnusable: A column is missing, or the share is none.
    """
    if missing := [
        name for name in ("customer_id", "expected_value", "may_advertise") if name not in features
    ]:
        raise DataUnusable(f"A seed list needs {', '.join(missing)} of segments/customer_features.")
    if not 0 < share <= 1:
        raise DataUnusable(f"A share of {share} is none. Give one above 0 and at most 1.")
    worth = pd.to_numeric(features["expected_value"], errors="coerce").astype(float)
    known = features.assign(value=worth)[worth > 0].sort_values(
        ["value", "customer_id"], ascending=[False, True]
    )
    top = known.head(max(round(len(known) * share), 1) if len(known) else 0)
    agreed = top[top["may_advertise"].fillna(value=False).astype(bool)]
    return (agreed if len(agreed) >= fewest else agreed.head(0))[["customer_id", "value"]].reset_index(
        drop=True
    )
