"""Who orders again: shop customers at a rate of their own around their segment's, until they silently stop
being customers.

The rates of a segment's people are spread (gamma, shape `ALIKE`), and so is how soon they stop: what a model
of customer value assumes, and the world's only knowledge of it. A repeat order has no click: it is owed to
the path that led to the first. Known simplification: nobody sends a repeat order back.
"""

from dataclasses import dataclass

import numpy as np

from sandbox.customers.funnel import Funnel
from sandbox.customers.people import DAY, MOST, People, TooManyPeople
from sandbox.random_draws import Floats, Keys, Whole, key, lognormal, normal, uniform
from sandbox.world import World

YEAR = 365.25 * DAY
ALIKE = 2.0
VALUE_SPREAD = 0.3


@dataclass(frozen=True)
class Repeats:
    """One row per repeat order, by person and then time."""

    person: Whole
    key: Keys
    at: Floats
    value: Floats
    """In the currency of the person's account."""

    def __len__(self) -> int:
        return len(self.person)


def repeats(world: World, people: People, what: Funnel, segment: Whole, *, until: float) -> Repeats:
    """Every repeat order before the instant `until`.

    Raises:
        TooManyPeople: They would not fit in memory.
    """
    seed, segments = world.seed, world.crm.segments
    yearly = np.array([of_segment.orders_per_year for of_segment in segments] or [0.0])[segment]
    buys = np.flatnonzero((what.order_at < until) & ~what.is_test & (yearly > 0))
    who = people.key[buys]
    rate = yearly[buys] / YEAR * _gamma(seed, 310, who)
    churn = np.array([of_segment.churn for of_segment in segments] or [1.0])[segment[buys]] / YEAR
    alive = what.order_at[buys] - np.log(uniform(seed, 312, who)) / (churn * _gamma(seed, 311, who))
    ends = np.minimum(np.minimum(alive, what.deleted_at[buys]), until)
    at, nth, rounds, size = what.order_at[buys].copy(), 0, [], 0
    while len(buys):
        order_key = key(who, 313, nth)
        at = at - np.log(uniform(seed, order_key)) / rate
        on = at < ends
        buys, who, order_key = buys[on], who[on], order_key[on]
        rate, ends, at = rate[on], ends[on], at[on]
        value = np.round(people.value[buys] * lognormal(1.0, VALUE_SPREAD, seed, 314, order_key), 2)
        rounds.append((buys, order_key, at, np.maximum(value, 0.01)))
        nth, size = nth + 1, size + len(buys)
        if size > MOST:
            raise TooManyPeople(
                f"World {world.name} has more than {MOST:,} repeat orders: set crm.begins later, or"
                " orders_per_year lower."
            )
    if not rounds:
        nothing = np.zeros(0)
        return Repeats(nothing.astype(np.int64), nothing.astype(np.uint64), nothing, nothing)
    person, order_key, when, value = (np.concatenate(list(parts)) for parts in zip(*rounds, strict=True))
    order = np.lexsort((when, person))
    return Repeats(person[order], order_key[order], when[order], value[order])


def _gamma(seed: int, stream: int, who: Keys) -> Floats:
    """Draws of mean 1 and shape `ALIKE`, within a few percent (Wilson and Hilferty)."""
    ninth = 1.0 / (9.0 * ALIKE)
    return np.maximum(1.0 - ninth + np.sqrt(ninth) * normal(seed, stream, who), 0.05) ** 3
