"""Credit: conserved whatever the frames, given as each rule says, and by the paths themselves where they
can be learned from.
"""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.core.crm import attribute, credit_by
from assets.core.crm.attribution import COLUMNS, UNATTRIBUTED
from resources.errors import DataUnusable
from resources.policy.crm import MODELS
from tests.crm.paths import END, noisy_world, order, path

ORDER = pd.DataFrame([order("a")])
FOUR = path("a", ("meta_ads", 20), ("google_ads", 10), ("email", 7), ("direct", 0))


@pytest.mark.parametrize(
    ("model", "credit"),
    [
        ("first", [1, 0, 0, 0]),
        ("last", [0, 0, 0, 1]),
        ("last_non_direct", [0, 0, 1, 0]),
        ("linear", [0.25] * 4),
        ("position_based", [0.4, 0.1, 0.1, 0.4]),
        (
            "time_decay",
            (np.exp2(-np.array([20, 10, 7, 0]) / 7) / np.exp2(-np.array([20, 10, 7, 0]) / 7).sum()).tolist(),
        ),
    ],
)
def test_each_rule_gives_what_it_says(model: str, credit: list[float]) -> None:
    shares = attribute(FOUR, ORDER, model=model)
    assert shares["credit"].tolist() == pytest.approx(credit)
    assert shares["value"].tolist() == pytest.approx([100 * share for share in credit])


def test_two_ends_share_and_one_has_all() -> None:
    assert attribute(path("a", ("x", 2), ("y", 1)), ORDER, model="position_based")["credit"].tolist() == [
        0.5,
        0.5,
    ]
    assert attribute(path("a", ("x", 2)), ORDER, model="position_based")["credit"].tolist() == [1.0]


def test_direct_gets_credit_where_there_is_nothing_else() -> None:
    assert attribute(path("a", ("direct", 2), ("direct", 1)), ORDER, model="last_non_direct")[
        "credit"
    ].tolist() == [0, 1]


def test_what_nobody_saw_is_unattributed_and_spread_over_nobody() -> None:
    outcomes = pd.DataFrame(
        [order("a"), order("nobody", 50.0), {"outcome_id": "x", "person_id": None, "at": END, "value": 5.0}]
    )
    shares = credit_by(attribute(FOUR, outcomes, model="linear"), "channel").set_index("channel")
    assert shares.loc[UNATTRIBUTED, "credit"] == 2
    assert shares.loc[UNATTRIBUTED, "value"] == 55
    assert shares["value"].sum() == 155


def test_touches_after_the_outcome_or_before_the_window_count_for_nothing() -> None:
    touches = path("a", ("early", 91), ("inside", 89), ("late", -1))
    assert attribute(touches, ORDER, model="linear")["channel"].tolist() == ["inside"]
    assert attribute(touches, ORDER, model="linear", window_days=30)["channel"].tolist() == [UNATTRIBUTED]


_CHANNELS = st.sampled_from(["google_ads", "meta_ads", "direct", None])
_TOUCH = st.fixed_dictionaries(
    {"customer_id": st.sampled_from(["1", "2", "3", None]), "time": st.floats(-3, 120), "platform": _CHANNELS}
)
_OUTCOME = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from(["1", "2", "9", None]),
        "time": st.floats(0, 60),
        "revenue": st.floats(-10, 1e6),
    }
)


@given(
    touches=st.lists(_TOUCH, max_size=25),
    outcomes=st.lists(_OUTCOME, max_size=10),
    model=st.sampled_from(MODELS),
)
@settings(max_examples=40, deadline=None)
def test_credit_is_conserved_whatever_the_frames(
    touches: list[dict], outcomes: list[dict], model: str
) -> None:
    visits = pd.DataFrame(touches, columns=["customer_id", "time", "platform"])
    ends = pd.DataFrame(outcomes, columns=["customer_id", "time", "revenue"]).assign(
        order_id=range(len(outcomes))
    )
    visits["time"] = [END - timedelta(days=days) for days in visits["time"]]
    ends["time"] = [END - timedelta(days=days) for days in ends["time"]]
    shares = attribute(visits, ends, model=model)
    assert list(shares.columns) == COLUMNS
    each = shares.groupby("outcome_id")[["credit", "value"]].sum()
    assert len(each) == len(ends)
    assert each["credit"].to_numpy() == pytest.approx(np.ones(len(ends)), abs=1e-12)
    wanted = ends.set_index(ends["order_id"].astype(str))["revenue"].reindex(each.index)
    assert each["value"].to_numpy() == pytest.approx(wanted.to_numpy(dtype=float), rel=1e-9, abs=1e-9)
    assert (shares["credit"] >= 0).all()


