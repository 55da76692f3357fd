"""The nightly campaign that takes safeguards back: what it takes back is still where it says."""

import pytest

from tests.reverted_guards import PROJECT
from tests.safeguards import SAFEGUARDS
from tests.safeguards.safeguard import Safeguard


@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda safeguard: safeguard.name)
def test_the_text_of_a_safeguard_stands_once_in_its_file(safeguard: Safeguard) -> None:
    assert (PROJECT / safeguard.file).read_text("utf-8").count(safeguard.text) == 1
    assert (PROJECT / safeguard.tests.partition("::")[0]).exists()


def test_no_two_safeguards_share_a_name() -> None:
    assert len({safeguard.name for safeguard in SAFEGUARDS}) == len(SAFEGUARDS)
