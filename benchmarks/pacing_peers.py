"""How others project a month: rates people compute in a sheet, and the libraries, each on the series' own
past alone.

statsforecast and prophet are not part of the project: `.venv/bin/python -m pip install -e '.[benchmarks]'`
brings them. A peer whose library is missing is said to be, and left out.
"""

import logging
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

Peer = Callable[[np.ndarray, pd.DatetimeIndex, int, int], float]
"""The remaining sum, from the days so far, their dates, how many of them are of this month, and the days to
come."""
WINDOW, HALF_LIFE = 56, 7.0


def flat(past: np.ndarray, days: pd.DatetimeIndex, gone: int, ahead: int) -> float:
    return float(past[-gone:].mean() * ahead)


def last_seven(past: np.ndarray, days: pd.DatetimeIndex, gone: int, ahead: int) -> float:
    return float(past[-7:].mean() * ahead)


def seasonal_naive(past: np.ndarray, days: pd.DatetimeIndex, gone: int, ahead: int) -> float:
    return float(np.resize(past[-7:], ahead).sum())


def weekday_rate(past: np.ndarray, days: pd.DatetimeIndex, gone: int, ahead: int) -> float:
    index = weekday_index(past, days)
    return float(past[-gone:].sum() / index[days.day_of_week[-gone:]].sum() * _shape(index, days, ahead))


def weekday_weighted(past: np.ndarray, days: pd.DatetimeIndex, gone: int, ahead: int) -> float:
    index = weekday_index(past, days)
    weight = 0.5 ** (np.arange(len(past))[::-1] / HALF_LIFE)
    return float((past / index[days.day_of_week] * weight).sum() / weight.sum() * _shape(index, days, ahead))


def weekday_index(past: np.ndarray, days: pd.DatetimeIndex) -> np.ndarray:
    """Mean of each weekday over the last eight weeks, as a share of all."""
    recent, of = past[-WINDOW:], days.day_of_week[-WINDOW:]
    means = np.array([recent[of == n].mean() if (of == n).any() else np.nan for n in range(7)])
    whole = np.nanmean(means)
    index = np.where(np.isfinite(means) & (means > 0), means / whole, 1.0) if whole > 0 else np.ones(7)
    return np.maximum(index, 0.05)


def _shape(index: np.ndarray, days: pd.DatetimeIndex, ahead: int) -> float:
    return float(index[(days.day_of_week[-1] + 1 + np.arange(ahead)) % 7].sum())


QUICK: dict[str, Peer] = {
    "flat run rate": flat,
    "last 7 days": last_seven,
    "weekday run rate": weekday_rate,
    "weekday EWMA": weekday_weighted,
    "seasonal naive": seasonal_naive,
}


def libraries(say: Callable[[str], None]) -> dict[str, Peer]:
    """The peers whose libraries are installed; `say` hears of those that are not."""
    peers: dict[str, Peer] = {}
    if find_spec("statsforecast"):
        peers |= {name: _of_statsforecast(name) for name in ("AutoETS", "AutoARIMA", "MSTL", "Theta")}
    else:
        say(
            "statsforecast is not installed: AutoETS, AutoARIMA, MSTL "
            "and Theta are left out (pip install -e '.[benchmarks]')"
        )
    if find_spec("prophet"):
        peers["Prophet"] = _prophet
    else:
        say("prophet is not installed and left out (pip install -e '.[benchmarks]')")
    return peers


def _of_statsforecast(name: str) -> Peer:
    def forecast(past: np.ndarray, days: pd.DatetimeIndex, gone: int, ahead: int) -> float:
        from statsforecast import models

        few: dict[str, Any] = (
            {"max_p": 2, "max_q": 2, "max_P": 1, "max_Q": 1, "nmodels": 20} if name == "AutoARIMA" else {}
        )
        kind = {"Theta": "OptimizedTheta"}.get(name, name)
        model = getattr(models, kind)(season_length=[7] if name == "MSTL" else 7, **few)
        return _sum_of(lambda: model.forecast(y=past, h=ahead)["mean"], past, ahead)

    return forecast


def _prophet(past: np.ndarray, days: pd.DatetimeIndex, gone: int, ahead: int) -> float:
    from prophet import Prophet

    for logger in ("cmdstanpy", "prophet"):
        logging.getLogger(logger).disabled = True
    model = Prophet(
        weekly_seasonality=True, daily_seasonality=False, yearly_seasonality=False, uncertainty_samples=0
    )
    to_come = pd.date_range(days[-1] + pd.Timedelta(days=1), periods=ahead)

    def fitted() -> np.ndarray:
        model.fit(pd.DataFrame({"ds": days, "y": past}))
        return model.predict(pd.DataFrame({"ds": to_come}))["yhat"].to_numpy()

    return _sum_of(fitted, past, ahead)


def _sum_of(forecast: Callable[[], np.ndarray], past: np.ndarray, ahead: int) -> float:
    """The days summed, none below zero; the last seven days where the library gives up."""
    try:
        days = np.asarray(forecast(), dtype=float)
    except Exception:  # noqa: BLE001 — each library fails in its own ways
        days = np.array([np.nan])
    return float(np.clip(days, 0, None).sum()) if np.isfinite(days).all() else float(past[-7:].mean() * ahead)