@pytest.mark.parametrize("model", MODELS)
def test_no_frame_is_too_odd(model: str) -> None:
    touches = pd.DataFrame(
        {
            "Customer_ID": [7.0, 7.0, 7.0, np.nan, 8.0],
            "date": ["2026-10-01", "2026-10-01", None, "2026-10-02", ""],
            "channel": ["google_ads", "google_ads", "x", "y", None],
            "campaign": [11, 11, 11, 11, 11],
        },
        index=[3, 3, 1, 0, 9],
    )
    outcomes = pd.DataFrame(
        {
            "customer_id": ["7", "7", "8"],
            "day": ["2026-10-01", "2026-10-09", "2026-10-09"],
            "revenue": ["10", None, "5"],
        }
    )
    shares = attribute(touches, outcomes, model=model)
    assert shares["channel"].tolist() == ["google_ads", "google_ads", UNATTRIBUTED]
    assert shares["campaign_id"].tolist()[0] == "11"
    assert shares["credit"].sum() == 3
    assert shares["value"].sum() == 15
    assert attribute(touches.iloc[:0], outcomes, model=model)["channel"].unique().tolist() == [UNATTRIBUTED]
    assert attribute(touches, outcomes.iloc[:0], model=model).empty


def test_a_day_without_a_time_is_taken_for_its_end() -> None:
    touches = pd.DataFrame({"person_id": ["a"], "touch_at": ["2026-10-01 18:00"], "channel": ["x"]})
    outcomes = pd.DataFrame({"person_id": ["a"], "day": ["2026-10-01"]})
    assert attribute(touches, outcomes, model="last")["channel"].tolist() == ["x"]


def test_a_missing_column_and_an_unknown_model_say_what_to_do() -> None:
    with pytest.raises(DataUnusable, match=r"touchpoints have no column channel \(or platform"):
        attribute(FOUR.drop(columns="channel"), ORDER)
    with pytest.raises(DataUnusable, match=r"no model 'magic'\. Use one of first"):
        attribute(FOUR, ORDER, model="magic")  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_paths_themselves_tell_what_convinces(seed: int) -> None:
    touches, outcomes, true = noisy_world({"strong": 0.9, "usual": 0.3, "weak": 0.05}, seed=seed)
    wanted = pd.Series(true) / sum(true.values())
    gaps = {}
    for model in MODELS:
        shares = credit_by(attribute(touches, outcomes, model=model), "channel").set_index("channel")[
            "credit"
        ]
        gaps[model] = (shares / shares.sum() - wanted).abs().sum() / 2
    assert gaps["data_driven"] < 0.03
    assert gaps["data_driven"] < min(gap for model, gap in gaps.items() if model != "data_driven")


def test_where_everybody_bought_there_is_nothing_to_learn_and_touches_share_alike() -> None:
    touches = pd.concat([path(str(n), ("x", 2), ("y", 1)) for n in range(50)])
    outcomes = pd.DataFrame([order(str(n)) for n in range(50)])
    assert attribute(touches, outcomes)["credit"].tolist() == pytest.approx([0.5] * 100)


def test_funnels_are_not_compared_with_each_other() -> None:
    shop, bought, _ = noisy_world({"a": 0.9, "b": 0.9}, people=2_000, seed=4)
    lead = path("z", ("b", 1)).assign(funnel="lead")
    leads = pd.concat([lead.assign(person_id=f"z{n}") for n in range(2_000)])
    shares = attribute(pd.concat([shop.assign(funnel="shop"), leads]), bought)
    credit = credit_by(shares, "channel").set_index("channel")["credit"]
    assert credit["a"] / credit["b"] == pytest.approx(1.0, abs=0.25)


