"""CRM files as people save them: days, amounts, ids, encodings and headers; what cannot be read is counted,
never guessed.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from resources.crm.reader import CrmReading
from resources.crm.tabular import Files
from resources.errors import DataUnusable
from resources.policy.crm import CrmMapping

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def read(folder: Path, **texts: str | bytes) -> CrmReading:
    for name, text in texts.items():
        content = text if isinstance(text, bytes) else text.encode()
        (folder / f"{name}.csv").write_bytes(content)
    return Files(folder, CrmMapping()).read(None, now=lambda: NOW)


def test_a_column_of_days_has_one_order_that_it_proves(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        contacts="contact_id,created_at\n1,03/11/2026\n2,13/11/2026\n3,03.11.2026\n4,13.11.2026 09:30\n5,1793869200000\n"
        "6,2026-11-03 09:30\n7,3. Nov. 2026\n8,\n",
    )
    days = {row["contact_id"]: row["created_at"] for row in reading.rows["contacts"]}
    assert [days[key].date() for key in "1237"] == [
        date(2026, 11, 3),
        date(2026, 11, 13),
        date(2026, 11, 3),
        date(2026, 11, 3),
    ]
    assert days["4"] == datetime(2026, 11, 13, 9, 30, tzinfo=UTC)
    assert days["5"] == datetime(2026, 11, 5, 9, 0, tzinfo=UTC)
    assert days["8"] is None
    assert reading.unread == {}


def test_days_that_may_be_months_are_counted_and_their_orders_left_out(tmp_path: Path) -> None:
    reading = read(
        tmp_path, deals="deal_id,created_at,amount,currency\n1,03/11/2026,10,EUR\n2,2026-11-04,20,EUR\n"
    )
    assert [row["deal_id"] for row in reading.rows["deals"]] == ["2"]
    assert list(reading.unread.values()) == [1]
    assert "deals.created_at" in next(iter(reading.unread))


def test_amounts_are_read_as_they_were_written_and_no_order_counts_without_its_money(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        deals="deal_id,created_at,amount,currency\n"
        '1,2026-11-04,"1.234,56",EUR\n2,2026-11-04,"1,234.56",EUR\n3,2026-11-04,"1 234,56",EUR\n4,2026-11-04,€99.50,\n'
        '5,2026-11-04,1.234,EUR\n6,2026-11-04,"99,50",eur\n7,2026-11-04,a lot,EUR\n,2026-11-04,10,EUR\n',
    )
    amounts = {row["deal_id"]: row["amount"] for row in reading.rows["deals"]}
    assert amounts == {
        "1": Decimal("1234.56"), "2": Decimal("1234.56"), "3": Decimal("1234.56"), "4": Decimal("99.50"), "6": Decimal("99.50"),
    }  # fmt: skip
    assert {row["currency"] for row in reading.rows["deals"]} == {"EUR"}
    assert sum(reading.unread.values()) == 3
    assert not any("a lot" in what for what in reading.unread)


def test_an_id_is_the_same_as_a_number_and_as_a_float(tmp_path: Path) -> None:
    pd.DataFrame({"contact_id": [1, 2]}).to_parquet(tmp_path / "contacts.parquet")
    deals = pd.DataFrame(
        {
            "deal_id": [7, 8],
            "contact_id": [1.0, None],
            "created_at": ["2026-11-04"] * 2,
            "amount": [10.5, 3.0],
        }
    )
    deals.to_parquet(tmp_path / "deals.parquet")
    reading = read(tmp_path)
    assert {row["contact_id"] for row in reading.rows["contacts"]} == {"1", "2"}
    assert {row["deal_id"]: row["contact_id"] for row in reading.rows["deals"]} == {"7": "1", "8": None}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("contacts.csv", b"contact_id;email;created_at\n1;a@shop.test;2026-11-01\n"),
        (
            "contacts.csv",
            b"Record ID,First Name,Email,Lifecycle Stage,Create Date\n1,X,a@shop.test,lead,2026-11-01 09:30\n",
        ),
        (
            "contacts.csv",
            "contact_id,email,created_at,country\n1,a@shop.test,2026-11-01,Österreich\n".encode("latin-1"),
        ),
        ("Contacts.CSV", b"\xef\xbb\xbfcontact_id,email,created_at\n1,a@shop.test,2026-11-01\n"),
        ("contacts.csv", "contact_id\temail\tcreated_at\n1\ta@shop.test\t2026-11-01\n".encode("utf-16")),
    ],
)
def test_contacts_are_read_whatever_program_saved_them(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    (row,) = read(tmp_path).rows["contacts"]
    assert (row["contact_id"], row["created_at"].date()) == ("1", date(2026, 11, 1))
    assert row["email_sha256"]


def test_a_missing_column_is_named_with_the_mapping_that_mends_it(tmp_path: Path) -> None:
    with pytest.raises(DataUnusable, match=r"contact_id: 'Customer'.*There are: Customer, Mail"):
        read(tmp_path, contacts="Customer,Mail\n1,a@shop.test\n")
