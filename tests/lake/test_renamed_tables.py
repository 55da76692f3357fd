"""A lake written by an older version, under former table paths, opens with every row in its place.

`lake_of_9c12bfd.tar.gz` was written by the code of commit 9c12bfd: two rows each of signals/threshold,
segments/audiences and core/ad_set_day, with the lake's own layout and Delta log.
"""

import tarfile
from pathlib import Path

import pytest

from resources.lake.lake import Lake
from resources.lake.renamed_tables import FORMER_PATHS, rename_tables
from resources.tables import core
from resources.tables.segments import AUDIENCES
from resources.tables.signals import FINDINGS

OLDER_LAKE = Path(__file__).with_name("lake_of_9c12bfd.tar.gz")


@pytest.fixture
def older_lake(tmp_path: Path) -> Path:
    with tarfile.open(OLDER_LAKE) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


@pytest.mark.parametrize(
    "table", [FINDINGS, AUDIENCES, core.DAYS["ad_set"]], ids=lambda table: str(table.path)
)
def test_every_row_of_an_older_lake_is_read(older_lake: Path, table) -> None:
    rows = Lake(older_lake).read(table)
    assert len(rows) == 2
    assert list(rows["day"].dt.strftime("%Y-%m-%d")) == ["2026-11-02", "2026-11-02"]


def test_renamed_tables_are_moved_once_and_written_at_their_new_path(older_lake: Path) -> None:
    lake = Lake(older_lake)
    for path, former in FORMER_PATHS.items():
        assert (older_lake / path / "_delta_log").is_dir()
        assert not (older_lake / former).exists()
    day = lake.read(FINDINGS)["day"].iloc[0].date()
    lake.replace(FINDINGS, FINDINGS.schema.empty_table(), where={"day": (day, day)})
    assert Lake(older_lake).count(FINDINGS) == 0


def test_a_table_at_its_new_path_is_never_overwritten_by_a_former_one(older_lake: Path) -> None:
    (older_lake / FINDINGS.path).mkdir(parents=True)
    assert rename_tables(older_lake) == [AUDIENCES.path]
    assert (older_lake / FORMER_PATHS[FINDINGS.path]).exists()
