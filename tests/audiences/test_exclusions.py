"""What keeping people out would cost: only what they did after they were customers already, in the window, by
visits of that place.
"""

from datetime import date, timedelta

import pandas as pd
import pytest

from assets.actions.audiences.exclusions import ConversionsKept, conversions_kept
from resources.ledger.proposal import Target
from tests.audiences.people_of import SUNDAY, conversions, person_id

PLACE = Target(platform="meta_ads", account_id="1", level="ad_set", entity_id="77")
CUSTOMERS = [person_id(n) for n in range(10)]


def left(
    place: Target = PLACE,
    *,
    customers: int = 2,
    strangers: int = 6,
    members: list[str] = CUSTOMERS,
    as_of: date = SUNDAY,
) -> ConversionsKept:
    touches, outcomes = conversions(PLACE, of_customers=customers, of_strangers=strangers)
    columns = ["person_id", "touch_at", "channel", "campaign_id", "ad_set_id"], ["kind", "person_id", "at"]
    visits, ends = (
        pd.DataFrame(rows, columns=names) for rows, names in zip((touches, outcomes), columns, strict=True)
    )
    return conversions_kept(visits, ends, members, place, as_of=as_of)


def test_the_share_of_others_is_left() -> None:
    assert left() == ConversionsKept(8, pytest.approx(0.75))
    assert left(customers=0) == ConversionsKept(6, 1.0)
    assert left(strangers=0) == ConversionsKept(2, 0.0)


def test_a_first_order_is_nobodys_loss() -> None:
    assert left(customers=0, members=[f"p:stranger{n}" for n in range(6)]) == ConversionsKept(6, 1.0)


def test_who_is_not_in_the_audience_is_not_lost() -> None:
    assert left(members=[]) == ConversionsKept(8, 1.0)


@pytest.mark.parametrize(
    "place",
    [PLACE.model_copy(update={"entity_id": "78"}), PLACE.model_copy(update={"platform": "google_ads"})],
)
def test_another_place_has_seen_nothing(place: Target) -> None:
    assert left(place) == ConversionsKept(0, None)


def test_what_is_too_old_or_still_to_come_does_not_count() -> None:
    assert left(as_of=SUNDAY + timedelta(days=40)) == ConversionsKept(0, None)
    assert left(as_of=date(2026, 11, 9)) == ConversionsKept(0, None)


def test_nothing_known_is_nothing_said() -> None:
    assert left(customers=0, strangers=0) == ConversionsKept(0, None)
