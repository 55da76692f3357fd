"""Salesforce by its own client, a database and files: the same people as rows of the same tables."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import create_engine

from resources.crm.incremental_load import read_and_keep
from resources.crm.registry import Crms
from resources.crm.tabular import Files, Sql
from resources.errors import DataUnusable, PlatformBusy, PlatformRefused
from resources.lake.lake import Lake
from resources.platforms.retries import BackOff
from resources.policy.crm import CrmMapping
from resources.security.pii_hashing import identity
from resources.tables.crm import CONTACTS, CRM_PULLS, DEAL_STAGES, DEALS, STAGES, TOUCHES
from sandbox.faults import KNOWN
from tests.crm.ground import NOW, Ground
from tests.crm.truth import holdings

MAPPING = CrmMapping()


def keep(crms: Crms, lake: Lake) -> None:
    (reader,) = crms.readers()
    read_and_keep(lake, reader, MAPPING, now=crms.now)


def assert_equal(lake: Lake, ground: Ground) -> None:
    held = holdings(ground.stage)
    books = held.books
    contacts, deals = lake.read(CONTACTS), lake.read(DEALS)
    shelf = held.contacts
    assert len(contacts) == shelf.seen(held.now).sum()
    first = shelf.seen(held.now) & ~shelf.is_second
    assert (
        contacts["qualified_at"].notna().sum()
        == (books.funnel.qualified_at[shelf.row[first]] <= held.now).sum()
    )
    open_ = held.deals.seen(held.now)
    rows = held.deals.row[open_]
    worth = np.where(books.people.sells[rows], books.people.value[rows], books.funnel.amount[rows])
    assert len(deals) == open_.sum()
    assert deals["amount"].sum() == pytest.approx(worth.sum())
    assert deals["is_refunded"].sum() == (books.funnel.refunded_at[rows] <= held.now).sum()


def test_salesforce_is_read_and_kept_current(salesforce: Ground, lake: Lake) -> None:
    crms = salesforce.crms()
    keep(crms, lake)
    assert_equal(lake, salesforce)
    salesforce.stage.clock.advance(timedelta(hours=50))
    keep(crms, lake)
    assert_equal(lake, salesforce)
    assert lake.read(CRM_PULLS)["is_whole"].sum() == 1
    assert set(lake.read(STAGES)["win_share"]) == {0.1, 0.2, 0.4, 0.6, 0.9, 1.0, 0.0}
    assert set(lake.read(DEAL_STAGES)["deal_id"]) >= set(lake.read(DEALS)["deal_id"])
    assert {"google_ads", "meta_ads", "linkedin_ads"} <= set(lake.read(TOUCHES)["channel"])


def test_every_fault_of_salesforce_is_met_here() -> None:
    assert set(KNOWN["salesforce"]) == {
        "session_expired",
        "throttled",
        "unavailable",
        "job_slow",
        "job_failed",
    }


def test_everything_is_read_by_jobs_and_changes_by_pages(salesforce: Ground, lake: Lake) -> None:
    (reader,) = salesforce.crms().readers()
    whole = reader.read(None, now=salesforce.stage.clock.now)
    people = len(whole.rows["contacts"])
    assert people > 1_000  # several pages of one job
    # A job is asked for, looked at and fetched in pages of a thousand; the stages are one page of rows.
    assert whole.calls <= 6 * 3 + 2 * people // 1_000 + 2
    since = salesforce.stage.clock.now()
    salesforce.stage.clock.advance(timedelta(hours=2))
    changed = reader.read(since, now=salesforce.stage.clock.now)
    assert 0 < len(changed.rows["contacts"]) < people


def test_a_job_that_takes_its_time_is_waited_for(salesforce: Ground, lake: Lake) -> None:
    salesforce.stage.faults.arm("salesforce", "job_slow", polls=3)
    keep(salesforce.crms(back_off=BackOff(total_seconds=5.0, first_pause=0.01)), lake)
    assert_equal(lake, salesforce)


def test_a_job_that_does_not_end_is_given_up_and_one_that_failed_is_told_of(
    salesforce: Ground, lake: Lake
) -> None:
    salesforce.stage.faults.arm("salesforce", "job_slow", polls=9)
    with pytest.raises(PlatformBusy, match="Salesforce: Reading Lead: the bulk job is still running"):
        keep(salesforce.crms(), lake)
    salesforce.stage.faults.arm("salesforce", "job_failed")
    with pytest.raises(PlatformRefused, match=r"the bulk job ended as Failed.*Bulk Data Load Jobs"):
        keep(salesforce.crms(), lake)
    assert lake.read(CONTACTS).empty


def test_an_expired_session_is_logged_in_again(salesforce: Ground, lake: Lake) -> None:
    salesforce.stage.faults.arm("salesforce", "session_expired", after=2)
    keep(salesforce.crms(), lake)
    assert_equal(lake, salesforce)


@pytest.mark.parametrize(
    ("fault", "word"), [("throttled", "REQUEST_LIMIT_EXCEEDED"), ("unavailable", "SERVER_UNAVAILABLE")]
)
def test_a_busy_salesforce_is_said_to_be_busy(salesforce: Ground, lake: Lake, fault: str, word: str) -> None:
    salesforce.stage.faults.arm("salesforce", fault, after=1)
    with pytest.raises(PlatformBusy, match=rf"Salesforce: Reading \w+: {word}"):
        keep(salesforce.crms(), lake)
    assert lake.read(CONTACTS).empty


def test_a_wrong_client_is_told_which_settings_to_check(salesforce: Ground) -> None:
    wrong = salesforce.settings.salesforce.model_copy(update={"client_id": "nobody"})
    settings = salesforce.settings.model_copy(update={"salesforce": wrong})
    (reader,) = Crms(lambda: settings).readers()
    with pytest.raises(PlatformRefused, match=r"invalid_client.*SALESFORCE_CLIENT_ID"):
        reader.spoken()


PEOPLE = pd.DataFrame(
    {
        "Customer": ["1", "2"],
        "email": ["Ada@Shop.de", "test@shop.de"],
        "created_at": ["2026-11-01", "2026-11-02T10:00:00Z"],
        "qualified_at": ["2026-11-05", None],
    }
)
ORDERS = pd.DataFrame(
    {
        "deal_id": ["o1", "o2", "o3"],
        "email": ["ada@shop.de", "new@shop.de", None],
        "amount": ["10.50", "7", None],
        "currency": ["EUR", "EUR", "EUR"],
        "created_at": ["2026-11-06", "2026-11-07", "2026-11-08"],
        "is_refunded": [None, "yes", None],
    }
)
VISITS = pd.DataFrame(
    {
        "Customer": ["1", "2"],
        "touch_at": ["2026-10-30 08:00", "no day"],
        "url": ["https://s.de/?gclid=a", "https://s.de/"],
    }
)
NAMED = CrmMapping(columns={"contact_id": "customer"}, phone_region="DE")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_files_are_people_orders_and_visits(tmp_path: Path, ending: str) -> None:
    for name, table in {"contacts": PEOPLE, "deals": ORDERS, "touches": VISITS}.items():
        path = tmp_path / f"{name}.{ending}"
        table.to_csv(path, index=False) if ending == "csv" else table.to_parquet(path)
    reading = Files(tmp_path, NAMED).read(None, now=lambda: NOW)
    assert_is_people_and_orders(reading.rows)


def test_a_database_is_asked_by_the_policys_queries(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.sqlite'}"
    for name, table in {"people": PEOPLE, "orders": ORDERS, "visits": VISITS}.items():
        table.to_sql(name, create_engine(url), index=False)
    queries = {
        "contacts": "select * from people",
        "deals": "select * from orders",
        "touches": "select * from visits",
    }
    reading = Sql(url, NAMED.model_copy(update={"queries": queries})).read(None, now=lambda: NOW)
    assert_is_people_and_orders(reading.rows)


def assert_is_people_and_orders(rows: dict[str, list[dict[str, object]]]) -> None:
    contacts = {row["contact_id"]: row for row in rows["contacts"]}
    assert contacts["1"]["email_sha256"] == identity("ada@shop.de", None).email_sha256
    assert contacts["1"]["lead_at"] == contacts["1"]["qualified_at"] is not None
    assert [contacts["1"]["is_test"], contacts["2"]["is_test"]] == [False, True]
    deals = {row["deal_id"]: row for row in rows["deals"]}
    assert deals["o1"]["contact_id"] == "1"
    assert str(deals["o2"]["contact_id"]).startswith("email:")
    assert deals["o2"]["contact_id"] in contacts
    assert [deals[deal]["is_won"] for deal in ("o1", "o2", "o3")] == [True, False, True]
    assert deals["o3"]["amount"] is None
    assert deals["o3"]["contact_id"] is None
    assert [row["channel"] for row in rows["touches"]] == ["google_ads"]


def test_a_missing_column_says_which_and_where_to_name_it(tmp_path: Path) -> None:
    PEOPLE.to_csv(tmp_path / "contacts.csv", index=False)
    with pytest.raises(DataUnusable, match=r"CRM contacts have no column contact_id.*crm\.columns"):
        Files(tmp_path, MAPPING).read(None, now=lambda: NOW)


def test_an_empty_folder_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(DataUnusable, match="contacts, touches, companies, deals or stages"):
        Files(tmp_path, MAPPING).spoken()


def test_a_database_that_refuses_is_not_quoted(tmp_path: Path) -> None:
    secret = "ada@shop.de"
    mapping = MAPPING.model_copy(
        update={"queries": {"contacts": f"select nothing from nowhere where email = '{secret}'"}}
    )
    with pytest.raises(PlatformRefused) as refused:
        Sql(f"sqlite:///{tmp_path / 'x.sqlite'}", mapping).spoken()
    assert secret not in repr(refused.value) + repr(refused.value.__context__)
