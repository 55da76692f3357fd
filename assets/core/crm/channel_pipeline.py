"""The open deals as their credit is shared out: amounts and what they will probably bring, by touch and by channel."""

from datetime import date

import pandas as pd

from assets.core.crm.attribution import attribute
from assets.core.crm.pipeline import expected_wins
from resources.policy.crm import Model

SHARES = ["deal_id", "channel", "campaign_id", "ad_set_id", "stage", "credit", "amount", "win_chance"]


def open_deals(
    deals: pd.DataFrame, stages: pd.DataFrame, outcomes: pd.DataFrame, touchpoints: pd.DataFrame, *, as_of: date | pd.Timestamp, model: Model, window_days: int
) -> pd.DataFrame:  # fmt: skip
    """Each touch's share of each open deal: `SHARES`. Amount is the whole deal's, in the reporting currency, empty where it is not known.

    Args:
        deals: raw/crm_deals.
        stages: raw/crm_deal_stages.
        outcomes: core/outcomes, whose opportunities have the amounts in the reporting currency and the people.
        touchpoints: core/touchpoints.
        as_of: The instant.
        model: Whose credit counts.
        window_days: How long a touch counts.
    """
    own = deals[~deals["is_order"].astype(bool)].assign(deal_id=lambda d: d["source"] + ":" + d["deal_id"])
    opened = outcomes[outcomes["kind"] == "opportunity"].set_index("outcome_id")
    own = own[own["deal_id"].isin(opened.index)].assign(
        amount=lambda d: d["deal_id"].map(opened["value_reporting"])
    )
    entered = stages.assign(deal_id=stages["source"] + ":" + stages["deal_id"])
    open_ = expected_wins(own, entered, as_of=as_of)
    if open_.empty:
        return pd.DataFrame(columns=SHARES)
    open_ = open_.assign(
        person_id=open_["deal_id"].map(opened["person_id"]), at=open_["deal_id"].map(opened["at"])
    )
    # Whose credit it is is learned from everything that was bought, as for orders.
    bought = outcomes.loc[outcomes["kind"] == "order", ["outcome_id", "person_id", "at"]]
    asked = pd.concat(
        [bought, open_[["deal_id", "person_id", "at"]].rename(columns={"deal_id": "outcome_id"})],
        ignore_index=True,
    )
    asked = asked.sort_values("at", kind="stable").drop_duplicates("outcome_id", keep="first")
    told = attribute(touchpoints, asked, model=model, window_days=window_days)
    return told.merge(open_, left_on="outcome_id", right_on="deal_id")[SHARES]


def by_channel(shares: pd.DataFrame) -> pd.DataFrame:
    """Open deals per channel and stage: deals, amount and expected, in the reporting currency."""
    if shares.empty:
        return pd.DataFrame(columns=["channel", "stage", "deals", "amount", "expected"])
    amount = shares["amount"] * shares["credit"]
    told = shares.assign(deals=shares["credit"], amount=amount, expected=amount * shares["win_chance"])
    return told.groupby(["channel", "stage"])[["deals", "amount", "expected"]].sum(min_count=1).reset_index()
