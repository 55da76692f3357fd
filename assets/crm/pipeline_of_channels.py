"""The open deals by channel: their amounts and what they will probably bring, shared out as their credit is."""

from datetime import date

import pandas as pd

from assets.crm.attribution import attribute
from assets.crm.pipeline import expected_wins
from resources.crm.mapping import Model


def by_channel(
    deals: pd.DataFrame, stages: pd.DataFrame, outcomes: pd.DataFrame, touchpoints: pd.DataFrame, *, as_of: date | pd.Timestamp, model: Model, window_days: int
) -> pd.DataFrame:  # fmt: skip
    """Open deals per channel and stage: deals, amount and expected, in the reporting currency.

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
        return pd.DataFrame(columns=["channel", "stage", "deals", "amount", "expected"])
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
    told = attribute(touchpoints, asked, model=model, window_days=window_days).merge(
        open_, left_on="outcome_id", right_on="deal_id"
    )
    shared = told.assign(
        amount=told["amount"] * told["credit"],
        expected=told["expected"] * told["credit"],
        deals=told["credit"],
    )
    sums = shared.groupby(["channel", "stage"])[["deals", "amount", "expected"]].sum(min_count=1)
    return sums.reset_index()
