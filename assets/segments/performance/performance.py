"""Return by segment, platform, campaign and ad set with ranges, and whether an ad set is good or merely well
mixed.

Returns of a segment on a platform are shrunk to the platform's, those of its campaigns and ad sets to the
segment's on that platform. An ad set that reaches more of the paying segments looks good whatever it does;
`mix_adjusted` is its return at the platform's average mix (direct standardisation), where a segment it
does not reach counts as on the platform. Cells of fewer than 20 people are left out of the table.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.segments.performance.cells import LEVELS, SegmentCells, at_level, cells
from assets.segments.performance.shrinkage import Numbers, draw, usual_order

FEWEST_PEOPLE = 20
SURE, MIXED = 0.84, 1.1
"""Standard deviations from the platform's return (80 %, one-sided), and ratio of actual to adjusted return of
a mix effect.
"""
COLUMNS = [
    "segment_id",
    "platform",
    "campaign_id",
    "ad_set_id",
    "basis",
    "people",
    "spend",
    "clicks",
    "impressions",
    "cpc",
    "ctr",
    "qualified",
    "cpql",
    "revenue",
    "roas",
    "roas_low",
    "roas_high",
    "value_to_cost",
    "mix_adjusted",
    "verdict",
]
GOOD, WELL_MIXED, BADLY_MIXED, POOR, USUAL, TOO_FEW = (
    "good",
    "well mixed",
    "badly mixed",
    "poor",
    "as the others",
    "not enough people",
)


@dataclass(frozen=True)
class Performance:
    """The rows, and what is not in them."""

    rows: pd.DataFrame
    left_out: int
    """Cells of fewer than 20 people."""
    untouched_spend: float
    unassigned_spend: float
    spend_unknown: int
    strengths: dict[str, float]
    """Prior strength in orders of usual size, by level."""


def perform(
    people: pd.DataFrame, touches: pd.DataFrame, delivery: pd.DataFrame, credit: pd.DataFrame
) -> Performance:
    """Rows of segments/performance without their day; arguments and errors as of
    `assets.segments.performance.cells.cells`.
    """
    base = cells(people, touches, delivery, credit)
    if base.rows.empty:
        none = pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
        return Performance(none, 0, base.untouched_spend, base.unassigned_spend, base.spend_unknown, {})
    drawn, strengths = _levels(base)
    levels = [_rows(level, rows) for level, rows in drawn.items()]
    whole = pd.concat(levels, ignore_index=True).reindex(columns=COLUMNS)
    is_kept = whole["people"] >= FEWEST_PEOPLE
    return Performance(
        whole[is_kept].reset_index(drop=True),
        int((~is_kept).sum()),
        base.untouched_spend,
        base.unassigned_spend,
        base.spend_unknown,
        strengths,
    )


def _levels(base: SegmentCells) -> tuple[dict[str, pd.DataFrame], dict[str, float]]:
    """Cells of each level with their returns, from the platform down."""
    order = usual_order(base.rows["revenue"].to_numpy(float), base.rows["squares"].to_numpy(float))
    drawn: dict[str, pd.DataFrame] = {}
    strengths: dict[str, float] = {}
    for level in reversed(LEVELS):
        rows = at_level(base, level)
        parent, noise = _parents(rows, drawn.get("platform"), order)
        returns = draw(
            rows["revenue"].to_numpy(float),
            rows["spend"].to_numpy(float),
            parent,
            order=order,
            parent_spread=noise,
        )
        drawn[level] = rows.assign(
            mean=returns.mean, low=returns.low, high=returns.high, spread=returns.spread
        )
        strengths[level] = returns.strength
    platform = drawn["platform"]
    return {
        level: (
            rows
            if level == "platform"
            else rows.merge(_adjusted(rows, platform, LEVELS[level]), on=LEVELS[level])
        )
        for level, rows in drawn.items()
    }, strengths


def _parents(rows: pd.DataFrame, platform: pd.DataFrame | None, order: float) -> tuple[Numbers, Numbers]:
    """Return and standard deviation of each cell's parent: the segment on the platform, and for that the
    platform.
    """
    if platform is not None:
        on = ["segment_id", "platform"]
        parents = rows[on].merge(platform[[*on, "mean", "spread"]], on=on, how="left")
        return parents["mean"].to_numpy(float), parents["spread"].to_numpy(float)
    sums = rows.groupby("platform")[["revenue", "spend"]].transform("sum")
    spend = sums["spend"].where(sums["spend"] > 0)
    return (sums["revenue"] / spend).fillna(0.0).to_numpy(float), (
        np.sqrt(sums["revenue"] * order) / spend
    ).fillna(0.0).to_numpy(float)


def _adjusted(rows: pd.DataFrame, platform: pd.DataFrame, ids: list[str]) -> pd.DataFrame:
    """Per campaign or ad set: return at its platform's mix, and the verdict."""
    mix = platform[["segment_id", "platform", "spend", "mean", "spread"]].rename(
        columns={"spend": "weight", "mean": "usual", "spread": "usual_spread"}
    )
    mix["weight"] /= mix.groupby("platform")["weight"].transform("sum")
    full = (
        rows[ids].drop_duplicates().merge(mix, on="platform").merge(rows, on=["segment_id", *ids], how="left")
    )
    # A segment it never reached counts as on the platform, neither for it nor against it.
    mean, spread = full["mean"].fillna(full["usual"]), full["spread"].fillna(full["usual_spread"])
    full = full.assign(
        adjusted=full["weight"] * mean,
        noise=(full["weight"] * spread) ** 2,
        average=full["weight"] * full["usual"],
    )
    sums = full.groupby(ids, as_index=False).agg(
        mix_adjusted=("adjusted", "sum"),
        noise=("noise", "sum"),
        average=("average", "sum"),
        revenue=("revenue", "sum"),
        all_spend=("spend", "sum"),
        all_people=("people", "sum"),
    )
    actual = (sums["revenue"] / sums["all_spend"]).where(sums["all_spend"] > 0)
    return sums.assign(verdict=_verdicts(sums, actual))[[*ids, "mix_adjusted", "verdict"]]


