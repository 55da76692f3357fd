"""Open deals by channel: amounts and expected value, allocated by attribution credit."""

from datetime import date

import pandas as pd

from assets.core.crm.attribution import attribute
from assets.core.crm.pipeline import expected_wins
from resources.policy.crm import Model

SHARES = ["deal_id", "channel", "campaign_id", "ad_set_id", "stage", "credit", "amount", "win_chance"]


def open_deals(
    deals: pd.DataFrame,
    stages: pd.DataFrame,
    outcomes: pd.DataFrame,
    touchpoints: pd.DataFrame,
    *,
    as_of: date | pd.Timestamp,
    model: Model,
    window_days: int,
) -> pd.DataFrame:
    """Each touch's share of each open deal: `SHARES`. Amount is the whole deal's, reporting currency, empty
    where unknown.

    Args:
        deals: raw/crm_deals.
        stages: raw/crm_deal_stages.
        outcomes: core/outcomes, whose opportunities have people and amounts in the reporting currency.
        touchpoints: core/touchpoints.
        as_of: The instant.
        model: Attribution model.
        window_days: Days for which a touch counts.
    """
    our_deals = deals[~deals["is_order"].astype(bool)].assign(
        deal_id=lambda d: d["source"] + ":" + d["deal_id"]
    )
    opened = outcomes[outcomes["kind"] == "opportunity"].set_index("outcome_id")
    our_deals = our_deals[our_deals["deal_id"].isin(opened.index)].assign(
        amount=lambda d: d["deal_id"].map(opened["value_reporting"])
    )
    entered = stages.assign(deal_id=stages["source"] + ":" + stages["deal_id"])
    open_ = expected_wins(our_deals, entered, as_of=as_of)
    if open_.empty:
        return pd.DataFrame(columns=SHARES)
    open_ = open_.assign(
        person_id=open_["deal_id"].map(opened["person_id"]), at=open_["deal_id"].map(opened["at"])
    )
    # Whose credit it is is learned from everything that was bought, as for orders.
    bought = outcomes.loc[outcomes["kind"] == "order", ["outcome_id", "person_id", "at"]]
    to_credit = pd.concat(
        [bought, open_[["deal_id", "person_id", "at"]].rename(columns={"deal_id": "outcome_id"})],
        ignore_index=True,
    )
    to_credit = to_credit.sort_values("at", kind="stable").drop_duplicates("outcome_id", keep="first")
    credited = attribute(touchpoints, to_credit, model=model, window_days=window_days)
    return credited.merge(open_, left_on="outcome_id", right_on="deal_id")[SHARES]


def by_channel(shares: pd.DataFrame) -> pd.DataFrame:
    """Open deals per channel and stage: deals, amount and expected, in the reporting currency."""
    if shares.empty:
        return pd.DataFrame(columns=["channel", "stage", "deals", "amount", "expected"])
    amount = shares["amount"] * shares["credit"]
    summed = shares.assign(deals=shares["credit"], amount=amount, expected=amount * shares["win_chance"])
    return (
        summed.groupby(["channel", "stage"])[["deals", "amount", "expected"]].sum(min_count=1).reset_index()
    )
