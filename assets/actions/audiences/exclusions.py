"""What keeping an audience out of a campaign would cost: the share of its conversions that came from people
who are in it already.

Somebody's first order is how they became a customer, and keeping customers out would not have lost it; so
only what people did after an earlier order of theirs counts as lost. Conversions that the CRM does not see,
or without a visit that names the campaign, count on neither
side: where hardly anything is seen, the share rests on little, and `seen` says on how much.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from resources.ledger.proposal import Target

COUNTED_DAYS, CLICK_DAYS = 28, 90


@dataclass(frozen=True)
class ConversionsKept:
    """Conversions of a campaign or ad set in the window, and the share that would be left; None where none
    were seen.
    """

    seen: int
    share: float | None


def conversions_kept(
    touches: pd.DataFrame, outcomes: pd.DataFrame, members: Collection[str], place: Target, *, as_of: date
) -> ConversionsKept:
    """What would be left of the conversions of the 28 days up to `as_of`.

    Args:
        touches: core/touchpoints: person_id, touch_at, channel, campaign_id, ad_set_id.
        outcomes: core/outcomes: kind, person_id, at.
        members: person_id of everybody in the audience.
        place: The campaign or ad set.
        as_of: Last day that counts.
    """
    own = "campaign_id" if place.level == "campaign" else "ad_set_id"
    here = touches[(touches["channel"] == place.platform) & (touches[own].astype(object) == place.entity_id)]
    ends = outcomes.dropna(subset=["person_id", "at"])
    last = pd.Timestamp(as_of, tz="UTC") + timedelta(days=1)
    recent = ends[(ends["at"] < last) & (ends["at"] >= last - timedelta(days=COUNTED_DAYS))]
    pairs = recent.merge(here[["person_id", "touch_at"]], on="person_id")
    waited = pairs["at"] - pairs["touch_at"]
    pairs = pairs[(waited >= timedelta(0)) & (waited <= timedelta(days=CLICK_DAYS))]
    seen = pairs.drop_duplicates(["kind", "person_id", "at"])
    if seen.empty:
        return ConversionsKept(0, None)
    first = ends[ends["kind"] == "order"].groupby("person_id")["at"].min()
    was_customer = seen["person_id"].map(first) < seen["at"]
    lost = int((seen["person_id"].isin(set(members)) & was_customer).sum())
    return ConversionsKept(len(seen), 1 - lost / len(seen))
