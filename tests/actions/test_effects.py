"""What a change by hand is expected to bring: right where money is moved, with a range that holds, and
unknown where nobody can know.
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from assets.actions.rules.expected_effect import PlannedChange, expected

UNTIL = date(2026, 11, 22)


def delivered(
    *, spend: float = 50.0, conversions: float = 2.0, days: int = 28, **more: float | None
) -> pd.DataFrame:
    index = pd.date_range(end=UNTIL, periods=days)
    return pd.DataFrame({"day": index, "spend": spend, "conversions": conversions, **more})


def test_a_tenth_more_money_brings_a_tenth_more_at_most() -> None:
    effect = expected([PlannedChange("A", delivered(), amount=5.0)], until=UNTIL)
    assert effect.middle == pytest.approx(0.2)
    assert effect.low is not None
    assert effect.high is not None
    assert 0.15 < effect.low < 0.2 < effect.high < 0.25
    assert effect.words.startswith("+0.20 conversions a day")
    assert effect.words.endswith("for +5.00 a day")


def test_a_pause_costs_what_it_had_and_a_restart_brings_it() -> None:
    pause = expected([PlannedChange("A", delivered(), amount=None, stops=True)], until=UNTIL)
    again = expected([PlannedChange("A", delivered(), amount=None)], until=UNTIL)
    assert pause.middle == pytest.approx(-2.0)
    assert again.middle == pytest.approx(2.0)
    assert (pause.low, pause.high) == pytest.approx((-(again.high or 0), -(again.low or 0)))


def test_a_shift_is_the_sum_of_its_parts_and_their_errors_do_not_add_up() -> None:
    giver, taker = (
        PlannedChange("A", delivered(conversions=1), amount=-10.0),
        PlannedChange("B", delivered(conversions=4), amount=10.0),
    )
    both = expected([giver, taker], until=UNTIL)
    alone = [expected([part], until=UNTIL) for part in (giver, taker)]
    assert both.middle == pytest.approx(sum(one.middle or 0 for one in alone)) == pytest.approx(0.6)
    assert (both.high or 0) - (both.low or 0) < sum((one.high or 0) - (one.low or 0) for one in alone)
    assert both.words.endswith("for +0.00 a day")


def test_conversions_still_to_come_are_counted_as_projected_where_that_is_known() -> None:
    known = expected([PlannedChange("A", delivered(conversions_projected=3.0), amount=None)], until=UNTIL)
    unknown = expected([PlannedChange("A", delivered(conversions_projected=None), amount=None)], until=UNTIL)
    assert (known.middle, unknown.middle) == pytest.approx((3.0, 2.0))


@pytest.mark.parametrize(
    "days",
    [delivered(days=0), delivered(spend=0.0), delivered(spend=np.nan), delivered(conversions=np.nan),
     delivered().assign(day=lambda rows: rows["day"] - timedelta(days=60))],
)  # fmt: skip
def test_without_recent_delivery_it_is_unknown_and_says_why(days: pd.DataFrame) -> None:
    effect = expected(
        [PlannedChange("A", delivered(), amount=1.0), PlannedChange("New one", days, amount=1.0)], until=UNTIL
    )
    assert (effect.low, effect.middle, effect.high) == (None, None, None)
    assert effect.words.startswith("unknown: New one spent nothing in the 28 days up to 2026-11-22")


def test_no_conversion_yet_is_a_range_from_nothing() -> None:
    effect = expected([PlannedChange("A", delivered(conversions=0.0), amount=None)], until=UNTIL)
    assert (effect.low, effect.middle) == (0.0, 0.0)
    assert 0 < (effect.high or 0) < 0.1


def test_the_range_holds_what_comes_about_four_times_out_of_five() -> None:
    rng, held = np.random.default_rng(5), []
    for _ in range(600):
        rate = rng.uniform(0.5, 4)
        seen = delivered().assign(conversions=rng.poisson(rate, 28).astype(float))
        effect = expected([PlannedChange("A", seen, amount=None)], until=UNTIL)
        held.append((effect.low or 0) <= rate <= (effect.high or 0))
    assert 0.76 < np.mean(held) < 0.84
