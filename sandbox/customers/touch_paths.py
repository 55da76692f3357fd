"""How people came: every touch of their path, on several platforms and by themselves, and how much each of
them convinced.

The rule that makes credit known: each touch convinces by itself at the rate of its pull, the first that does
wins. So the chance that a path of touches convinces is 1 - exp(-k * sum of pulls), and a touch's true credit
is its share of that sum.

A person's last paid touch is the click that the platform claims; further paid touches come before it, visits
of their own before or after. A pull does not fade with time.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sandbox.catalog import Catalog
from sandbox.customer_settings import CHANNELS, PAID, UNPAID
from sandbox.customers.people import DAY, AdSets, People
from sandbox.random_draws import Floats, Whole, key, lognormal, poisson, uniform
from sandbox.segment_mix import NOBODY, mix
from sandbox.segment_settings import typical
from sandbox.world import World

MOST_EXTRA = 4
PAID_EXTRA = 0.5
OF_UNPAID = (0.45, 0.8)
LONGEST_DAYS = 40.0
BASE_PULL = {
    "google_ads": 0.8,
    "meta_ads": 1.0,
    "linkedin_ads": 1.3,
    "organic": 0.7,
    "direct": 0.3,
    "email": 0.5,
}


@dataclass(frozen=True)
class Touches:
    """One row per touch, grouped by person. `weight` is the touch's true share of its person's conversion."""

    person: Whole
    channel: Whole
    ad_set: Whole
    at: Floats
    pull: Floats
    weight: Floats
    is_tagged: npt.NDArray[np.bool_]
    """With campaign parameters; else the click id alone."""
    is_lost: npt.NDArray[np.bool_]
    """Nobody saw it."""
    is_form: npt.NDArray[np.bool_]
    """A form at LinkedIn: LinkedIn alone tells of it."""


def pulls(world: World) -> Floats:
    """How much a touch of each channel convinces, in the order of `CHANNELS`."""
    drawn = [
        BASE_PULL[name] * float(lognormal(1.0, world.crm.pull_spread, world.seed, 220, n))
        for n, name in enumerate(CHANNELS)
    ]
    return np.array([world.crm.pull.get(name, pull) for name, pull in zip(CHANNELS, drawn, strict=True)])


def paths(world: World, people: People, sets: AdSets) -> Touches:
    """Every touch of everybody, in no particular order within a person."""
    seed, crm = world.seed, world.crm
    size = len(people)
    extra = np.minimum(poisson(np.full(size, crm.extra_touches), seed, 221, people.key), MOST_EXTRA)
    person = np.repeat(np.arange(size), extra)
    nth = np.arange(len(person)) - np.repeat(np.cumsum(extra) - extra, extra)
    whose = (people.key[person], nth)
    is_paid = (people.ad_set[person] != NOBODY) & (uniform(seed, 222, *whose) < PAID_EXTRA)
    ahead = np.minimum(-np.log(uniform(seed, 223, *whose)) * 6.0, LONGEST_DAYS) * DAY + 3_600.0
    before = people.click_at[person] - ahead
    after = (
        people.click_at[person] + uniform(seed, 224, *whose) * (people.converts_at - people.click_at)[person]
    )
    at = np.where(is_paid | (uniform(seed, 225, *whose) < 0.5), before, after)
    unpaid_draw = uniform(seed, 226, *whose)
    visit = np.select(
        [unpaid_draw < OF_UNPAID[0], unpaid_draw < OF_UNPAID[1]],
        [CHANNELS.index(UNPAID[0]), CHANNELS.index(UNPAID[1])],
        CHANNELS.index(UNPAID[2]),
    )
    shown = _shown(sets, at, uniform(seed, 227, *whose))
    is_paid &= shown != NOBODY
    ad_set = np.where(is_paid, shown, NOBODY)
    channel = np.where(is_paid, sets.channel[shown], visit)
    return _weighed(
        world,
        people,
        person=np.concatenate([np.arange(size), person]),
        channel=np.concatenate([people.channel, channel]),
        ad_set=np.concatenate([people.ad_set, ad_set]),
        at=np.concatenate([people.click_at, at]),
        place=np.concatenate([np.full(size, MOST_EXTRA), nth]),
    )


def _shown(sets: AdSets, at: Floats, u: Floats) -> Whole:
    """The ad set that a click at that instant went to, by their clicks of that (UTC) day; NOBODY where there
    were none.
    """
    days, size = sets.clicks.shape
    if not size or not len(at):
        return np.full(len(at), NOBODY)
    row = np.clip((at // DAY).astype(int) - sets.first_day, 0, days - 1)
    total = sets.clicks.sum(axis=1)
    share = np.divide(
        sets.clicks.cumsum(axis=1), total[:, None], out=np.ones_like(sets.clicks), where=total[:, None] > 0
    )
    cell = np.searchsorted((share + np.arange(days)[:, None]).ravel(), row + u, side="right")
    return np.where(total[row] > 0, np.minimum(cell - row * size, size - 1), NOBODY)


def _weighed(
    world: World, people: People, *, person: Whole, channel: Whole, ad_set: Whole, at: Floats, place: Whole
) -> Touches:
    seed, crm = world.seed, world.crm
    whose = (people.key[person], place)
    pull = pulls(world)[channel] * np.where(ad_set == NOBODY, 1.0, lognormal(1.0, 0.3, seed, 228, ad_set))
    whole = np.bincount(person, pull, len(people))
    lost = (uniform(seed, 229, people.key) < crm.lost_share)[person] | (
        uniform(seed, 230, *whose) < crm.touch_lost_share
    )
    tagged = uniform(seed, 231, *whose) >= crm.untagged_share
    # The click that is claimed, of people who leave a lead.
    is_form = (place == MOST_EXTRA) & (channel == CHANNELS.index("linkedin_ads")) & ~people.sells[person]
    is_form &= uniform(seed, 238, *whose) < crm.form_share
    lost &= ~is_form
    order = np.lexsort((at, person))
    return Touches(
        person=person[order],
        channel=channel[order],
        ad_set=ad_set[order],
        at=at[order],
        pull=pull[order],
        weight=(pull / whole[person])[order],
        is_tagged=tagged[order],
        is_lost=lost[order],
        is_form=is_form[order],
    )


def click_key(touches: Touches, people: People) -> npt.NDArray:
    """What a touch's click id is made of."""
    return key(people.key[touches.person], touches.at.astype(np.int64), 232)


