"""Hostile frames for every pure function: what says the same gives the same answer, what can be misread is
refused with column and rows, and an infinite figure costs its row.

One strategy for all: each function names its frame, the key of a row, and the columns of ids, days and figures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.core.crm import attribute
from assets.core.crm.cohorts import cost_per_qualified_lead
from assets.core.crm.pipeline import expected_wins
from assets.frame_contract import FrameRefused, id_texts
from assets.segments.discovery import segment
from assets.segments.value import value
from assets.segments.value.purchases import read_transactions
from assets.signals.anomalies import detect
from assets.signals.overlap.audience_overlap import overlap
from assets.signals.pacing import project
from assets.signals.underperformers import judge
from tests.examples import examples

NOW = pd.Timestamp("2026-11-20")
DAYS = pd.date_range("2026-10-11", periods=40)
RNG = np.random.default_rng(5)


@dataclass(frozen=True)
class Call:
    """A function with a plain frame for one of its arguments.

    `key` is what a row is of; functions of events without an id have none. `days` are columns of days or
    instants, `figures` of numbers.
    """

    name: str
    frame: pd.DataFrame
    answer: Callable[[pd.DataFrame], pd.DataFrame]
    key: tuple[str, ...]
    ids: tuple[str, ...]
    days: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    unknown_day_is_dropped: bool = True


def ad_set_days() -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "ad_set_id": name,
                "campaign_id": "7",
                "day": DAYS,
                "spend": RNG.integers(40, 60, len(DAYS)).astype(float),
                "conversions": 2.0,
                "conversion_value": earned,
            }
        )
        for name, earned in (("11", 150.0), ("12", 20.0))
    ]
    return pd.concat(parts, ignore_index=True)


AD_SETS = ad_set_days()
SERIES = AD_SETS.rename(columns={"ad_set_id": "series_id"})[["series_id", "day", "spend", "conversions"]]
BUDGETS = pd.DataFrame(
    {"series_id": ["11", "12"], "month": pd.to_datetime(["2026-11-01"] * 2), "budget": [2000.0, 900.0]}
)
TOUCHES = pd.DataFrame(
    {
        "person_id": [str(n % 6) for n in range(12)],
        "touch_at": pd.date_range("2026-11-01", periods=12),
        "channel": ["google_ads", "meta_ads", "direct"] * 4,
        "ad_set_id": [str(20 + n % 3) for n in range(12)],
    }
)
OUTCOMES = pd.DataFrame(
    {
        "outcome_id": [str(100 + n) for n in range(5)],
        "person_id": [str(n) for n in range(5)],
        "at": pd.date_range("2026-11-14", periods=5),
        "value": [10.0, 20.0, -5.0, 40.0, np.nan],
    }
)
LEADS = pd.DataFrame(
    {
        "channel": ["google_ads", "meta_ads"] * 15,
        "click_at": pd.date_range("2026-10-05", periods=30),
        "lead_at": pd.date_range("2026-10-06", periods=30),
        "qualified_at": [pd.Timestamp("2026-11-10") if n % 3 == 0 else pd.NaT for n in range(30)],
    }
)
SPEND = pd.DataFrame(
    {
        "channel": ["google_ads"] * 20 + ["meta_ads"] * 20,
        "day": [*DAYS[:20], *DAYS[:20]],
        "spend": RNG.integers(40, 60, 40).astype(float),
    }
)
DEALS = pd.DataFrame(
    {
        "deal_id": [str(n) for n in range(8)],
        "amount": [100.0 * (n + 1) for n in range(8)],
        "is_closed": [n < 4 for n in range(8)],
        "is_won": [n < 2 for n in range(8)],
    }
)
STAGES = pd.DataFrame(
    {
        "deal_id": [str(n) for n in range(8)] * 2,
        "stage": ["new"] * 8 + ["offer"] * 8,
        "entered_at": [*DAYS[:8], *DAYS[12:20]],
    }
)
ORDERS = pd.DataFrame(
    {
        "order_id": [str(1000 + n) for n in range(60)],
        "customer_id": [str(10 + n % 20) for n in range(60)],
        "day": pd.date_range("2026-06-01", periods=60, freq="2D"),
        "value": RNG.integers(10, 90, 60).astype(float),
    }
)
CUSTOMERS = pd.DataFrame(
    {"customer_id": [str(n) for n in range(10, 40)], "country": ["DE", "AT", "CH"] * 10, "visits": range(30)}
)
REACHES = pd.DataFrame(
    {
        "audience": ["1", "1"],
        "other": ["2", "3"],
        "low": 10_000.0,
        "high": 12_000.0,
        "other_low": 20_000.0,
        "other_high": 25_000.0,
        "union_low": [24_000.0, 30_000.0],
        "union_high": [26_000.0, 37_000.0],
    }
)
MEMBERS = pd.DataFrame({"audience": ["1"] * 30 + ["2"] * 30, "member": [*range(30), *range(20, 50)]}).astype(
    str
)


def judged(days: pd.DataFrame) -> pd.DataFrame:
    return judge(days, as_of=NOW.date(), target_roas=2.0, lag=[1.0])


def cost(leads: pd.DataFrame, spend: pd.DataFrame) -> pd.DataFrame:
    return cost_per_qualified_lead(leads, spend, as_of=NOW, start=DAYS[0].date(), end=DAYS[-1].date())


def bought(transactions: pd.DataFrame) -> pd.DataFrame:
    customers = pd.Index(CUSTOMERS["customer_id"])
    purchases = read_transactions(transactions, customers, as_of=np.datetime64("2026-11-20"))
    return purchases.until(np.datetime64("2026-11-20")).assign(customer_id=customers)


CALLS = (
    Call("judge", AD_SETS, judged, ("ad_set_id", "day"), ("ad_set_id", "campaign_id"), ("day",), ("spend", "conversion_value")),
    Call("detect", SERIES, detect, ("series_id", "day"), ("series_id",), ("day",), ("spend", "conversions")),
    Call("project", SERIES, lambda days: project(days, BUDGETS, as_of=NOW), ("series_id", "day"), ("series_id",), ("day",), ("spend",)),
    Call("project budgets", BUDGETS, lambda budgets: project(SERIES, budgets, as_of=NOW), ("series_id", "month"), ("series_id",), ("month",), ("budget",)),
    Call("attribute touches", TOUCHES, lambda touches: attribute(touches, OUTCOMES), (), ("person_id", "ad_set_id"), ("touch_at",)),
    Call("attribute outcomes", OUTCOMES, lambda outcomes: attribute(TOUCHES, outcomes), ("outcome_id",), ("outcome_id", "person_id"), ("at",), ("value",), unknown_day_is_dropped=False),
    Call("cohorts leads", LEADS, lambda leads: cost(leads, SPEND), (), (), ("click_at", "lead_at", "qualified_at"), unknown_day_is_dropped=False),
    Call("cohorts spend", SPEND, lambda spend: cost(LEADS, spend), ("channel", "day"), (), ("day",), ("spend",)),
    Call("pipeline deals", DEALS, lambda deals: expected_wins(deals, STAGES, as_of=NOW), ("deal_id",), ("deal_id",), (), ("amount",)),
    Call("pipeline stages", STAGES, lambda stages: expected_wins(DEALS, stages, as_of=NOW), (), ("deal_id",), ("entered_at",)),
    Call("value", ORDERS, lambda orders: value(orders, as_of=NOW, horizon_days=60), ("order_id",), ("order_id", "customer_id"), ("day",), ("value",), unknown_day_is_dropped=False),
    Call("segment transactions", ORDERS, bought, ("order_id",), ("order_id", "customer_id"), ("day",), ("value",), unknown_day_is_dropped=False),
    Call("segment customers", CUSTOMERS, lambda customers: segment(customers, None, as_of=NOW).assignments, ("customer_id",), ("customer_id",), (), ("visits",), unknown_day_is_dropped=False),
    Call("overlap reaches", REACHES, overlap, ("audience", "other"), ("audience", "other"), (), tuple(REACHES.columns[2:])),
    Call("overlap members", MEMBERS, overlap, (), ("audience", "member")),
)  # fmt: skip
BY_NAME = {call.name: call for call in CALLS}
IDS = {"text": str, "number": int, "float": float, "decimal point": lambda text: f"{text}.0", "spaces": lambda text: f" {text} "}  # fmt: skip
MOMENTS: dict[str, Callable[[pd.Series], pd.Series]] = {
    "stamps": lambda days: days,
    "dates": lambda days: days.dt.date,
    "ISO texts": lambda days: days.dt.strftime("%Y-%m-%d").where(days.notna(), None),
    "ISO texts with a zone": lambda days: days.dt.strftime("%Y-%m-%dT%H:%M:%SZ").where(days.notna(), None),
    "a zone": lambda days: days.dt.tz_localize("UTC"),
    "seconds": lambda days: days.dt.as_unit("s"),
    "Arrow": lambda days: days.convert_dtypes(dtype_backend="pyarrow"),
}
FIGURES: dict[str, Callable[[pd.Series], pd.Series]] = {
    "floats": lambda numbers: numbers,
    "objects": lambda numbers: numbers.astype(object),
    "texts": lambda numbers: numbers.map(lambda number: None if pd.isna(number) else str(number)),
    "Decimal": lambda numbers: numbers.map(lambda number: None if pd.isna(number) else Decimal(str(number))).astype(object),
    "nullable": lambda numbers: numbers.convert_dtypes(),
}  # fmt: skip


@st.composite
def disguised(draw: st.DrawFn, call: Call) -> pd.DataFrame:
    """A frame that says the same: other types, order, index, more columns, repeated rows, rows of nothing."""
    frame = call.frame.copy()
    for name in call.days:
        frame[name] = MOMENTS[draw(st.sampled_from(sorted(MOMENTS)))](frame[name])
    for name in call.figures:
        if call.name != "segment customers":
            frame[name] = FIGURES[draw(st.sampled_from(sorted(FIGURES)))](frame[name])
    kinds = {name: draw(st.sampled_from(sorted(IDS))) for name in call.ids}
    frame = frame.assign(**{name: [IDS[kind](cell) for cell in frame[name]] for name, kind in kinds.items()})
    more = []
    if call.key and draw(st.booleans()):
        more.append(frame.iloc[draw(st.lists(st.integers(0, len(frame) - 1), min_size=1, max_size=5))])
    if call.key and call.days and call.unknown_day_is_dropped and draw(st.booleans()):
        odd_day = draw(st.sampled_from([None, pd.Timestamp("1970-01-01"), pd.Timestamp("2262-01-01")]))
        more.append(frame.iloc[:1].astype(object).assign(**{call.days[0]: odd_day}))
    frame = pd.concat([frame, *more])
    if call.key and draw(st.booleans()):
        frame = frame.sample(frac=1, random_state=draw(st.integers(0, 9)))
    frame.index = pd.Index(draw(st.sampled_from([range(len(frame)), [0] * len(frame)])))
    return frame.assign(note="x") if draw(st.booleans()) and call.name != "segment customers" else frame


@cache
def plain_answer(name: str) -> pd.DataFrame:
    return in_one_form(BY_NAME[name].answer(BY_NAME[name].frame), BY_NAME[name])


def in_one_form(answer: pd.DataFrame, call: Call) -> pd.DataFrame:
    """The answer in an order and with types that do not depend on how ids were given."""
    names = [name for name in call.ids if name in answer]
    answer = answer.assign(**{name: id_texts(answer[name]) for name in names}).astype(
        {name: object for name in answer if isinstance(answer[name].dtype, pd.CategoricalDtype)}
    )
    order = [name for name in ("metric", *call.ids, *call.key, "channel", "touch_at") if name in answer]
    return answer.sort_values(order, ignore_index=True) if order else answer


def same(answer: pd.DataFrame, wanted: pd.DataFrame, call: Call) -> None:
    pd.testing.assert_frame_equal(in_one_form(answer, call), wanted, check_dtype=False, rtol=1e-9)


FEW = settings(max_examples=examples(8), suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", BY_NAME)
@FEW
@given(data=st.data())
def test_frames_that_say_the_same_have_the_same_answer(name: str, data: st.DataObject) -> None:
    call = BY_NAME[name]
    same(call.answer(data.draw(disguised(call))), plain_answer(name), call)


def spoilt(call: Call) -> dict[str, tuple[pd.DataFrame, str]]:
    """Frames that can be misread, each with what the refusal names."""
    frame, cases = call.frame, {}
    column = (call.ids or call.days)[0]
    doubled = pd.concat([frame, frame[column]], axis=1)
    cases["a doubled column"] = (doubled, column)
    needed = (call.days or call.ids)[0]
    cases["a missing column"] = (frame.drop(columns=needed), needed)
    for name in call.days:
        texts = frame[name].dt.strftime("%d/%m/%Y").where(frame[name].notna(), None)
        cases[f"{name} as texts"] = (frame.assign(**{name: texts}), name)
        cases[f"{name} as numbers"] = (frame.assign(**{name: 20_261_101}), name)
    for name in call.figures:
        words = frame[name].astype(object)
        words.iloc[1] = "1,50"
        if call.name != "segment customers":
            cases[f"{name} with a decimal comma"] = (frame.assign(**{name: words}), "'1,50' in 1 rows")
    if call.key:
        other = frame.iloc[[-1]].assign(**{call.figures[0]: 123.0})
        cases["two differing rows"] = (pd.concat([frame, other]), "2 differing rows of one")
    return cases


SPOILT = [(call.name, case) for call in CALLS for case in spoilt(call)]


@pytest.mark.parametrize(("name", "case"), SPOILT)
def test_what_can_be_misread_is_refused_by_column_and_rows(name: str, case: str) -> None:
    frame, words = spoilt(BY_NAME[name])[case]
    with pytest.raises(ValueError, match=words) as refusal:
        BY_NAME[name].answer(frame)
    assert isinstance(refusal.value, FrameRefused)


INFINITE = [call.name for call in CALLS if call.figures and call.name not in {"project budgets", "segment customers"}]  # fmt: skip


@pytest.mark.parametrize("name", INFINITE)
@pytest.mark.parametrize("sign", [np.inf, -np.inf])
def test_an_infinite_figure_costs_its_row_and_nothing_else(name: str, sign: float) -> None:
    call = BY_NAME[name]
    figure, row = call.figures[0], 1
    spoilt_frame, without = call.frame.copy(), call.frame.copy()
    spoilt_frame.loc[row, figure] = sign
    if name in {"attribute outcomes", "pipeline deals", "value", "segment transactions"}:
        without = without.drop(index=row)
    else:
        without.loc[row, list(call.figures)] = np.nan
    same(call.answer(spoilt_frame), in_one_form(call.answer(without), call), call)


def test_a_budget_that_is_infinite_is_refused() -> None:
    with pytest.raises(FrameRefused, match=r"budgets\.budget holds an infinite value"):
        project(SERIES, BUDGETS.assign(budget=np.inf), as_of=NOW)


def test_protection_holds_however_ids_are_written() -> None:
    """A protected ad set must not lose its protection because one side has numbers and the other texts."""
    for ids in (str, float):
        frame = AD_SETS.assign(ad_set_id=[ids(text) for text in AD_SETS["ad_set_id"]])
        for key in (12, ("", "", 12.0)):
            verdicts = judge(
                frame, as_of=date(2026, 11, 20), target_roas=2.0, lag=[1.0], protected={key: "launch"}
            )
            assert (
                dict(zip(id_texts(verdicts["ad_set_id"]), verdicts["verdict"], strict=True))["12"]
                == "protected"
            )
