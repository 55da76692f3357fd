"""Drift of a segment since the previous week: population stability index (PSI), less its expectation by
chance.

PSI sums (now - before) * ln(now / before) over the levels of a trait; the trait that moved the most
counts. Sampling alone moves it by about (levels - 1) * (1/now + 1/before), which is subtracted.
"""

import numpy as np
import pandas as pd

LEAST, MOST_LEVELS = 0.05, 10


def drift(now: pd.DataFrame, before: pd.DataFrame, traits: list[str]) -> float | None:
    """The largest index over these columns of the members now and before; None where either had none."""
    if not len(now) or not len(before):
        return None
    return max((_index(now[name], before[name]) for name in traits), default=0.0)


def _index(now: pd.Series, before: pd.Series) -> float:
    if pd.api.types.is_numeric_dtype(before) and not pd.api.types.is_bool_dtype(before):
        edges = np.unique(before.dropna().quantile([0.2, 0.4, 0.6, 0.8]))
        now, before = (_binned(values, edges) for values in (now, before))
    texts = [values.astype(object).where(values.notna(), "not known").astype(str) for values in (now, before)]
    whole = pd.concat(texts).value_counts(normalize=True)
    levels = list(whole[whole >= LEAST].index[:MOST_LEVELS])
    shares = []
    for labels in texts:
        counts = (
            labels.where(labels.isin(levels), "other").value_counts().reindex([*levels, "other"]).fillna(0.0)
        )
        shares.append((counts + 0.5) / (counts.sum() + 0.5 * len(counts)))
    index = float(((shares[0] - shares[1]) * np.log(shares[0] / shares[1])).sum())
    chance = len(levels) * (1 / len(now) + 1 / len(before))
    return max(0.0, index - chance)


def _binned(values: pd.Series, edges: np.ndarray) -> pd.Series:
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    bins = np.searchsorted(edges, np.nan_to_num(numbers), side="right").astype(float)
    return pd.Series(np.where(np.isnan(numbers), np.nan, bins))
