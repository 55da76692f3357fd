"""Daily funnel per channel: spend and claims from the platforms; leads, orders and revenue from the CRM.

Claims are never added across platforms, because each platform claims what the others claim too. `paid` and
`all` have booked figures alone.
"""

from collections.abc import Iterable
from datetime import date

import pandas as pd

from assets.core.crm.attribution import UNATTRIBUTED, attribute
from resources.policy.crm import MODELS, Model

PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads")
PAID, ALL = "paid", "all"
COUNTS = {"lead": "leads", "qualified": "qualified", "opportunity": "opportunities", "order": "orders"}
RANGED = ("revenue", "qualified")
"""Figures of `paid` with a range: from none to all of the unattributed outcomes."""
BOOKED = [
    *COUNTS.values(),
    "shop_orders",
    "revenue",
    *(f"{name}_{end}" for name in RANGED for end in ("low", "high")),
]


def shares(
    touchpoints: pd.DataFrame, outcomes: pd.DataFrame, *, model: Model, window_days: int
) -> pd.DataFrame:
    """Each touch's share of each outcome, from `attribute`, with kind, day and is_shop; orders by every
    model, the rest by `model`.

    `is_shop` is `repeat` for an order by a person who ordered before and was not observed to return since.
    """
    parts = []
    for kind in COUNTS:
        of_kind = outcomes[outcomes["kind"] == kind].rename(columns={"value_reporting": "worth"})
        given = of_kind[["outcome_id", "person_id", "at", "worth"]].rename(columns={"worth": "value"})
        for name in MODELS if kind == "order" else (model,):
            credited = attribute(touchpoints, given, model=name, window_days=window_days, repeats_follow=True)
            parts.append(
                credited.assign(
                    kind=kind, is_shop=credited["outcome_id"].map(of_kind.set_index("outcome_id")["is_shop"])
                )
            )
    credited = pd.concat(parts, ignore_index=True)
    is_repeat = (credited["kind"] == "order") & (credited["is_shop"] == "order") & _nobody_came(credited)
    return credited.assign(day=credited["at"].dt.date, is_shop=credited["is_shop"].mask(is_repeat, "repeat"))


def _nobody_came(credited: pd.DataFrame) -> pd.Series:
    """Whether an order's person had ordered before and was not observed since: no platform can claim such an
    order.
    """
    orders = (
        credited[credited["kind"] == "order"].drop_duplicates("outcome_id").sort_values("at", kind="stable")
    )
    before = orders.groupby("person_id")["at"].shift().set_axis(orders["outcome_id"])
    last = credited[credited["kind"] == "order"].groupby("outcome_id")["touch_at"].max().reindex(before.index)
    return (
        credited["outcome_id"]
        .map((last <= before) | (last.isna() & before.notna()))
        .fillna(value=False)
        .astype(bool)
    )


def credit(credited: pd.DataFrame) -> pd.DataFrame:
    """Shares summed by model, kind, day, channel, campaign and ad set. `is_shop` separates orders from
    deals.
    """
    keys = ["model", "kind", "day", "channel", "campaign_id", "ad_set_id", "is_shop"]
    return credited.groupby(keys, dropna=False)[["credit", "value"]].sum(min_count=1).reset_index()


