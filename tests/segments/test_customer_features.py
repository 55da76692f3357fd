"""What is known of each customer at the end of a week: equal to the books, nothing later, and nobody
named.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assets.core.crm.people import outcomes, people
from assets.segments.features import iso_codes
from assets.segments.features.assets import customer_features
from assets.segments.features.coverage import FEATURES, coverage, coverage_fall, unknown_customers
from assets.segments.features.inputs import WeekFeatures, features_at
from resources.action_services import ActionServices
from resources.crm.incremental_load import read_and_keep
from resources.crm.registry import Crms
from resources.lake.lake import Lake
from resources.platforms.registry import Platforms
from resources.tables import core
from resources.tables.crm import CONTACTS, DEALS
from resources.tables.segments import CUSTOMER_FEATURES
from sandbox.fx import rates
from sandbox.world import load_world
from tests.crm.crawl import assert_name_nobody, texts_of
from tests.crm.ground import Ground, ground, small_world
from tests.crm.truth import assert_equal_to_the_books, holdings

SUNDAY = date(2026, 11, 15)
ENDED = datetime(2026, 11, 16, tzinfo=UTC)


def spent(transactions: pd.DataFrame, *, as_of: date, horizon_days: int) -> pd.DataFrame:
    """As much again as so far: a value whose sum can be held against the orders."""
    assert (as_of, horizon_days) == (SUNDAY, 365)
    assert transactions["value"].notna().all()
    sums = transactions.groupby("customer_id", as_index=False)["value"].sum()
    return sums.rename(columns={"value": "expected_value"}).assign(
        expected_low=0.0, expected_high=1e9, mean_value=lambda frame: frame["expected_value"]
    )


def features(lake: Lake, **more: object) -> WeekFeatures:
    arguments = {"currency": "EUR", "margins": {"google_ads": 0.4}, "value": spent, "now": ENDED} | more
    return features_at(lake, SUNDAY, **arguments)  # type: ignore[arg-type]


def read(lake: Lake, crms: Crms) -> None:
    for reader in crms.readers():
        read_and_keep(lake, reader, crms.mapping(), now=crms.now)


@pytest.fixture(scope="module")
def stood(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ground, Lake]]:
    """The demo's segments with the people of two weeks, read an hour before the week ended."""
    demo = load_world("demo").crm
    lively = [segment.model_copy(update={"orders_per_year": 60.0}) for segment in demo.segments]
    world = small_world(
        segments=lively,
        consent_share=0.7,
        unsubscribe_share=0.5,
        unsubscribe_days=4.0,
        merge_share=0.03,
        begins=date(2026, 11, 2),
    )
    with ground(tmp_path_factory.mktemp("features"), world) as built:
        built.stage.clock.set(ENDED - timedelta(hours=1))
        lake = Lake(tmp_path_factory.mktemp("lake") / "lake")
        days = rates(built.stage.world, start=date(2026, 11, 1), end=SUNDAY)
        rows = [
            {
                "currency": r["currency"],
                "day": date.fromisoformat(r["day"]),
                "reporting_currency": "EUR",
                "rate": r["eur"],
                "source": "test",
            }
            for r in days
        ]
        lake.replace(core.FX_RATE, pa.Table.from_pylist(rows, schema=core.FX_RATE.schema))
        read(lake, built.crms())
        yield built, lake


@pytest.fixture(scope="module")
def features_of_week(stood: tuple[Ground, Lake]) -> pd.DataFrame:
    return features(stood[1]).rows.to_pandas()


def test_customers_and_their_money_are_those_of_the_funnel(
    stood: tuple[Ground, Lake], features_of_week: pd.DataFrame
) -> None:
    lake = stood[1]
    ends = outcomes(people(lake.read(CONTACTS)), lake.read(DEALS), lake.read(core.FX_RATE), currency="EUR")
    orders = ends[(ends["kind"] == "order") & ends["person_id"].notna()].groupby("person_id")
    by_customer = features_of_week.set_index("customer_id")
    assert set(by_customer.index) == set(ends.loc[ends["kind"].isin(["lead", "order"]), "person_id"].dropna())
    for ours, theirs in {"orders": orders.size(), "revenue": orders["value_reporting"].sum()}.items():
        assert by_customer.loc[theirs.index, ours].to_numpy() == pytest.approx(theirs.to_numpy())
        assert (by_customer.loc[~by_customer.index.isin(theirs.index), ours] == 0).all()
    assert by_customer["orders"].max() > 1
    assert by_customer["expected_value"].dropna().to_numpy() == pytest.approx(
        by_customer.loc[by_customer["orders"] > 0, "revenue"]
    )
    last = pd.to_datetime(orders["day"].max())
    assert (
        by_customer.loc[last.index, "recency_days"].tolist() == (pd.Timestamp(SUNDAY) - last).dt.days.tolist()
    )
    assert by_customer.loc[by_customer["orders"] == 0, "recency_days"].isna().all()


