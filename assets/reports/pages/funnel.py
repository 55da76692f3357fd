"""The three numbers and platforms beside the CRM, as the page shows them: 28 days up to the page's day,
ranges with what is uncertain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from assets.formatting.platform_names import spoken
from assets.reports.pages.day_frames import known

DAYS, CAMPAIGNS = 28, 12
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


@dataclass(frozen=True)
class FunnelRow:
    """One platform, campaign, or all platforms together: what is claimed beside what the CRM booked.

    Claims are None for all together.
    """

    channel: str
    label: str
    spend: float | None
    claimed_conversions: float | None
    booked_conversions: float | None
    inflation: float | None
    claimed_roas: float | None
    booked_roas: float | None
    roas_low: float | None
    roas_high: float | None
    qualified: float | None
    cpql: float | None
    cpql_low: float | None
    cpql_high: float | None
    matured: float | None
    pipeline: float | None
    payback_days: float | None
    returned: float | None
    """Share of the spend that is back within 90 days of the click."""


@dataclass(frozen=True)
class FunnelSection:
    """`unattributed` is the share of booked revenue that nobody saw come; `pays_back` what payback counts,
    margin or revenue.
    """

    tiles: tuple[FunnelTile, ...]
    rows: tuple[FunnelRow, ...]
    campaigns: tuple[FunnelRow, ...]
    more_campaigns: int
    unattributed: float | None
    pays_back: str


def funnel_of(
    days: pd.DataFrame, acquisition: pd.DataFrame, entities: pd.DataFrame, *, as_of: date
) -> FunnelSection | None:
    """The funnel of the 28 days up to `as_of`; None where there is no CRM or it knows nothing of these days.

    Args:
        days: core/funnel_day.
        acquisition: core/acquisition, which is of one day; of another day's page only the daily figures are
            known.
        entities: core/entities, for the campaigns' names.
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
    newest = acquisition[(acquisition["window_days"] == DAYS) & (pd.to_datetime(acquisition["day"]) == last)]
    by_channel = (
        newest[newest["level"].isin([PAID, "platform"])].drop_duplicates("channel").set_index("channel")
    )
    campaigns = newest[newest["level"] == "campaign"].sort_values("spend", ascending=False, kind="stable")
    names = entities[entities["level"] == "campaign"].drop_duplicates(["platform", "entity_id"])
    names = names.set_index(["platform", "entity_id"])["name"]
    revenue = _known(sums["revenue"].get(ALL))
    lost = _known(sums["revenue"].get(UNATTRIBUTED)) or 0.0
    bases = set(by_channel["payback_of"].dropna())
    return FunnelSection(
        tiles=_tiles(sums, by_channel),
        rows=tuple(
            _row(name, sums.loc[name], by_channel) for name in (*PLATFORMS, PAID) if name in sums.index
        ),
        campaigns=tuple(_campaign(row, names) for row in campaigns.head(CAMPAIGNS).to_dict("records")),
        more_campaigns=max(len(campaigns) - CAMPAIGNS, 0),
        unattributed=lost / revenue if revenue else None,
        pays_back="margin" if bases == {"margin"} else "revenue",
    )


def _tiles(sums: pd.DataFrame, by_channel: pd.DataFrame) -> tuple[FunnelTile, ...]:
    paid = sums.loc[PAID] if PAID in sums.index else pd.Series(dtype=float)
    more: Mapping[Any, Any] = by_channel.loc[PAID] if PAID in by_channel.index else {}
    spend = _known(paid.get("spend"))
    roas, least, most = (_over(paid.get(name), spend) for name in ("revenue", "revenue_low", "revenue_high"))
    leads, fewest, all_ = (_known(paid.get(f"qualified{end}")) for end in ("", "_low", "_high"))

    def ranged(name: str) -> tuple[float | None, float | None, float | None]:
        return _known(more.get(name)), _known(more.get(f"{name}_low")), _known(more.get(f"{name}_high"))

    return (
        FunnelTile("blended_roas", "Blended paid ROAS", "roas", roas, least, most),
        FunnelTile("cpql", "CPQL", "cpc", *ranged("cpql")),
        FunnelTile("qualified", "Qualified leads", "clicks", leads, fewest, all_),
        FunnelTile("pipeline", "Paid pipeline", "spend", *ranged("pipeline")),
    )


def _row(name: str, sums: Mapping[Any, Any], by_channel: pd.DataFrame) -> FunnelRow:
    more: Mapping[Any, Any] = by_channel.loc[name] if name in by_channel.index else {}
    spend, claimed = known(sums["spend"]), known(sums["claimed_conversions"])
    booked = (known(sums["leads"]) or 0.0) + (known(sums["shop_orders"]) or 0.0)
    return FunnelRow(
        channel=name,
        label="All paid" if name == PAID else spoken(name),
        spend=spend,
        claimed_conversions=claimed,
        booked_conversions=booked,
        inflation=_over(claimed, booked),
        claimed_roas=_over(sums["claimed_value"], spend),
        booked_roas=_over(sums["revenue"], spend),
        qualified=known(sums["qualified"]),
        **_later(more),
    )


def _campaign(row: Mapping[Any, Any], names: pd.Series) -> FunnelRow:
    key = (row["channel"], row["campaign_id"])
    return FunnelRow(
        channel=row["channel"],
        label=str(names.get(key, row["campaign_id"])),
        spend=known(row["spend"]),
        claimed_conversions=known(row["claimed_conversions"]),
        booked_conversions=known(row["booked"]),
        inflation=known(row["claim_inflation"]),
        claimed_roas=known(row["claimed_roas"]),
        booked_roas=known(row["roas"]),
        qualified=known(row["qualified"]),
        **_later(row),
    )


def _later(row: Mapping[Any, Any]) -> dict[str, float | None]:
    """What is not a sum of days: ranges, the end of cohorts, open deals, payback."""
    names = (
        "roas_low",
        "roas_high",
        "cpql",
        "cpql_low",
        "cpql_high",
        "matured",
        "pipeline",
        "payback_days",
        "returned",
    )
    return {name: _known(row.get(name)) for name in names}


def _over(value: Any, base: float | None) -> float | None:
    number = _known(value)
    return number / base if number is not None and base else None


def _known(value: Any) -> float | None:
    return None if value is None else known(value)
