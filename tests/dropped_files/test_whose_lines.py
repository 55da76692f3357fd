"""Whose line it is: accounts, campaigns and ads by id, by name, by both; two clients, two currencies, rounded
ids.
"""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.dropped_files.exports import NOON, dropped, read
from tests.dropped_files.test_line_meaning import META, only_outcome, spend, workbook


def test_two_files_that_differ_about_one_name_are_told_with_both_figures() -> None:
    folder = read(
        dropped(META + "2026-11-13,Brand,1000,10,100.50\n", name="a.csv"),
        dropped(META + "2026-11-13,Brand,2000,20,200.50\n", name="b.csv"),
    )
    message = folder.outcomes[0].message
    assert "100.50 here, 200.50 there" in message
    assert "two clients" in message


def test_two_clients_files_with_a_mapping_each_add_up() -> None:
    files = [
        dropped(META + f"2026-11-13,Brand,1000,10,{amount}\n", name=f"{client}.csv", mapping=f"platform: meta_ads\naccount_name: {client}\n")
        for client, amount in (("First", "100.50"), ("Second", "200.50"))
    ]  # fmt: skip
    assert spend(read(*files)) == Decimal("301.00")


def test_a_campaign_with_and_without_its_id_is_one() -> None:
    with_id = "Day,Campaign name,Campaign ID,Amount spent (EUR)\n2026-11-13,Brand,120210000000001,100.50\n"
    without = "Day,Campaign name,Amount spent (EUR)\n2026-11-13,Brand,100.50\n2026-11-14,brand,100.50\n"
    folder = read(dropped(with_id, name="a.csv"), dropped(without, name="b.csv"))
    assert spend(folder) == Decimal("201.00")
    assert set(folder.days["campaign"].column("campaign_id").to_pylist()) == {"120210000000001"}


def test_a_name_that_two_ids_have_stays_a_name() -> None:
    with_ids = "Day,Campaign name,Campaign ID,Amount spent (EUR)\n2026-11-13,Brand,11,1.50\n2026-11-13,Brand,12,2.50\n"
    folder = read(
        dropped(with_ids, name="a.csv"), dropped(META + "2026-11-13,Brand,1,1,4.50\n", name="b.csv")
    )
    assert len(folder.days["campaign"]) == 3


def test_one_account_in_two_currencies_is_set_aside() -> None:
    text = (
        "Day,Account ID,Campaign name,Campaign ID,Currency,Amount spent\n2026-11-13,111,Brand,900,EUR,12.50\n"
        "2026-11-13,111,Brand,900,USD,20.00\n2026-11-13,222,Other,901,USD,5.00\n"
    )
    folder = read(dropped(text))
    assert spend(folder) == Decimal("5.00")
    assert "an account has one currency" in folder.outcomes[0].message


def test_an_account_in_another_currency_than_an_older_file_has_is_set_aside() -> None:
    header = "Day,Customer ID,Campaign,Currency code,Cost\n"
    folder = read(
        dropped(header + "2026-11-13,123-456-7890,A,EUR,1.50\n", name="old.csv", at=NOON - timedelta(days=1)),
        dropped(header + "2026-11-14,1234567890,A,USD,9.50\n", name="new.csv"),
    )
    assert spend(folder) == Decimal("1.50")
    assert [outcome.status for outcome in folder.outcomes] == ["refused", "read"]


@pytest.mark.parametrize("ids", [("1.20210E+17", "1.20210E+17"), ("120210123456780000", "120210123456780000"), ("1,2021E+17", "1,2021E+17")])  # fmt: skip
def test_ids_that_a_spreadsheet_rounded_are_not_used(ids: tuple[str, str]) -> None:
    rows = f'2026-11-13,Alpha,"{ids[0]}",40.25\n2026-11-13,Beta,"{ids[1]}",60.25\n'
    folder = read(dropped("Day,Campaign name,Campaign ID,Amount spent (EUR)\n" + rows))
    assert len(folder.days["campaign"]) == 2
    assert "is not used" in folder.outcomes[0].message
    without_names = "Day,Campaign ID,Amount spent (EUR)\n" + rows.replace("Alpha,", "").replace("Beta,", "")
    assert only_outcome(without_names).status == "refused"


@pytest.mark.parametrize("written", ["19876543210.0", '="19876543210"', "'19876543210", " 19876543210 "])
def test_an_id_is_the_same_however_a_program_wrote_it(written: str) -> None:
    header = "Day,Campaign,Campaign ID,Currency code,Cost\n"
    quoted = '"' + written.replace('"', '""') + '"'
    folder = read(
        dropped(header + f"2026-11-13,Alpha,{quoted},EUR,40.25\n", name="a.csv"),
        dropped(header + "2026-11-13,Alpha,19876543210,EUR,40.25\n", name="b.csv"),
    )
    assert len(folder.days["campaign"]) == 1


def test_long_ids_as_numbers_of_a_workbook_are_not_used() -> None:
    rows = [["Day", "Campaign name", "Campaign ID", "Amount spent (EUR)"]]
    rows += [[date(2026, 11, 13), name, 120210123456789012, 12.5] for name in ("Alpha", "Beta")]  # type: ignore[list-item]
    folder = read(dropped(workbook(Report=rows), name="Report.xlsx"))  # type: ignore[arg-type]
    assert len(folder.days["campaign"]) == 2
    assert all(text.startswith("name:") for text in folder.days["campaign"].column("campaign_id").to_pylist())


@pytest.mark.parametrize(
    ("text", "level"),
    [
        (
            (
                "Day,Campaign,Ad group,Currency code,Cost\n2026-11-13,Search,Boots,EUR,100.50\n2026-11-13,PMax, --,EUR,500.50\n"
                "2026-11-14,PMax,,EUR,500.50\n"
            ),
            "campaign",
        ),
        (
            "Day,Campaign name,Ad set name,Ad name,Amount spent (EUR)\n2026-11-13,Brand,Core,Video,1000.50\n2026-11-13,Brand,Core,,101.00\n",
            "ad_set",
        ),
    ],
)
def test_an_empty_name_below_leaves_the_money_above(text: str, level: str) -> None:
    folder = read(dropped(text))
    assert spend(folder, level) == Decimal("1101.50")
    assert folder.outcomes[0].status == "read"


@pytest.mark.parametrize(
    "name", ["NA", "None", "null", "N/A", "NaN", "All", "Total", "gesamt", "0", "-Minus", "=A1"]
)
def test_a_name_is_a_name_whatever_it_says(name: str) -> None:
    text = META + f"2026-11-13,{name},1000,10,9.50\n2026-11-13,Brand,1000,10,10.25\n"
    folder = read(dropped(text))
    assert spend(folder) == Decimal("19.75"), folder.outcomes


def test_repeated_lines_are_counted_once_and_unnamed_parts_each() -> None:
    line = "2026-11-13,Brand,1000,10,9.50\n"
    repeated = read(dropped(META + line + "2026-11-14,Brand,1000,10,9.50\n" + line))
    assert spend(repeated) == Decimal("19.00")
    assert "1 repeated lines counted once" in repeated.outcomes[0].message
    parts = read(dropped(META + line + line + "2026-11-13,Brand,2000,20,1.50\n"))
    assert spend(parts) == Decimal("20.50")
