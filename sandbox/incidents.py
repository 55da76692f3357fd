"""Labelled incidents for any world: a random set of every kind, where and as strong as could in principle be
seen.

An entity is fit for a kind if it delivers enough of what the kind moves, at the beginning and at the end of
the time; where none is, the largest there is has to do. Accounts are drawn first and entities within them, so
a large account does not take all. No two incidents meet on one entity, nor on an entity and what contains it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

import numpy as np

from sandbox.clock import Clock
from sandbox.incident import KINDS, Incident, Kind, Level
from sandbox.incident_candidates import Candidate, Place, candidates, place_of
from sandbox.market import Market
from sandbox.world import World

__all__ = ["Incident", "drawn"]

TRIES = 80
CLEAR_DAYS = (7, 2, 0)
"""Days kept free between two incidents on one entity; fewer only where time is short."""


@dataclass(frozen=True)
class _Plan:
    """How a kind is drawn: sizes and days, evenly between both; levels; and what an entity delivers a day to
    be fit.
    """

    size: tuple[float, float]
    days: tuple[int, int]
    levels: tuple[Level, ...]
    least: float
    of: str = "clicks"


_BOTH: tuple[Level, ...] = ("campaign", "ad_set")
PLANS: dict[Kind, _Plan] = {
    "spend_spike": _Plan((1.8, 4.0), (1, 4), _BOTH, 10),
    "spend_stop": _Plan((0.0, 0.05), (2, 6), _BOTH, 10),
    "cpc_jump": _Plan((1.5, 2.5), (4, 10), _BOTH, 25),
    "ctr_drop": _Plan((0.35, 0.65), (4, 12), _BOTH, 25),
    "creative_fatigue": _Plan((0.4, 0.6), (14, 21), _BOTH, 25),
    "tracking_break": _Plan((0.0, 0.1), (3, 7), ("campaign", "account"), 4, "conversions"),
    "roas_decay": _Plan((0.4, 0.6), (14, 21), ("campaign", "account"), 5, "conversions"),
    "budget_exhausted_early": _Plan((0.25, 0.5), (3, 8), _BOTH, 25),
    "disapproved_ads": _Plan((0.0, 0.0), (2, 6), _BOTH, 10),
    "bid_strategy_change": _Plan((1.4, 2.0), (6, 12), _BOTH, 25),
    "promotion": _Plan((1.6, 2.6), (2, 5), ("account",), 4, "conversions"),
    "holiday": _Plan((0.4, 0.7), (1, 3), ("account",), 10),
}
WIDE_SHARE = {"tracking_break": 0.2, "promotion": 0.3, "holiday": 0.7}
"""Share of a kind that hits all accounts, of one platform or of all, where there are several."""
RISING_SHARE = 0.3
"""Share of holidays on which people buy more instead of less."""


@dataclass(frozen=True)
class _Fit:
    """Where a kind can be seen: on all accounts or a platform's, and by account and level."""

    wide: list[Candidate]
    accounts: list[list[list[Candidate]]]


def drawn(
    world: World, *, seed: int, start: date, end: date, faults: int, promotions: int = 2, holidays: int = 1
) -> tuple[Incident, ...]:
    """Incidents within `start` to `end` (both included), by first day; the same for the same world and seed.

    Every kind of fault comes before any comes twice. Fewer come back where the time is too short or the world
    too small to keep them apart, and none where nothing delivers. Incidents that the world has already are
    kept clear of, and are not returned.

    Raises:
        ValueError: `end` lies before `start`, or a number is negative.
    """
    if end < start or min(faults, promotions, holidays) < 0:
        raise ValueError(
            f"incidents need start <= end and numbers from 0 up, not {start}..{end}, {faults}, {promotions},"
            f" {holidays}"
        )
    rng = np.random.default_rng([seed, world.seed])
    clock = Clock(datetime(end.year, end.month, end.day, tzinfo=UTC) + timedelta(days=100))
    market = Market(world.model_copy(update={"incidents": ()}), clock)  # as if nothing ever happened
    places = candidates(market, start, end)
    usual: dict[Kind, int] = {"holiday": holidays, "promotion": promotions}
    kinds = [*(kind for kind, n in usual.items() for _ in range(n)), *_faults(rng, faults)]
    taken = [(place_of(market, incident), incident) for incident in world.incidents]
    already_taken = len(taken)
    fit = {kind: _fit(kind, places) for kind in dict.fromkeys(kinds)}
    for kind in kinds:
        if (placed := _placed(rng, kind, fit[kind], (start, end), taken)) is not None:
            taken.append(placed)
    return tuple(
        sorted(
            (incident_drawn for _, incident_drawn in taken[already_taken:]),
            key=lambda incident_drawn: (incident_drawn.first_day, incident_drawn.kind),
        )
    )


