"""The three numbers and platforms beside the CRM, as the page shows them: 28 days up to the page's day, ranges with what is uncertain."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from assets.report.days import known
from assets.report.freshness import spoken

DAYS = 28
PAID, ALL, UNATTRIBUTED = "paid", "all", "unattributed"
PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads")


@dataclass(frozen=True)
class FunnelTile:
    """One of the numbers. `kind` is how it reads: spend (money), roas (a multiple) or clicks (a count)."""

    key: str
    label: str
    reads_as: str
    value: float | None
    low: float | None
    high: float | None
    meaning: str


@dataclass(frozen=True)
class FunnelRow:
    """One platform, or all together: what it claims beside what the CRM booked. Claims are None for all together."""

    channel: str
    label: str
    spend: float | None
    claimed_conversions: float | None
    booked_conversions: float | None
    inflation: float | None
    claimed_roas: float | None
    booked_roas: float | None
    qualified: float | None
    cpql: float | None
    cpql_low: float | None
    cpql_high: float | None
    matured: float | None
    pipeline: float | None


@dataclass(frozen=True)
class Funnel:
    """`unattributed` is the share of booked revenue that nobody saw come."""

    tiles: tuple[FunnelTile, ...]
    rows: tuple[FunnelRow, ...]
    unattributed: float | None


def funnel_of(
    days: pd.DataFrame, cpql: pd.DataFrame, pipeline: pd.DataFrame, *, as_of: date
) -> Funnel | None:
    """The funnel of the 28 days up to `as_of`; None where there is no CRM or it knows nothing of these days.

    Args:
        days: core/funnel_day.
        cpql: core/cpql.
        pipeline: core/pipeline.
        as_of: The page's day.
    """
    if days.empty:
        return None
    last = pd.Timestamp(as_of)
    day = pd.to_datetime(days["day"])
    lately = days[(day > last - pd.Timedelta(days=DAYS)) & (day <= last)]
    if lately.empty:
        return None
    sums = lately.groupby("channel")[
        [name for name in lately.columns if name not in {"channel", "day", "currency", "pulled_at"}]
    ].sum(min_count=1)
    cohorts = _recent(cpql, last)
    open_ = (
        pipeline.groupby("channel")["expected"].sum(min_count=1) if len(pipeline) else pd.Series(dtype=float)
    )
    rows = tuple(_row(name, sums, cohorts, open_) for name in (*PLATFORMS, PAID) if name in sums.index)
    revenue = _known(sums["revenue"].get(ALL))
    lost = _known(sums["revenue"].get(UNATTRIBUTED)) or 0.0
    return Funnel(_tiles(sums, cohorts, open_), rows, lost / revenue if revenue else None)


def _recent(cpql: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    """The cohort of all clicks of the 28 days, by channel."""
    start, end = pd.to_datetime(cpql["start_day"]), pd.to_datetime(cpql["end_day"])
    return (
        cpql[(end == last) & ((end - start).dt.days == DAYS - 1)]
        .drop_duplicates("channel")
        .set_index("channel")
    )


def _tiles(sums: pd.DataFrame, cohorts: pd.DataFrame, open_: pd.Series) -> tuple[FunnelTile, ...]:
    paid = sums.loc[PAID] if PAID in sums.index else pd.Series(dtype=float)
    cost = cohorts.loc[PAID] if PAID in cohorts.index else pd.Series(dtype=float)
    spend = _known(paid.get("spend"))
    revenue, least, most = (
        _over(paid.get(name), spend) for name in ("revenue", "revenue_low", "revenue_high")
    )
    cpql, low, high = (_known(cost.get(name)) for name in ("cpql", "cpql_low", "cpql_high"))
    ours = open_.reindex(list(PLATFORMS)).sum(min_count=1)
    return (
        FunnelTile("blended_roas", "Blended paid ROAS", "roas", revenue, least, most, "Booked revenue of paid credit over paid spend; the range is what nobody saw come."),
        FunnelTile("cpql", "CPQL", "cpc", cpql, low, high, "Spend over the qualified leads that its clicks will have brought in the end."),
        FunnelTile("qualified", "Qualified leads", "clicks", _known(paid.get("qualified")), None, None, "Leads that qualified in these days, by paid credit."),
        FunnelTile("pipeline", "Paid pipeline", "spend", known(ours), None, None, "Open deals of paid credit: amount times the chance to win by stage and age."),
    )  # fmt: skip


def _row(name: str, sums: pd.DataFrame, cohorts: pd.DataFrame, open_: pd.Series) -> FunnelRow:
    own: Mapping[Any, Any] = sums.loc[name]
    cost: Mapping[Any, Any] = cohorts.loc[name] if name in cohorts.index else {}
    spend, claimed = known(own["spend"]), known(own["claimed_conversions"])
    booked = (known(own["leads"]) or 0.0) + (known(own["shop_orders"]) or 0.0)
    pipeline = open_.reindex(list(PLATFORMS)).sum(min_count=1) if name == PAID else open_.get(name)
    return FunnelRow(
        channel=name, label="All paid" if name == PAID else spoken(name), spend=spend, claimed_conversions=claimed, booked_conversions=booked,
        inflation=_over(claimed, booked), claimed_roas=_over(own["claimed_value"], spend), booked_roas=_over(own["revenue"], spend),
        qualified=known(own["qualified"]), cpql=_known(cost.get("cpql")), cpql_low=_known(cost.get("cpql_low")), cpql_high=_known(cost.get("cpql_high")),
        matured=_known(cost.get("matured")), pipeline=_known(pipeline),
    )  # fmt: skip


def _over(value: Any, base: float | None) -> float | None:
    found = _known(value)
    return found / base if found is not None and base else None


def _known(value: Any) -> float | None:
    return None if value is None else known(value)
