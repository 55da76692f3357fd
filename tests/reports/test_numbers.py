"""How numbers read: by example, and as properties that hold for every number."""

import math
import re
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.formatting import numbers

amounts = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False)
currencies = st.sampled_from(["EUR", "USD", "JPY", "CHF", "KWD", "GBP", "SEK"])


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        (1234.5, "EUR", "€1,234.50"),
        (0, "EUR", "€0.00"),
        (-0.0, "EUR", "€0.00"),
        (-12, "USD", "−$12.00"),
        (1234.5, "JPY", "¥1,235"),
        (1234.5, "CHF", "CHF\N{NO-BREAK SPACE}1,234.50"),
        (1.23456, "KWD", "KWD\N{NO-BREAK SPACE}1.235"),
        (0.125, "EUR", "€0.13"),
        (2.675, "EUR", "€2.68"),
        (0.004, "EUR", "<€0.01"),
        (-0.004, "EUR", "−<€0.01"),
        (0.005, "EUR", "€0.01"),
        (0.2, "JPY", "<¥1"),
        (None, "EUR", "–"),
        (math.nan, "EUR", "–"),
        (math.inf, "EUR", "–"),
    ],
)
def test_money_reads_with_its_currency_and_that_currency_s_decimals(
    value: float | None, currency: str, shown: str
) -> None:
    assert numbers.money(value, currency) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (999.4, "€999.40"),
        (9999, "€9,999.00"),
        (12_345, "€12.3k"),
        (123_456, "€123k"),
        (999_949, "€1.00M"),
        (999_400, "€999k"),
        (1_240_000, "€1.24M"),
        (7_650_000_000, "€7.65bn"),
        (-12_345, "−€12.3k"),
    ],
)
def test_a_compact_amount_keeps_three_digits(value: float, shown: str) -> None:
    assert numbers.money(value, "EUR", compact=True) == shown


def test_counts_show_a_decimal_only_where_there_is_one() -> None:
    assert [numbers.count(v) for v in (1_665, 12.0, 12.34, 0, None)] == ["1,665", "12", "12.3", "0", "–"]


def test_shares_read_as_percents_and_multiples_as_times() -> None:
    assert [numbers.percent(v) for v in (0.0123, 0, 0.00001, None)] == ["1.23%", "0.00%", "<0.01%", "–"]
    assert [numbers.multiple(v) for v in (3.416, 0, math.nan)] == ["3.42×", "0.00×", "–"]


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.123, "+12.3%"), (-0.04, "−4.0%"), (0.0004, "0.0%"), (0, "0.0%"), (25, "+2,500%"), (None, "–")],
)
def test_a_change_has_its_sign(share: float | None, shown: str) -> None:
    assert numbers.change(share) == shown


@given(value=amounts, currency=currencies)
def test_what_is_shown_is_the_amount_rounded_to_the_currency_s_decimals(value: float, currency: str) -> None:
    shown = numbers.money(value, currency)
    least = Decimal(1).scaleb(-numbers.decimals_of(currency))
    exact = abs(Decimal(repr(value)))
    if "<" in shown:
        assert 0 < exact < least / 2
        return
    digits = Decimal(re.sub(r"[^0-9.]", "", shown))
    assert digits == exact.quantize(least, rounding=ROUND_HALF_UP)
    assert shown.startswith("−") == (value < 0)


@given(value=amounts, currency=currencies)
def test_only_zero_reads_as_zero(value: float, currency: str) -> None:
    reads_as_zero = set(numbers.money(value, currency)) & set("123456789") == set()
    assert reads_as_zero == (value == 0)


@given(small=amounts, large=amounts)
def test_a_larger_compact_amount_never_reads_smaller(small: float, large: float) -> None:
    scales = {"k": 1e3, "M": 1e6, "bn": 1e9}

    def read(value: float) -> float:
        digits, unit = re.fullmatch(
            r"([\d,.]+)([a-zA-Z]*)", numbers.count(value, compact=True).lstrip("<")
        ).groups()
        return float(digits.replace(",", "")) * scales.get(unit, 1)

    low, high = sorted((round(abs(small)), round(abs(large))))
    assert read(low) <= read(high)


@given(value=st.one_of(st.none(), st.floats()), currency=currencies)
def test_nothing_reads_as_nan_or_infinite(value: float | None, currency: str) -> None:
    shown = [
        numbers.money(value, currency),
        numbers.count(value),
        numbers.percent(value),
        numbers.multiple(value),
        numbers.change(value),
        numbers.machine(value),
    ]
    assert not [text for text in shown if re.search("nan|inf", text, re.IGNORECASE)]


@given(value=st.floats(min_value=-1e9, max_value=1e9))
def test_the_machine_s_number_is_the_number(value: float) -> None:
    assert float(numbers.machine(value)) == pytest.approx(value, rel=1e-8)