def test_whoever_orders_again_without_a_visit_is_owed_to_who_won_them_if_asked() -> None:
    touches = path("a", ("x", 3), ("y", 1))
    start = ORDER["at"].iloc[0]
    outcomes = pd.DataFrame(
        {
            "outcome_id": ["third", "first", "second", "stranger", "nobody"],
            "person_id": ["a", "a", "a", "b", None],
            "at": [start + timedelta(days=n) for n in (400, 0, 200, 200, 200)],
            "value": [30.0, 10.0, 20.0, 5.0, 1.0],
        }
    )
    plain = attribute(touches, outcomes, model="linear")
    assert (plain["channel"] == UNATTRIBUTED).sum() == 4
    shares = attribute(touches, outcomes, model="linear", repeats_follow=True)
    of = shares.groupby("outcome_id")[["credit", "value"]].sum()
    assert of["credit"].tolist() == pytest.approx([1.0] * 5)
    assert of["value"].sum() == pytest.approx(66.0)
    assert set(shares.loc[shares["channel"] == UNATTRIBUTED, "outcome_id"]) == {"stranger", "nobody"}
    assert shares.loc[shares["outcome_id"] == "third", ["channel", "value"]].to_numpy().tolist() == [
        ["x", 15.0],
        ["y", 15.0],
    ]
    again = pd.concat([touches, path("a", ("z", -150))], ignore_index=True)
    newer = attribute(again, outcomes, model="linear", repeats_follow=True)
    assert newer.loc[newer["outcome_id"] == "second", "channel"].tolist() == ["z"]
    assert newer.loc[newer["outcome_id"] == "third", "channel"].tolist() == ["z"]


def test_instants_in_several_iso_forms_are_all_read() -> None:
    people = ["p1", "p2", "p3", "p4"]
    touches = pd.DataFrame(
        {
            "person_id": people,
            "touch_at": [
                "2026-11-01T10:00:00.883Z",
                "2026-11-01T16:50:06Z",
                "2026-11-01",
                "2026-11-01 09:00",
            ],
            "channel": ["google_ads"] * 4,
        }
    )
    ends = ["2026-11-05T10:00:00.000Z", "2026-11-05T10:00:00Z", "2026-11-05", "2026-11-05 10:00"]
    outcomes = pd.DataFrame(
        {"outcome_id": list("abcd"), "person_id": people, "at": ends, "value": [1, 2, 3, 4]}
    )
    shares = attribute(touches, outcomes, model="last")
    assert shares["channel"].tolist() == ["google_ads"] * 4
    assert shares["value"].sum() == 10
    assert shares["at"].dt.hour.tolist() == [10, 10, 23, 10]


def test_an_outcome_of_unknown_time_stays_and_is_unattributed() -> None:
    touches = path("a", ("x", 2))
    outcomes = pd.DataFrame(
        {
            "outcome_id": ["o1", "o2"],
            "person_id": ["a", "a"],
            "at": ["2026-11-20", None],
            "value": [5.0, 7.0],
        }
    )
    shares = attribute(touches, outcomes, model="last", repeats_follow=True).set_index("outcome_id")
    assert shares["value"].sum() == 12
    assert shares.loc["o2", "channel"] == UNATTRIBUTED
    assert pd.isna(shares.loc["o2", "at"])


@pytest.mark.parametrize(
    ("touches", "message"),
    [
        (
            pd.DataFrame({"person_id": ["a"], "touch_at": ["13/11/2026"], "channel": ["x"]}),
            "touch_at holds '13/11/2026' in 1 rows",
        ),
        (
            pd.DataFrame(
                [["a", "2026-11-01", "x", "y"]], columns=["person_id", "touch_at", "channel", "channel"]
            ),
            "two columns channel",
        ),
    ],
)
def test_frames_that_could_be_misread_are_refused(touches: pd.DataFrame, message: str) -> None:
    with pytest.raises(DataUnusable, match=message):
        attribute(touches, ORDER, model="last")
