"""Audiences on the action path: what a proposal about one starts from, and carrying it out.

Speaks the same protocol as the writers of budgets and statuses, so gate, ledger and executor need not know
what they carry out. Filling an audience is an operation on a set: `send` may be called again until it has
happened (`PlatformWrites` does so for members alone).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from resources.audiences.sync import Sync
from resources.errors import DataUnusable, PlatformRefused, RefusedForNow
from resources.kinds.audience_members.change import MembersChange
from resources.kinds.excluded_audiences.change import ExclusionChange
from resources.ledger.audiences import LedgerAudience, Member
from resources.ledger.proposal import AudienceImage, Change, Image, Target
from resources.platforms.call_context import CallContext
from resources.platforms.writer import PlatformWriter

NOTHING = "none"
"""What stands for an audience that was never filled."""


@dataclass(frozen=True)
class AudienceWriter:
    """One platform's audiences, with what is known of who agreed.

    Args:
        sync: The ledger and the platform's audience side.
        writer: The platform's writing side, for the campaigns and ad sets that audiences are kept out of.
        agreed: Hashes of everybody who agrees to advertising at this moment; None where that cannot be said.
    """

    sync: Sync
    writer: PlatformWriter
    agreed: Callable[[], frozenset[str] | None]

    @property
    def platform(self) -> str:
        return self.sync.client.platform

    def image(self, target: Target) -> Image:
        """Of an audience, what was last filled and that it is still there; of anything else, also what is
        kept out of it.
        """
        if target.level != "audience":
            return self.writer.image(target).model_copy(
                update={
                    "excluded_audiences": self.sync.client.excluded(target),
                    "special_categories": self.sync.client.special_categories(target),
                }
            )
        audience = self._kept(target)
        if audience.audience_id is not None:
            self.sync.client.size(
                target.account_id, audience.audience_id
            )  # refused where it is gone or blocked
        return Image(
            name=audience.name,
            campaign_id=None,
            campaign_name=None,
            status="there" if audience.audience_id else "absent",
            native_status=audience.purpose,
            currency="",
            labels=(),
            audience=AudienceImage(
                audience_id=audience.audience_id,
                digest=audience.digest or NOTHING,
                people=audience.people,
                identifiers=audience.identifiers,
            ),
        )

    def edited_at(self, target: Target) -> datetime | None:
        return None if target.level == "audience" else self.writer.edited_at(target)

    def budget_edits(self, target: Target, *, since: datetime) -> None:
        """Nothing here is about budgets."""

    def rehearse(self, change: Change) -> None:
        """Whether the plan is there as it was approved, and consent is known; of an exclusion, what the
        platform says.
        """
        if isinstance(change, ExclusionChange):
            self.sync.client.exclude(change, rehearse=True)
        else:
            self._wanted(self._of_members(change))

    def send(self, change: Change) -> str | None:
        """Fill the audience with whom was approved, without those who withdrew since; or write the exclusion,
        once.
        """
        if isinstance(change, ExclusionChange):
            return self.sync.client.exclude(change, rehearse=False)
        change = self._of_members(change)
        wanted, audience = self._wanted(change), self._kept(change.target)
        self.sync.fill(audience, wanted, by=change.after)
        people = len({member.person for member in wanted})
        self.sync.ledger.audiences.filled(
            audience.number, change.after, people=people, identifiers=len(wanted)
        )
        return f"{people} people, {len(wanted)} identifiers"

    @staticmethod
    def _of_members(change: Change) -> MembersChange:
        if not isinstance(change, MembersChange):
            raise DataUnusable(f"{change.title} is no change of an audience. Nothing was sent.")
        return change

    def _wanted(self, change: MembersChange) -> list[Member]:
        call = CallContext(self.platform, f"Filling {change.target.entity_id}", change.target.account_id)
        plan, agreed = self.sync.ledger.audiences.planned(change.after), self.agreed()
        if plan is None:
            raise PlatformRefused(
                **call.known(),
                said="whom it should hold is no longer laid down as it was approved",
                todo="Propose it anew.",
            )
        if agreed is None:
            raise RefusedForNow(
                **call.known(), said="who agrees to advertising is not known", todo="Read the CRM first."
            )
        return [
            member
            for member in plan
            if member.sha256 in agreed and member.kind in self.sync.client.identifiers
        ]

    def _kept(self, target: Target) -> LedgerAudience:
        audience = self.sync.ledger.audiences.audience(target)
        if audience is None:
            call = CallContext(self.platform, f"Reading audience {target.entity_id}", target.account_id)
            raise PlatformRefused(**call.known(), said="no such audience was ever laid down")
        return audience