def convincing_rate(world: World, catalogs: list[Catalog], *, size: int = 5_000) -> float:
    """The k at which, over the world's own ad sets, claims exceed what really happened by `claim_excess`."""
    parts = [_strength(catalog) for catalog in catalogs]
    weight = np.concatenate(parts)
    channel = np.concatenate(
        [np.full(len(p), PAID.index(c.account.platform)) for p, c in zip(parts, catalogs, strict=True)]
    )
    n, seed, pull = np.arange(size), world.seed, pulls(world)
    chosen = np.searchsorted(weight.cumsum() / weight.sum(), uniform(seed, 233, n)).clip(max=len(weight) - 1)
    total = pull[channel[chosen]] * lognormal(1.0, 0.3, seed, 228, chosen)
    extra = np.minimum(poisson(np.full(size, world.crm.extra_touches), seed, 234, n), MOST_EXTRA)
    for nth in range(MOST_EXTRA):
        again = np.searchsorted(weight.cumsum() / weight.sum(), uniform(seed, 235, n, nth)).clip(
            max=len(weight) - 1
        )
        unpaid_draw = uniform(seed, 236, n, nth)
        unpaid = np.select(
            [unpaid_draw < OF_UNPAID[0], unpaid_draw < OF_UNPAID[1]], [pull[3], pull[4]], pull[5]
        )
        more = np.where(uniform(seed, 237, n, nth) < PAID_EXTRA, pull[channel[again]], unpaid)
        total += np.where(nth < extra, more, 0.0)
    shares, ease = mix(world, channel[chosen], chosen) or [np.ones(size)], _ease(world)
    wanted, low, high = 1.0 / (1.0 + world.crm.claim_excess), 1e-6, 1e6
    for _ in range(80):
        middle = float(np.sqrt(low * high))
        real = np.sum([s * -np.expm1(-middle * e * total) for s, e in zip(shares, ease, strict=True)], axis=0)
        low, high = (middle, high) if float(real.mean()) < wanted else (low, middle)
    return float(np.sqrt(low * high))


def _ease(world: World) -> list[float]:
    """How easily a touch convinces each segment's people."""
    segments = world.crm.segments
    return [segment.conversion / typical(segments, "conversion") for segment in segments] or [1.0]


def _strength(catalog: Catalog) -> Floats:
    """Conversions that an account's ad sets can be expected to bring, up to a factor."""
    sets = catalog.ad_sets
    return (
        sets.demand * sets.budget_micros / sets.cpm * sets.ctr * sets.conversion_rate * (~sets.paused + 1e-9)
    )
