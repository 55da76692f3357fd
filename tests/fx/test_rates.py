"""Exchange rates: crossed through their base, held over weekends, never invented."""

from datetime import date

import pandas as pd
import pytest

from assets.core.fx.rates import rates_between
from resources.errors import DataUnusable

FRIDAY, SUNDAY = date(2026, 11, 20), date(2026, 11, 22)


def table(*rows: tuple[str, str, str, object]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["day", "currency", "base", "rate"])


def rate(rows: pd.DataFrame, currency: str, day: date) -> float:
    return float(rows[(rows["currency"] == currency) & (rows["day"] == pd.Timestamp(day))]["rate"].iloc[0])


def test_the_reporting_currency_is_worth_one_in_itself() -> None:
    rows = rates_between(table(), reporting="EUR", start=FRIDAY, end=SUNDAY, source="none")
    assert rows["currency"].tolist() == ["EUR"] * 3
    assert rows["rate"].tolist() == [1.0] * 3


def test_a_friday_rate_holds_over_the_weekend_and_not_for_ever() -> None:
    given = table(("2026-11-20", "USD", "EUR", "0.9"))
    rows = rates_between(given, reporting="EUR", start=FRIDAY, end=date(2026, 12, 10), source="mine.csv")
    held = rows[rows["currency"] == "USD"]
    assert rate(rows, "USD", SUNDAY) == 0.9
    assert held["day"].max() == pd.Timestamp("2026-11-27")


def test_two_currencies_are_crossed_through_their_base() -> None:
    given = table(("2026-11-20", "USD", "EUR", "0.9"), ("2026-11-20", "GBP", "EUR", "1.2"))
    rows = rates_between(given, reporting="USD", start=FRIDAY, end=FRIDAY, source="mine.csv")
    assert rate(rows, "GBP", FRIDAY) == pytest.approx(1.2 / 0.9)
    assert rate(rows, "USD", FRIDAY) == 1.0


def test_rates_from_before_the_range_hold_into_it() -> None:
    rows = rates_between(
        table(("2026-11-18", "USD", "EUR", "0.9")), reporting="EUR", start=FRIDAY, end=FRIDAY, source="m"
    )
    assert rate(rows, "USD", FRIDAY) == 0.9


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            table(("2026-11-20", "USD", "EUR", "0")),
            "line 2: day must be like 2026-11-23 and rate a positive number",
        ),
        (table(("2026-11-20", "USD", "EUR", "1"), ("20.11.2026", "USD", "EUR", "1")), "line 3"),
        (table(("2026-11-20", "USD", "EUR", "inf")), "line 2"),
        (
            table(("2026-11-20", "usd", "EUR", "1"), ("2026-11-20", "USD", "EUR", "2")),
            "give USD on 2026-11-20 twice",
        ),
        (table().drop(columns="base"), "have no column base"),
    ],
)
def test_a_table_that_cannot_be_trusted_is_refused(rows: pd.DataFrame, words: str) -> None:
    with pytest.raises(DataUnusable, match=words):
        rates_between(rows, reporting="EUR", start=FRIDAY, end=SUNDAY, source="/somewhere/mine.csv")
