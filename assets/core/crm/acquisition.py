"""What every platform, campaign and ad set cost and brought: the platforms' figures and the CRM's in one row.

Nothing that the CRM does not tell is spread: credit whose campaign is not known is its platform's and no campaign's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy.stats import gamma

from assets.core.crm.acquisition_cohorts import eventual
from assets.core.crm.attribution import UNATTRIBUTED
from assets.core.crm.funnel_day import COUNTS, PAID, PLATFORMS
from assets.core.crm.payback import payback
from assets.core.crm.weighted_poisson_interval import range_of_sum

WINDOWS = (28, 90)
EARNING_DAYS = 180
"""Click days that payback is learned from."""
LEVELS: Mapping[str, tuple[str, ...]] = {
    PAID: (),
    "platform": ("channel",),
    "campaign": ("channel", "campaign_id"),
    "ad_set": ("channel", "campaign_id", "ad_set_id"),
}
"""Which ids a row of each level has."""
_SUMMED = """
    select '{level}' as level, platform as channel, {ids}, day, spend_reporting::double as spend, impressions::double as impressions,
        clicks::double as clicks, conversions as claimed_conversions, conversion_value_reporting::double as claimed_value
    from core.{level}_day where day between {since} and $end
"""
DELIVERED = ("spend", "impressions", "clicks", "claimed_conversions", "claimed_value")
DELIVERED_SQL = f"""
    select 'platform' as level, platform as channel, null as campaign_id, null as ad_set_id, day, spend::double as spend,
        impressions::double as impressions, clicks::double as clicks, conversions as claimed_conversions, conversion_value::double as claimed_value
    from core.kpi_day where platform != 'all' and day between $start and $end
    union all by name
    {_SUMMED.format(level="campaign", ids="campaign_id, null as ad_set_id", since="$start")}
    union all by name
    {_SUMMED.format(level="ad_set", ids="campaign_id, ad_set_id", since="$lately")}
"""
"""`Known.delivered` from the lake, of the days $start (of ad sets $lately) to $end."""
COST_COLUMNS = ("cpql", "cpql_low", "cpql_high", "matured")


@dataclass(frozen=True)
class Known:
    """What the rows are made of, all of it known on the morning after `last`."""

    last: date
    delivered: pd.DataFrame
    """level, channel, campaign_id, ad_set_id, day and `DELIVERED` in the reporting currency."""
    shares: pd.DataFrame
    """Shares of outcomes by the model that counts (`figures_of_day.shares`)."""
    funnel: pd.DataFrame
    """core/funnel_day."""
    cpql: pd.DataFrame
    """core/cpql with a cohort of each window."""
    leads: pd.DataFrame
    """`figures_of_day.lead_clicks`."""
    deals: pd.DataFrame
    """`pipeline_of_channels.open_deals`."""
    margin: Mapping[str, float]
    """By platform: the share of a sale's value that is left; a platform that is not named pays back by its whole revenue."""
    within_days: int


def acquisition(known: Known) -> pd.DataFrame:
    """The rows of core/acquisition but for currency and pulled_at, the largest spend first within window and level."""
    back = {level: _payback(known, level) for level in LEVELS if level != "ad_set"}
    open_ = {level: _pipeline(known, level) for level in LEVELS}
    orders = known.shares[(known.shares["kind"] == "order") & known.shares["value"].notna()]
    usual = float((orders["value"] / orders["credit"]).mean()) if len(orders) else 0.0
    parts = [
        _rows(known, level, days, pipeline=open_[level], usual=usual)
        .join(back.get(level, pd.DataFrame()), on="place")
        .assign(window_days=days, level=level)
        for days in WINDOWS
        for level in LEVELS
    ]
    rows = pd.concat([part for part in parts if len(part)], ignore_index=True)
    rows["channel"] = rows["channel"].fillna(PAID)
    return rows.assign(day=known.last, payback_of=rows["channel"].map(lambda name: _basis(known, name)))