def _faults(rng: np.random.Generator, number: int) -> Iterator[Kind]:
    """So many kinds of fault: all of them in random order, again and again."""
    every = [kind for kind, nature in KINDS.items() if nature.is_fault]
    rounds = [rng.permutation(len(every)) for _ in range(-(-number // len(every)))]
    yield from [every[at] for order in rounds for at in order][:number]


def _placed(
    rng: np.random.Generator,
    kind: Kind,
    fit: _Fit,
    span: tuple[date, date],
    taken: Iterable[tuple[Place, Incident]],
) -> tuple[Place, Incident] | None:
    """An incident of that kind that meets no other, with its place; None where none was found."""
    plan, length = PLANS[kind], (span[1] - span[0]).days + 1
    if not (fit.wide or fit.accounts):
        return None
    for clear in CLEAR_DAYS:
        for _ in range(TRIES):
            days = int(rng.integers(plan.days[0], plan.days[1] + 1))
            where = _one_of(rng, kind, fit)
            low, high = plan.size
            if kind == "holiday" and rng.random() < RISING_SHARE:
                low, high = 1.3, 1.6
            size = round(float(rng.uniform(low, high)), 3)
            if days > length:
                continue
            first = span[0] + timedelta(days=int(rng.integers(0, length - days + 1)))
            incident = _made(kind, where, first, days, size)
            if not any(_meet(where.place, incident, *other, clear=clear) for other in taken):
                return where.place, incident
    return None


def _made(kind: Kind, where: Candidate, first: date, days: int, size: float) -> Incident:
    platform, account_id = (*where.place, None, None)[:2]
    return Incident.model_validate(
        {
            "kind": kind,
            "platform": platform,
            "account_id": account_id,
            "level": where.level,
            "entity_id": where.entity_id,
            "first_day": first,
            "days": days,
            "size": size,
        }
    )


def _meet(place: Place, one: Incident, other_place: Place, other: Incident, *, clear: int) -> bool:
    """Whether one place contains the other and their days come closer than `clear` days."""
    shared = min(len(place), len(other_place))
    if place[:shared] != other_place[:shared]:
        return False
    gap = timedelta(days=clear)
    return one.first_day - gap <= other.last_day and other.first_day - gap <= one.last_day


def _one_of(rng: np.random.Generator, kind: Kind, fit: _Fit) -> Candidate:
    """One of those fit: first how wide, then the account, the level and the entity, each with equal chances."""
    if fit.wide and (not fit.accounts or rng.random() < WIDE_SHARE.get(kind, 0)):
        return fit.wide[int(rng.integers(len(fit.wide)))]
    levels = fit.accounts[int(rng.integers(len(fit.accounts)))]
    at_level = levels[int(rng.integers(len(levels)))]
    return at_level[int(rng.integers(len(at_level)))]


def _fit(kind: Kind, places: Iterable[Candidate]) -> _Fit:
    """Where that kind can be seen; the one place with the most where it can be seen nowhere."""
    plan = PLANS[kind]
    able = [
        candidate
        for candidate in places
        if candidate.level in plan.levels
        and candidate.clicks > 0
        and kind not in candidate.never
        and (len(candidate.place) >= 2 or kind in WIDE_SHARE)
    ]
    seen = [candidate for candidate in able if getattr(candidate, plan.of) >= plan.least]
    seen = seen or sorted(able, key=lambda candidate: getattr(candidate, plan.of))[-1:]
    narrow = (candidate for candidate in seen if len(candidate.place) >= 2)
    return _Fit(
        [candidate for candidate in seen if len(candidate.place) < 2],
        [
            [list(at_level) for _, at_level in groupby(of_account, key=lambda candidate: candidate.level)]
            for _, of_account in groupby(narrow, key=lambda candidate: candidate.place[:2])
        ],
    )
