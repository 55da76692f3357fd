"""Which segment everybody is of: by what is common among those whom their channel and ad set bring, drawn by
the person.

Nobody is shown this but tests, the demo and benchmarks. Worlds without segments have one, of everybody,
without traits.
"""

import numpy as np

from sandbox.customer_settings import Crm
from sandbox.customers.people import People
from sandbox.random_draws import Floats, Whole, uniform
from sandbox.segment_mix import mix
from sandbox.segment_settings import typical
from sandbox.world import World


def segment_of(world: World, people: People) -> Whole:
    """The number of everybody's segment; 0 for all in a world without."""
    number = np.zeros(len(people), np.int64)
    if len(world.crm.segments) < 2:
        return number
    u, reached = uniform(world.seed, 300, people.key), np.zeros(len(people))
    for share in mix(world, people.channel, people.ad_set)[:-1]:
        reached += share
        number += u >= reached
    return number


def multiplier(crm: Crm, name: str, segment: Whole) -> Floats:
    """What a person's segment multiplies that by, in proportion to the others; 1 in a world without segments."""
    if not crm.segments:
        return np.ones(len(segment))
    multipliers = np.array([float(getattr(of_segment, name)) for of_segment in crm.segments])
    return (multipliers / typical(crm.segments, name))[segment]
