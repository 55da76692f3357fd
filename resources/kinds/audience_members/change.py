"""Who an audience holds: whom exactly is bound by a digest, and shown in people."""

from typing import ClassVar, Literal

from pydantic import Field

from resources.errors import DataUnusable
from resources.kinds.base import AUDIENCE_LIMITS, Change, Frozen, Image, ValueChange

SHOWN_DIGITS = 12


class Step(Frozen):
    """How an audience changes, in people; whom exactly is bound by the change's `after`."""

    adds: int
    removes: int
    before: int
    after: int


class MembersChange(ValueChange):
    """From the digest of whom it holds to that of whom it should hold."""

    title: ClassVar[str] = "members"
    limits: ClassVar[tuple[str, ...]] = AUDIENCE_LIMITS
    is_about_audiences: ClassVar[bool] = True
    is_sent_again: ClassVar[bool] = True

    field: Literal["members"] = "members"
    step: Step | None = Field(None, exclude_if=lambda step: step is None)
    """How many come and go."""

    @property
    def words(self) -> str:
        if self.step is None:
            return super().words
        return f"{self.step.before} -> {self.proposed} #{self.after[:SHOWN_DIGITS]}"

    @property
    def now(self) -> str:
        return self.before if self.step is None else f"{self.step.before} people"

    @property
    def proposed(self) -> str:
        if self.step is None:
            return self.after
        return f"{self.step.after} people (+{self.step.adds}, -{self.step.removes})"

    def state_in(self, image: Image) -> str:
        return image.audience.digest if image.audience else "none"

    def led_back(self, live: Image) -> Change:
        del live
        raise DataUnusable(f"{self.target.words} is led back from who is in it: `cli revert` proposes that.")
