"""Healthy campaigns with weekdays, drift and counts, and what can be done to them."""

import numpy as np
import pandas as pd

from assets.signals.anomalies import detect

FIRST = pd.Timestamp("2026-01-05")
AMOUNTS = ["spend", "impressions", "clicks", "conversions", "conversion_value"]
RATIOS = ["cpc", "ctr", "cvr", "roas"]


def healthy(seed: int, *, series: int = 12, days: int = 120, start: pd.Timestamp = FIRST) -> pd.DataFrame:
    """So many campaigns named s000 and on, all well: spend of a hundred or so a day, a few per cent of the
    clicks convert."""
    rng = np.random.default_rng([seed, 77])
    shape = (series, days)
    week = 1 + 0.2 * np.sin(2 * np.pi * (np.arange(days)[None, :] + rng.uniform(0, 7, (series, 1))) / 7)
    drift = np.cumsum(rng.normal(0, 0.006, shape), axis=1)
    spend = rng.lognormal(5.5, 0.5, (series, 1)) * week * np.exp(drift + rng.normal(0, 0.1, shape))
    impressions = rng.poisson(
        spend / rng.lognormal(-3.6, 0.3, (series, 1)) * np.exp(rng.normal(0, 0.04, shape))
    )
    clicks = rng.binomial(impressions, rng.uniform(0.02, 0.05, (series, 1)))
    conversions = rng.poisson(
        clicks * rng.uniform(0.04, 0.08, (series, 1)) * np.exp(rng.normal(0, 0.05, shape))
    )
    value = rng.gamma(4.0 * np.maximum(conversions, 1e-9), 20.0) * (conversions > 0)
    parts = (spend, impressions, clicks, conversions, value)
    named = {name: part.ravel().astype(float) for name, part in zip(AMOUNTS, parts, strict=True)}
    ids = np.repeat([f"s{n:03d}" for n in range(series)], days)
    return pd.DataFrame(
        {"series_id": ids, "day": np.tile(pd.date_range(start, periods=days), series)} | named
    )


def multiplied(
    frame: pd.DataFrame, columns: list[str], factor: float, *, first: int, days: int, of: str | None = "s000"
) -> pd.DataFrame:
    """The frame with the columns times `factor` from the day numbered `first` on for so many days, for one
    series or (None) for all."""
    day = places(frame)
    hit = (day >= first) & (day < first + days) & (True if of is None else frame["series_id"] == of)
    changed = frame.copy()
    changed.loc[hit, columns] = changed.loc[hit, columns] * factor
    counts = [name for name in ("impressions", "clicks", "conversions") if name in columns]
    changed[counts] = changed[counts].round()
    return changed


def places(frame: pd.DataFrame) -> pd.Series:
    """The number of each row's day, from 0 on."""
    return (frame["day"] - FIRST).dt.days


def flagged(frame: pd.DataFrame, *, of: str | None = "s000", **more: object) -> pd.DataFrame:
    """The flags of one series, or (None) of all, with `place`, the number of the day."""
    result = detect(frame, **more)
    result = result[result["is_anomaly"] & (True if of is None else result["series_id"] == of)]
    return result.assign(place=places(result), metric=result["metric"].astype(str))


def flags(result: pd.DataFrame) -> set[tuple[str, str, pd.Timestamp]]:
    marked = result[result["is_anomaly"]]
    return set(zip(marked["series_id"].astype(str), marked["metric"].astype(str), marked["day"], strict=True))
