"""Inputs of segments/performance, read from the lake for the end of a week."""

from datetime import date, timedelta

import pandas as pd

from assets.core.crm.attribution import attribute
from assets.segments.performance.performance import Performance, perform
from resources.lake.lake import Lake
from resources.policy.crm import Model
from resources.tables import core
from resources.tables.crm_core import OUTCOMES, TOUCHPOINTS
from resources.tables.segments import CUSTOMER_FEATURES, CUSTOMERS

PERIOD_DAYS = 90
"""Days of spend, touches and outcomes up to the end of the week."""
PEOPLE = f"""
select c.customer_id, c.segment_id, f.mean_value as expected_value
from {CUSTOMERS.path.replace("/", ".")} c
left join {CUSTOMER_FEATURES.path.replace("/", ".")} f on f.customer_id = c.customer_id and f.day = c.day
where c.day = $day
"""
DELIVERY = f"""
select platform, campaign_id, ad_set_id, sum(spend_reporting)::double as spend, sum(clicks)::double as clicks
from {core.DAYS["ad_set"].path.replace("/", ".")}
where day between $start and $end
group by all
"""


def performance_on(lake: Lake, sunday: date, *, model: Model, window_days: float) -> Performance | None:
    """Performance of the 90 days up to `sunday`; None where nobody is in a segment."""
    start = sunday - timedelta(days=PERIOD_DAYS - 1)
    people = lake.arrow(PEOPLE, CUSTOMERS, CUSTOMER_FEATURES, parameters={"day": sunday}).to_pandas()
    if people.empty:
        return None
    reach = start - timedelta(days=window_days)
    touches = lake.read(TOUCHPOINTS, where={"day": (reach, sunday)})
    outcomes = lake.read(OUTCOMES, where={"day": (start, sunday)})
    delivery = lake.arrow(
        DELIVERY, core.DAYS["ad_set"], parameters={"start": start, "end": sunday}
    ).to_pandas()
    credit = pd.concat(
        [_credit(touches, outcomes, kind, model, window_days) for kind in ("qualified", "order")]
    )
    inside = touches[pd.to_datetime(touches["day"]) >= pd.Timestamp(start)]
    return perform(people, inside, delivery, credit)


def _credit(
    touches: pd.DataFrame, outcomes: pd.DataFrame, kind: str, model: Model, window_days: float
) -> pd.DataFrame:
    of_kind = outcomes[outcomes["kind"] == kind].rename(columns={"value_reporting": "worth"})
    shares = attribute(
        touches,
        of_kind[["outcome_id", "person_id", "at", "worth"]].rename(columns={"worth": "value"}),
        model=model,
        window_days=window_days,
    )
    return shares.dropna(subset=["person_id"]).assign(kind=kind)
