"""Anomaly flags beside those of others, on events that are known; all in one run.

Without `--data`: a sandbox world with incidents drawn for it (or its own), judged every morning by what was
known on that morning, and campaigns generated with faults. With `--data`: real series with labelled windows,
and real keyword series with faults planted. Ours has one setting for all; each peer is shown at its own
default and, as `f1_best`, at the threshold that is best in hindsight. `figures` are of the first set; every
set's stand under its name. Ablations leave one part out.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from assets.signals.anomalies import detect
from assets.signals.anomalies.measures import NAMES
from benchmarks.anomaly_peers import PEERS, metrics_of
from benchmarks.anomaly_scores import Flags, best_in_hindsight, score
from benchmarks.anomaly_sets import LabelledSet, generated, labelled_sets
from benchmarks.anomaly_worlds import IncidentWorld
from resources.policy.anomalies import AnomalyThresholds
from sandbox.world import load_world

FAULTS, MANY, DAYS = 40, 10_000, 90
_ABLATIONS: dict[str, dict[str, Any]] = {
    "without maturity": {},
    "without shrinkage": {"peers_weigh": 0.0},
    "without a calendar": {},
    "without false-discovery control": {"false_discovery": 0.999},
}


def measure(
    *, seed: int, world: str | None, size: int | None, say: Callable[[str], None], data: Path | None = None
) -> dict[str, Any]:
    """Precision, recall, F1, delay, false alarms per 100 series-days and seconds, for ours and the peers."""
    by_set: dict[str, dict[str, Any]] = {}
    peers: dict[str, dict[str, float]] = {}
    for labelled, flags, more in _judged(seed, world, size or FAULTS, data, say):
        result = score(flags, labelled)
        by_set[labelled.name] = result.figures | {"events": len(labelled.events)} | more
        say(f"{labelled.name}: {_words(result.figures)}; found {result.by_kind}")
        for name, figures in _peers(labelled).items():
            say(f"  {name}: {_words(figures)}, best in hindsight {figures['f1_best']:.3f}")
            peers.setdefault(name, figures)
            by_set[labelled.name][f"f1_best_{name}"] = figures["f1_best"]
    if not by_set:
        raise FileNotFoundError(
            f"{data} holds no file with series, timestamp, value and "
            "label, nor one with id, date, impressions and clicks."
        )
    first = next(iter(by_set.values()))
    figures = {key: first[key] for key in ("precision", "recall", "f1", "delay_days", "false_per_100")}
    figures["seconds_10k"] = seconds_of_many(seed) if data is None else np.nan
    best = max(peer["f1_best"] for peer in peers.values())
    return {
        "figures": (
            _rounded(figures)
            | {"sets": {name: _rounded(peer_figures) for name, peer_figures in by_set.items()}}
        ),
        "peers": {name: _rounded(peer_figures) for name, peer_figures in peers.items()},
        "ratios": {"f1_vs_best_peer_in_hindsight": round(figures["f1"] / best, 3)},
    }


def _judged(
    seed: int, world: str | None, faults: int, data: Path | None, say: Callable[[str], None]
) -> Iterator[tuple[LabelledSet, Flags, dict[str, float]]]:
    if data is not None:
        for labelled in labelled_sets(data, seed):
            yield labelled, flags_of(labelled), {}
        return
    built = IncidentWorld(load_world(world or "kind", seed=seed), seed=seed, faults=faults)
    settled = built.settled()
    flags = morning_flags(built, settled)
    more: dict[str, float] = {}
    for name, change in _ABLATIONS.items():
        without = score(
            morning_flags(
                built,
                settled,
                matured=name != "without maturity",
                calendar=name != "without a calendar",
                **change,
            ),
            settled,
        ).figures
        say(f"  {name}: {_words(without)}")
        more |= {f"{key} {name}": without[key] for key in ("f1", "false_per_100")}
    yield settled, flags, more
    made_set = generated(seed)
    yield made_set, flags_of(made_set), {}


def flags_of(labelled: LabelledSet) -> Flags:
    """Our flags of a set, metrics x periods per series, by our one setting."""
    rows = detect(labelled.days)
    flags: Flags = {}
    places = {
        name: pd.Series(np.arange(len(series_rows)), index=np.sort(series_rows["day"].to_numpy()))
        for name, series_rows in labelled.days.groupby("series_id")
    }
    for name, series_rows in rows.groupby("series_id", observed=True):
        metrics = {metric: n for n, metric in enumerate(series_rows["metric"].astype(str).unique())}
        matrix = np.zeros((len(metrics), len(places[name])), bool)
        marked = series_rows[series_rows["is_anomaly"]]
        for metric, day in zip(marked["metric"].astype(str), marked["day"], strict=True):
            matrix[metrics[metric], places[name][day]] = True
        flags[str(name)] = matrix
    return flags


def morning_flags(
    built: IncidentWorld, settled: LabelledSet, *, matured: bool = True, calendar: bool = True, **change: Any
) -> Flags:
    """What each morning said of the days that had just closed, by what was known then."""
    periods = (built.last - built.first).days + 1
    flags = {name: np.zeros((len(NAMES), periods), bool) for name in settled.scored_from}
    policy, days = AnomalyThresholds(**change), built.calendar() if calendar else ()
    for position, frame in built.mornings():
        rows = detect(frame if matured else frame.drop(columns="matured"), policy=policy, calendar=days)
        day = pd.Timestamp(built.first) + pd.Timedelta(days=position)
        newest = rows[
            rows["is_anomaly"]
            & (rows["day"] == rows.groupby("series_id", observed=True)["day"].transform("max"))
        ]
        newest = newest[newest["day"] >= day - pd.Timedelta(days=1)]
        for row in newest.itertuples():
            flags[str(row.series_id)][
                NAMES.index(str(row.metric)), (row.day - pd.Timestamp(built.first)).days
            ] = True
    return flags


def _peers(labelled: LabelledSet) -> dict[str, dict[str, float]]:
    values, peer_figures = metrics_of(labelled), {}
    for name, peer in PEERS.items():
        began = perf_counter()
        scores = {
            series: peer.score(values_of_series, labelled.season)
            for series, values_of_series in values.items()
        }
        seconds = perf_counter() - began
        default = score(
            {series: values_of_series > peer.default for series, values_of_series in scores.items()}, labelled
        )
        _, best = best_in_hindsight(scores, labelled)
        peer_figures[name] = default.figures | {
            "f1_best": best.figures["f1"],
            "false_per_100_best": best.figures["false_per_100"],
            "seconds_1000": 1000 * seconds / len(values),
        }
    return peer_figures


def seconds_of_many(seed: int) -> float:
    """Seconds for 10,000 series x 90 days x 9 metrics."""
    rng = np.random.default_rng([seed, 3])
    shape = (MANY, DAYS)
    spend = rng.lognormal(4, 1, MANY)[:, None] * rng.lognormal(0, 0.15, shape)
    clicks = rng.poisson(spend)
    conversions = rng.poisson(clicks * 0.03)
    frame = pd.DataFrame(
        {
            "series_id": np.repeat(np.arange(MANY).astype(str), DAYS),
            "day": np.tile(pd.date_range("2026-01-01", periods=DAYS), MANY),
            "spend": spend.ravel(),
            "impressions": rng.poisson(spend * 50).ravel(),
            "clicks": clicks.ravel(),
            "conversions": conversions.ravel(),
            "conversion_value": (60.0 * conversions).ravel(),
        }
    )
    began = perf_counter()
    detect(frame)
    return perf_counter() - began


def _words(figures: dict[str, float]) -> str:
    return "precision {precision:.2f}, recall {recall:.2f}, F1 {f1:.3f}, {false_per_100:.2f} false per 100".format(
        **figures
    )


def _rounded(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: round(float(value), 5) if np.isfinite(value) else None for name, value in figures.items()}
