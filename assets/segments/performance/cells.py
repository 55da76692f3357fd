"""Cells of segment and ad set: people, spend, clicks and outcomes, before any statistics.

Spend and clicks of an ad set are allocated by the touches of the people the CRM knows; people without a
segment keep their part. Known weakness: people who clicked and left no trace are assumed to resemble those
who did. A customer's expected value is divided over their touches of all channels, so that it is counted
once.
"""

from dataclasses import dataclass

import pandas as pd

from resources.errors import DataUnusable

PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads")
AD_SET = ["platform", "campaign_id", "ad_set_id"]
LEVELS = {"ad_set": AD_SET, "campaign": AD_SET[:2], "platform": AD_SET[:1]}
SUMS = ["spend", "clicks", "qualified", "revenue", "orders", "squares", "expected_value"]
NEEDED = {
    "people": ("customer_id", "segment_id"),
    "touches": ("person_id", "channel", "campaign_id", "ad_set_id"),
    "delivery": (*AD_SET, "spend", "clicks"),
    "credit": ("person_id", "kind", "channel", "campaign_id", "ad_set_id", "credit", "value"),
}


@dataclass(frozen=True)
class SegmentCells:
    """Cells by segment and ad set with their people, and what could not be allocated."""

    rows: pd.DataFrame
    """segment_id, platform, campaign_id, ad_set_id and SUMS."""
    touched: pd.DataFrame
    """customer_id with segment_id, platform, campaign_id and ad_set_id, once each: every level counts people
    anew.
    """
    untouched_spend: float
    """Spend of ad sets none of whose people are known."""
    unassigned_spend: float
    """Spend on people who are in no segment."""
    spend_unknown: int
    """Ad sets of unknown spend; they have no cells."""


def cells(
    people: pd.DataFrame, touches: pd.DataFrame, delivery: pd.DataFrame, credit: pd.DataFrame
) -> SegmentCells:
    """Cells of one period.

    Args:
        people: customer_id, segment_id, and expected_value where known; one row per customer.
        touches: person_id, channel, campaign_id, ad_set_id of the period, a row per touch.
        delivery: platform, campaign_id, ad_set_id, spend and clicks of the period, reporting currency.
        credit: person_id, kind (qualified, order), channel, campaign_id, ad_set_id, credit and value of the
            outcomes.

    Raises:
        DataUnusable: A column is missing, or a customer is in two segments.
    """
    given = {"people": people, "touches": touches, "delivery": delivery, "credit": credit}
    for name, needed in NEEDED.items():
        if missing := [column for column in needed if column not in given[name]]:
            raise DataUnusable(f"Performance by segment: {name} has no column {', '.join(missing)}.")
    if people["customer_id"].duplicated().any():
        raise DataUnusable(
            "Performance by segment: a customer is in two segments. Run segments/customers again."
        )
    who = people.assign(customer_id=people["customer_id"].astype(str)).set_index("customer_id")
    all_touches = _located(touches)
    paid = all_touches[all_touches["platform"].isin(PLATFORMS)].dropna(subset=["ad_set_id"])
    by_ad_set = delivery.groupby(AD_SET, as_index=False)[["spend", "clicks"]].sum(min_count=1)
    with_spend = by_ad_set.dropna(subset=["spend"])
    if paid.empty or with_spend.empty:
        return _nothing(float(with_spend["spend"].sum()), int(by_ad_set["spend"].isna().sum()))
    shares = _shares(paid, who)
    spent = shares.merge(with_spend, on=AD_SET)
    spent = spent.assign(spend=spent["spend"] * spent["share"], clicks=spent["clicks"] * spent["share"])
    is_ours = spent["segment_id"].notna()
    keys = ["segment_id", *AD_SET]
    rows = spent[is_ours][[*keys, "spend", "clicks"]]
    brought = _brought(_located(credit), who).merge(rows[keys], on=keys)
    worth = _worth(all_touches, who)
    rows = rows.merge(brought, on=keys, how="left").merge(worth, on=keys, how="left")
    rows[["qualified", "revenue", "orders", "squares"]] = rows[
        ["qualified", "revenue", "orders", "squares"]
    ].fillna(0.0)
    touched = paid[paid["person_id"].isin(who.index)][["person_id", *AD_SET]].drop_duplicates()
    touched = touched.assign(segment_id=touched["person_id"].map(who["segment_id"])).rename(
        columns={"person_id": "customer_id"}
    )
    whole = float(with_spend["spend"].sum())
    return SegmentCells(
        rows.reset_index(drop=True),
        touched,
        whole - float(spent["spend"].sum()),
        float(spent.loc[~is_ours, "spend"].sum()),
        int(by_ad_set["spend"].isna().sum()),
    )


