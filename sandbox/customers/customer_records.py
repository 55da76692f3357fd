"""The books: everybody of a world with what became of them, and the truths that only tests, the demo and
benchmarks may ask for.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from threading import RLock
from typing import Any

import numpy as np
import numpy.typing as npt

from sandbox.customer_settings import CHANNELS, PAID, STAGES
from sandbox.customers.funnel import Funnel, funnel, win_chance
from sandbox.customers.latent import multiplier, segment_of
from sandbox.customers.people import DAY, AdSets, People, came
from sandbox.customers.repeats import Repeats, repeats
from sandbox.customers.touch_paths import Touches, convincing_rate, paths
from sandbox.customers.traits import Traits
from sandbox.market import Market
from sandbox.random_draws import Floats, Keys, Whole
from sandbox.segment_mix import NOBODY

Columns = dict[str, list[Any]]
PERSON_SHIFT = 13


@dataclass(frozen=True)
class Books:
    """Everybody who came so far.

    What is still to come is in here too: whoever shows it compares with the clock.
    """

    people: People
    sets: AdSets
    touches: Touches
    funnel: Funnel
    touch_starts: Whole
    segment: Whole
    """Everybody's latent segment, by its number in the world file."""
    repeats: Repeats
    traits: Traits

    def touches_of(self, person: int) -> range:
        """Rows of a person's touches, oldest first."""
        return range(int(self.touch_starts[person]), int(self.touch_starts[person + 1]))


