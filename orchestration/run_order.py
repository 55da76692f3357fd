"""The order in which assets run, derived from the asset graph: what automation requests, the command line
runs in the same order.

An asset takes part when it has an automation condition; its condition and its partitions say for which
partitions. Assets that may share a run are grouped into one step, and a step comes after everything it
depends on. Raw is not ordered here: platforms and the CRM are asked first, each in a run of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import dagster as dg
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph, BaseAssetNode

from assets.automation import EVERY_PARTITION, WITH_DETAILS
from assets.partitions import days, weeks


class Extent(Enum):
    """The partitions of an asset that a run covers."""

    EVERY_DAY = "every day that was read"
    DETAIL_DAYS = "the days whose weekly details were read"
    NEWEST_WEEK = "the newest whole week"
    NEWEST_DAY = "the newest day"
    UNPARTITIONED = "no partitions"


@dataclass(frozen=True)
class RunStep:
    """Assets that one run materializes."""

    extent: Extent
    keys: frozenset[dg.AssetKey]

    @property
    def selection(self) -> dg.AssetSelection:
        return dg.AssetSelection.assets(*sorted(self.keys))


def extent_of(node: BaseAssetNode) -> Extent | None:
    """What a run of this asset covers; None for what does not run by itself."""
    condition = node.automation_condition
    if condition is None:
        return None
    if condition.get_label() == WITH_DETAILS:
        return Extent.DETAIL_DAYS
    if node.partitions_def is None:
        return Extent.UNPARTITIONED
    if node.partitions_def == weeks:
        return Extent.NEWEST_WEEK
    if node.partitions_def != days:
        return None
    return Extent.EVERY_DAY if condition.get_label() == EVERY_PARTITION else Extent.NEWEST_DAY


def run_steps(
    graph: BaseAssetGraph, *, wanted: Callable[[BaseAssetNode], bool] = lambda _: True
) -> list[RunStep]:
    """Every asset that runs by itself and is `wanted`, in steps that follow the arrows of the graph.

    A step takes what is ready, together with everything of the same extent (or without partitions) that
    becomes ready by it. The widest extent comes first, so the days are complete before anything judges the
    newest of them.
    """
    extents = {
        node.key: extent
        for node in graph.asset_nodes
        if node.key in graph.executable_asset_keys and wanted(node) and (extent := extent_of(node))
    }
    remaining, steps = dict(extents), []
    while remaining:
        for extent in Extent:
            ready = _reachable(graph, remaining, extent)
            if any(remaining[key] is extent for key in ready):
                steps.append(RunStep(extent, frozenset(ready)))
                remaining = {key: value for key, value in remaining.items() if key not in ready}
                break
    return steps


def _reachable(
    graph: BaseAssetGraph, remaining: dict[dg.AssetKey, Extent], extent: Extent
) -> set[dg.AssetKey]:
    """Remaining assets of one extent, or without partitions, all of whose remaining inputs are among them."""
    ready: set[dg.AssetKey] = set()
    allowed = {
        key
        for key, candidate_extent in remaining.items()
        if candidate_extent in {extent, Extent.UNPARTITIONED}
    }
    while True:
        more = {
            key
            for key in allowed - ready
            if all(
                parent in ready or parent not in remaining
                for member in _run_together(graph, key)
                for parent in graph.get(member).parent_keys - _run_together(graph, key)
            )
        }
        if not more:
            return ready
        ready |= more


def _run_together(graph: BaseAssetGraph, key: dg.AssetKey) -> set[dg.AssetKey]:
    """The assets that the same function writes and that cannot be run apart."""
    members = graph.get_execution_set_asset_and_check_keys(key)
    return {member for member in members if isinstance(member, dg.AssetKey)} | {key}
