"""Fixtures of audiences at the office: a CRM of sixty people who agree, an audience at the platform that a
test is about.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from resources.lake.lake import Lake
from resources.ledger.proposal import Target
from tests.audiences.bureau import LINES, PEOPLE, Bureau
from tests.audiences.people_of import record, write_people, write_segments

KeptOut = Callable[[str], tuple[Bureau, Target]]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty people in a segment, who all agree; copied for each test."""
    lake = Lake(tmp_path_factory.mktemp("books") / "lake")
    write_people(lake, [record(n) for n in PEOPLE])
    write_segments(lake, {"loyal": PEOPLE})
    return Path(lake.root)


@pytest.fixture
def bureau(request: pytest.FixtureRequest, office: Any, books: Path, tmp_path: Path) -> Bureau:
    """With one audience: at the platform that the test is about, else at Meta."""
    own = request.getfixturevalue("platform") if "platform" in request.fixturenames else "meta_ads"
    shutil.copytree(books, tmp_path / "books")
    return Bureau(office, Lake(tmp_path / "books"), [dict(line) for line in LINES if line["platform"] == own])


@pytest.fixture
def kept_out(bureau: Bureau) -> KeptOut:
    """A platform's filled audience, and a campaign or ad set that its line names, with orders of strangers
    there.
    """

    def made(platform: str) -> tuple[Bureau, Target]:
        target = bureau.office.target(platform, "campaign" if platform == "google_ads" else "ad_set")
        for line in bureau.lines:
            if line["platform"] == platform:
                line["keep_out_of"] = [target.entity_id]
                line["account_id"] = target.account_id
        bureau.ask()
        bureau.filled(platform)
        return bureau, target

    return made
