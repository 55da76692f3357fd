"""Whom each audience holds, hash by hash, as far as the platforms have taken it; and the plans that proposals
wait with.

Platforms tell how many somebody sent, never whom, so this is the only record of it. A row stands here before
the request leaves (`adding`, `removing`) and is `in` or gone once the platform has taken it: after a crash or
a half-failed upload it says exactly what may be there. These rows are personal data. They are changed and
erased; the audit beside them holds counts alone.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from resources.ledger import tables
from resources.ledger.database import AT_ONCE, LedgerDatabase
from resources.ledger.proposal import Target


class MembershipState(StrEnum):
    """Where somebody stands with an audience."""

    ADDING = "adding"
    IN = "in"
    REMOVING = "removing"


@dataclass(frozen=True, order=True)
class Member:
    """One identifier of one person; `person` is core's person_id, which names nobody."""

    kind: str
    sha256: str
    person: str = ""

    @property
    def entry(self) -> tuple[str, str]:
        return self.kind, self.sha256


@dataclass(frozen=True)
class AudienceMembership:
    """A member of an audience, and how far it got. `request_id`: the platform still works on it."""

    member: Member
    state: MembershipState
    added_by: str
    request_id: str | None


@dataclass(frozen=True)
class LedgerAudience:
    """An audience of ours. `digest`: of whom it was last filled with, None before the first time."""

    number: int
    target: Target
    segment_id: str
    purpose: str
    name: str
    audience_id: str | None
    digest: str | None
    people: int
    identifiers: int


def members_digest(members: Iterable[Member]) -> str:
    """SHA-256 over the sorted identifiers: the same people give the same text, in whatever order, and it
    names none of them.
    """
    told = sorted({f"{member.kind}:{member.sha256}" for member in members})
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


