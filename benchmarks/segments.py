"""Segment search against RFM peers: on worlds with known segments, on worlds without any, and on real order
logs.

`ari`: adjusted Rand index with the true segments (0 where nothing is found). `eta2`: share of the variance
of log value in the later period that the groups explain; `eta2_conversion` the same of whether anything
was bought. `refusal`: share of worlds without segments in which none are found. `kept`: share of true
segments of which one found segment has at least half. `--world` is a kind of benchmarks/segment_worlds.py,
or a sandbox world whose customers have segments; `--size` customers of each generated world.
"""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from assets.segments.discovery import segment
from assets.segments.discovery.acceptance import difference, explained
from assets.segments.discovery.agreement import adjusted_rand, overlaps
from benchmarks.customers import customers
from benchmarks.segment_peers import PEERS, rfm
from benchmarks.segment_worlds import KINDS, SegmentWorld, draw
from sandbox.world import load_world

SIZE, WORLDS, EMPTY_WORLDS, RANDOM_SPLITS = 4000, 2, 7, 100
LOGS = {
    "cdnow_transactions.csv": ("date", "1997-09-30"),
    "online_retail_invoices.csv": ("ts", "2011-06-09"),
}
LATER_DAYS = 120
Say = Callable[[str], None]
Labels = dict[str, np.ndarray]


def measure(
    *, seed: int, world: str | None, size: int | None, say: Say, data: Path | None = None
) -> dict[str, Any]:
    """Figures of ours and of every peer, over all worlds and for each kind."""
    rows: list[dict[str, Any]] = []
    for sample in _worlds(seed, world, size or SIZE) if data is None or world is not None else []:
        began = perf_counter()
        rows += _measured(sample, seed)
        say(f"{sample.name}: {perf_counter() - began:.1f} s; " + _told(rows[-1 - len(PEERS) :]))
    logs = _logs(data) if data is not None else []
    for sample in logs:
        rows += _measured(sample, seed)
        say(f"{sample.name}: " + _told(rows[-1 - len(PEERS) :]))
    if not rows:
        raise FileNotFoundError(f"{data} has none of {', '.join(LOGS)}")
    table = pd.DataFrame(rows)
    by_method = {
        str(name): _figures(rows_of_method) for name, rows_of_method in table.groupby("method", sort=False)
    }
    ours = by_method.pop("ours")
    if data is None:
        ours["random_splits_refused"] = _random_splits_refused(seed, size or SIZE)
    best = max((peer["eta2"] for peer in by_method.values()), default=0.0)
    ratios = {"eta2_to_best_peer": round(ours["eta2"] / best, 3) if best else None}
    return {"figures": ours, "peers": by_method, "ratios": ratios}


def _worlds(seed: int, world: str | None, size: int) -> list[SegmentWorld]:
    if world is not None and world not in KINDS:
        return [_sandbox(world, seed)]
    kinds = [world] if world is not None else list(KINDS)
    return [
        draw(kind, seed=1000 * seed + turn, size=size)
        for kind in kinds
        for turn in range(EMPTY_WORLDS if kind in EMPTY else WORLDS)
    ]


EMPTY = ("structureless", "alike", "decoration")


def _sandbox(name: str, seed: int) -> SegmentWorld:
    """Customers of a sandbox world on a morning, and what they bought in the months after it."""
    world = load_world(name).model_copy(update={"seed": seed})
    later = customers(world)
    end = pd.Timestamp(later.at).tz_localize(None).normalize()
    as_of = end - pd.Timedelta(days=LATER_DAYS)
    seen = later.transactions[later.transactions["day"] <= as_of]
    there = later.traits[later.traits["customer_id"].isin(set(seen["customer_id"]))]
    if later.latent.empty:
        truth = np.zeros(len(there), dtype=int)
    else:
        of = later.latent.set_index("customer_id")["segment"]
        truth = pd.factorize(of.loc[there["customer_id"]])[0]
    after = later.transactions[later.transactions["day"] > as_of]
    return SegmentWorld(
        f"sandbox {name}",
        there.reset_index(drop=True),
        seen.reset_index(drop=True),
        _later(after, there["customer_id"].to_numpy()),
        truth,
        as_of,
    )


def _logs(folder: Path) -> list[SegmentWorld]:
    """The known logs of the folder, cut at their usual day; their segments are unknown."""
    logs = []
    for name, (column, as_of) in LOGS.items():
        if not (folder / name).exists():
            continue
        rows = pd.read_csv(folder / name, dtype={"customer_id": str})
        rows["day"] = pd.to_datetime(rows[column]).dt.normalize()
        cut = pd.Timestamp(as_of)
        seen = rows[rows["day"] <= cut]
        ids = seen.loc[seen["value"] > 0, "customer_id"].unique()
        seen = seen[seen["customer_id"].isin(set(ids))]
        logs.append(
            SegmentWorld(
                name.removesuffix(".csv"),
                pd.DataFrame({"customer_id": ids}),
                seen[["customer_id", "day", "value"]],
                _later(rows[rows["day"] > cut], ids),
                np.full(len(ids), -1),
                cut,
            )
        )
    return logs


