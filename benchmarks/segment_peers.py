"""Peers of the segment search on recency, frequency and money: k-means, Gaussian mixtures, quintiles, nine
named segments.

None of them uses traits or tests what it finds; the mixture may choose one group, which counts as a
refusal.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture

KS, SILHOUETTE_PEOPLE = range(2, 8), 1500
Peer = Callable[[pd.DataFrame, int], np.ndarray]


def rfm(transactions: pd.DataFrame, ids: np.ndarray, as_of: pd.Timestamp) -> pd.DataFrame:
    """recency_days, orders, revenue per customer; without an order recency is the whole history."""
    bought = transactions[(transactions["value"] > 0) & (transactions["day"] <= as_of)]
    by = bought.groupby("customer_id")
    sums = pd.DataFrame(
        {
            "recency_days": (as_of - by["day"].max()).dt.days,
            "orders": by["day"].size(),
            "revenue": by["value"].sum(),
        }
    ).reindex(ids)
    whole = (as_of - transactions["day"].min()).days
    return sums.fillna({"recency_days": whole, "orders": 0, "revenue": 0.0})


def kmeans(rows: pd.DataFrame, seed: int) -> np.ndarray:
    """k-means at the k of best silhouette."""
    x = _scaled(rows)
    fits = [KMeans(k, n_init=10, random_state=seed).fit_predict(x) for k in KS]
    return max(fits, key=lambda labels: _silhouette(x, labels, seed))


def mixture(rows: pd.DataFrame, seed: int) -> np.ndarray:
    """Gaussian mixture at the number of components of best BIC, one included."""
    x = _scaled(rows)
    fits = [GaussianMixture(k, random_state=seed, reg_covar=1e-4, n_init=2).fit(x) for k in (1, *KS)]
    return min(fits, key=lambda fit: fit.bic(x)).predict(x)


def quintiles(rows: pd.DataFrame, seed: int) -> np.ndarray:
    """Scores of 1 to 5 for each of the three, summed, in five groups."""
    del seed
    return _fifths(_scores(rows).sum(axis=1))


def nine(rows: pd.DataFrame, seed: int) -> np.ndarray:
    """Champions, loyal, new, promising, need attention, about to sleep, at risk, hibernating, lost."""
    del seed
    score = _scores(rows)
    r, fm = score[:, 0], np.ceil(score[:, 1:].mean(axis=1))
    named = [
        (r >= 4) & (fm >= 4),
        (r >= 3) & (fm >= 4),
        (r >= 4) & (fm <= 1),
        (r >= 4) & (fm <= 3),
        (r == 3) & (fm == 3),
        (r == 3) & (fm <= 2),
        (r <= 2) & (fm >= 4),
        (r == 2),
        (r == 1),
    ]
    return np.select(named, range(9), default=8)


PEERS: dict[str, Peer] = {
    "kmeans_rfm": kmeans,
    "mixture_rfm": mixture,
    "rfm_quintiles": quintiles,
    "nine_named": nine,
}


def _scaled(rows: pd.DataFrame) -> np.ndarray:
    x = np.log1p(rows.to_numpy(dtype=float).clip(min=0))
    return (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-9)


def _silhouette(x: np.ndarray, labels: np.ndarray, seed: int) -> float:
    people = np.random.default_rng(seed).permutation(len(x))[:SILHOUETTE_PEOPLE]
    return float(silhouette_score(x[people], labels[people])) if len(set(labels[people])) > 1 else -1.0


def _scores(rows: pd.DataFrame) -> np.ndarray:
    return (
        np.column_stack(
            [
                _fifths(-rows["recency_days"].to_numpy()),
                _fifths(rows["orders"].to_numpy()),
                _fifths(rows["revenue"].to_numpy()),
            ]
        )
        + 1
    )


def _fifths(values: np.ndarray) -> np.ndarray:
    ranks = pd.Series(values).rank(method="average", pct=True).to_numpy()
    return np.clip(np.ceil(ranks * 5) - 1, 0, 4).astype(int)
