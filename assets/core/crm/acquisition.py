"""Cost and outcomes of every platform, campaign and ad set: the platforms' figures and the CRM's in one row.

Nothing that the CRM does not know is allocated: credit without a known campaign belongs to its platform only.
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
from assets.core.crm.path_completion import PaidShares
from assets.core.crm.payback import payback
from assets.core.crm.weighted_poisson_interval import range_of_sum

WINDOWS = (28, 90)
EARNING_DAYS = 180
"""Click days from which payback is learned."""
LEVELS: Mapping[str, tuple[str, ...]] = {
    PAID: (),
    "platform": ("channel",),
    "campaign": ("channel", "campaign_id"),
    "ad_set": ("channel", "campaign_id", "ad_set_id"),
}
"""Ids of a row at each level."""
_SUMMED = """
    select '{level}' as level, platform as channel, {ids}, day, spend_reporting::double as spend,
        impressions::double as impressions,
        clicks::double as clicks, conversions as claimed_conversions,
            conversion_value_reporting::double as claimed_value
    from core.{level}_day where day between {since} and $end
"""
DELIVERED = ("spend", "impressions", "clicks", "claimed_conversions", "claimed_value")
DELIVERED_SQL = f"""
    select 'platform' as level, platform as channel, null as campaign_id, null as ad_set_id, day,
        spend::double as spend,
        impressions::double as impressions, clicks::double as clicks, conversions as claimed_conversions,
            conversion_value::double as claimed_value
    from core.kpi_day where platform != 'all' and day between $start and $end
    union all by name
    {_SUMMED.format(level="campaign", ids="campaign_id, null as ad_set_id", since="$start")}
    union all by name
    {_SUMMED.format(level="ad_set", ids="campaign_id, ad_set_id", since="$lately")}
