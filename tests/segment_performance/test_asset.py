"""segments/performance on a lake: what is read, written, left out and said."""

from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pandas as pd
import pyarrow as pa
import pytest

from assets.segments.performance.assets import segment_performance
from resources.config.settings import load_settings
from resources.crm.registry import Crms
from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.tables import core
from resources.tables.crm_core import OUTCOMES, TOUCHPOINTS
from resources.tables.segments import CUSTOMER_FEATURES, CUSTOMERS, PERFORMANCE
from tests.segment_performance.made import plan

MONDAY, SUNDAY = "2026-11-16", date(2026, 11, 22)
TOUCHED, ORDERED = datetime(2026, 11, 1, 9, tzinfo=UTC), datetime(2026, 11, 10, 9, tzinfo=UTC)


def keep(lake: Lake, table: Table, rows: pd.DataFrame) -> None:
    """Writes what is given; a column that is not given is empty, or a word where it must not be."""
    whole = rows.assign(pulled_at=ORDERED)
    for column in table.columns:
        if column.name not in whole:
            whole[column.name] = None if column.nullable else "x" if column.type == pa.string() else ORDERED
    arrays = [pa.array([None if pd.isna(v) else v for v in whole[f.name]]).cast(f.type) for f in table.schema]
    lake.replace(table, pa.table(arrays, schema=table.schema))


@pytest.fixture
def filled(lake: Lake) -> Lake:
    """Sixty people in one segment, and nineteen in another, touched by one ad set; and spend of another ad
    set that nobody is known of.
    """
    planned = plan(
        {("large", "a"): 40.0, ("small", "a"): 10.0}, {("large", "a"): 60, ("small", "a"): 19}, seed=3
    )
    people = planned.people.assign(day=SUNDAY, segment=planned.people["segment_id"], origin="discovered")
    keep(lake, CUSTOMERS, people[["day", "customer_id", "segment_id", "segment", "origin"]])
    keep(
        lake,
        CUSTOMER_FEATURES,
        people.assign(mean_value=people["expected_value"])[["day", "customer_id", "mean_value"]],
    )
    keep(lake, TOUCHPOINTS, planned.touches.assign(touch_at=TOUCHED, day=TOUCHED.date()))
    orders = planned.credit.assign(
        outcome_id=[str(n) for n in range(len(planned.credit))], at=ORDERED, day=ORDERED.date()
    )
    keep(
        lake,
        OUTCOMES,
        orders.rename(columns={"value": "value_reporting"})[
            ["kind", "outcome_id", "person_id", "at", "day", "value_reporting"]
        ],
    )
    nobody = planned.delivery.assign(ad_set_id="b", spend=500.0)
    days = pd.concat([planned.delivery, nobody]).assign(
        day=TOUCHED.date(), spend_reporting=lambda d: d["spend"]
    )
    keep(lake, core.DAYS["ad_set"], days)
    return lake


def materialize(lake: Lake, tmp_path: Path) -> dict[str, object]:
    policy = tmp_path / "policy.yaml"
    policy.write_text(Path("policy.yaml").read_text())
    crms = Crms(
        lambda: load_settings(
            {"PAID_MEDIA_VAR": str(tmp_path), "PAID_MEDIA_POLICY": str(policy)}, with_platforms=False
        )
    )
    done = dg.materialize([segment_performance], resources={"lake": lake, "crms": crms}, partition_key=MONDAY)
    (event,) = done.get_asset_materialization_events()
    return {name: metadata_value.value for name, metadata_value in event.materialization.metadata.items()}


def test_a_week_is_written_once_with_what_was_left_out(filled: Lake, tmp_path: Path) -> None:
    for _ in "ab":
        metadata = materialize(filled, tmp_path)
    rows = filled.read(PERFORMANCE)
    assert rows["segment_id"].tolist() == ["large"] * 3
    assert rows["people"].tolist() == [60] * 3
    assert rows["spend"].tolist() == pytest.approx([600.0] * 3)
    assert rows["value_to_cost"].tolist() == pytest.approx([5.0] * 3)
    assert (rows["roas_low"] < rows["roas"]).all()
    assert metadata["cells of fewer than 20 people"] == 3
    assert metadata["spend of ad sets of which nobody is known"] == pytest.approx(500.0)


def test_without_segments_the_week_is_empty_and_says_so(lake: Lake, tmp_path: Path) -> None:
    metadata = materialize(lake, tmp_path)
    assert lake.count(PERFORMANCE) == 0
    assert metadata["note"] == "No customer is in a segment at the end of this week."
