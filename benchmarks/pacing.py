"""Where months will end, projected from their days 3, 7, 14 and 21: ours beside everybody's, on the same
months.

On real data (`--data DIR`, any file of columns that `pacing_sets.real_sets` knows) nothing is known
beforehand. On a sandbox world (`--world W --seed N`) planned budget changes and pauses are known to ours, as
they are to whoever plans them, and the set made after BASELINES 2 is measured too; "ours, nothing known" is
in the same table. Errors are shares of the month. `--size` is how many months of each set the slow peers are
measured on (60): ours and the quick ones stand there on the same months.
"""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pandas as pd

from assets.signals.pacing import project
from benchmarks.pacing_peers import QUICK, Peer, libraries
from benchmarks.pacing_sets import Set, made_set, real_sets, world_set
from sandbox.world import load_world

DAYS = (3, 7, 14, 21)
FEWEST_BEFORE, LEAST_OF_USUAL, FEWEST_SPENDING, MOSTLY = 28, 0.1, 10, 0.4
SAMPLE, TIMED = 60, 1_000
Row = dict[str, Any]


def measure(
    *, seed: int, world: str | None, size: int | None, say: Callable[[str], None], data: Path | None = None
) -> dict[str, Any]:
    """Error, coverage, width and time of ours, and error and time of the peers, over all sets and for
    each.
    """
    sets = (
        real_sets(data)
        if data and not world
        else [world_set(load_world(world or "kind", seed=seed), seed), made_set(seed)]
    )
    if not sets:
        raise FileNotFoundError(
            f"No file in {data} has columns that the pacing benchmark knows: series_id, day, spend"
        )
    slow = libraries(say)
    rows: list[Row] = []
    for panel_set in sets:
        rows += measured(panel_set, slow, sample=size or SAMPLE, seed=seed)
        say(
            f"{panel_set.name}: "
            f"{len({(r['series'], r['month']) for r in rows if r['set'] == panel_set.name})} months"
        )
    table = pd.DataFrame(rows)
    on_all, on_some = (
        table[table["method"].isin(["ours", "ours, nothing known", *QUICK])],
        table[table["sampled"]],
    )
    figures = {method: _figures(set_rows) for method, set_rows in on_all.groupby("method")}
    some = {method: _figures(set_rows) for method, set_rows in on_some.groupby("method")}
    say("all months\n" + pd.DataFrame(figures).T.dropna(axis=1, how="all").round(3).to_string())
    say(
        "months that every peer was measured on\n"
        + pd.DataFrame(some).T.dropna(axis=1, how="all").round(3).to_string()
    )
    for name, set_rows in on_some.groupby("set"):
        say(
            f"{name}\n"
            + set_rows.pivot_table(index="method", columns="day", values="error")
            .mul(100)
            .round(2)
            .to_string()
        )
    seconds = seconds_for_a_thousand(seed)
    ours = (
        figures.pop("ours")
        | {f"sampled_mape_{day}": some["ours"][f"mape_{day}"] for day in DAYS}
        | {"seconds_1000": seconds}
    )
    peers = {name: some[name] for name in some if name != "ours"} | {
        f"{name} (all months)": mean_figures for name, mean_figures in figures.items()
    }
    return {
        "figures": _rounded(ours),
        "peers": {name: _rounded(mean_figures) for name, mean_figures in peers.items()},
        "ratios": _rounded(_ratios(ours, some, figures, seconds)),
    }


def _ratios(ours: Row, some: dict[str, Row], everywhere: dict[str, Row], seconds: float) -> Row:
    """Ours over the best peer on the same months (below 1 is better), and the best peer's time over ours."""
    others = {name: figure for name, figure in some.items() if not name.startswith("ours")}
    ratios = {
        f"mape_{day}_vs_best": (
            ours[f"sampled_mape_{day}"] / min(figure[f"mape_{day}"] for figure in others.values())
        )
        for day in DAYS
    }
    quick = [figure for name, figure in everywhere.items() if not name.startswith("ours")]
    ratios |= {
        f"mape_{day}_vs_quick": ours[f"mape_{day}"] / min(figure[f"mape_{day}"] for figure in quick)
        for day in DAYS
    }
    best = min(
        (name for name in others if others[name]["seconds_1000"] > 1),
        default=None,
        key=lambda name: others[name]["mape_14"],
    )
    return ratios | ({"times_faster": others[best]["seconds_1000"] / seconds} if best else {})


def measured(panel_set: Set, slow: dict[str, Peer], *, sample: int, seed: int) -> list[Row]:
    """A row per month, day of projection and method."""
    spend = matrix(panel_set.days)
    cases = [(series, month) for month in months(spend) for series in eligible(spend, month)]
    order = np.random.default_rng(seed).permutation(len(cases))[:sample]
    chosen = {cases[n] for n in order}
    rows: list[Row] = []
    for month in months(spend):
        names = eligible(spend, month)
        for day in DAYS:
            as_of = month + pd.Timedelta(days=day - 1)
            begun = [name for name in names if (spend.loc[name, :as_of] > 0).any()]
            rows += _ours(panel_set, spend, month, as_of, begun, chosen)
            for name in begun:
                rows += _others(panel_set, spend.loc[name], month, as_of, (name, month) in chosen, slow)
    return rows


def matrix(days: pd.DataFrame) -> pd.DataFrame:
    """Spend by series and consecutive day; a day without a row had none."""
    wide = days.pivot_table(index="series_id", columns="day", values="spend", aggfunc="sum", fill_value=0.0)
    return wide.reindex(columns=pd.date_range(wide.columns.min(), wide.columns.max()), fill_value=0.0)