def _verdicts(sums: pd.DataFrame, actual: pd.Series) -> list[str]:
    """Good and poor refer to the adjusted return; mixed, where the mix alone makes the difference."""
    away = (sums["mix_adjusted"] - sums["average"]) / np.sqrt(sums["noise"]).replace(0.0, np.nan)
    is_above, flatters = actual > sums["average"], actual / sums["mix_adjusted"].replace(0.0, np.nan)
    chosen = np.select(
        [
            sums["all_people"] < FEWEST_PEOPLE,
            away > SURE,
            away < -SURE,
            is_above & (flatters > MIXED),
            ~is_above & (flatters < 1 / MIXED),
        ],
        [TOO_FEW, GOOD, POOR, WELL_MIXED, BADLY_MIXED],
        USUAL,
    )
    return [str(verdict) for verdict in chosen]


def _rows(level: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The table's columns of one level; ratios without a denominator are null."""
    spend = rows["spend"].where(rows["spend"] > 0)
    return rows.assign(
        campaign_id=rows["campaign_id"] if level != "platform" else None,
        ad_set_id=rows["ad_set_id"] if level == "ad_set" else None,
        basis="crm",
        impressions=np.nan,
        ctr=np.nan,
        cpc=rows["spend"] / rows["clicks"].where(rows["clicks"] > 0),
        cpql=rows["spend"] / rows["qualified"].where(rows["qualified"] > 0),
        roas=rows["mean"].where(spend.notna()),
        roas_low=rows["low"].where(spend.notna()),
        roas_high=rows["high"].where(spend.notna()),
        value_to_cost=rows["expected_value"] / spend,
        mix_adjusted=rows["mix_adjusted"] if level != "platform" else np.nan,
        verdict=rows["verdict"] if level != "platform" else None,
    )
