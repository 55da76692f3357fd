"""What others do, as they come: scores per metric and period, causal, each with the threshold that is its
default.

Rolling z and quartiles (28 days), the same weekday's spread (26 weeks), STL with median deviations, PyOD's
ECOD and Isolation Forest on all metrics jointly, and Anomstack's default: PCA and KNN of PyOD on smoothed
first differences with five lags, mean probability above 0.8. Models are fitted anew every week of periods (a
season), on all that came before.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.anomaly_sets import LabelledSet

Floats = npt.NDArray[np.float64]
WINDOW, WEEKS, STL_PERIODS = 28, 26, 56
_PARTS = {
    "cpc": ("spend", "clicks"),
    "ctr": ("clicks", "impressions"),
    "cvr": ("conversions", "clicks"),
    "roas": ("conversion_value", "spend"),
}


@dataclass(frozen=True)
class Peer:
    """A way to score (series' metrics x periods, season) and the score above which it alarms by default."""

    score: Callable[[Floats, int], Floats]
    default: float


def metrics_of(labelled: LabelledSet) -> dict[str, Floats]:
    """Per series its metrics x periods, ratios of nothing filled with the last that was known."""
    by_series = {}
    for name, series_days in labelled.days.sort_values("day").groupby("series_id", sort=False):
        rows = []
        for metric in labelled.metrics:
            if metric in series_days:
                rows.append(series_days[metric].to_numpy(float))
            else:
                above, below = (series_days[part].to_numpy(float) for part in _PARTS[metric])
                rows.append(np.divide(above, below, out=np.full(len(series_days), np.nan), where=below > 0))
        by_series[str(name)] = pd.DataFrame(rows).T.ffill().bfill().fillna(0.0).to_numpy().T
    return by_series


def _by_row(score: Callable[[pd.Series, int], pd.Series]) -> Callable[[Floats, int], Floats]:
    def scored(values: Floats, season: int) -> Floats:
        return np.stack([score(pd.Series(row), season).abs().fillna(0.0).to_numpy() for row in values])

    return scored


def _rolling_z(x: pd.Series, season: int) -> pd.Series:
    past = x.shift(1).rolling(WINDOW if season == 7 else 4 * season, min_periods=14)
    return (x - past.mean()) / past.std().where(lambda s: s > 0)


def _quartiles(x: pd.Series, season: int) -> pd.Series:
    past = x.shift(1).rolling(WINDOW if season == 7 else 4 * season, min_periods=14)
    low, high = past.quantile(0.25), past.quantile(0.75)
    spread = (high - low).where(lambda s: s > 0)
    return pd.concat([x - high, low - x], axis=1).max(axis=1).clip(lower=0.0) / spread


def _same_slot(x: pd.Series, season: int) -> pd.Series:
    slot = pd.Series(np.arange(len(x)) % season)
    past = x.groupby(slot).shift(1)
    grouped = past.groupby(slot).rolling(WEEKS, min_periods=4)
    mean, sd = grouped.mean().droplevel(0).sort_index(), grouped.std().droplevel(0).sort_index()
    return (x - mean) / sd.where(sd > 0)


def _stl(x: pd.Series, season: int) -> pd.Series:
    from statsmodels.tsa.seasonal import STL

    length = STL_PERIODS if season == 7 else 4 * season
    scores = np.zeros(len(x))
    step = max(1, season // 24)  # of minutes an hour at a time: a fit of four days takes a while
    for t in range(length, len(x), step):
        history = x.to_numpy()[t + step - length : t + step]
        if history.std() == 0:
            continue
        rest = STL(history, period=season, robust=season == 7).fit().resid
        spread = 1.4826 * np.median(np.abs(rest[:-step] - np.median(rest[:-step])))
        scores[t : t + step] = np.abs(rest[-len(scores[t : t + step]) :]) / spread if spread > 0 else 0.0
    return pd.Series(scores)


def _jointly(build: Callable[[], object], fit_from: int) -> Callable[[Floats, int], Floats]:
    """Scores over the model's own threshold; of all metrics together, so they are the same for each."""

    def scored(values: Floats, season: int) -> Floats:
        x = values.T
        scores = np.zeros(len(x))
        step = max(7, season)
        for t in range(max(fit_from, 2 * season), len(x), step):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = build().fit(x[:t])  # type: ignore[attr-defined] # PyOD ships no types
                scores[t : t + step] = model.decision_function(x[t : t + step]) - model.threshold_
        return np.broadcast_to(scores, values.shape)

    return scored


def _ecod() -> object:
    from pyod.models.ecod import ECOD

    return ECOD(contamination=0.02)


def _forest() -> object:
    from pyod.models.iforest import IForest

    return IForest(contamination=0.02, random_state=1)


def _anomstack(values: Floats, season: int) -> Floats:
    from pyod.models.knn import KNN
    from pyod.models.pca import PCA

    scores = np.zeros(values.shape)
    step = max(7, season)
    for n, row in enumerate(values):
        smooth = pd.Series(row).diff().rolling(3).mean()
        lags = pd.concat([smooth.shift(k) for k in range(6)], axis=1).fillna(0.0).to_numpy()
        for t in range(max(28, 2 * season), len(row), step):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                parts = []
                for model in (PCA(contamination=0.01), KNN(contamination=0.01)):
                    model.fit(lags[8:t])
                    parts.append(model.predict_proba(lags[t : t + step])[:, 1])
            scores[n, t : t + step] = np.mean(parts, axis=0)
    return scores


PEERS = {
    "rolling_z": Peer(_by_row(_rolling_z), 3.0),
    "quartiles": Peer(_by_row(_quartiles), 1.5),
    "same_weekday": Peer(_by_row(_same_slot), 2.0),
    "stl_mad": Peer(_by_row(_stl), 3.5),
    "ecod": Peer(_jointly(_ecod, 28), 0.0),
    "isolation_forest": Peer(_jointly(_forest, 28), 0.0),
    "anomstack": Peer(_anomstack, 0.8),
}