def _rows(known: Known, level: str, days: int, *, pipeline: pd.DataFrame, usual: float) -> pd.DataFrame:
    """The rows of one level and window but for payback; `usual` is what an order is usually worth."""
    start = known.last - timedelta(days=days - 1)
    rows = _delivered(known, level, start)
    rows = rows.join(_counted(known, level, start), on="place").join(pipeline, on="place")
    counts = [*COUNTS.values(), "shop_orders", "revenue", "revenue_squares", "qualified_squares"]
    rows[counts] = rows[counts].fillna(0.0)  # the CRM knows of none: that is a zero, not a gap
    if level == PAID:
        rows = _of_all_paid(known, rows, start)
    else:
        ends = range_of_sum(rows["revenue"].to_numpy(), rows["revenue_squares"].to_numpy(), usual)
        rows["revenue_low"], rows["revenue_high"] = ends
        ends = range_of_sum(rows["qualified"].to_numpy(), rows["qualified_squares"].to_numpy(), 1.0)
        rows["qualified_low"], rows["qualified_high"] = ends
    rows = _with_cost(known, rows, level, start)
    booked, spend = rows["leads"] + rows["shop_orders"], rows["spend"]
    return rows.assign(
        cpc=_over(spend, rows["clicks"]), ctr=_over(rows["clicks"], rows["impressions"]), cpm=_over(1000 * spend, rows["impressions"]),
        claimed_roas=_over(rows["claimed_value"], spend), claim_inflation=_over(rows["claimed_conversions"], booked),
        booked=booked, cvr=_over(booked, rows["clicks"]), cpl=_over(spend, rows["leads"]), roas=_over(rows["revenue"], spend),
        roas_low=_over(rows["revenue_low"], spend), roas_high=_over(rows["revenue_high"], spend),
    )  # fmt: skip


def _places(frame: pd.DataFrame, level: str) -> pd.Series:
    """The place of each row at that level, empty where it is not one of a platform's or an id is not known."""
    if level == PAID:
        return pd.Series(PAID, frame.index).where(frame["channel"].isin(PLATFORMS))
    found = frame["channel"].where(frame["channel"].isin(PLATFORMS))
    for name in LEVELS[level][1:]:
        found = found + " " + frame[name].replace("", None)
    return found


def _delivered(known: Known, level: str, start: date) -> pd.DataFrame:
    own = known.delivered[known.delivered["level"] == ("platform" if level == PAID else level)]
    own = own[(own["day"] >= start) & (own["day"] <= known.last)]
    own = own.assign(place=_places(own, level)).dropna(subset=["place"])
    whole = own.groupby("place")[list(DELIVERED)].sum(skipna=False)
    if level == PAID:
        whole[["claimed_conversions", "claimed_value"]] = np.nan
    ids = own.drop_duplicates("place").set_index("place")
    for name in ("channel", "campaign_id", "ad_set_id"):
        whole[name] = ids[name] if name in LEVELS[level] else None
    return whole.sort_values("spend", ascending=False, kind="stable").reset_index()


def _counted(known: Known, level: str, start: date) -> pd.DataFrame:
    """Per place its credit of each kind, its revenue, and their squares, one per outcome."""
    own = known.shares[(known.shares["day"] >= start) & (known.shares["day"] <= known.last)]
    own = own.assign(place=_places(own, level)).dropna(subset=["place"])
    own = own.groupby(["place", "kind", "is_shop", "outcome_id"], dropna=False, as_index=False)[
        ["credit", "value"]
    ].sum(min_count=1)
    columns = [*COUNTS.values(), "shop_orders", "revenue", "revenue_squares", "qualified_squares"]
    if own.empty:
        return pd.DataFrame(columns=columns, dtype=float)
    found = own.pivot_table(
        index="place", columns="kind", values="credit", aggfunc="sum", fill_value=0.0
    ).rename(columns=COUNTS)
    orders, won = own[own["kind"] == "order"], own[own["kind"] == "qualified"]
    return found.reindex(columns=list(COUNTS.values()), fill_value=0.0).assign(
        shop_orders=orders[orders["is_shop"] == "order"].groupby("place")["credit"].sum(), revenue=orders.groupby("place")["value"].sum(),
        revenue_squares=(orders["value"] ** 2).groupby(orders["place"]).sum(), qualified_squares=(won["credit"] ** 2).groupby(won["place"]).sum(),
    )  # fmt: skip


