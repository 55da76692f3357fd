"""Audiences that people at the company made of each pool of the population at the platform's own screens,
such as everybody who visited the site within 30 days.

They exist where an account has a population. Nobody uploads to them: the platform counts them itself. All
accounts of a platform share them, so their ids are the same in each.
"""

from sandbox import text_catalog
from sandbox.audience_reach import POOL_AUDIENCES
from sandbox.audiences import Audience
from sandbox.market import Market
from sandbox.world import Account


def pool_audiences(market: Market, account: Account) -> list[Audience]:
    """The pool audiences that an account may target and exclude, each with the people in it."""
    if (people := market.people.population(account)) is None:
        return []
    first = POOL_AUDIENCES[account.platform]
    return [
        Audience(
            account.platform,
            account.id,
            first + pool,
            name.capitalize(),
            made_at=float("-inf"),
            counted=int(people.size[people.pool == pool].sum()),
        )
        for pool, name in enumerate(text_catalog.AUDIENCES)
    ]
