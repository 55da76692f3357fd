"""A small world whose mornings can be simulated, shared by the tests of history."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.days import Days, days_of
from sandbox.serve import Sandbox
from sandbox.world import Account, Behaviour, World

SOUTH = Behaviour(
    daily_budget=120, conversion_rate=0.06, ctr=0.04, cpm=20, paused_share=0.0, credit_share=0.01
)
"""Enough conversions to learn from, and clicks that are credited back."""


def world(seed: int = 7) -> World:
    """One account per platform, on both sides of midnight."""
    accounts = (
        Account(platform="google_ads", id="1000000077", name="Down under", currency="EUR", time_zone="Pacific/Auckland",
                campaigns=2, ad_sets_per_campaign=2, performance_max=1, behaviour=SOUTH),
        Account(platform="meta_ads", id="2000000077", name="Out west", currency="USD", time_zone="Pacific/Honolulu",
                campaigns=2, ad_sets_per_campaign=2, behaviour=SOUTH.model_copy(update={"retracted_share": 0.1})),
        Account(platform="linkedin_ads", id="510000077", name="In the middle", currency="EUR", time_zone="UTC",
                campaigns=2, ad_sets_per_campaign=2, behaviour=SOUTH),
    )  # fmt: skip
    return World(name="small", seed=seed, begins="2026-01-01", accounts=accounts)


@pytest.fixture
def days(sandbox_session: Sandbox, var: Path) -> Iterator[Days]:
    with days_of(world(), papers=var / "sandbox" / "certificates") as pulled_days:
        yield pulled_days
