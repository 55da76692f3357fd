"""Which segment everybody is of: by what is common among those whom their channel and ad set bring, drawn by the person.

Nobody is shown this but tests, the demo and benchmarks. Worlds without segments have one, of everybody, without traits.
"""

import numpy as np

from sandbox.customer_settings import CHANNELS, Crm
from sandbox.customers.people import NOBODY, People
from sandbox.draws import Floats, Whole, lognormal, uniform
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


def mix(world: World, channel: Whole, ad_set: Whole) -> list[Floats]:
    """Per segment, its share of those who come by that channel and ad set (NOBODY for those who come by themselves)."""
    found = []
    for number, one in enumerate(world.crm.segments):
        liking = np.array([one.channels.get(name, 1.0) for name in CHANNELS])[channel]
        tilt = lognormal(1.0, world.crm.segment_tilt, world.seed, 301, ad_set, number)
        found.append(one.share * liking * np.where(ad_set == NOBODY, 1.0, tilt))
    whole = np.sum(found, axis=0)
    return [part / whole for part in found]


def multiplier(crm: Crm, name: str, segment: Whole) -> Floats:
    """What a person's segment multiplies that by, in proportion to the others; 1 in a world without segments."""
    if not crm.segments:
        return np.ones(len(segment))
    own = np.array([float(getattr(one, name)) for one in crm.segments])
    return (own / typical(crm.segments, name))[segment]