def _later(rows: pd.DataFrame, ids: np.ndarray) -> pd.DataFrame:
    by = rows.groupby("customer_id")["value"]
    return pd.DataFrame(
        {
            "customer_id": ids,
            "value": by.sum().reindex(ids).fillna(0.0).to_numpy(),
            "orders": by.size().reindex(ids).fillna(0).to_numpy(),
        }
    )


def _measured(world: SegmentWorld, seed: int) -> list[dict[str, Any]]:
    ids = world.customers["customer_id"].to_numpy()
    began = perf_counter()
    segmentation = segment(world.customers, world.transactions, as_of=world.as_of, seed=seed)
    took = perf_counter() - began
    segment_ids = segmentation.assignments.set_index("customer_id")["segment_id"].loc[ids]
    labels: Labels = {"ours": pd.factorize(segment_ids, use_na_sentinel=False)[0]}
    seen = rfm(world.transactions, ids, world.as_of)
    labels |= {name: peer(seen, seed) for name, peer in PEERS.items()}
    stable = segmentation.cards.loc[segmentation.cards["state"] == "active", "tests"]
    agreement = stable.iloc[0]["jaccard"].get("agreement") if len(stable) else None
    return [
        _scores(world, name, groups)
        | ({"seconds": took, "bootstrap_ari": agreement} if name == "ours" else {})
        for name, groups in labels.items()
    ]


def _scores(world: SegmentWorld, method: str, groups: np.ndarray) -> dict[str, Any]:
    count = len(np.unique(groups))
    later = world.later
    value = explained(groups, np.log1p(later["value"].clip(lower=0).to_numpy()))
    conversion = explained(groups, (later["orders"] > 0).to_numpy(dtype=float))
    is_log = bool((world.truth < 0).all())
    row: dict[str, Any] = {"world": world.name, "method": method, "segments": count if count > 1 else 0}
    if world.has_segments or is_log:
        row |= {"eta2_conversion": conversion, "eta2": value}
    if world.has_segments:
        truths = np.unique(world.truth)
        caught = overlaps(np.searchsorted(truths, world.truth), groups, len(truths)) >= 0.5
        row |= {"ari": adjusted_rand(world.truth, groups), "kept": float(caught.mean()) if count > 1 else 0.0}
    elif not is_log:
        row["refusal"] = float(count < 2)
    return row


def _random_splits_refused(seed: int, size: int) -> float:
    """Share of random divisions of customers with real segments that the test of difference refuses."""
    world, rng = draw("separable", seed=1000 * seed, size=size), np.random.default_rng(seed)
    later = world.later
    outcomes = pd.DataFrame(
        {
            "value": later["value"],
            "conversion": (later["orders"] > 0).astype(float),
            "repeat": (later["orders"] > 1).astype(float),
        }
    )
    refused = 0
    for turn in range(RANDOM_SPLITS):
        groups = rng.integers(int(rng.integers(2, 6)), size=len(later))
        measured = difference(groups, outcomes, tried=1, seed=turn, confidence=0.95)
        ratio = measured.ratio
        refused += not (
            measured.chance <= 0.05 and ratio is not None and ratio.value >= 1.3 and ratio.least > 1
        )
    return refused / RANDOM_SPLITS


def _figures(rows: pd.DataFrame) -> dict[str, Any]:
    """Means over worlds: each figure over the worlds it applies to, and for each world by itself."""
    keys = [
        key
        for key in ("ari", "eta2", "eta2_conversion", "refusal", "kept", "bootstrap_ari", "seconds")
        if key in rows and rows[key].notna().any()
    ]
    figures: dict[str, Any] = {key: round(float(rows[key].mean()), 4) for key in keys}
    shown = [key for key in ("ari", "eta2", "refusal", "kept") if key in keys]
    figures["worlds"] = {
        str(name): {
            key: round(float(rows_of_world[key].mean()), 3)
            for key in shown
            if rows_of_world[key].notna().any()
        }
        for name, rows_of_world in rows.groupby("world", sort=False)
    }
    return figures


def _told(rows: list[dict[str, Any]]) -> str:
    parts = []
    for row in rows:
        numbers = " ".join(
            f"{key} {row[key]:.3f}" for key in ("ari", "eta2", "kept", "refusal") if key in row
        )
        parts.append(f"{row['method']} ({row['segments']}) {numbers}")
    return "; ".join(parts)
