"""Customer value forecasts: ours against textbook models, `lifetimes` and simple rules, on logs with a known
future.

Every log of `--data DIR` with customer_id, value and a day is measured, and five generated ones of `--seed
N` (`--size` customers each): drop-out after orders, drop-out on any day, a yearly season, order value
correlated with frequency and wholesale, and falling rates. `mae` is the mean absolute error of the value
in the horizon per customer, `bias` the error of the total, `top_decile` the share of the value brought by
the tenth of customers with the highest forecast, `coverage` the share of customers inside the 80 % range.
Averages are over logs: mae as a share of the mean value.
"""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from assets.segments.value import value
from benchmarks.value_peers import Peer, peers, summary
from benchmarks.value_sets import CUSTOMERS, Log, made_logs, real_logs

TIMED = 25_000
Row = dict[str, Any]


def measure(
    *, seed: int, world: str | None, size: int | None, say: Callable[[str], None], data: Path | None = None
) -> dict[str, Any]:
    """Error, bias, capture, coverage and time of ours, and of every peer, over all logs and for each."""
    if world is not None:
        raise FileNotFoundError("The value benchmark takes no --world: give --data DIR, --seed and --size")
    logs = (real_logs(data) if data else []) + made_logs(seed, size or CUSTOMERS)
    others = peers(say)
    table = pd.DataFrame([row for log in logs for row in measured(log, others, say)])
    for key in ("mae", "bias", "top_decile"):
        say(
            f"{key}\n"
            + table.pivot_table(index="log", columns="method", values=key, sort=False).round(3).to_string()
        )
    say("coverage\n" + table[table["method"] == "ours"].set_index("log")["coverage"].round(3).to_string())
    figures = {
        method: _figures(rows_of_method) for method, rows_of_method in table.groupby("method", sort=False)
    }
    ours = figures.pop("ours") | {"seconds": seconds(seed)}
    return {
        "figures": _rounded(ours),
        "peers": {name: _rounded(f) for name, f in figures.items()},
        "ratios": _rounded(_ratios(table)),
    }


def measured(log: Log, others: dict[str, Peer], say: Callable[[str], None]) -> list[Row]:
    """A row per method."""
    orders, worth = log.came()
    began = perf_counter()
    forecast = (
        value(log.rows, as_of=log.as_of, horizon_days=log.horizon_days)
        .set_index("customer_id")
        .loc[worth.index]
    )
    took = perf_counter() - began
    held = (forecast["expected_low"] <= worth + 1e-9) & (worth <= forecast["expected_high"] + 1e-9)
    ours = _scores(
        log,
        "ours",
        forecast["expected_orders"].to_numpy(),
        forecast["expected_value"].to_numpy(),
        orders,
        worth,
    )
    rows = [ours | {"coverage": float(held.mean()), "seconds": took}]
    histories, who = summary(log)
    for name, peer in others.items():
        began = perf_counter()
        try:
            foretold = peer(histories, log.horizon_days / 7)
        except Exception as error:  # noqa: BLE001 — each library fails in its own ways
            say(f"{log.name}: {name} gave nothing: {type(error).__name__}")
            continue
        took = perf_counter() - began
        if unknown := int((~np.isfinite(foretold[1])).sum()):
            say(f"{log.name}: {name} has no number for {unknown} of {len(who)} customers")
        counts, numbers = (
            pd.Series(np.nan_to_num(part, nan=0, posinf=0, neginf=0), who).loc[worth.index].to_numpy()
            for part in foretold
        )
        rows.append(
            _scores(log, name, counts, numbers, orders, worth) | {"coverage": np.nan, "seconds": took}
        )
    return rows


def _scores(
    log: Log, method: str, orders: np.ndarray, forecast: np.ndarray, came: pd.Series, worth: pd.Series
) -> Row:
    most = np.argsort(-forecast, kind="stable")[: max(len(worth) // 10, 1)]
    error = float(np.abs(forecast - worth.to_numpy()).mean())
    return {
        "log": log.name,
        "method": method,
        "mae": error,
        "relative_mae": error / float(worth.mean()),
        "bias": forecast.sum() / worth.sum() - 1,
        "top_decile": float(worth.to_numpy()[most].sum() / worth.sum()),
        "mae_orders": float(np.abs(orders - came.to_numpy()).mean()),
    }


def _figures(rows: pd.DataFrame) -> Row:
    figures = {
        "mae": float(rows["relative_mae"].mean()),
        "bias": float(rows["bias"].mean()),
        "absolute_bias": float(rows["bias"].abs().mean()),
        "top_decile": float(rows["top_decile"].mean()),
        "coverage": float(rows["coverage"].mean()),
        "seconds": float(rows["seconds"].mean()),
    }
    for row in rows.to_dict("records"):
        name = str(row["log"]).replace(" ", "_")
        figures |= {
            f"{name}_{key}": float(row[key])
            for key in ("mae", "bias", "top_decile", "mae_orders", "coverage")
        }
    return {key: number for key, number in figures.items() if np.isfinite(number)}


def _ratios(table: pd.DataFrame) -> Row:
    """Per log ours over the best peer of that log, chosen in hindsight: below 1 is better for mae, above 1
    for top_decile.
    """
    ours, rest = (
        table[table["method"] == "ours"].set_index("log"),
        table[table["method"] != "ours"].groupby("log"),
    )
    mae, top = ours["mae"] / rest["mae"].min(), ours["top_decile"] / rest["top_decile"].max()
    ratios = {
        f"{name}_{key}".replace(" ", "_"): float(ratio)
        for key, part in (("mae", mae), ("top_decile", top))
        for name, ratio in part.items()
    }
    return ratios | {"mae_vs_best": float(mae.mean()), "top_decile_vs_best": float(top.mean())}


def seconds(seed: int) -> float:
    """The best of three calls for 25,000 customers, from a frame to a frame."""
    log = made_logs(seed, TIMED)[0]
    times = []
    for _ in range(3):
        began = perf_counter()
        value(log.known, as_of=log.as_of, horizon_days=log.horizon_days)
        times.append(perf_counter() - began)
    return min(times)


def _rounded(figures: Row) -> Row:
    return {name: round(float(number), 4) for name, number in figures.items()}
