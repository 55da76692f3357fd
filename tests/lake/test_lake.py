"""The lake: a slice is replaced whole or not at all, whoever else writes."""

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.errors import DataUnusable, LakeBusy
from resources.lake.lake import Lake
from resources.lake.schema import COUNT, DAY, INSTANT, MONEY, TEXT, Column, Table
from resources.tables import core
from tests.examples import examples

FACT = Table(
    "raw",
    "fact_day",
    "A fact for tests.",
    (
        Column("account_id", TEXT, ""),
        Column("day", DAY, ""),
        Column("thing_id", TEXT, ""),
        Column("clicks", COUNT, "", nullable=True),
        Column("spend", MONEY, ""),
        Column("pulled_at", INSTANT, ""),
    ),
    key=("account_id", "thing_id", "day"),
)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FIRST = date(2026, 10, 30)


def facts(start: date, days: int, *, account: str = "a", things: int = 3, spend: str = "1.25") -> pa.Table:
    at = [(start + timedelta(days=d), f"t{t}") for d in range(days) for t in range(things)]
    columns = {
        "account_id": [account] * len(at),
        "day": [day for day, _ in at],
        "thing_id": [thing_id for _, thing_id in at],
        "clicks": [1] * len(at),
        "spend": [Decimal(spend)] * len(at),
        "pulled_at": [NOON] * len(at),
    }
    return pa.Table.from_pydict(columns, schema=FACT.schema)


def span(start: date, days: int, account: str = "a") -> dict:
    return {"account_id": account, "day": (start, start + timedelta(days=days - 1))}


def test_writing_a_slice_twice_leaves_one(lake: Lake) -> None:
    for _ in range(2):
        assert lake.replace(FACT, facts(FIRST, 5), where=span(FIRST, 5)).rows == 15
    assert lake.count(FACT) == 15


def test_a_slice_replaces_its_own_days_and_account_alone(lake: Lake) -> None:
    lake.replace(FACT, facts(FIRST, 40), where=span(FIRST, 40))
    lake.replace(FACT, facts(FIRST, 40, account="b"), where=span(FIRST, 40, "b"))
    middle = FIRST + timedelta(days=10)
    lake.replace(FACT, facts(middle, 3, things=1, spend="9"), where=span(middle, 3))
    assert lake.count(FACT, where={"account_id": "b"}) == 120
    assert lake.count(FACT, where={"account_id": "a"}) == 120 - 9 + 3
    assert lake.read(FACT, where=span(middle, 3))["spend"].tolist() == [9.0] * 3


def test_an_empty_answer_empties_the_slice(lake: Lake) -> None:
    lake.replace(FACT, facts(FIRST, 2), where=span(FIRST, 2))
    lake.replace(FACT, facts(FIRST, 0), where=span(FIRST, 1))
    assert lake.read(FACT)["day"].dt.date.unique().tolist() == [FIRST + timedelta(days=1)]


def test_a_stream_that_breaks_changes_nothing_and_its_own_error_is_raised(lake: Lake) -> None:
    lake.replace(FACT, facts(FIRST, 3), where=span(FIRST, 3))

    def broken() -> Iterator[pa.RecordBatch]:
        yield from facts(FIRST, 1, spend="7").to_batches()
        raise DataUnusable("the wire broke in the middle")

    with pytest.raises(DataUnusable, match="the wire broke in the middle"):
        lake.replace(FACT, broken(), where=span(FIRST, 3))
    assert lake.read(FACT)["spend"].tolist() == [1.25] * 9


def test_a_row_outside_the_slice_is_refused(lake: Lake) -> None:
    with pytest.raises(DataUnusable, match=r"raw/fact_day were to have day 2026-10-30..2026-10-30 and have"):
        lake.replace(FACT, facts(FIRST, 2), where=span(FIRST, 1))
    with pytest.raises(DataUnusable, match=r"account_id b..b and have a..a"):
        lake.replace(FACT, facts(FIRST, 1), where=span(FIRST, 1, "b"))
    assert lake.count(FACT) == 0


