"""Open deals: their chances are those of the deals before them, waiting lowers them, and odd histories do
not break it.
"""

import numpy as np
import pandas as pd
import pytest

from assets.core.crm import expected_wins

NOW = pd.Timestamp("2026-11-01", tz="UTC")


def deals(seed: int, *, size: int = 3_000) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Two stages of about ten days; half go on from the first, 80 % of those win. A fifth stall in a stage
    and are lost late.
    """
    rng, rows, stages, wins = np.random.default_rng(seed), [], [], {}
    for number in range(size):
        at = NOW - pd.Timedelta(days=float(rng.uniform(0, 300)))
        deal_id, ended = str(number), None
        for stage, on in (("talk", 0.5), ("offer", 0.8)):
            stages.append((deal_id, stage, at))
            stalls = rng.uniform() < 0.2
            at = at + pd.Timedelta(days=float(rng.exponential(70.0 if stalls else 10.0)))
            if stalls or rng.uniform() > on:
                ended = "lost"
                break
        wins[deal_id] = ended is None
        stages.append((deal_id, ended or "won", at))
        rows.append((deal_id, 100.0, at <= NOW, ended is None and at <= NOW))
    frame = pd.DataFrame(rows, columns=["deal_id", "amount", "is_closed", "is_won"])
    return frame, pd.DataFrame(stages, columns=["deal_id", "stage", "entered_at"]), pd.Series(wins)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_deals_win_as_often_as_expected_and_waiting_lowers_their_chance(seed: int) -> None:
    frame, stages, wins = deals(seed)
    expected = expected_wins(frame, stages, as_of=NOW)
    assert set(expected["deal_id"]) == set(frame.loc[~frame["is_closed"], "deal_id"])
    was = expected["deal_id"].map(wins).astype(float)
    assert expected["win_chance"].mean() == pytest.approx(was.mean(), abs=0.08)
    fresh, stale = expected["age_days"] < 5, expected["age_days"] > 40
    assert expected.loc[stale, "win_chance"].mean() < 0.4 * expected.loc[fresh, "win_chance"].mean()
    assert expected["win_chance"].between(0, 1).all()
    assert expected["expected"].tolist() == (expected["amount"] * expected["win_chance"]).tolist()


def test_without_a_closed_deal_nothing_is_expected() -> None:
    open_ = pd.DataFrame({"deal_id": ["a"], "amount": [5.0], "is_closed": [False], "is_won": [False]})
    stages = pd.DataFrame({"deal_id": ["a"], "stage": ["talk"], "entered_at": ["2026-10-01"]})
    expected = expected_wins(open_, stages, as_of=NOW)
    assert expected["expected"].isna().all()
    assert len(expected) == 1
    assert expected_wins(open_.iloc[:0], stages, as_of=NOW).empty
    assert expected_wins(open_, stages.iloc[:0], as_of=NOW).empty


def test_a_deal_that_goes_back_and_a_row_that_stands_twice_change_nothing_else() -> None:
    frame, stages, _ = deals(9, size=400)
    again = pd.concat([stages, stages.head(50)]).sample(frac=1.0, random_state=1)
    once, twice = (
        expected_wins(frame, rows, as_of="2026-11-01").sort_values("deal_id", ignore_index=True)
        for rows in (stages, again)
    )
    pd.testing.assert_frame_equal(once, twice)
    back = pd.DataFrame(
        {
            "deal_id": ["x"] * 3,
            "stage": ["talk", "offer", "talk"],
            "entered_at": ["2026-10-01", "2026-10-05", "2026-10-09"],
        }
    )
    closed = pd.concat(
        [frame, pd.DataFrame({"deal_id": ["x"], "amount": [None], "is_closed": [False], "is_won": [False]})]
    )
    expected = expected_wins(closed, pd.concat([stages, back]), as_of=NOW).set_index("deal_id")
    assert expected.loc["x", "stage"] == "talk"
    assert pd.isna(expected.loc["x", "expected"])