def _of_all_paid(known: Known, rows: pd.DataFrame, start: date) -> pd.DataFrame:
    """All platforms together, as core/funnel_day has them: what nobody saw come counts as often as the rest is paid."""
    own = known.funnel[known.funnel["channel"] == PAID]
    own = own[(own["day"] >= start) & (own["day"] <= known.last)]
    ranged = [f"{one}_{end}" for one in ("revenue", "qualified") for end in ("low", "high")]
    names = [*COUNTS.values(), "shop_orders", "revenue", *ranged]
    sums = own[names].sum(min_count=1)
    lost = known.deals[known.deals["channel"] == UNATTRIBUTED]
    share = (
        1.0 - float(lost["credit"].sum()) / float(known.deals["credit"].sum()) if len(known.deals) else 1.0
    )
    scaled = {
        name: rows[name] / share if share > 0 else rows[name]
        for name in ("pipeline", "pipeline_low", "pipeline_high")
    }
    return rows.assign(**{name: float(sums[name]) for name in names}, **scaled)


def _pipeline(known: Known, level: str) -> pd.DataFrame:
    """Per place what its open deals bring on average, and 80 % of what they may: each is won or not."""
    own = known.deals.assign(place=_places(known.deals, level)).dropna(
        subset=["place", "amount", "win_chance"]
    )
    own = own.assign(amount=own["amount"].astype(float) * own["credit"])
    whole = own.groupby(["place", "deal_id"]).agg(amount=("amount", "sum"), chance=("win_chance", "first"))
    spread = whole["amount"] ** 2 * whole["chance"] * (1.0 - whole["chance"])
    sums = (
        pd.DataFrame({"pipeline": whole["amount"] * whole["chance"], "spread": spread})
        .groupby(level="place")
        .sum()
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        shape, scale = sums["pipeline"] ** 2 / sums["spread"], sums["spread"] / sums["pipeline"]
        low, high = (gamma.ppf(q, shape, scale=scale) for q in (0.1, 0.9))
    certain = ~(sums["spread"] > 0)
    return sums.assign(
        pipeline_low=np.where(certain, sums["pipeline"], low), pipeline_high=np.where(certain, sums["pipeline"], high)
    ).drop(columns="spread")  # fmt: skip


def _with_cost(known: Known, rows: pd.DataFrame, level: str, start: date) -> pd.DataFrame:
    """The rows with what a qualified lead costs in the end: platforms' own from core/cpql, campaigns' and ad sets' drawn towards them."""
    if level in {PAID, "platform"}:
        own = known.cpql[(known.cpql["start_day"] == start) & (known.cpql["end_day"] == known.last)]
        costs = own.drop_duplicates("channel").set_index("channel")[list(COST_COLUMNS)]
        return rows.join(costs, on="place")
    leads = known.leads.assign(place=_places(known.leads, level)).dropna(subset=["place"])
    now = pd.Timestamp(known.last + timedelta(days=1), tz="UTC")
    ends = eventual(leads, now=now, start=start, end=known.last, within_days=known.within_days).set_index(
        "place"
    )
    # Less than one is no price: the spend bought something else.
    ends = ends[ends["projected"] >= 1.0]
    found = rows.join(
        ends[["projected", "projected_low", "projected_high"]].assign(done=ends["qualified"]), on="place"
    )
    return found.assign(
        cpql=_over(found["spend"], found["projected"]), cpql_low=_over(found["spend"], found["projected_high"]),
        cpql_high=_over(found["spend"], found["projected_low"]), matured=_over(found["done"], found["projected"]),
    )  # fmt: skip


def _payback(known: Known, level: str) -> pd.DataFrame:
    start = known.last - timedelta(days=EARNING_DAYS - 1)
    spent = known.delivered[known.delivered["level"] == ("platform" if level == PAID else level)]
    spent = spent[(spent["day"] >= start) & (spent["day"] <= known.last)]
    spent = spent.assign(place=_places(spent, level)).dropna(subset=["place"])
    spent = spent.groupby(["place", "day"], as_index=False)["spend"].sum()
    own = known.shares[(known.shares["kind"] == "order") & known.shares["touch_at"].notna()]
    own = own.assign(place=_places(own, level), touch_day=own["touch_at"].dt.date).dropna(
        subset=["place", "value"]
    )
    own = own[(own["touch_day"] >= start) & (own["day"] <= known.last)]
    value = own["value"].astype(float) * own["channel"].map(known.margin).fillna(1.0).astype(float)
    return payback(own.assign(value=value), spent, last=known.last).set_index("place")


def _basis(known: Known, channel: str) -> str:
    asked = PLATFORMS if channel == PAID else (channel,)
    return "margin" if all(name in known.margin for name in asked) else "revenue"


def _over(upper: pd.Series, lower: pd.Series) -> pd.Series:
    return pd.to_numeric(upper) / pd.to_numeric(lower).where(lambda values: values > 0)