"""
"""`AcquisitionInputs.delivered` from the lake, of the days $start (of ad sets $lately) to $end."""
COST_COLUMNS = ("cpql", "cpql_low", "cpql_high", "matured")


@dataclass(frozen=True)
class AcquisitionInputs:
    """Inputs of the rows, all of them known on the morning after `last`."""

    last: date
    delivered: pd.DataFrame
    """level, channel, campaign_id, ad_set_id, day and `DELIVERED` in the reporting currency."""
    shares: pd.DataFrame
    """Shares of outcomes by the model that counts (`funnel_day.shares`)."""
    funnel: pd.DataFrame
    """core/funnel_day."""
    cpql: pd.DataFrame
    """core/cpql with a cohort of each window."""
    leads: pd.DataFrame
    """`funnel_day.lead_clicks`."""
    deals: pd.DataFrame
    """`channel_pipeline.open_deals`."""
    margin: Mapping[str, float]
    """Share of a sale's value that is left, by platform; a platform without an entry pays back by its whole
    revenue.
    """
    within_days: int
    paid: PaidShares | None = None
    """Paid share of every order, where there are enough orders to account for unobserved touches."""


def acquisition(inputs: AcquisitionInputs) -> pd.DataFrame:
    """Rows of core/acquisition without currency and pulled_at, largest spend first within window and
    level.
    """
    back = {level: _payback(inputs, level) for level in LEVELS if level != "ad_set"}
    open_ = {level: _pipeline(inputs, level) for level in LEVELS}
    orders = inputs.shares[(inputs.shares["kind"] == "order") & inputs.shares["value"].notna()]
    usual = float((orders["value"] / orders["credit"]).mean()) if len(orders) else 0.0
    parts = [
        _rows(inputs, level, days, pipeline=open_[level], usual=usual)
        .join(back.get(level, pd.DataFrame()), on="place")
        .assign(window_days=days, level=level)
        for days in WINDOWS
        for level in LEVELS
    ]
    rows = pd.concat([part for part in parts if len(part)], ignore_index=True)
    rows["channel"] = rows["channel"].fillna(PAID)
    return rows.assign(day=inputs.last, payback_of=rows["channel"].map(lambda name: _basis(inputs, name)))


def _rows(
    inputs: AcquisitionInputs, level: str, days: int, *, pipeline: pd.DataFrame, usual: float
) -> pd.DataFrame:
    """Rows of one level and window without payback; `usual` is the usual value of an order."""
    start = inputs.last - timedelta(days=days - 1)
    rows = _delivered(inputs, level, start)
    rows = rows.join(_counted(inputs, level, start), on="place").join(pipeline, on="place")
    counts = [*COUNTS.values(), "shop_orders", "revenue", "revenue_squares", "qualified_squares"]
    rows[counts] = rows[counts].fillna(0.0)  # the CRM knows of none: that is a zero, not a gap
    if level == PAID:
        rows = _of_all_paid(inputs, rows, start)
    else:
        ends = range_of_sum(rows["revenue"].to_numpy(), rows["revenue_squares"].to_numpy(), usual)
        rows["revenue_low"], rows["revenue_high"] = ends
        ends = range_of_sum(rows["qualified"].to_numpy(), rows["qualified_squares"].to_numpy(), 1.0)
        rows["qualified_low"], rows["qualified_high"] = ends
    rows = _with_cost(inputs, rows, level, start)
    booked, spend = rows["leads"] + rows["shop_orders"], rows["spend"]
    return rows.assign(
        cpc=_over(spend, rows["clicks"]),
        ctr=_over(rows["clicks"], rows["impressions"]),
        cpm=_over(1000 * spend, rows["impressions"]),
        claimed_roas=_over(rows["claimed_value"], spend),
        claim_inflation=_over(rows["claimed_conversions"], booked),
        booked=booked,
        cvr=_over(booked, rows["clicks"]),
        cpl=_over(spend, rows["leads"]),
        roas=_over(rows["revenue"], spend),
        roas_low=_over(rows["revenue_low"], spend),
        roas_high=_over(rows["revenue_high"], spend),
    )


def _keys(frame: pd.DataFrame, level: str) -> pd.Series:
    """Key of each row at that level; empty where the channel is no platform or an id is unknown."""
    if level == PAID:
        return pd.Series(PAID, frame.index).where(frame["channel"].isin(PLATFORMS))
    keys = frame["channel"].where(frame["channel"].isin(PLATFORMS))
    for name in LEVELS[level][1:]:
        keys = keys + " " + frame[name].replace("", None)
    return keys


def _delivered(inputs: AcquisitionInputs, level: str, start: date) -> pd.DataFrame:
    delivered = inputs.delivered[inputs.delivered["level"] == ("platform" if level == PAID else level)]
    delivered = delivered[(delivered["day"] >= start) & (delivered["day"] <= inputs.last)]
    delivered = delivered.assign(place=_keys(delivered, level)).dropna(subset=["place"])
    whole = delivered.groupby("place")[list(DELIVERED)].sum(skipna=False)
    if level == PAID:
        whole[["claimed_conversions", "claimed_value"]] = np.nan
    ids = delivered.drop_duplicates("place").set_index("place")
    for name in ("channel", "campaign_id", "ad_set_id"):
        whole[name] = ids[name] if name in LEVELS[level] else None
    return whole.sort_values("spend", ascending=False, kind="stable").reset_index()


def _counted(inputs: AcquisitionInputs, level: str, start: date) -> pd.DataFrame:
    """Per key its credit of each kind, its revenue, and the sums of squares per outcome."""
    shares = inputs.shares[(inputs.shares["day"] >= start) & (inputs.shares["day"] <= inputs.last)]
    shares = shares.assign(place=_keys(shares, level)).dropna(subset=["place"])
    shares = shares.groupby(["place", "kind", "is_shop", "outcome_id"], dropna=False, as_index=False)[
        ["credit", "value"]
    ].sum(min_count=1)
    columns = [*COUNTS.values(), "shop_orders", "revenue", "revenue_squares", "qualified_squares"]
    if shares.empty:
        return pd.DataFrame(columns=columns, dtype=float)
    counted = shares.pivot_table(
        index="place", columns="kind", values="credit", aggfunc="sum", fill_value=0.0
    ).rename(columns=COUNTS)
    orders, won = shares[shares["kind"] == "order"], shares[shares["kind"] == "qualified"]
    return counted.reindex(columns=list(COUNTS.values()), fill_value=0.0).assign(
        shop_orders=orders[orders["is_shop"] == "order"].groupby("place")["credit"].sum(),
        revenue=orders.groupby("place")["value"].sum(),
        revenue_squares=(orders["value"] ** 2).groupby(orders["place"]).sum(),
        qualified_squares=(won["credit"] ** 2).groupby(won["place"]).sum(),
    )


def _of_all_paid(inputs: AcquisitionInputs, rows: pd.DataFrame, start: date) -> pd.DataFrame:
    """All platforms together, as in core/funnel_day: unattributed outcomes count as paid as often as the
    others.
    """
    paid_days = inputs.funnel[inputs.funnel["channel"] == PAID]
    paid_days = paid_days[(paid_days["day"] >= start) & (paid_days["day"] <= inputs.last)]
    ranged = [f"{figure}_{end}" for figure in ("revenue", "qualified") for end in ("low", "high")]
    names = [*COUNTS.values(), "shop_orders", "revenue", *ranged]
    sums = paid_days[names].sum(min_count=1)
    if inputs.paid is not None:
        in_window = (inputs.paid.day >= start) & (inputs.paid.day <= inputs.last)
        # Days share what is unknown about the loss of touches, so their ranges must not be added.
        sums["revenue"], sums["revenue_low"], sums["revenue_high"] = inputs.paid.paid_value(in_window)
    lost = inputs.deals[inputs.deals["channel"] == UNATTRIBUTED]
    share = (
        1.0 - float(lost["credit"].sum()) / float(inputs.deals["credit"].sum()) if len(inputs.deals) else 1.0
    )
    scaled = {
        name: rows[name] / share if share > 0 else rows[name]
        for name in ("pipeline", "pipeline_low", "pipeline_high")
    }
    return rows.assign(**{name: float(sums[name]) for name in names}, **scaled)


def _pipeline(inputs: AcquisitionInputs, level: str) -> pd.DataFrame:
    """Per key the expected value of its open deals with an 80 % range: each deal is won or not (gamma by
    moments).
    """
    deals = inputs.deals.assign(place=_keys(inputs.deals, level)).dropna(
        subset=["place", "amount", "win_chance"]
    )
    deals = deals.assign(amount=deals["amount"].astype(float) * deals["credit"])
    whole = deals.groupby(["place", "deal_id"]).agg(amount=("amount", "sum"), chance=("win_chance", "first"))
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
        pipeline_low=np.where(certain, sums["pipeline"], low),
        pipeline_high=np.where(certain, sums["pipeline"], high),
    ).drop(columns="spread")


def _with_cost(inputs: AcquisitionInputs, rows: pd.DataFrame, level: str, start: date) -> pd.DataFrame:
    """The rows with the final cost of a qualified lead: platforms from core/cpql, campaigns and ad sets by
    shrinkage.
    """
    if level in {PAID, "platform"}:
        cohorts = inputs.cpql[(inputs.cpql["start_day"] == start) & (inputs.cpql["end_day"] == inputs.last)]
        costs = cohorts.drop_duplicates("channel").set_index("channel")[list(COST_COLUMNS)]
        return rows.join(costs, on="place")
    leads = inputs.leads.assign(place=_keys(inputs.leads, level)).dropna(subset=["place"])
    now = pd.Timestamp(inputs.last + timedelta(days=1), tz="UTC")
    ends = eventual(leads, now=now, start=start, end=inputs.last, within_days=inputs.within_days).set_index(
        "place"
    )
    # Less than one is no price: the spend bought something else.
    ends = ends[ends["projected"] >= 1.0]
    with_projection = rows.join(
        ends[["projected", "projected_low", "projected_high"]].assign(done=ends["qualified"]), on="place"
    )
    return with_projection.assign(
        cpql=_over(with_projection["spend"], with_projection["projected"]),
        cpql_low=_over(with_projection["spend"], with_projection["projected_high"]),
        cpql_high=_over(with_projection["spend"], with_projection["projected_low"]),
        matured=_over(with_projection["done"], with_projection["projected"]),
    )


def _payback(inputs: AcquisitionInputs, level: str) -> pd.DataFrame:
    start = inputs.last - timedelta(days=EARNING_DAYS - 1)
    spent = inputs.delivered[inputs.delivered["level"] == ("platform" if level == PAID else level)]
    spent = spent[(spent["day"] >= start) & (spent["day"] <= inputs.last)]
    spent = spent.assign(place=_keys(spent, level)).dropna(subset=["place"])
    spent = spent.groupby(["place", "day"], as_index=False)["spend"].sum()
    orders = inputs.shares[(inputs.shares["kind"] == "order") & inputs.shares["touch_at"].notna()]
    orders = orders.assign(place=_keys(orders, level), touch_day=orders["touch_at"].dt.date).dropna(
        subset=["place", "value"]
    )
    orders = orders[(orders["touch_day"] >= start) & (orders["day"] <= inputs.last)]
    value = orders["value"].astype(float) * orders["channel"].map(inputs.margin).fillna(1.0).astype(float)
    return payback(orders.assign(value=value), spent, last=inputs.last).set_index("place")


def _basis(inputs: AcquisitionInputs, channel: str) -> str:
    platforms = PLATFORMS if channel == PAID else (channel,)
    return "margin" if all(name in inputs.margin for name in platforms) else "revenue"


def _over(upper: pd.Series, lower: pd.Series) -> pd.Series:
    return pd.to_numeric(upper) / pd.to_numeric(lower).where(lambda values: values > 0)
