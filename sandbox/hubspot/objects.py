"""What HubSpot holds at an instant: contacts, companies and deals with their histories, who belongs to whom,
who was merged.

Ids are in ascending order; every record's own instants decide what can be seen of it now.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sandbox.customer_settings import STAGES
from sandbox.customers.contact_cards import COMPANY_BASE, Cards
from sandbox.customers.customer_records import Books
from sandbox.hubspot.traits import company_card, contact_card
from sandbox.random_draws import Floats, Whole
from sandbox.world import World

History = list[tuple[float, str]]
"""Instants with the value that a property had from then on, oldest first."""
ORDERED, RETURNED = "checkout_completed", "cancelled"
_LIFE = ("subscriber", "lead", "salesqualifiedlead", "opportunity", "customer")


@dataclass(frozen=True)
class Shelf:
    """All records of one type, by ascending id.

    `row` is the person, or the company's number; repeat orders come after all people.
    """

    id: Whole
    row: Whole
    is_second: npt.NDArray[np.bool_]
    created: Floats
    modified: Floats
    archived: Floats
    """When it was deleted; infinite for those that are there."""
    merged: Floats
    """When it went into another record; it is not there any more then, and was never deleted."""

    def seen(self, now: float) -> npt.NDArray[np.bool_]:
        return (self.created <= now) & (self.archived > now) & (self.merged > now)


@dataclass(frozen=True)
class Holdings:
    """Everything at the instant `now`, seconds since 1970."""

    world: World
    books: Books
    now: float
    cards: Cards = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cards", Cards(self.world, self.books))

    @cached_property
    def contacts(self) -> Shelf:
        f, c, now = self.books.funnel, self.cards, self.now
        people = np.flatnonzero(f.is_contact)
        twice = np.flatnonzero(np.isfinite(f.merged_at) & f.is_contact)
        last_touch = np.zeros(len(f.created_at))
        t = self.books.touches
        np.maximum.at(last_touch, t.person, np.where((t.at <= now) & ~t.is_lost & ~t.is_form, t.at, 0.0))
        left = self.books.traits.unsubscribed_at
        modified = _latest(
            now, f.created_at, f.qualified_at, f.deal_at, f.won_at, f.order_at, f.merged_at, last_touch, left
        )
        second = f.created_at + 43_200.0
        never = np.full(len(twice), np.inf)
        return _sorted(
            id=np.concatenate([c.contact_id[people], c.second_id[twice]]),
            row=np.concatenate([people, twice]),
            is_second=np.repeat([False, True], [len(people), len(twice)]),
            created=np.concatenate([f.created_at[people], second[twice]]),
            modified=np.concatenate([modified[people], second[twice]]),
            archived=np.concatenate([f.deleted_at[people], never]),
            merged=np.concatenate([np.full(len(people), np.inf), f.merged_at[twice]]),
        )

    @cached_property
    def deals(self) -> Shelf:
        f, again = self.books.funnel, self.books.repeats
        opened = np.concatenate([np.minimum(f.deal_at, f.order_at), again.at])
        rows = np.flatnonzero(np.isfinite(opened))
        stages = [f.stage_at[:, n] for n in range(f.stage_at.shape[1])]
        modified = _latest(self.now, opened[: len(f.order_at)], f.refunded_at, *stages)
        never = np.full(len(again), np.inf)
        return _sorted(
            id=self.cards.deal_id[rows],
            row=rows,
            is_second=np.zeros(len(rows), bool),
            created=opened[rows],
            modified=np.concatenate([modified, _latest(self.now, again.at)])[rows],
            archived=np.concatenate([f.deal_deleted_at, never])[rows],
            merged=np.full(len(rows), np.inf),
        )

    def repeat(self, row: int) -> int | None:
        """The number of the repeat order that a row of the deals is; None for a first order or a deal."""
        return row - len(self.books.people) if row >= len(self.books.people) else None

    def owner_of_deal(self, row: int) -> int:
        """The person a row of the deals belongs to."""
        again = self.repeat(row)
        return row if again is None else int(self.books.repeats.person[again])

    @cached_property
    def companies(self) -> Shelf:
        size = self.world.crm.companies
        begun = datetime(
            self.world.begins.year, self.world.begins.month, self.world.begins.day, tzinfo=UTC
        ).timestamp()
        at, never = np.full(size, begun), np.full(size, np.inf)
        rows = np.arange(size)
        return Shelf(COMPANY_BASE + rows, rows, np.zeros(size, bool), at, at, never, never)

    def shelf(self, kind: str) -> Shelf:
        shelf: Shelf = getattr(self, kind)
        return shelf

    @cached_property
    def merged_into(self) -> Mapping[int, int]:
        """Ids of contacts that went into another, with that other's id."""
        shelf = self.contacts
        gone = np.flatnonzero(shelf.is_second & (shelf.merged <= self.now))
        return {int(shelf.id[n]): int(self.cards.contact_id[shelf.row[n]]) for n in gone}

    def place(self, kind: str, id_: int) -> int | None:
        """Where a record stands on its shelf, a merged one at its winner; None where it is not or was
        deleted.
        """
        shelf = self.shelf(kind)
        if kind == "contacts":
            id_ = self.merged_into.get(id_, id_)
        at = int(np.searchsorted(shelf.id, id_))
        return at if at < len(shelf.id) and shelf.id[at] == id_ else None

    def histories(self, kind: str, at: int) -> dict[str, History]:
        """Every property of a record with its past."""
        shelf = self.shelf(kind)
        row, created = int(shelf.row[at]), float(shelf.created[at])
        fixed: dict[str, str | None] = {"hs_object_id": str(shelf.id[at]), "createdate": _iso(created)}
        moving: dict[str, History] = {}
        if kind == "contacts":
            fixed |= self._card(row, is_second=bool(shelf.is_second[at]))
            moving = self._past_of_contact(row, is_second=bool(shelf.is_second[at]))
        elif kind == "deals":
            fixed |= self._deal(row)
            moving = self._past_of_deal(row)
        else:
            fixed |= {"name": f"Company {row}", "domain": f"company{row}.example"} | company_card(
                self.books, row
            )
        fixed["lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"] = _iso(
            float(shelf.modified[at])
        )
        results = {name: [(created, value)] for name, value in fixed.items() if value is not None}
        seen = {
            name: [(when, value) for when, value in past if when <= self.now] for name, past in moving.items()
        }
        return results | {name: past for name, past in seen.items() if past}

    @cached_property
    def _newest(self) -> dict[str, list[dict[str, str]]]:
        return {}

    def newest_of(self, kind: str, name: str) -> list[str | None]:
        """A property of every record of a type as it stands, by place."""
        if kind not in self._newest:
            places = range(len(self.shelf(kind).id))
            self._newest[kind] = [
                {own_id: past[-1][1] for own_id, past in self.histories(kind, at).items()} for at in places
            ]
        return [record.get(name) for record in self._newest[kind]]

    def _card(self, row: int, *, is_second: bool) -> dict[str, str | None]:
        cards, company = self.cards, self.cards.company_id(row)
        first, last = cards.name(row)
        merged = self.books.funnel.merged_at[row]
        was_merged = merged <= self.now and not is_second
        return {
            "email": cards.email(row, second=is_second),
            "phone": cards.phone(row),
            "firstname": first,
            "lastname": last,
            **contact_card(self.books, cards, row),
            "associatedcompanyid": None if company is None else str(company),
            "hubspot_owner_id": str(cards.owner[row]),
            "hs_merged_object_ids": str(cards.second_id[row]) if was_merged else None,
            "hs_calculated_merged_vids": (
                f"{cards.second_id[row]}:{int(merged * 1_000)}" if was_merged else None
            ),
        }

    def _past_of_contact(self, row: int, *, is_second: bool) -> dict[str, History]:
        f, t, cards = self.books.funnel, self.books.touches, self.cards
        steps = (f.lead_at[row], f.qualified_at[row], f.deal_at[row], min(f.won_at[row], f.order_at[row]))
        past: History = [
            (float(at), word) for at, word in zip(steps, _LIFE[1:], strict=True) if np.isfinite(at)
        ]
        if is_second:
            past = past[:1] if np.isfinite(f.lead_at[row]) else []
        left = self.books.traits.unsubscribed_at[row]
        touches = [n for n in self.books.touches_of(row) if not t.is_lost[n] and not t.is_form[n]]
        touches = touches[:1] if is_second else touches
        when = [float(np.floor(t.at[n])) for n in touches]
        clicks = [cards.click_id(n) for n in touches]
        results = {
            "lifecyclestage": past or [(float(f.created_at[row]), _LIFE[0])],
            "hs_latest_source": (
                [(at, cards.source(n)) for at, n in zip(when, touches, strict=True)]
                or [(float(f.created_at[row]), "OFFLINE")]
            ),
            "hs_analytics_last_url": [(at, cards.url(n)) for at, n in zip(when, touches, strict=True)],
            "hs_email_optout": [(float(left), "true")] if np.isfinite(left) else [],
        }
        for name, prefix in (("hs_google_click_id", "gclid"), ("hs_facebook_click_id", "fbclid")):
            results[name] = [
                (at, entry[1]) for at, entry in zip(when, clicks, strict=True) if entry and entry[0] == prefix
            ]
        return results

    def worth(self, row: int) -> float:
        """Amount of a row of the deals."""
        again, b = self.repeat(row), self.books
        if again is not None:
            return float(b.repeats.value[again])
        return float(b.people.value[row] if b.people.sells[row] else b.funnel.amount[row])

    def _deal(self, deal: int) -> dict[str, str | None]:
        row, people = self.owner_of_deal(deal), self.books.people
        is_order = bool(people.sells[row])
        first, last = self.cards.name(row)
        return {
            "dealname": (
                f"Order of {first} {last}"
                if is_order
                else f"{first} {last}, Company {self.cards.company[row]}"
            ),
            "amount": f"{self.worth(deal):.2f}",
            "deal_currency_code": self.world.accounts[int(people.account[row])].currency,
            "pipeline": "ecommerce" if is_order else "default",
            "hubspot_owner_id": None if is_order else str(self.cards.owner[row]),
        }

    def _past_of_deal(self, row: int) -> dict[str, History]:
        f, again = self.books.funnel, self.repeat(row)
        if again is not None:
            closed = float(self.books.repeats.at[again])
            stages: History = [(closed, ORDERED)]
        elif self.books.people.sells[row]:
            stages = [(float(f.order_at[row]), ORDERED), (float(f.refunded_at[row]), RETURNED)]
            closed = float(f.order_at[row])
        else:
            stages = sorted(
                zip(map(float, f.stage_at[row]), (*STAGES, "closedwon", "closedlost"), strict=True)
            )
            closed = float(f.closed_at[row])
        stages = [(at, stage) for at, stage in stages if np.isfinite(at)]
        return {"dealstage": stages, "closedate": [(closed, _iso(closed))] if np.isfinite(closed) else []}

    def associated(self, kind: str, to: str, id_: int) -> list[int]:
        """Ids of `to` that belong to a record."""
        at = self.place(kind, id_)
        if at is None or not self.shelf(kind).seen(self.now)[at]:
            return []
        row = int(self.shelf(kind).row[at])
        row = self.owner_of_deal(row) if kind == "deals" else row
        own_id: dict[str, Any] = {
            "contacts": int(self.cards.contact_id[row]),
            "companies": self.cards.company_id(row),
        }
        other = own_id.get(to) if kind in {"contacts", "deals"} else None
        return [] if other is None else [other]


def _sorted(**columns: npt.NDArray) -> Shelf:
    order = np.argsort(columns["id"])
    return Shelf(**{name: values[order] for name, values in columns.items()})


def _latest(now: float, *instants: Floats) -> Floats:
    """The newest of these instants that is not to come."""
    results = np.zeros(len(instants[0]))
    for at in instants:
        results = np.maximum(results, np.where(at <= now, at, 0.0))
    return np.floor(results * 1_000) / 1_000


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
