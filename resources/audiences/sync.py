"""Bringing an audience at a platform to exactly the people it should hold, from whatever state it is in.

What may be there is known hash by hash (`resources.ledger.audiences`). People go out before anybody comes in. Each upload is laid down
before it leaves and settled when the platform has taken it; one that was not answered is simply sent again, because letting in whom is
in, and taking out whom is out, changes nothing. So a run that died anywhere is finished by the next one.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from resources.errors import OutcomeUnknown
from resources.ledger.audiences import Held, Kept, Member, There
from resources.ledger.store import Ledger
from resources.platforms.audience_client import AudienceClient, Identifier, PartlyTaken
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

    def fill(self, kept: Kept, wanted: Collection[Member], *, by: str) -> None:
        """Make the audience hold these and nobody else; made first where it is not there.

        Raises:
            OutcomeUnknown: Not all of it is known to have happened yet. Do it again.
            PlatformRefused: The platform said no. What was sent before stays recorded.
        """
        with unfinished_is_unknown():
            kept = self._made(kept)
            self._settle(kept)
            held = {one.member.entry: one for one in self.ledger.held_by(kept.number)}
            goal = {one.entry: one for one in wanted if one.kind in self.client.identifiers}
            gone = [one.member for entry, one in held.items() if entry not in goal and one.request_id is None]
            come = [one for entry, one in goal.items() if _is_missing(held.get(entry))]
            self._send(kept, gone, by=by, adds=False)
            self._send(kept, come, by=by, adds=True)
            self._all_settled(kept, goal)

    def take_out(self, kept: Kept, gone: Collection[Member], *, by: str) -> None:
        """Take these out, and change nothing else. Raises like `fill`."""
        if kept.audience_id is None:
            return
        with unfinished_is_unknown():
            self._settle(kept)
            entries = {one.entry for one in gone}
            held = self.ledger.held_by(kept.number)
            there = [one.member for one in held if one.member.entry in entries and one.request_id is None]
            self._send(kept, there, by=by, adds=False)
            self._all_settled(kept, {one.member.entry for one in held} - entries, strictly=False)

    def _made(self, kept: Kept) -> Kept:
        if kept.audience_id is not None:
            return kept
        account = kept.target.account_id
        own = self.client.find(account, kept.name) or self._create(kept)
        self.ledger.name_audience(kept.number, own)
        return replace(kept, audience_id=own)

    def _create(self, kept: Kept) -> str:
        self._go_on(kept)
        return self.client.create(kept.target.account_id, kept.name)

    def _send(self, kept: Kept, members: list[Member], *, by: str, adds: bool) -> None:
        for kind, batch in self._batches(members):
            self._go_on(kept)
            self.ledger.mark_members(kept.number, batch, There.ADDING if adds else There.REMOVING, by=by)
            request = self.client.upload(
                kept.target.account_id,
                kept.audience_id or "",
                kind,
                [one.sha256 for one in batch],
                adds=adds,
            )
            if request is None:
                self._ended(kept, batch, by=by, adds=adds)
            else:
                state = There.ADDING if adds else There.REMOVING
                self.ledger.mark_members(kept.number, batch, state, by=by, request_id=request)

    def _ended(self, kept: Kept, batch: Collection[Member], *, by: str, adds: bool) -> None:
        if adds:
            self.ledger.mark_members(kept.number, batch, There.IN, by=by)
        else:
            self.ledger.forget_members(kept.number, batch)

    def _settle(self, kept: Kept) -> bool:
        """Find out what became of uploads that the platform worked on; True where it works on none any more."""
        waiting: dict[str, list[Held]] = {}
        for one in self.ledger.held_by(kept.number):
            if one.request_id is not None:
                waiting.setdefault(one.request_id, []).append(one)
        settled = True
        for request, rows in waiting.items():
            members, by, adds = [one.member for one in rows], rows[0].added_by, rows[0].state == There.ADDING
            try:
                if not self.client.is_done(kept.target.account_id, request):
                    settled = False
                    continue
            except PartlyTaken:  # which ones is not told: they stay as not taken, and are sent again
                self.ledger.mark_members(kept.number, members, rows[0].state, by=by)
                continue
            self._ended(kept, members, by=by, adds=adds)
        return settled

    def _all_settled(self, kept: Kept, goal: Collection[tuple[str, str]], *, strictly: bool = True) -> None:
        """Wait a little for the platform, then hold what is there against the goal. `strictly`: whoever is missing counts, too."""
        for look in range(LOOKS):
            if look:
                self.wait()
            if self._settle(kept):
                break
        rows = self.ledger.held_by(kept.number)
        there = {one.member.entry for one in rows if one.state == There.IN}
        left = {one.member.entry for one in rows} - set(goal)
        if strictly:
            left |= there.symmetric_difference(goal)
        if left:
            raise OutcomeUnknown(
                "Filling an audience", platform=self.client.platform, account_id=kept.target.account_id,
                said=f"{len(left)} identifiers of {kept.target.entity_id} are not known to be as they should be yet",
            )  # fmt: skip

    def _go_on(self, kept: Kept) -> None:
        """Before every single request: whether anything may be sent at all.

        Raises:
            OutcomeUnknown: Something stops it. What was sent stays, and the rest can follow later.
        """
        if why := self.stopped():
            raise OutcomeUnknown(
                "Filling an audience",
                platform=self.client.platform,
                account_id=kept.target.account_id,
                said=why,
            )

    def _batches(self, members: list[Member]) -> Iterator[tuple[Identifier, list[Member]]]:
        for kind in self.client.identifiers:
            mine = sorted(one for one in members if one.kind == kind)
            for at in range(0, len(mine), self.client.at_once):
                yield kind, mine[at : at + self.client.at_once]


def _is_missing(held: Held | None) -> bool:
    """Whether somebody has to be sent: not there, or not known to be there, and the platform does not work on it."""
    return held is None or (held.state != There.IN and held.request_id is None)
