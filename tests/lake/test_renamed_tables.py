"""A lake that was written under former table paths opens with every row in its place."""

from pathlib import Path

import pyarrow as pa

from resources.lake.lake import Lake
from resources.lake.renamed_tables import FORMER_PATHS, rename_tables
from resources.tables.signals import FINDINGS


def findings(day: str) -> pa.Table:
    frame = {
        "day": [day],
        "known_by": ["2026-11-02T12:00:00Z"],
        "kind": ["pause_ad_set"],
        "targets": ["google_ads 1 ad_set 2"],
        "reason": ["spends without a sale"],
        "weight": [1.0],
        "evidence": ["{}"],
    }
    table = pa.table(frame)
    return table.set_column(0, "day", table["day"].cast(pa.date32())).set_column(
        1, "known_by", pa.array(["2026-11-02T12:00:00"]).cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    ).cast(FINDINGS.schema)  # fmt: skip


def written_under_its_former_path(root: Path) -> None:
    Lake(root).replace(FINDINGS, findings("2026-11-01"))
    former = root / FORMER_PATHS[FINDINGS.path]
    former.parent.mkdir(parents=True)
    (root / FINDINGS.path).rename(former)


def test_a_table_under_its_former_path_is_moved_when_the_lake_is_opened(tmp_path: Path) -> None:
    written_under_its_former_path(tmp_path)
    lake = Lake(tmp_path)
    assert lake.count(FINDINGS) == 1
    assert not (tmp_path / FORMER_PATHS[FINDINGS.path]).exists()
    lake.replace(FINDINGS, findings("2026-11-02"))
    assert Lake(tmp_path).count(FINDINGS) == 1


def test_a_table_that_is_at_its_new_path_is_never_overwritten_by_a_former_one(tmp_path: Path) -> None:
    written_under_its_former_path(tmp_path)
    (tmp_path / FINDINGS.path).mkdir(parents=True)
    assert rename_tables(tmp_path) == []
    assert (tmp_path / FORMER_PATHS[FINDINGS.path]).exists()