def test_traits_are_those_of_the_books_and_missing_ones_are_missing(
    stood: tuple[Ground, Lake], features_of_week: pd.DataFrame
) -> None:
    held, lake = holdings(stood[0].stage), stood[1]
    contacts = people(lake.read(CONTACTS)).contacts
    row = dict(zip(held.cards.contact_id.astype(str), range(len(held.books.people)), strict=True))
    single = contacts[contacts["contact_id"].isin(row)].drop_duplicates("person_id", keep=False)
    row_of = single.set_index("person_id")["contact_id"].map(row)
    of_one_record = features_of_week[features_of_week["customer_id"].isin(row_of.index)].set_index(
        "customer_id"
    )
    rows = [int(row_of[person_id]) for person_id in of_one_record.index]
    assert len(of_one_record) > 0.9 * len(features_of_week) > 200
    for name in ("country", "region", "language", "use_case", "pain"):
        wanted = [held.books.traits.of_person(name, number) for number in rows]
        assert [None if pd.isna(value) else value for value in of_one_record[name]] == wanted
        assert 0 < of_one_record[name].isna().mean() < 0.6
    for name in ("industry", "company_size", "account_tier", "technology"):
        companies = [
            held.cards.company[number] if held.cards.has_company[number] else None for number in rows
        ]
        wanted = [
            None if company is None else held.books.traits.of_company(name, int(company))
            for company in companies
        ]
        assert [None if pd.isna(value) else value for value in of_one_record[name]] == wanted
    left = held.books.traits.unsubscribed_at <= held.now
    wanted = [bool(held.books.traits.agreed[number] and not left[number]) for number in rows]
    assert of_one_record["may_advertise"].tolist() == wanted
    assert left.any()


def test_visits_tell_channel_content_and_search(features_of_week: pd.DataFrame) -> None:
    contents = {page for segment in load_world("demo").crm.segments for page in segment.content}
    topics = {topic for segment in load_world("demo").crm.segments for topic in segment.search_topic}
    assert topics >= set(features_of_week["search_topic"].dropna())
    assert len(contents & set(features_of_week["content"])) > 8
    assert features_of_week["first_channel"].notna().equals(features_of_week["visits"].notna())
    assert features_of_week["search_topic"].isna().mean() > 0.3
    by_google = features_of_week["first_channel"] == "google_ads"
    assert features_of_week.loc[by_google, "margin"].to_numpy() == pytest.approx(
        0.4 * features_of_week.loc[by_google, "revenue"]
    )
    assert features_of_week.loc[~by_google, "margin"].isna().all()


def test_what_happens_after_the_week_changes_nothing(
    stood: tuple[Ground, Lake], features_of_week: pd.DataFrame
) -> None:
    built, lake = stood
    before = lake.read(CONTACTS)
    built.stage.clock.set(ENDED + timedelta(days=3))
    read(lake, built.crms())
    assert_equal_to_the_books(lake, built.stage)  # repeat orders and consents come with the changes
    built.stage.clock.set(ENDED - timedelta(hours=1))
    after = lake.read(CONTACTS)
    assert len(after) > len(before)
    assert (
        before["may_advertise"].sum()
        - after[after["contact_id"].isin(before["contact_id"])]["may_advertise"].sum()
    ) > 5
    again = features(lake)
    assert not again.is_late
    assert again.read_at == ENDED - timedelta(hours=1)
    pd.testing.assert_frame_equal(again.rows.to_pandas(), features_of_week)


def test_a_crm_that_was_connected_later_tells_what_had_happened_by_then(
    stood: tuple[Ground, Lake], tmp_path: Path
) -> None:
    built, lake = stood[0], Lake(tmp_path / "later")
    built.stage.clock.set(ENDED + timedelta(days=4))
    read(lake, built.crms())
    built.stage.clock.set(ENDED - timedelta(hours=1))
    late = features(lake)
    rows = late.rows.to_pandas()
    assert late.is_late
    assert (
        late.orders_without_rate > 0
    )  # this lake has no exchange rates: amounts in dollars are worth what nobody knows
    assert rows.loc[rows["revenue"].isna(), "expected_value"].isna().all()
    assert (rows["tenure_days"] >= 0).all()
    assert (rows["recency_days"].dropna() >= 0).all()


