"""What people say of incidents, by the command line, and what becomes of it."""

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from click.testing import CliRunner

from assets.reports.pages.incidents import incident_summary
from assets.signals.anomalies.feedback import precision, quiet
from orchestration.cli.anomalies import anomalies
from resources.config.settings import load_settings
from resources.lake.lake import Lake
from resources.tables.signals import ANOMALIES, MARKS, WATCHED

DAY = date(2026, 11, 23)


def incident(name: str, **more: object) -> dict[str, object]:
    row = {
        "day": DAY,
        "known_by": datetime(2026, 11, 24, 12, tzinfo=UTC),
        "incident_id": name,
        "part_of": None,
        "platform": "meta_ads",
        "account_id": "1",
        "level": "campaign",
        "campaign_id": "10",
        "ad_set_id": None,
        "name": "=Winter",
        "metric": "cpc",
        "metrics": "cpc",
        "currency": "EUR",
        "state": "open",
        "began": date(2026, 11, 21),
        "last_day": DAY,
        "value": 2.0,
        "expected": 1.0,
        "low": 0.9,
        "high": 1.1,
        "p_value": 1e-9,
        "stake": 40.0,
        "severity": "high",
        "is_good": False,
        "data": None,
        "cause": "mostly price of impressions (98%)",
        "change": None,
        "action": "Look at bids.",
    }
    return row | more


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("PAID_MEDIA_VAR", str(tmp_path))
    monkeypatch.setenv("PAID_MEDIA_PROFILE", "sandbox")
    lake = Lake(load_settings(with_platforms=False).lake_uri)
    rows = [
        incident("aa"),
        incident("bb", stake=10.0),
        incident("cc", part_of="aa"),
        incident("dd", is_good=True, stake=90.0),
    ]
    lake.append(ANOMALIES, pa.Table.from_pylist(rows, schema=ANOMALIES.schema))
    seen = {
        "day": DAY,
        "platform": "meta_ads",
        "series": 30,
        "tests": 240,
        "flags": 4,
        "by_chance": 0.72,
        "young": 2,
    }
    lake.append(WATCHED, pa.Table.from_pylist([seen], schema=WATCHED.schema))
    return lake


def said(*words: str) -> str:
    result = CliRunner().invoke(anomalies, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output


def shown(lake: Lake) -> list[str]:
    section = incident_summary(lake.read(ANOMALIES), lake.read(WATCHED), lake.read(MARKS), as_of=DAY)
    assert section is not None
    return [row.incident_id for row in section.rows]


def test_marks_are_kept_and_counted_and_the_last_one_of_an_incident_holds(lake: Lake) -> None:
    assert shown(lake) == [
        "aa",
        "bb",
        "dd",
    ]  # what is bad first, the most money first; parts are told of by their whole
    assert "1 of 1" in said("mark", "aa", "right", "--as", "ana")
    assert "1 of 2" in said("mark", "bb", "wrong", "--as", "ana", "--note", "we meant it")
    assert shown(lake) == ["aa", "dd"]
    assert "2 of 2" in said("mark", "bb", "right", "--as", "bo")
    assert precision(lake.read(MARKS)) == (2, 2)
    assert shown(lake) == ["aa", "bb", "dd"]


def test_a_snoozed_incident_is_quiet_until_its_day(lake: Lake) -> None:
    assert "quiet for 2 days" in said("snooze", "aa", "--days", "2", "--as", "ana")
    marks = lake.read(MARKS)
    until = pd.Timestamp(marks["until"].iloc[0]).date()
    assert quiet(marks, on=until) == {"aa"}
    assert quiet(marks, on=date(until.year + 1, 1, 1)) == set()


def test_an_incident_that_is_not_there_cannot_be_marked(lake: Lake) -> None:
    assert "There is no incident zz" in said("mark", "zz", "right", "--as", "ana")
    assert lake.read(MARKS).empty
    assert "aa  open" in said("list")


def test_a_day_that_nobody_looked_at_has_no_section_and_a_quiet_one_says_how_much_was_looked_at(
    lake: Lake,
) -> None:
    nothing, marks = lake.read(ANOMALIES).iloc[:0], lake.read(MARKS)
    assert incident_summary(nothing, lake.read(WATCHED).iloc[:0], marks, as_of=DAY) is None
    section = incident_summary(nothing, lake.read(WATCHED), marks, as_of=DAY)
    assert section is not None
    assert (section.rows, section.series, section.tests, section.by_chance) == ((), 30, 240, 0.72)