def test_an_empty_value_in_a_column_that_must_be_set_is_refused(lake: Lake) -> None:
    rows = facts(FIRST, 1)
    blank = rows.set_column(2, "thing_id", pa.nulls(len(rows), pa.string()))
    with pytest.raises(DataUnusable, match=r"thing_id.* null values to non-nullable"):
        lake.replace(FACT, blank, where=span(FIRST, 1))
    missing = rows.set_column(3, "clicks", pa.nulls(len(rows), pa.int64()))
    assert lake.replace(FACT, missing, where=span(FIRST, 1)).rows == 3
    assert lake.read(FACT)["clicks"].isna().all()


def test_rows_of_other_columns_are_refused(lake: Lake) -> None:
    with pytest.raises(DataUnusable, match="do not fit its columns"):
        lake.replace(FACT, facts(FIRST, 1).drop_columns(["spend"]), where=span(FIRST, 1))


def test_a_table_never_written_is_empty(lake: Lake) -> None:
    assert lake.count(FACT) == 0
    assert lake.arrow("select sum(spend) as total from raw.fact_day", FACT).to_pylist() == [{"total": None}]
    assert list(lake.read(core.KPI_DAY).columns) == core.KPI_DAY.schema.names


def test_texts_with_quotes_are_texts(lake: Lake) -> None:
    odd = "o'brien; drop table"
    lake.replace(FACT, facts(FIRST, 1, account=odd), where=span(FIRST, 1, odd))
    lake.replace(FACT, facts(FIRST, 1, account=odd), where=span(FIRST, 1, odd))
    assert lake.count(FACT, where={"account_id": odd}) == 3


def test_money_is_kept_to_the_last_digit(lake: Lake) -> None:
    lake.replace(FACT, facts(FIRST, 31, spend="0.1"), where=span(FIRST, 31))
    total = lake.arrow("select sum(spend) as total from raw.fact_day", FACT).to_pylist()[0]["total"]
    assert total == Decimal("9.3")


def test_a_table_that_was_declared_wider_since_is_read_and_written_on(lake: Lake) -> None:
    lake.replace(FACT, facts(FIRST, 2), where=span(FIRST, 2))
    wider = dataclasses.replace(
        FACT,
        columns=(
            *FACT.columns,
            Column("reach", COUNT, "", nullable=True),
            Column("seen_at", INSTANT, "", nullable=True),
        ),
    )
    assert lake.read(wider)["reach"].isna().all()
    more = facts(FIRST, 1)
    more = more.append_column("reach", pa.array([7] * len(more), pa.int64())).append_column(
        "seen_at", more["pulled_at"]
    )
    Lake(lake.root).replace(wider, more, where=span(FIRST, 1))
    assert lake.read(wider)["reach"].fillna(0).sum() == 7 * 3
    assert lake.count(wider) == 6
    with_history = dataclasses.replace(wider, keeps_history=True)
    written = Lake(lake.root).record(with_history, more, at=NOON + timedelta(hours=1), where=span(FIRST, 2))
    assert (written.added, written.changed, written.vanished) == (0, 0, 3)
    assert Lake(lake.root).count(with_history, where=span(FIRST, 2)) == 3


def test_a_history_from_before_a_column_was_declared_is_read_on_with_all_its_versions(lake: Lake) -> None:
    old = dataclasses.replace(FACT, keeps_history=True)
    lake.record(old, facts(FIRST, 2), at=NOON, where=span(FIRST, 2))
    wider = dataclasses.replace(old, columns=(*old.columns, Column("labels", TEXT, "", nullable=True)))
    sql = "select count(*) as versions, count(labels) as labelled from raw.fact_day_versions"
    assert Lake(lake.root).arrow(sql, wider).to_pylist() == [{"versions": 6, "labelled": 0}]
    labelled = facts(FIRST, 2).append_column("labels", pa.array(["[]"] * 6))
    Lake(lake.root).record(wider, labelled, at=NOON + timedelta(hours=1), where=span(FIRST, 2))
    assert Lake(lake.root).arrow(sql, wider).to_pylist() == [{"versions": 12, "labelled": 6}]
    assert lake.read(wider)["labels"].eq("[]").all()