def funnel_days(
    credits_: pd.DataFrame,
    kpi_days: pd.DataFrame,
    *,
    model: Model,
    start: date,
    end: date,
    currency: str,
    paid_revenue: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """A row per channel and day of `start` to `end`: platforms, other channels, `unattributed`, `paid` and
    `all`.

    Args:
        credits_: As `credit` returns it.
        kpi_days: core/kpi_day of the platforms and their total: platform, day, spend, conversions,
            conversion_value.
        model: Attribution model.
        start: First day.
        end: Last day.
        currency: The reporting currency.
        paid_revenue: Revenue of `paid` with its range by day (`PaidShares.by_day`). Without it, unattributed
            orders count as paid as often as the others, and the range goes from none to all of them.
    """
    booked = _booked(credits_[credits_["model"] == model], start, end)
    delivered = _delivered(kpi_days, start, end)
    platforms = delivered[delivered["channel"].isin(PLATFORMS)]
    rows = platforms.merge(booked, on=["channel", "day"], how="outer")
    # A platform that spent and of which the CRM knows nothing that day has booked nothing; that is a zero,
    # not a gap.
    rows[BOOKED] = rows[BOOKED].fillna(0.0)
    whole = delivered.loc[delivered["channel"] == ALL, ["day", "spend"]]
    return pd.concat([rows, _paid(rows, whole, paid_revenue), _all(rows, whole)], ignore_index=True).assign(
        currency=currency
    )


def _booked(credits_: pd.DataFrame, start: date, end: date) -> pd.DataFrame:
    inside = credits_[(credits_["day"] >= start) & (credits_["day"] <= end)]
    counts = inside.pivot_table(
        index=["channel", "day"], columns="kind", values="credit", aggfunc="sum", fill_value=0.0
    ).rename(columns=COUNTS)
    orders = inside[inside["kind"] == "order"]
    revenue = orders.groupby(["channel", "day"])["value"].sum()
    shop = orders[orders["is_shop"] == "order"].groupby(["channel", "day"])["credit"].sum()
    table = (
        counts.reindex(columns=list(COUNTS.values()), fill_value=0.0)
        .assign(shop_orders=shop, revenue=revenue)
        .fillna(0.0)
    )
    ends = {f"{name}_{end}": table[name] for name in RANGED for end in ("low", "high")}
    return table.assign(**ends).reset_index()


def _delivered(kpi_days: pd.DataFrame, start: date, end: date) -> pd.DataFrame:
    days = pd.to_datetime(kpi_days["day"]).dt.date
    inside = kpi_days.assign(day=days)[(days >= start) & (days <= end)]
    names = {"platform": "channel", "conversions": "claimed_conversions", "conversion_value": "claimed_value"}
    return inside.rename(columns=names)[["channel", "day", "spend", "claimed_conversions", "claimed_value"]]


def _paid(rows: pd.DataFrame, spend: pd.DataFrame, revenue: pd.DataFrame | None) -> pd.DataFrame:
    """The platforms together: booked figures are sums; unattributed outcomes are assumed paid as often as the
    others.

    A day has too few orders for that share: it is taken over the 28 days up to the day.
    """
    of_paid = rows[rows["channel"].isin(PLATFORMS)].groupby("day")[BOOKED].sum()
    lost = (
        rows[rows["channel"] == UNATTRIBUTED]
        .groupby("day")[BOOKED]
        .sum()
        .reindex(of_paid.index, fill_value=0.0)
    )
    seen = (
        rows[rows["channel"] != UNATTRIBUTED]
        .groupby("day")[BOOKED]
        .sum()
        .reindex(of_paid.index, fill_value=0.0)
    )
    lately = (
        of_paid.rolling(28, min_periods=1).sum()
        / seen.rolling(28, min_periods=1).sum().where(lambda sums: sums > 0)
    ).fillna(0.0)
    estimated = of_paid + lost * lately
    for name in RANGED:
        estimated[f"{name}_low"], estimated[f"{name}_high"] = of_paid[name], of_paid[name] + lost[name]
    if revenue is not None:
        estimated.update(revenue.set_index("day"))
    return estimated.reset_index().merge(spend, on="day", how="outer").assign(channel=PAID)


def _all(rows: pd.DataFrame, spend: pd.DataFrame) -> pd.DataFrame:
    return (
        rows.groupby("day", as_index=False)[BOOKED]
        .sum()
        .merge(spend, on="day", how="outer")
        .assign(channel=ALL)
    )


def lead_clicks(
    touchpoints: pd.DataFrame, outcomes: pd.DataFrame, *, platforms: Iterable[str] = PLATFORMS
) -> pd.DataFrame:
    """Leads with the click that they cost: channel, campaign_id, ad_set_id, click_at, lead_at, qualified_at.

    It is the last paid click before the lead; without one the last visit, else none.
    """
    leads = outcomes[outcomes["kind"] == "lead"][["person_id", "at"]].rename(columns={"at": "lead_at"})
    qualified = outcomes[outcomes["kind"] == "qualified"].set_index("person_id")["at"]
    visits = touchpoints.merge(leads, on="person_id")
    visits = visits[visits["touch_at"] <= visits["lead_at"]]
    visits = visits.assign(is_paid=visits["channel"].isin(list(platforms))).sort_values(
        ["is_paid", "touch_at"], kind="stable"
    )
    last = visits.drop_duplicates("person_id", keep="last").set_index("person_id")
    with_click = leads.assign(
        channel=leads["person_id"].map(last["channel"]).fillna(UNATTRIBUTED),
        click_at=leads["person_id"].map(last["touch_at"]),
    )
    with_click["click_at"] = with_click["click_at"].fillna(with_click["lead_at"])
    for name in ("campaign_id", "ad_set_id"):
        with_click[name] = with_click["person_id"].map(last[name])
    return with_click.assign(qualified_at=with_click["person_id"].map(qualified)).reset_index(drop=True)