def test_without_a_crm_there_are_no_customers_and_no_error(lake: Lake) -> None:
    empty = features(lake)
    assert len(empty.rows) == 0
    assert empty.read_at is None
    assert coverage(empty.rows) == {}
    assert unknown_customers(empty.rows).holds


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("Germany", "DE"),
        ("deutschland", "DE"),
        ("de", "DE"),
        ("U.S.A", "US"),
        ("United  Kingdom", "GB"),
        ("Atlantis", "Atlantis"),
    ],
)
def test_countries_are_codes_where_that_can_be_told(word: str, code: str) -> None:
    assert iso_codes.country(word) == code


@pytest.mark.parametrize(
    ("word", "code"),
    [("de-DE", "de"), ("en_gb", "en"), ("German", "de"), ("FR", "fr"), ("Klingon", "Klingon")],
)
def test_languages_are_codes_where_that_can_be_told(word: str, code: str) -> None:
    assert iso_codes.language(word) == code


def table(size: int, **share_known: float) -> pa.Table:
    """Customers of whom these traits are known that often, and nothing else."""
    columns = {
        name: [f"{name} {n}" if n < share * size else None for n in range(size)]
        for name, share in share_known.items()
    }
    rows = pd.DataFrame(columns).reindex(columns=CUSTOMER_FEATURES.schema.names)
    plain = pa.schema([field.with_nullable(True) for field in CUSTOMER_FEATURES.schema])
    return pa.Table.from_pandas(rows.astype(object).where(rows.notna(), None), plain, preserve_index=False)


def test_a_trait_that_is_suddenly_known_of_far_fewer_is_told() -> None:
    before, now = (
        coverage(table(200, use_case=0.8, region=0.5)),
        coverage(table(200, use_case=0.6, region=0.45)),
    )
    verdict = coverage_fall(now, before, customers=200, customers_before=200)
    assert not verdict.holds
    assert "use_case fell from 80% to 60%" in verdict.said
    assert "region" not in verdict.said
    assert coverage_fall(now, before, customers=20, customers_before=200).holds
    assert coverage_fall(before, now, customers=200, customers_before=200).holds


def test_customers_of_whom_nothing_is_known_are_counted() -> None:
    assert not unknown_customers(table(100, country=0.4)).holds
    assert unknown_customers(table(100, country=0.3, pain=0.6)).figures == {"unknown share": 0.4}
    assert np.isclose(coverage(table(100, country=0.4))["country"], 0.4)


def test_a_run_tells_what_is_known_and_names_nobody(
    stood: tuple[Ground, Lake], features_of_week: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    built, lake = stood
    crms = built.crms()
    with caplog.at_level("DEBUG"):
        result = dg.materialize(
            [customer_features],
            partition_key="2026-11-09",
            resources={
                "lake": lake,
                "settings": crms.settings(),
                "crms": crms,
                "services": ActionServices(crms.settings(), Platforms()),
            },
        )
    (materialization,) = result.asset_materializations_for_node("segments__customer_features")
    rows = lake.read(CUSTOMER_FEATURES)
    assert rows["customer_id"].tolist() == features_of_week["customer_id"].tolist()
    assert set(rows["day"]) == {pd.Timestamp(SUNDAY)}
    worth = rows.loc[rows["orders"] > 0]
    assert worth[["expected_value", "expected_low", "expected_high"]].notna().all(axis=None)
    assert (worth["expected_low"] <= worth["expected_high"]).all()
    assert rows.loc[rows["orders"] == 0, "expected_value"].isna().all()
    records = materialization.metadata["known"].value.records  # type: ignore[union-attr]
    assert {record.data["feature"] for record in records} == set(FEATURES)
    assert {record.data["as of"] for record in records} == {str(SUNDAY)}
    assert materialization.metadata["coverage of country"].value == round(
        1 - features_of_week["country"].isna().mean(), 4
    )
    assert materialization.metadata["read"].value == "as known then"
    checks = {record.check_name: record.passed for record in result.get_asset_check_evaluations()}
    assert checks == {"features_are_known_as_often_as_before": True, "most_customers_are_known": True}
    texts = [
        *caplog.messages,
        *(str(event.event_specific_data) + (event.message or "") for event in result.all_events),
        *texts_of(lake),
    ]
    assert len(texts) > 500
    assert_name_nobody(texts, holdings(built.stage))
