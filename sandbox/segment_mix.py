"""Which customer segments a channel and an ad set bring, as shares: the one rule for people in the CRM and
people who see ads.
"""

import numpy as np

from sandbox.customer_settings import CHANNELS
from sandbox.random_draws import Floats, Whole, lognormal
from sandbox.world import World

NOBODY = -1
"""In place of an ad set: the person came without one."""


def mix(world: World, channel: Whole, ad_set: Whole) -> list[Floats]:
    """Per segment, its share of those who come by that channel and ad set (NOBODY for those who come by
    themselves).
    """
    weights = []
    for number, segment in enumerate(world.crm.segments):
        liking = np.array([segment.channels.get(name, 1.0) for name in CHANNELS])[channel]
        tilt = lognormal(1.0, world.crm.segment_tilt, world.seed, 301, ad_set, number)
        weights.append(segment.share * liking * np.where(ad_set == NOBODY, 1.0, tilt))
    whole = np.sum(weights, axis=0)
    return [part / whole for part in weights]
