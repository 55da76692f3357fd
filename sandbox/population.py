"""Whom an account's ads reach: a population in atoms (customer segment x pool), so that reach, frequency and
overlap follow.

An ad set reaches the atoms of its own pool, of some others by chance, and, when it is for everybody, of all.
Its impressions fall on its atoms by their size and by how much of each segment it attracts. Within an atom
some people see more ads than others (gamma, shape `ACTIVITY`), so of n impressions on N people reach N * (1 -
(1 + n / (N * ACTIVITY)) ** -ACTIVITY) of them: impressions add up over ad sets and days, reach does not. An
exclusion takes people out of an ad set from the next day on; people of an atom are excluded in one fixed
order, so that two ad sets that keep out the same list keep out the same people.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sandbox import text_catalog
from sandbox.behaviour import Population
from sandbox.catalog import Catalog
from sandbox.random_draws import Floats, Whole, lognormal, uniform

ACTIVITY = 1.5
EVERYBODY = text_catalog.AUDIENCES.index("prospecting")
CUSTOMER_POOLS = tuple(
    text_catalog.AUDIENCES.index(name) for name in ("retargeting 30d", "newsletter", "cart abandoners")
)
"""Pools of people who know the shop: those whom uploaded customer lists hold."""
AGES = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
GENDERS = ("female", "male", "unknown")
PLACEMENTS = ("facebook", "instagram", "audience_network", "messenger")
DEVICES = ("mobile", "desktop", "tablet")
DIMENSIONS: dict[str, tuple[str, ...]] = {
    "age": AGES,
    "gender": GENDERS,
    "publisher_platform": PLACEMENTS,
    "device": DEVICES,
}
OF_PEOPLE = ("age", "gender")
"""Dimensions in which each person has one value, so that reach adds up over them."""
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Exclusion:
    """From `day` on an ad set (row) keeps out these shares of each pool; the newest counts, an empty one lets
    all in again.
    """

    day: int
    ad_set: int
    share_of_pool: tuple[float, ...]


class AccountPopulation:
    """The people of one account's platform, and which of them each ad set reaches."""

    def __init__(
        self, catalog: Catalog, settings: Population, segments: Sequence[tuple[str, float]], mix: Floats
    ) -> None:
        """Lay out the atoms.

        Args:
            catalog: The account's entities.
            settings: How many people there are and how much ad sets share.
            segments: Name and share of each customer segment.
            mix: Share of each segment among those whom an ad set attracts, ad sets x segments.
        """
        self.catalog, self.settings = catalog, settings
        self.segments, self._mix = tuple(name for name, _ in segments), mix
        share = np.array([share for _, share in segments])
        pools = lognormal(
            1.0, settings.pool_spread, catalog.seed, 160, np.arange(len(text_catalog.AUDIENCES))
        )
        pools[EVERYBODY] *= 4.0
        whole = np.outer(share / share.sum(), pools / pools.sum()) * settings.people
        self.size: Floats = np.maximum(whole.ravel(), 1.0)
        """People in each atom; atoms are numbered segment by segment."""
        self.pool: Whole = np.tile(np.arange(len(text_catalog.AUDIENCES)), len(segments))
        self.segment: Whole = np.repeat(np.arange(len(segments)), len(text_catalog.AUDIENCES))

    @cached_property
    def reachable(self) -> Flags:
        """Ad sets x atoms: may the ad set reach it."""
        sets, pool_of_set = self.catalog.ad_sets, self.catalog.audience
        pools = np.arange(len(text_catalog.AUDIENCES))
        chance = uniform(self.catalog.seed, 161, sets.id[:, None], pools[None, :]) < self.settings.overlap
        by_pool = chance | (pool_of_set[:, None] == pools[None, :]) | (pool_of_set == EVERYBODY)[:, None]
        return np.asarray(by_pool[:, self.pool])

    @cached_property
    def ease(self) -> Floats:
        """How easily people of each atom convert, against the others."""
        by_pool = lognormal(1.0, 0.3, self.catalog.seed, 162, np.arange(len(text_catalog.AUDIENCES)))
        by_pool[list(CUSTOMER_POOLS)] *= 2.0
        return np.asarray(by_pool[self.pool] ** self.settings.pool_contrast)

    @cached_property
    def attraction(self) -> Floats:
        """Impressions per person that each atom gets of an ad set, against its other atoms; ad sets x atoms."""
        share = np.array([self.size[self.segment == n].sum() for n in range(len(self.segments))])
        liking = self._mix / (share / share.sum())
        focus = (self.catalog.audience[:, None] == self.pool[None, :]) * (self.settings.focus - 1.0) + 1.0
        return np.asarray(self.reachable * liking[:, self.segment] * focus)

    def parts(self, exclusions: Iterable[Exclusion]) -> "Parts":
        """The population cut where any of these exclusions cuts an atom."""
        return Parts(self, tuple(sorted(exclusions, key=lambda one: one.day)))

    def size_of(self, ad_sets: Whole) -> int:
        """People whom any of these ad sets (rows) may reach."""
        return int(self.size[self.reachable[ad_sets].any(axis=0)].sum())

    def shares(self, dimension: str) -> Floats:
        """Per ad set the share of its impressions on each value of a dimension; ad sets x values."""
        if dimension not in self._shares:
            self._shares[dimension] = self._shares_of(dimension)
        return self._shares[dimension]

    @cached_property
    def _shares(self) -> dict[str, Floats]:
        return {}

    def _shares_of(self, dimension: str) -> Floats:
        values, catalog = DIMENSIONS[dimension], self.catalog
        drawn = lognormal(
            1.0,
            0.5,
            catalog.seed,
            163,
            list(DIMENSIONS).index(dimension),
            self.pool[:, None],
            np.arange(len(values))[None, :],
        )
        weight = self.attraction * self.size
        shares = np.einsum("sa,av->sv", weight, drawn / drawn.sum(axis=1, keepdims=True))
        if dimension == "age":
            shares = shares * self._ages_targeted
        if dimension == "gender":
            shares = shares * np.array([1.0, 1.0, 0.03])
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    @cached_property
    def _ages_targeted(self) -> Flags:
        targets = [self.catalog.targeting(row) for row in range(len(self.catalog.ad_sets.id))]
        low = np.array([int(target["age_min"]) for target in targets])[:, None]
        high = np.array([int(target["age_max"]) for target in targets])[:, None]
        first = np.array([int(age[:2]) for age in AGES])[None, :]
        return np.asarray((first + 9 >= low) & (first <= high))


