"""Budgets as people save them: dashes in ids, other delimiters and capitals; an amount that may be two is
asked for.
"""

from pathlib import Path

import pytest

from resources.policy.budgets import Budgets, BudgetsUnreadable, load_budgets


def load(folder: Path, text: str | bytes, name: str = "budgets.csv") -> Budgets:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_budgets(path, is_asked_for=True)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("name,covers,amount,currency\nA,google_ads 123-456-7890,3000,EUR\n", 3000),
        ("name;covers;amount;currency\nA;google_ads 1234567890;3000;EUR\n", 3000),
        ("\n\nName,Covers,Amount,Currency\nA,google_ads 1234567890,3000,EUR\n,,,\n", 3000),
        ('name,covers,amount,currency\nA,google_ads 1234567890,"3000,50",eur\n', 3000.5),
        ('name,covers,amount,currency\nA,google_ads 1234567890,"3,000.00",EUR\n', 3000),
        ('name,covers,amount\nA,google_ads 1234567890,"3.000,00 €"\n', 3000),
        ("name,covers,amount,currency,hard_cap\nA,google_ads 1234567890,3000,EUR,ja\n", 3000),
        ("name,covers,amount,currency,start\nA,google_ads 1234567890,3000,EUR,13/11/2026\n", 3000),
        ("name,covers,amount,currency\nKöln,google_ads 1234567890,3000,EUR\n".encode("latin-1"), 3000),
    ],
)
def test_a_csv_is_read_whatever_program_saved_it(tmp_path: Path, text: str | bytes, amount: float) -> None:
    (budget,) = load(tmp_path, text).budgets
    assert (budget.covers, budget.amount, budget.currency) == (("google_ads 1234567890",), amount, "EUR")


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        (
            "name,covers,amount,currency\nA,google_ads 1,3.000,EUR\n",
            "b.csv",
            "line 2, amount: '3.000'.*thousands or decimals",
        ),
        (
            "name,covers,amount,currency,month\nA,google_ads 1,3000,EUR,Nov-26\n",
            "b.csv",
            "line 2, month: 'Nov-26'",
        ),
        ("name,covers,amount,currency,start\nA,google_ads 1,3000,EUR,03/11/2026\n", "b.csv", "line 2, start"),
        (
            "name,covers,amount,currency,hard_cap\nA,google_ads 1,3000,EUR,maybe\n",
            "b.csv",
            "line 2, hard_cap",
        ),
        (
            'budgets:\n  - {name: A, covers: [all], amount: "3,000", currency: EUR}\n',
            "b.yaml",
            "the amount of 'A'",
        ),
    ],
)
def test_what_may_mean_two_things_is_asked_for_with_its_line(
    tmp_path: Path, text: str, name: str, words: str
) -> None:
    with pytest.raises(BudgetsUnreadable, match=words):
        load(tmp_path, text, name)


@pytest.mark.parametrize(
    ("line", "name", "amount"),
    [
        ("{name: NO, covers: [google_ads 1], amount: 3000, currency: NOK}", "NO", 3000),
        ("{name: on, covers: google_ads 1, amount: 3000, currency: nok}", "on", 3000),
        ("{name: A, covers: [google_ads 1], amount: 0100, currency: NOK}", "A", 100),
        ("{name: A, covers: [google_ads 1], amount: 3000, currency: NOK, month: 2026-11-01}", "A", 3000),
    ],
)
def test_yaml_means_what_it_says(tmp_path: Path, line: str, name: str, amount: float) -> None:
    for text in (f"budgets:\n  - {line}\n", f"- {line}\n"):
        (budget,) = load(tmp_path, text, "b.yaml").budgets
        assert (budget.name, budget.amount, budget.currency, budget.covers) == (
            name,
            amount,
            "NOK",
            ("google_ads 1",),
        )
