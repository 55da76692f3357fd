"""The demo is a usual shop: hard in every way that its section of docs/sandbox.md says, and the same accounts
as the kind world.
"""

from datetime import UTC, date, datetime

import numpy as np

from sandbox.clock import Clock
from sandbox.market import Market
from sandbox.response_truth import ad_set_truth
from sandbox.world import load_world

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


def test_the_demo_switches_every_effect_on_and_the_kind_world_none() -> None:
    for world, is_on in ((load_world("demo"), True), (load_world("kind"), False)):
        for account in world.accounts:
            b = account.behaviour
            sections = [b.response, b.ad_texts, b.population] + (
                [b.searches] if account.platform == "google_ads" else []
            )
            assert all((section is not None) == is_on for section in sections)
    assert [account.id for account in load_world("demo").accounts] == [
        account.id for account in load_world("kind").accounts
    ]


def test_in_the_demo_the_next_unit_of_money_is_not_what_the_average_says() -> None:
    market = Market(load_world("demo"), Clock(NOW))
    elasticity = []
    for account in market.world.accounts:
        truth = ad_set_truth(market, account, date(2026, 9, 1), date(2026, 10, 31))
        elasticity += truth.elasticity[truth.spend > 0].tolist()
    assert np.std(elasticity) > 0.1
    assert min(elasticity) < 0.5 < max(elasticity)


def test_the_demo_has_one_to_five_campaigns_an_account_and_values_of_one_to_ten() -> None:
    world = load_world("demo")
    campaigns = [account.campaigns + account.performance_max for account in world.accounts]
    assert (min(campaigns), max(campaigns)) == (1, 5)
    values = [segment.order_value for segment in world.crm.segments]
    assert max(values) / min(values) == 10
    assert world.crm.consent_share is not None
    assert world.crm.consent_share < 0.5
