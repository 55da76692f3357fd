"""Bringing an audience at a platform to exactly the people it should hold, from whatever state it is in.

What may be there is known hash by hash (`resources.ledger.audiences`). People go out before anybody comes in.
Each upload is laid down before it leaves and settled when the platform has taken it; one that was not
answered is simply sent again, because letting in whom is in, and taking out whom is out, changes nothing. So
a run that died anywhere is finished by the next one.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from resources.errors import OutcomeUnknown
from resources.ledger.audiences import AudienceMembership, LedgerAudience, Member, MembershipState
from resources.ledger.store import Ledger
from resources.platforms.audience_client import AudienceClient, Identifier, PartialUpload
from resources.platforms.writer import unfinished_is_unknown

LOOKS = 3
"""How often an upload that the platform works on is asked after before the rest is left for later."""


@dataclass(frozen=True)
class Sync:
    """One platform's audiences. `wait` lets a second go by; `stopped` says why nothing may be sent, if so."""

    ledger: Ledger
    client: AudienceClient
    wait: Callable[[], None]
    stopped: Callable[[], str | None] = lambda: None

    def fill(self, audience: LedgerAudience, wanted: Collection[Member], *, by: str) -> None:
        """Make the audience hold these and nobody else; made first where it is not there.

        Raises:
            OutcomeUnknown: Not all of it is known to have happened yet. Do it again.
            PlatformRefused: The platform said no. What was sent before stays recorded.
        """
        with unfinished_is_unknown():
            audience = self._made(audience)
            self._settle(audience)
            held = {
                membership.member.entry: membership
                for membership in self.ledger.audiences.held_by(audience.number)
            }
            goal = {member.entry: member for member in wanted if member.kind in self.client.identifiers}
            gone = [
                membership.member
                for entry, membership in held.items()
                if entry not in goal and membership.request_id is None
            ]
            come = [member for entry, member in goal.items() if _is_missing(held.get(entry))]
            self._send(audience, gone, by=by, adds=False)
            self._send(audience, come, by=by, adds=True)
            self._all_settled(audience, goal)

    def take_out(self, audience: LedgerAudience, gone: Collection[Member], *, by: str) -> None:
        """Take these out, and change nothing else. Raises like `fill`."""
        if audience.audience_id is None:
            return
        with unfinished_is_unknown():
            self._settle(audience)
            entries = {member.entry for member in gone}
            held = self.ledger.audiences.held_by(audience.number)
            there = [
                membership.member
                for membership in held
                if membership.member.entry in entries and membership.request_id is None
            ]
            self._send(audience, there, by=by, adds=False)
            self._all_settled(
                audience, {membership.member.entry for membership in held} - entries, strictly=False
            )

    def _made(self, audience: LedgerAudience) -> LedgerAudience:
        if audience.audience_id is not None:
            return audience
        account = audience.target.account_id
        audience_id = self.client.find(account, audience.name) or self._create(audience)
        self.ledger.audiences.name_audience(audience.number, audience_id)
        return replace(audience, audience_id=audience_id)

    def _create(self, audience: LedgerAudience) -> str:
        self._go_on(audience)
        return self.client.create(audience.target.account_id, audience.name)

    def _send(self, audience: LedgerAudience, members: list[Member], *, by: str, adds: bool) -> None:
        for kind, batch in self._batches(members):
            self._go_on(audience)
            self.ledger.audiences.mark_members(
                audience.number, batch, MembershipState.ADDING if adds else MembershipState.REMOVING, by=by
            )
            request = self.client.upload(
                audience.target.account_id,
                audience.audience_id or "",
                kind,
                [member.sha256 for member in batch],
                adds=adds,
            )
            if request is None:
                self._ended(audience, batch, by=by, adds=adds)
            else:
                state = MembershipState.ADDING if adds else MembershipState.REMOVING
                self.ledger.audiences.mark_members(audience.number, batch, state, by=by, request_id=request)

    def _ended(self, audience: LedgerAudience, batch: Collection[Member], *, by: str, adds: bool) -> None:
        if adds:
            self.ledger.audiences.mark_members(audience.number, batch, MembershipState.IN, by=by)
        else:
            self.ledger.audiences.forget_members(audience.number, batch)

    def _settle(self, audience: LedgerAudience) -> bool:
        """Find out what became of uploads that the platform worked on; True where it works on none any more."""
        waiting: dict[str, list[AudienceMembership]] = {}
        for membership in self.ledger.audiences.held_by(audience.number):
            if membership.request_id is not None:
                waiting.setdefault(membership.request_id, []).append(membership)
        settled = True
        for request, rows in waiting.items():
            members, by, adds = (
                [membership.member for membership in rows],
                rows[0].added_by,
                rows[0].state == MembershipState.ADDING,
            )
            try:
                if not self.client.is_done(audience.target.account_id, request):
                    settled = False
                    continue
            except PartialUpload:  # which ones is not told: they stay as not taken, and are sent again
                self.ledger.audiences.mark_members(audience.number, members, rows[0].state, by=by)
                continue
            self._ended(audience, members, by=by, adds=adds)
        return settled

    def _all_settled(
        self, audience: LedgerAudience, goal: Collection[tuple[str, str]], *, strictly: bool = True
    ) -> None:
        """Wait a little for the platform, then hold what is there against the goal.

        `strictly`: whoever is missing counts, too.
        """
        for look in range(LOOKS):
            if look:
                self.wait()
            if self._settle(audience):
                break
        rows = self.ledger.audiences.held_by(audience.number)
        there = {membership.member.entry for membership in rows if membership.state == MembershipState.IN}
        left = {membership.member.entry for membership in rows} - set(goal)
        if strictly:
            left |= there.symmetric_difference(goal)
        if left:
            raise OutcomeUnknown(
                "Filling an audience",
                platform=self.client.platform,
                account_id=audience.target.account_id,
                said=(
                    f"{len(left)} identifiers of {audience.target.entity_id} are not known to be as they"
                    " should be yet"
                ),
            )

    def _go_on(self, audience: LedgerAudience) -> None:
        """Before every single request: whether anything may be sent at all.

        Raises:
            OutcomeUnknown: Something stops it. What was sent stays, and the rest can follow later.
        """
        if why := self.stopped():
            raise OutcomeUnknown(
                "Filling an audience",
                platform=self.client.platform,
                account_id=audience.target.account_id,
                said=why,
            )

    def _batches(self, members: list[Member]) -> Iterator[tuple[Identifier, list[Member]]]:
        for kind in self.client.identifiers:
            mine = sorted(member for member in members if member.kind == kind)
            for at in range(0, len(mine), self.client.at_once):
                yield kind, mine[at : at + self.client.at_once]


def _is_missing(held: AudienceMembership | None) -> bool:
    """Whether somebody has to be sent: not there, or not known to be there, and the platform does not work on
    it.
    """
    return held is None or (held.state != MembershipState.IN and held.request_id is None)