class AudienceStore:
    """Audiences, their members and the plans for them."""

    def __init__(self, database: LedgerDatabase) -> None:
        self._database = database

    def keep_audience(self, target: Target, *, segment_id: str, purpose: str, name: str) -> LedgerAudience:
        """The audience of that target, made here (not at the platform) where there is none."""
        audience = self.audience(target)
        if audience is None:
            with self._database.writing() as connection:
                connection.execute(
                    sa.insert(tables.audience).values(
                        platform=target.platform,
                        account_id=target.account_id,
                        entity_id=target.entity_id,
                        segment_id=segment_id,
                        purpose=purpose,
                        name=name,
                        people=0,
                        identifiers=0,
                    )
                )
                self._database.note(
                    connection, "audiences", "audience kept", None, {"audience": target.words}
                )
            audience = self.audience(target)
        assert audience is not None  # noqa: S101 — it was just made
        return audience

    def audience(self, target: Target) -> LedgerAudience | None:
        table = tables.audience
        query = sa.select(table).where(
            table.c.platform == target.platform,
            table.c.account_id == target.account_id,
            table.c.entity_id == target.entity_id,
        )
        rows = self._database.rows(query)
        return _kept(rows[0]) if rows else None

    def audiences(self) -> list[LedgerAudience]:
        """Every audience, in the order they were first kept."""
        return [
            _kept(row)
            for row in self._database.rows(sa.select(tables.audience).order_by(tables.audience.c.number))
        ]

    def name_audience(self, number: int, audience_id: str) -> None:
        """Remember under which id the platform made it."""
        self._set_audience(number, audience_id=audience_id)

    def filled(self, number: int, digest: str, *, people: int, identifiers: int) -> None:
        """Remember that it was filled whole."""
        self._set_audience(
            number, digest=digest, people=people, identifiers=identifiers, filled_at=self._database.clock()
        )

    def held_by(self, number: int) -> list[AudienceMembership]:
        """Everybody who is or may be in it, sorted."""
        table = tables.audience_member
        query = sa.select(table).where(table.c.audience == number).order_by(table.c.kind, table.c.sha256)
        return [
            AudienceMembership(
                Member(row.kind, row.sha256, row.person),
                MembershipState(row.state),
                row.added_by,
                row.request_id,
            )
            for row in self._database.rows(query)
        ]

    def mark_members(
        self,
        number: int,
        members: Collection[Member],
        state: MembershipState,
        *,
        by: str,
        request_id: str | None = None,
    ) -> None:
        """Say how far these got. `by` counts for those that are new."""
        if not members:
            return
        with self._database.engine.begin() as connection:
            added_by = self._added_by(connection, number, members)
            self._erase(connection, number, members)
            rows = [
                {
                    "audience": number,
                    "kind": member.kind,
                    "sha256": member.sha256,
                    "person": member.person,
                    "state": state,
                    "added_by": added_by.get(member.entry, by),
                    "request_id": request_id,
                }
                for member in members
            ]
            connection.execute(sa.insert(tables.audience_member), rows)

    def forget_members(self, number: int, members: Collection[Member]) -> None:
        """Erase these for good: they are out."""
        with self._database.engine.begin() as connection:
            self._erase(connection, number, members)

    # Plans

    def plan(self, members: Collection[Member]) -> str:
        """Lay down whom an audience is to hold; the digest that a proposal is bound to."""
        digest, table = members_digest(members), tables.audience_plan
        rows = [
            {"digest": digest, "kind": kind, "sha256": sha256, "person": person}
            for (kind, sha256), person in {member.entry: member.person for member in members}.items()
        ]
        with self._database.engine.begin() as connection:
            connection.execute(sa.delete(table).where(table.c.digest == digest))
            if rows:
                connection.execute(sa.insert(table), rows)
        return digest

    def planned(self, digest: str) -> list[Member] | None:
        """Whom a plan names; None where it is not there, or is no longer what the digest says."""
        table = tables.audience_plan
        rows = self._database.rows(sa.select(table).where(table.c.digest == digest))
        members = [Member(row.kind, row.sha256, row.person) for row in rows]
        return members if members_digest(members) == digest else None

    def forget_plans(self, *, but: Collection[str]) -> int:
        """Erase every plan that no proposal waits with any more; how many rows went."""
        table = tables.audience_plan
        with self._database.engine.begin() as connection:
            return connection.execute(sa.delete(table).where(table.c.digest.not_in(list(but)))).rowcount

    def _set_audience(self, number: int, **values: Any) -> None:
        table = tables.audience
        with self._database.engine.begin() as connection:
            connection.execute(sa.update(table).where(table.c.number == number).values(**values))

    def _added_by(
        self, connection: sa.Connection, number: int, members: Collection[Member]
    ) -> dict[tuple[str, str], str]:
        table = tables.audience_member
        added_by: dict[tuple[str, str], str] = {}
        for kind, part in _parts(members):
            query = sa.select(table.c.sha256, table.c.added_by).where(
                table.c.audience == number, table.c.kind == kind, table.c.sha256.in_(part)
            )
            added_by |= {(kind, row.sha256): row.added_by for row in connection.execute(query)}
        return added_by

    def _erase(self, connection: sa.Connection, number: int, members: Collection[Member]) -> None:
        table = tables.audience_member
        for kind, part in _parts(members):
            connection.execute(
                sa.delete(table).where(
                    table.c.audience == number, table.c.kind == kind, table.c.sha256.in_(part)
                )
            )


def _parts(members: Collection[Member]) -> Iterator[tuple[str, list[str]]]:
    for kind in sorted({member.kind for member in members}):
        mine = [member.sha256 for member in members if member.kind == kind]
        for at in range(0, len(mine), AT_ONCE):
            yield kind, mine[at : at + AT_ONCE]


def _kept(row: Any) -> LedgerAudience:
    target = Target(
        platform=row.platform, account_id=row.account_id, level="audience", entity_id=row.entity_id
    )
    return LedgerAudience(
        row.number,
        target,
        row.segment_id,
        row.purpose,
        row.name,
        row.audience_id,
        row.digest,
        row.people,
        row.identifiers,
    )