@dataclass(frozen=True)
class Parts:
    """A population whose atoms are cut so that every exclusion keeps out whole parts."""

    people: AccountPopulation
    exclusions: tuple[Exclusion, ...]

    @cached_property
    def _cuts(self) -> tuple[Whole, Floats, Floats]:
        """Per part its atom, and from which to which share of the atom's people it reaches."""
        by_pool = [
            sorted(
                {
                    0.0,
                    1.0,
                    *(
                        exclusion.share_of_pool[pool]
                        for exclusion in self.exclusions
                        if exclusion.share_of_pool
                    ),
                }
            )
            for pool in range(len(text_catalog.AUDIENCES))
        ]
        atom, low, high = [], [], []
        for number, pool in enumerate(self.people.pool.tolist()):
            bounds = by_pool[pool]
            atom += [number] * (len(bounds) - 1)
            low += bounds[:-1]
            high += bounds[1:]
        return np.array(atom), np.array(low), np.array(high)

    @property
    def segment(self) -> Whole:
        """The customer segment of each part, by number."""
        return self.people.segment[self._cuts[0]]

    @cached_property
    def size(self) -> Floats:
        """People in each part."""
        atom, low, high = self._cuts
        return self.people.size[atom] * (high - low)

    @cached_property
    def _changes(self) -> list[int]:
        return sorted({exclusion.day for exclusion in self.exclusions})

    def spans(self, days: Whole) -> list[tuple[int, int]]:
        """Places in consecutive `days` from which to which no exclusion changes."""
        cuts = sorted(
            {0, len(days), *(int(day - days[0]) for day in self._changes if days[0] < day <= days[-1])}
        )
        return list(pairwise(cuts))

    def attraction(self, day: int) -> Floats:
        """Impressions per person that each part gets of an ad set on a day, against its others; ad sets x
        parts.
        """
        if (at := sum(change <= day for change in self._changes)) not in self._kept:
            atom, low, _ = self._cuts
            attraction = self.people.attraction[:, atom].copy()
            newest = {exclusion.ad_set: exclusion for exclusion in self.exclusions if exclusion.day <= day}
            for row, exclusion in newest.items():
                if exclusion.share_of_pool:
                    kept_out = np.array(exclusion.share_of_pool)[self.people.pool[atom]]
                    attraction[row, low < kept_out - 1e-12] = 0.0
            self._kept[at] = attraction
        return self._kept[at]

    @cached_property
    def _kept(self) -> dict[int, Floats]:
        return {}

    def weights(self, day: int) -> Floats:
        """Share of an ad set's impressions that fall on each part on a day; ad sets x parts, 0 where nobody
        is left.
        """
        weight = self.attraction(day) * self.size
        whole = weight.sum(axis=1, keepdims=True)
        return np.divide(weight, whole, out=np.zeros_like(weight), where=whole > 0)

    def left(self, day: int) -> tuple[Floats, Floats]:
        """Per ad set the share of its people that exclusions leave, and their mean ease to convert against
        all of them.
        """
        atom, _, _ = self._cuts
        before = self.people.attraction[:, atom] * self.size
        after = self.attraction(day) * self.size
        ease = self.people.ease[atom]
        share = after.sum(axis=1) / before.sum(axis=1)
        usual = (before * ease).sum(axis=1) / before.sum(axis=1)
        ease_left = np.divide(
            (after * ease).sum(axis=1), after.sum(axis=1), out=usual.copy(), where=after.sum(axis=1) > 0
        )
        return share, ease_left / usual

    def others(self, day: int, spend: Floats) -> Floats:
        """Per ad set what others spend on its people, in the money that would press on them as its own does;
        days x ad sets.
        """
        weight = self.weights(day)
        pressure = np.einsum("ds,sp->dp", spend, weight) / self.size
        own_pressure = (weight**2 / self.size).sum(axis=1)
        felt = np.einsum("dp,sp->ds", pressure, weight)
        return np.divide(felt, own_pressure, out=np.zeros_like(felt), where=own_pressure > 0) - np.where(
            own_pressure > 0, spend, 0.0
        )

    def felt_by_others(self, day: int, lost: Floats) -> Floats:
        """The sum over others of what each loses, weighted by how much an ad set's spend presses on it; days
        x ad sets.
        """
        weight = self.weights(day)
        own_pressure = (weight**2 / self.size).sum(axis=1)
        scaled = np.divide(lost, own_pressure, out=np.zeros_like(lost), where=own_pressure > 0)
        felt = np.einsum("dp,sp->ds", np.einsum("ds,sp->dp", scaled, weight) / self.size, weight)
        return np.asarray(felt - lost)

    def reached(self, impressions: Floats) -> Floats:
        """People reached by impressions on each part; the last axis is the parts and is summed over."""
        people = np.maximum(self.size, 1e-9)
        shown = 1.0 + impressions / (people * ACTIVITY)
        return np.asarray((people * -np.expm1(-ACTIVITY * np.log(shown))).sum(axis=-1))
