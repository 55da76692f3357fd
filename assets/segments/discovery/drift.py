"""How much a segment changed since the week before: the population stability index of its members' traits, less what chance gives.

PSI sums (now - before) * ln(now / before) over the levels of a trait; the trait that moved the most counts. Few members move by
chance alone, by about (levels - 1) * (1/now + 1/before), which is taken off.
"""

import numpy as np
import pandas as pd

LEAST, MOST_LEVELS = 0.05, 10


def drift(now: pd.DataFrame, before: pd.DataFrame, traits: list[str]) -> float | None:
    """The index over these columns of the members now and before; None where either had none."""
    if not len(now) or not len(before):
        return None
    return max((_index(now[name], before[name]) for name in traits), default=0.0)


def _index(now: pd.Series, before: pd.Series) -> float:
    if pd.api.types.is_numeric_dtype(before) and not pd.api.types.is_bool_dtype(before):
        edges = np.unique(before.dropna().quantile([0.2, 0.4, 0.6, 0.8]))
        now, before = (_binned(one, edges) for one in (now, before))
    texts = [one.astype(object).where(one.notna(), "not known").astype(str) for one in (now, before)]
    whole = pd.concat(texts).value_counts(normalize=True)
    levels = list(whole[whole >= LEAST].index[:MOST_LEVELS])
    shares = []
    for one in texts:
        counts = one.where(one.isin(levels), "other").value_counts().reindex([*levels, "other"]).fillna(0.0)
        shares.append((counts + 0.5) / (counts.sum() + 0.5 * len(counts)))
    index = float(((shares[0] - shares[1]) * np.log(shares[0] / shares[1])).sum())
    chance = len(levels) * (1 / len(now) + 1 / len(before))
    return max(0.0, index - chance)


def _binned(values: pd.Series, edges: np.ndarray) -> pd.Series:
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    found = np.searchsorted(edges, np.nan_to_num(numbers), side="right").astype(float)
    return pd.Series(np.where(np.isnan(numbers), np.nan, found))