@settings(max_examples=examples(15), deadline=None)
@given(
    readings=st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), unique_by=lambda row: row[0], max_size=4),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_any_sequence_of_readings_is_known_as_it_was_at_every_instant(
    tmp_path_factory: pytest.TempPathFactory, readings: list[list[tuple[int, int]]]
) -> None:
    table, lake = dataclasses.replace(FACT, keeps_history=True), Lake(tmp_path_factory.mktemp("lake"))
    for number, rows in enumerate(readings):
        given_ = {
            "account_id": ["a"] * len(rows), "day": [FIRST] * len(rows), "thing_id": [f"t{t}" for t, _ in rows],
            "clicks": [n or None for _, n in rows], "spend": [Decimal(n) for _, n in rows], "pulled_at": [NOON] * len(rows),
        }  # fmt: skip
        stood = {row.thing_id for row in lake.read(table).itertuples()}
        at = NOON + timedelta(hours=number)
        written = lake.record(
            table, pa.Table.from_pydict(given_, schema=table.schema), at=at, where=span(FIRST, 1)
        )
        assert written.vanished == len(stood - {f"t{t}" for t, _ in rows})
        assert written.added == len({f"t{t}" for t, _ in rows} - stood)
        if number % 2:
            lake.tidy(table, keep=timedelta(0))
    for number, rows in enumerate(readings):
        rows_known = lake.read(table, as_of=NOON + timedelta(hours=number, minutes=59))
        assert {(row.thing_id, int(row.spend)) for row in rows_known.itertuples()} == {
            (f"t{t}", n) for t, n in rows
        }
    same = lake.record(
        table,
        lake.arrow("select * from raw.fact_day", table),
        at=NOON + timedelta(days=1),
        where=span(FIRST, 1),
    )
    assert same.news == 0
    if any(readings):
        with pytest.raises(LakeBusy, match="not newer"):
            lake.record(table, facts(FIRST, 1), at=NOON - timedelta(days=1), where=span(FIRST, 1))


@settings(max_examples=examples(15), deadline=None)
@given(
    writes=st.lists(
        st.tuples(st.integers(0, 70), st.integers(1, 40), st.sampled_from("ab"), st.integers(0, 3)),
        max_size=6,
    )
)
def test_any_sequence_of_slices_ends_as_the_last_word_on_every_day(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[int, int, str, int]]
) -> None:
    lake, expected = Lake(tmp_path_factory.mktemp("lake")), {}
    for number, (offset, days, account, things) in enumerate(writes):
        start = FIRST + timedelta(days=offset)
        lake.replace(
            FACT,
            facts(start, days, account=account, things=things, spend=str(number)),
            where=span(start, days, account),
        )
        expected |= {(account, start + timedelta(days=d)): (things, number) for d in range(days)}
    found_rows = lake.arrow(
        "select account_id, day, count(*) as n, min(spend) as low, max(spend) as high from raw.fact_day group by all",
        FACT,
    )
    seen = {(r["account_id"], r["day"]): (r["n"], int(r["low"])) for r in found_rows.to_pylist()}
    assert all(r["low"] == r["high"] for r in found_rows.to_pylist())
    assert seen == {key: value for key, value in expected.items() if value[0]}


WRITER = """
import sys
from datetime import date, timedelta
sys.path.insert(0, {root!r})
from tests.lake.test_lake import FACT, FIRST, facts, span
from resources.lake.lake import Lake
lake, account = Lake({lake!r}), sys.argv[1]
for window in range(6):
    start = FIRST + timedelta(days=7 * window)
    lake.replace(FACT, facts(start, 7, account=account), where=span(start, 7, account))
"""


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    program = WRITER.format(root=str(Path(__file__).parents[2]), lake=str(tmp_path))
    writers = [
        subprocess.Popen([sys.executable, "-c", program, f"a{n % 2}"]) for n in range(3)
    ]  # two share an account
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    assert Lake(tmp_path).count(FACT) == 2 * 6 * 7 * 3