def months(spend: pd.DataFrame) -> list[pd.Timestamp]:
    """First days of the months that are whole in `spend` and have four weeks before them."""
    first, last = spend.columns[0] + pd.Timedelta(days=FEWEST_BEFORE), spend.columns[-1]
    return [m for m in pd.date_range(first, last, freq="MS") if m + pd.offsets.MonthEnd(0) <= last]


def eligible(spend: pd.DataFrame, month: pd.Timestamp) -> list[str]:
    """Series that mostly spend, on ten days of the month or more, and then a tenth of what they usually
    do.
    """
    inside = spend.loc[:, month : month + pd.offsets.MonthEnd(0)]
    usual = spend.mean(axis=1) * inside.shape[1]
    is_in = (inside.sum(axis=1) > LEAST_OF_USUAL * usual) & ((inside > 0).sum(axis=1) >= FEWEST_SPENDING)
    return list(spend.index[is_in & ((spend > 0).mean(axis=1) > MOSTLY)])


def _ours(
    panel_set: Set,
    spend: pd.DataFrame,
    month: pd.Timestamp,
    as_of: pd.Timestamp,
    names: list[str],
    chosen: set[tuple[str, pd.Timestamp]],
) -> list[Row]:
    seen = panel_set.days[pd.to_datetime(panel_set.days["day"]) <= as_of]
    ways: dict[str, Row] = {"ours": {"known": panel_set.known, "budgets": panel_set.budgets}}
    if panel_set.known is not None:
        ways["ours, nothing known"] = {}
    rows = []
    for method, given in ways.items():
        began = perf_counter()
        ends = project(seen, as_of=as_of, **given).set_index("series_id")
        seconds = (perf_counter() - began) / max(len(ends), 1)
        for name in names:
            month_total = float(spend.loc[name, month : month + pd.offsets.MonthEnd(0)].sum())
            low, middle, high = (float(ends.loc[name, key]) for key in ("p10", "p50", "p90"))
            slack = 1e-9 * month_total
            rows.append(
                {
                    "set": panel_set.name,
                    "method": method,
                    "series": name,
                    "month": month,
                    "day": (as_of - month).days + 1,
                    "error": abs(middle - month_total) / month_total,
                    "covered": low - slack <= month_total <= high + slack,
                    "width": (high - low) / month_total,
                    "seconds": seconds,
                    "sampled": (name, month) in chosen,
                }
            )
    return rows


def _others(
    panel_set: Set,
    spend: pd.Series,
    month: pd.Timestamp,
    as_of: pd.Timestamp,
    is_chosen: bool,  # noqa: FBT001
    slow: dict[str, Peer],
) -> list[Row]:
    past = spend[spend.index <= as_of]
    past = past.loc[past.ne(0).idxmax() :]
    inside = spend[month : month + pd.offsets.MonthEnd(0)]
    gone, month_total, spent = (as_of - month).days + 1, float(inside.sum()), float(inside[:as_of].sum())
    ahead, values, days = len(inside) - gone, past.to_numpy(float), pd.DatetimeIndex(past.index)
    if len(values) < gone:
        values, days = spend[:as_of].to_numpy(float)[-gone:], pd.DatetimeIndex(spend[:as_of].index[-gone:])
    ends, times = {}, {}
    for name, peer in {**QUICK, **(slow if is_chosen else {})}.items():
        began = process_time()
        ends[name] = spent + peer(values, days, gone, ahead)
        times[name] = process_time() - began
    if "Theta" in ends:
        parts = ("Theta", "last 7 days", "weekday EWMA")
        ends["mean of Theta, last 7 days, EWMA"] = float(np.mean([ends[part] for part in parts]))
        times["mean of Theta, last 7 days, EWMA"] = sum(times[part] for part in parts)
    return [
        {
            "set": panel_set.name,
            "method": name,
            "series": spend.name,
            "month": month,
            "day": gone,
            "error": abs(end - month_total) / month_total,
            "covered": np.nan,
            "width": np.nan,
            "seconds": times[name],
            "sampled": is_chosen,
        }
        for name, end in ends.items()
    ]


def _figures(rows: pd.DataFrame) -> Row:
    by_day, whole = rows.groupby("day")["error"], rows[rows["covered"].notna()]
    figures = {f"mape_{day}": 100 * value for day, value in by_day.mean().items()}
    figures |= {f"median_{day}": 100 * value for day, value in by_day.median().items()}
    figures |= {f"p90_{day}": 100 * value for day, value in by_day.quantile(0.9).items()}
    figures |= {
        f"{name}_mape_{day}": 100 * value
        for (name, day), value in rows.groupby(["set", "day"])["error"].mean().items()
    }
    figures["seconds_1000"] = 1_000 * float(rows["seconds"].mean())
    if whole.empty:
        return figures
    figures |= {
        "coverage": float(whole["covered"].astype(float).mean()),
        "width": float(whole["width"].median()),
    }
    figures |= {
        f"coverage_{day}": float(day_rows.astype(float).mean())
        for day, day_rows in whole.groupby("day")["covered"]
    }
    return figures | {
        f"{name}_coverage": float(day_rows.astype(float).mean())
        for name, day_rows in whole.groupby("set")["covered"]
    }


def seconds_for_a_thousand(seed: int) -> float:
    """The best of three projections of a thousand series with four and a half months of history, from a frame
    to a frame.
    """
    days = made_set(seed, TIMED).days
    days = days[days["day"] <= "2025-05-14"]
    times = []
    for _ in range(3):
        began = perf_counter()
        project(days, as_of="2025-05-14")
        times.append(perf_counter() - began)
    return min(times)


def _rounded(figures: Row) -> Row:
    return {name: round(float(value), 4) for name, value in figures.items()}