def _nothing(spend: float, unknown: int) -> SegmentCells:
    """No cells: no person is known of any ad set that spent."""
    keys = ["segment_id", *AD_SET]
    rows = pd.DataFrame(
        {name: pd.Series(dtype=object) for name in keys} | {name: pd.Series(dtype=float) for name in SUMS}
    )
    return SegmentCells(rows, rows[keys].assign(customer_id=pd.Series(dtype=object)), spend, 0.0, unknown)


def at_level(base: SegmentCells, level: str) -> pd.DataFrame:
    """SegmentCells summed to ad set, campaign or platform, with the people of each."""
    keys = ["segment_id", *LEVELS[level]]
    sums = base.rows.groupby(keys, as_index=False)[SUMS].sum(min_count=1)
    people = base.touched.groupby(keys)["customer_id"].nunique().rename("people").reset_index()
    return sums.merge(people, on=keys, how="left").assign(
        people=lambda summed: summed["people"].fillna(0).astype(int)
    )


def _located(rows: pd.DataFrame) -> pd.DataFrame:
    renamed = rows.rename(columns={"channel": "platform"})
    return renamed.assign(
        person_id=renamed["person_id"].astype(str),
        **{name: renamed[name].astype("object") for name in AD_SET},
    )


def _shares(paid: pd.DataFrame, who: pd.DataFrame) -> pd.DataFrame:
    """Each segment's share of an ad set's touches; people without a segment have a row of their own."""
    counted = paid.assign(segment_id=paid["person_id"].map(who["segment_id"]))
    counts = counted.groupby([*AD_SET, "segment_id"], dropna=False).size().rename("touches").reset_index()
    whole = counts.groupby(AD_SET)["touches"].transform("sum")
    return counts.assign(share=counts["touches"] / whole).drop(columns="touches")


def _brought(credit: pd.DataFrame, who: pd.DataFrame) -> pd.DataFrame:
    """Qualified leads, orders and revenue by segment and ad set; `squares` sums squared values, for the
    variance of revenue.
    """
    credited = credit.assign(segment_id=credit["person_id"].map(who["segment_id"])).dropna(
        subset=["segment_id", "ad_set_id"]
    )
    is_order, value = credited["kind"] == "order", credited["value"].fillna(0.0).astype(float)
    credited = credited.assign(
        qualified=credited["credit"].where(credited["kind"] == "qualified", 0.0),
        orders=credited["credit"].where(is_order, 0.0),
        revenue=value.where(is_order, 0.0),
        squares=(value**2).where(is_order, 0.0),
    )
    return credited.groupby(["segment_id", *AD_SET], as_index=False)[
        ["qualified", "orders", "revenue", "squares"]
    ].sum()


def _worth(touches: pd.DataFrame, who: pd.DataFrame) -> pd.DataFrame:
    """Expected value by segment and ad set; null where none is known."""
    expected = (
        who["expected_value"].astype(float) if "expected_value" in who else pd.Series(float("nan"), who.index)
    )
    their_touches = touches[touches["person_id"].isin(who.index)]
    part = their_touches["person_id"].map(expected) / their_touches.groupby("person_id")[
        "person_id"
    ].transform("size")
    their_touches = their_touches.assign(
        segment_id=their_touches["person_id"].map(who["segment_id"]), expected_value=part
    ).dropna(subset=["ad_set_id"])
    return their_touches.groupby(["segment_id", *AD_SET], as_index=False)["expected_value"].sum(min_count=1)
