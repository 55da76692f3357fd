"""Whatever the wires do, a reading is kept whole or not at all, and says which."""

import pytest

from benchmarks.days import Days
from benchmarks.reliability import campaign, faults

SEED = 20261124


@pytest.mark.parametrize("platform", ["google_ads", "meta_ads", "linkedin_ads"])
def test_no_fault_leaves_a_third_outcome(days: Days, platform: str) -> None:
    outcomes = campaign(
        days, seed=SEED, mornings=3, only=[fault for fault in faults() if fault[0] == platform]
    )
    assert len(outcomes) >= 7
    assert [outcome for outcome in outcomes if outcome.third] == []
    assert [outcome.fault for outcome in outcomes if not outcome.recovered] == []
    cut = next(outcome for outcome in outcomes if outcome.fault == "truncated")
    assert cut.marked
    assert "add up to" in cut.said or "vanished" in cut.said or "moved by more" in cut.said
