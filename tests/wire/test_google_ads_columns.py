"""Rows taken apart by columns hold what the official parser reads from the same bytes, whatever the bytes."""

import math
from typing import Any

import pytest
from google.ads.googleads.v26.services.types.google_ads_service import GoogleAdsRow
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.platforms.google_ads_columns import MalformedRows, RowShape
from tests.examples import examples

ROW = GoogleAdsRow.pb()
SELECTED = (
    "segments.date",
    "campaign.id",
    "ad_group_ad.ad.id",
    "campaign.status",
    "customer.manager",
    "metrics.clicks",
    "metrics.conversions",
    "search_term_view.search_term",
)
BESIDE = ("campaign.name", "metrics.impressions", "metrics.ctr", "ad_group.id")
SHAPE = RowShape(SELECTED, ROW.DESCRIPTOR)
INT64 = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 300)
DOUBLE = st.floats(allow_nan=False)
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = {
    "segments.date": st.dates().map(str),
    "campaign.id": INT64,
    "ad_group_ad.ad.id": INT64,
    "campaign.status": st.integers(0, 5) | st.just(-1),
    "customer.manager": st.booleans(),
    "metrics.clicks": INT64,
    "metrics.conversions": DOUBLE,
    "search_term_view.search_term": TEXT,
    "campaign.name": TEXT,
    "metrics.impressions": INT64,
    "metrics.ctr": DOUBLE,
    "ad_group.id": INT64,
}
FIELD = st.sampled_from(SELECTED + BESIDE).flatmap(lambda path: st.tuples(st.just(path), VALUES[path]))
FIELDS = st.lists(FIELD, max_size=14)
"""Fields in any order, some of them twice: members of one message may then come in several pieces."""


def serialised(fields: list[tuple[str, Any]]) -> bytes:
    return b"".join(piece(path, value) for path, value in fields)


def piece(path: str, value: Any) -> bytes:
    row = ROW()
    *above, name = path.split(".")
    message = row
    for word in above:
        message = getattr(message, word)
    setattr(message, name, value)
    return row.SerializeToString()


def parsed(row: bytes, path: str) -> Any:
    """What the official parser reads, None where the path is not there."""
    message = ROW.FromString(row)
    *above, name = path.split(".")
    for word in above:
        message = getattr(message, word)
    is_there = not message.DESCRIPTOR.fields_by_name[name].has_presence or message.HasField(name)
    return getattr(message, name) if is_there else None


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(FIELDS.map(serialised), max_size=8))
def test_every_column_is_what_the_official_parser_reads(rows: list[bytes]) -> None:
    columns = SHAPE.columns(rows)
    for path in SELECTED:
        values = columns[path].to_pylist()
        if path in SHAPE.enums:  # without presence: not there is UNSPECIFIED
            values = [number or 0 for number in values]
        assert values == [parsed(row, path) for row in rows], path


def test_an_enum_keeps_its_names_and_a_number_that_is_none_stays_none() -> None:
    assert SHAPE.enums["campaign.status"][3] == "PAUSED"
    row = piece("metrics.conversions", math.nan)
    assert math.isnan(SHAPE.columns([row])["metrics.conversions"][0].as_py())


@settings(max_examples=examples(40), deadline=None)
@given(FIELDS.filter(bool).map(serialised), st.data())
def test_cut_rows_are_refused_or_read_as_the_official_parser_does(row: bytes, data: st.DataObject) -> None:
    cut = row[: data.draw(st.integers(0, len(row) - 1))]
    try:
        ROW.FromString(cut)
    except Exception:  # noqa: BLE001 — DecodeError is not public in every protobuf
        with pytest.raises(MalformedRows):
            SHAPE.columns([cut, row])
    else:
        assert SHAPE.columns([cut])["campaign.id"].to_pylist() == [parsed(cut, "campaign.id")]


@pytest.mark.parametrize(
    "row",
    [b"\x0b", b"\x08" + b"\xff" * 11, b"\x12\x7f\x00", b"\x0f"],
    ids=["a group", "a number without end", "a length past the end", "an unknown wire type"],
)
def test_what_is_no_message_is_refused(row: bytes) -> None:
    with pytest.raises(MalformedRows):
        SHAPE.columns([row])


def test_a_list_cannot_be_a_column() -> None:
    with pytest.raises(LookupError, match=r"final_urls cannot be a column"):
        RowShape(["ad_group_ad.ad.final_urls"], ROW.DESCRIPTOR)
