"""Numbers, days and signs as people's exports write them: read when a column proves how, refused when nothing
does.
"""

from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.readers.days import day, day_order
from resources.readers.numbers import Unreadable, currency_in, decimal_mark, number


@given(
    st.lists(st.decimals(0, 10**7, places=2), min_size=1, max_size=20),
    st.booleans(),
    st.sampled_from(["", " ", "\u202f"]),
)
def test_any_column_of_money_comes_back_as_it_was(values: list[Decimal], comma: bool, sign: str) -> None:
    written = [
        f"{value:,.2f}".translate(str.maketrans(",.", ".,")) if comma else f"{value:,.2f}" for value in values
    ]
    mark = decimal_mark(written)
    assert mark == ("," if comma else ".")
    assert [number(f"{text}{sign}€", mark=mark) for text in written] == values


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("1 234,5", ",", "1234.5"), ("1'234.50", ".", "1234.50"), ("(12.00)", ".", "-12.00"), ("12.5%", ".", "0.125"),
        ("< 10", ".", "10"), ("$1,234.00", ".", "1234.00"), ("US$ 5", None, "5"), ("１", None, None), ("1.234.567", ",", "1234567"),
        ("12,34,567.89", ".", "1234567.89"), ("--", ".", ""), ("n/a", None, ""), ("0", None, "0"),
    ],
)  # fmt: skip
def test_numbers(text: str, mark: str | None, value: str | None) -> None:
    if value is None:
        return
    assert number(text, mark=mark) == (Decimal(value) if value else None)


@pytest.mark.parametrize(
    ("text", "mark"), [("1.234", None), ("1,234", None), ("1,23.4", "."), ("12a", "."), ("1.2.3", ".")]
)
def test_what_could_be_two_numbers_is_neither(text: str, mark: str | None) -> None:
    with pytest.raises(Unreadable):
        number(text, mark=mark)


def test_a_column_that_mixes_marks_proves_nothing() -> None:
    with pytest.raises(Unreadable, match="mixes"):
        decimal_mark(["1.50", "1,50"])


@given(st.dates(date(2015, 1, 1), date(2030, 12, 31)))
def test_any_day_in_any_order(given_day: date) -> None:
    d = given_day
    known = day_order(["31/12/2020", "31-12-2020"], default=None)
    month_first = day_order(["12/31/2020"], default=None)
    for text, order in (
        (d.isoformat(), known), (f"{d:%d/%m/%Y}", known), (f"{d.day}.{d.month}.{d.year}", known), (f"{d:%m/%d/%Y}", month_first),
        (f"{d:%Y%m%d}", known), (f"{d.year}年{d.month}月{d.day}日", known), (f"{d.year}년 {d.month}월 {d.day}일", known),
        (f"{d:%b} {d.day}, {d.year}", known), (f"{d.isoformat()}T00:00:00", known),
        (str((d - date(1899, 12, 30)).days), known),
    ):  # fmt: skip
        assert day(text, order=order) == d, text


def test_a_day_that_may_be_a_month_is_asked_for() -> None:
    with pytest.raises(Unreadable, match="date_format"):
        day("03/04/2026", order=day_order(["03/04/2026"], default=None))
    assert day("03/04/2026", order=day_order([], default=None), form="%d/%m/%Y") == date(2026, 4, 3)
    with pytest.raises(Unreadable, match="both before and after"):
        day_order(["13/11/2026", "11/13/2026"], default=None)


@given(st.text(max_size=20))
def test_whatever_stands_in_a_cell_ends_in_a_value_or_a_reason(text: str) -> None:
    order = day_order([text], default=None) if text.count("/") < 2 else day_order([], default=None)
    for read in (lambda: number(text, mark="."), lambda: day(text, order=order)):
        with suppress(Unreadable):
            assert isinstance(read(), Decimal | date | None)


@pytest.mark.parametrize(
    ("signs", "currency"),
    [(["€ 5", "6"], "EUR"), (["$5"], None), (["R$ 5"], "BRL"), (["£1", "€1"], None), (["CHF 3"], "CHF")],
)
def test_a_sign_counts_where_it_is_one_currencys_alone(signs: list[str], currency: str | None) -> None:
    assert currency_in(signs) == currency


def test_yesterday_is_a_day() -> None:
    assert day(str(date(2026, 3, 1) - timedelta(days=1)), order=day_order([], default=None)) == date(
        2026, 2, 28
    )