class Bookkeeper:
    """The books of one market, kept until its clock's hour or what people changed at the platforms moves on."""

    def __init__(self, market: Market) -> None:
        self._market, self._lock = market, RLock()
        self._kept: tuple[Any, Books] | None = None
        self._rate: float | None = None

    def books(self) -> Books:
        """The books as far as the clock has come.

        Raises:
            TooManyPeople: They would not fit in memory.
        """
        now, world = self._market.clock.now(), self._market.world
        mark = (now.replace(minute=0, second=0, microsecond=0), self._market.edition)
        with self._lock:
            if self._kept is None or self._kept[0] != mark:
                start = max(world.crm.begins or world.begins, world.begins)
                end = max(start, (now + timedelta(hours=14)).date())
                people, sets = came(self._market, start=start, end=end)
                touches = paths(world, people, sets)
                segment = segment_of(world, people)
                dearer = multiplier(world.crm, "order_value", segment)
                people = replace(people, value=np.maximum(np.round(people.value * dearer, 2), 0.01))
                what = funnel(world, people, touches, self._convincing_rate(), segment)
                starts = np.searchsorted(touches.person, np.arange(len(people) + 1))
                again = repeats(world, people, what, segment, until=_instant(end + timedelta(days=1)))
                traits = Traits(world, people.key, segment, what.created_at)
                self._kept = (mark, Books(people, sets, touches, what, starts, segment, again, traits))
            return self._kept[1]

    def _convincing_rate(self) -> float:
        if self._rate is None:
            catalogs = [self._market.catalog(account) for account in self._market.world.accounts]
            self._rate = convincing_rate(self._market.world, catalogs)
        return self._rate

    def revenue(self, start: date, end: date) -> Columns:
        """True revenue of orders and won deals whose (UTC) day is in `start` to `end`, by the touches that
        convinced, account currency.

        Refunded by now is no revenue, nor is what people entered as a test. People without a paid touch are
        in it too. A repeat order is owed to the touches that led to the first.
        """
        b, person, at, value = self._booked()
        low, high = _instant(start), _instant(end + timedelta(days=1))
        inside = np.flatnonzero((at >= low) & (at < high))
        size = np.diff(b.touch_starts)[person[inside]]
        order = np.repeat(inside, size)
        nth = np.arange(len(order)) - np.repeat(np.cumsum(size) - size, size)
        rows = b.touch_starts[person[order]] + nth
        weight = b.touches.weight[rows]
        columns = self._labels(b, rows)
        columns["day"] = _days(at[order])
        columns["currency"] = [
            self._market.world.accounts[n].currency for n in b.people.account[person[order]]
        ]
        columns["orders"] = weight.tolist()
        columns["value"] = (weight * value[order]).tolist()
        return columns

    def segments(self) -> Columns:
        """The latent segment of every contact that was ever entered, by its id in the CRM; none in a world
        without.
        """
        b, now = self.books(), self._market.clock.now().timestamp()
        names = [segment.name for segment in self._market.world.crm.segments]
        rows = np.flatnonzero(b.funnel.is_contact & (b.funnel.created_at <= now) & bool(names))
        ids = contact_id(b.people.key[rows]).astype(str).tolist()
        return {"contact_id": ids, "segment": [names[n] for n in b.segment[rows]]}

    def qualified(self, start: date, end: date) -> Columns:
        """Leads and those that ever qualify, by the ad set and day of the click that brought them; the unpaid
        by their first visit.
        """
        b = self.books()
        low, high = (int(np.datetime64(day, "D").astype(int)) for day in (start, end))
        f = b.funnel
        rows = np.flatnonzero(
            np.isfinite(f.lead_at) & ~f.is_test & (b.people.day >= low) & (b.people.day <= high)
        )
        columns = self._labels(b, rows, of_people=True)
        columns["day"] = np.datetime_as_string(b.people.day[rows].astype("datetime64[D]")).tolist()
        columns["leads"] = [1] * len(rows)
        columns["qualified"] = np.isfinite(f.qualified_at[rows]).astype(int).tolist()
        return columns

    def pipeline(self, at: datetime) -> Columns:
        """Deals that are open at an instant: amount, true chance to be won and what came of them, by the
        touches that convinced.
        """
        b, now, crm = self.books(), at.timestamp(), self._market.world.crm
        entered = b.funnel.stage_at
        is_open = (b.funnel.deal_at <= now) & (b.funnel.closed_at > now)
        stage = np.where(is_open, (entered[:, : len(STAGES)] <= now).sum(axis=1) - 1, 0)
        age = np.where(is_open, (now - entered[np.arange(len(entered)), stage]) / DAY, 0.0)
        chance = win_chance(crm, stage, age)
        rows = np.flatnonzero(is_open[b.touches.person])
        person, weight = b.touches.person[rows], b.touches.weight[rows]
        amount = weight * b.funnel.amount[person]
        columns = self._labels(b, rows)
        columns["currency"] = [self._market.world.accounts[n].currency for n in b.people.account[person]]
        columns["stage"] = [STAGES[n] for n in stage[person]]
        columns["amount"] = amount.tolist()
        columns["expected"] = (amount * chance[person]).tolist()
        columns["won"] = (amount * np.isfinite(b.funnel.won_at[person])).tolist()
        return columns

    def _booked(self) -> tuple[Books, Whole, Floats, Floats]:
        """The books, and what was booked by now: whose it is, when and how much."""
        b, now = self.books(), self._market.clock.now().timestamp()
        f, again = b.funnel, b.repeats
        at = np.minimum(f.order_at, f.won_at)
        value = np.where(np.isfinite(f.order_at), b.people.value, f.amount)
        first = np.flatnonzero((at <= now) & ~f.is_test & ~(f.refunded_at <= now))
        later = again.at <= now
        return (
            b,
            np.concatenate([first, again.person[later]]),
            np.concatenate([at[first], again.at[later]]),
            np.concatenate([value[first], again.value[later]]),
        )

    def _labels(self, b: Books, rows: Whole, *, of_people: bool = False) -> Columns:
        channel, ad_set = (
            (b.people.channel, b.people.ad_set) if of_people else (b.touches.channel, b.touches.ad_set)
        )
        chosen = ad_set[rows]
        has_ad_set = chosen != NOBODY
        safe = np.where(has_ad_set, chosen, 0)
        return {
            "channel": [CHANNELS[n] for n in channel[rows]],
            "is_paid": (channel[rows] < len(PAID)).tolist(),
            "campaign_id": _where(has_ad_set, b.sets.campaign_id[safe]),
            "ad_set_id": _where(has_ad_set, b.sets.ad_set_id[safe]),
        }


def contact_id(person_key: Keys) -> Whole:
    """What the CRM numbers a person with."""
    return (person_key >> np.uint64(PERSON_SHIFT)).astype(np.int64)


def _where(has_value: npt.NDArray[np.bool_], values: Iterable[Any]) -> list[str | None]:
    return [
        str(value) if is_known and value else None for is_known, value in zip(has_value, values, strict=True)
    ]


def _instant(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _days(at: Floats) -> list[str]:
    return np.datetime_as_string((at // DAY).astype(int).astype("datetime64[D]")).tolist()
