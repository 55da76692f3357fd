"""What a CRM may know of people and companies: traits drawn from what is typical of their segment, with noise
and gaps, and consent.

Every draw is addressed by the person or the company and the trait, so it is the same whoever asks, and when.
"""

from collections.abc import Mapping
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from sandbox.customer_settings import Crm
from sandbox.customers.people import DAY
from sandbox.random_draws import Floats, Keys, Whole, key, uniform
from sandbox.segment_settings import OF_COMPANIES, OF_PEOPLE, SIZES
from sandbox.world import World

UNKNOWN = -1
_STREAMS = {name: 320 + 3 * n for n, name in enumerate((*OF_PEOPLE, *OF_COMPANIES))}
NEVER = np.inf


class Traits:
    """Traits of everybody, by row of the person or number of the company; None where nobody knows."""

    def __init__(self, world: World, people: Keys, segment: Whole, created_at: Floats) -> None:
        self._world, self._people, self._segment = world, people, segment
        self._companies = key(world.seed, 318, np.arange(world.crm.companies))
        self._created_at = created_at
        self.segment_of_company: Whole = _segments_of_companies(world.crm)
        self._codes = cache(self._drawn)

    @property
    def are_known(self) -> bool:
        """Whether anything at all is known of anybody."""
        return bool(self._world.crm.segments)

    def of_person(self, name: str, row: int) -> str | None:
        """A trait of a person; `region` lies in their country."""
        if name == "region":
            return self._region(row)
        values, codes = self._codes(name)
        return None if not values or codes[row] == UNKNOWN else values[codes[row]]

    def of_company(self, name: str, number: int) -> str | None:
        """A trait of a company."""
        values, codes = self._codes(name)
        return None if not values or codes[number] == UNKNOWN else values[codes[number]]

    def employees(self, number: int) -> int | None:
        """How many work there, within the band of its size."""
        band = self.of_company("company_size", number)
        if band is None:
            return None
        low, high = SIZES[band]
        u = float(uniform(self._world.seed, 317, self._companies[number]))
        return round(float(np.exp(np.log(low) + u * np.log((high + 0.5) / low))))

    @property
    def ask_consent(self) -> bool:
        """Whether people were asked at all."""
        return self._world.crm.consent_share is not None

    @cached_property
    def agreed(self) -> np.ndarray:
        """Who agreed to advertising when they left their address."""
        share = self._world.crm.consent_share
        return uniform(self._world.seed, 315, self._people) < (share or 0.0)

    @cached_property
    def unsubscribed_at(self) -> Floats:
        """When those who agreed took it back; infinite for most."""
        crm, seed = self._world.crm, self._world.seed
        leaves = self.agreed & (uniform(seed, 316, self._people) < crm.unsubscribe_share)
        after = -np.log(uniform(seed, 319, self._people)) * crm.unsubscribe_days * DAY
        return np.where(leaves, self._created_at + after, NEVER)

    def _region(self, row: int) -> str | None:
        country = self.of_person("country", row)
        typical = self._world.crm.segments[int(self._segment[row])].region if self.are_known else {}
        given = typical.get(country or "")
        u = float(self._places[row])
        if not given or np.isnan(u):
            return None
        values = tuple(given)
        return values[int(np.searchsorted(_steps(given, values), u))]

    @cached_property
    def _places(self) -> Floats:
        """Draws of everybody's region, not a number where it is missing."""
        is_missing = _is_missing(self._world, "region", 372, self._people)
        return np.where(is_missing, np.nan, uniform(self._world.seed, 371, self._people))

    def _drawn(self, name: str) -> tuple[tuple[str, ...], npt.NDArray[np.int16]]:
        """Every value of a trait, and whose is which."""
        of_company = name in OF_COMPANIES
        whose, segment = (
            (self._companies, self.segment_of_company) if of_company else (self._people, self._segment)
        )
        crm, seed, stream = self._world.crm, self._world.seed, _STREAMS[name]
        shares: list[Mapping[str, float]] = [getattr(each, name) for each in crm.segments]
        values = tuple(dict.fromkeys(value for given in shares for value in given))
        codes = np.full(len(whose), UNKNOWN, np.int16)
        if not values:
            return values, codes
        u, is_typical = uniform(seed, stream, whose), uniform(seed, stream + 1, whose) >= crm.segment_overlap
        anybodys = _anybodys(crm, shares)
        for number, given in enumerate(shares):
            of_segment = segment == number
            for rows, among in ((of_segment & is_typical, given), (of_segment & ~is_typical, anybodys)):
                if among:
                    codes[rows] = np.searchsorted(_steps(among, values), u[rows])
        codes[_is_missing(self._world, name, stream + 2, whose)] = UNKNOWN
        return values, codes


def company_of(crm: Crm, seed_key: Keys, segment: Whole) -> Whole:
    """Whom people work for: one of their segment's companies."""
    if not crm.segments:
        return (seed_key % np.uint64(crm.companies)).astype(np.int64)
    bounds = _bounds(crm)
    size = np.maximum(np.diff(bounds), 1)[segment].astype(np.uint64)
    return np.minimum(bounds[segment] + (seed_key % size).astype(np.int64), crm.companies - 1)


def _segments_of_companies(crm: Crm) -> Whole:
    if not crm.segments:
        return np.zeros(crm.companies, np.int64)
    return np.searchsorted(_bounds(crm)[1:-1], np.arange(crm.companies), side="right")


def _bounds(crm: Crm) -> Whole:
    """Companies are numbered segment by segment."""
    share = np.array([segment.share for segment in crm.segments])
    return np.concatenate([[0], np.rint(share.cumsum() / share.sum() * crm.companies)]).astype(np.int64)


def _anybodys(crm: Crm, shares: list[Mapping[str, float]]) -> dict[str, float]:
    """How common each value is among everybody."""
    common: dict[str, float] = {}
    for segment, given in zip(crm.segments, shares, strict=True):
        for value, share in given.items():
            common[value] = common.get(value, 0.0) + segment.share * share / sum(given.values())
    return common


def _steps(given: Mapping[str, float], values: tuple[str, ...]) -> Floats:
    """Where each value's part of 0 to 1 ends."""
    shares = np.array([given.get(value, 0.0) for value in values]).cumsum()
    return (shares / shares[-1])[:-1]


def _is_missing(world: World, name: str, stream: int, whose: Keys) -> npt.NDArray[np.bool_]:
    share = world.crm.trait_missing_of.get(name, world.crm.trait_missing)
    return uniform(world.seed, stream, whose) < share
