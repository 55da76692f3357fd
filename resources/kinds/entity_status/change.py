"""The status of a campaign or an ad set."""

from typing import ClassVar, Literal

from resources.errors import DataUnusable
from resources.kinds.base import MONEY_LIMITS, Image, Target, ValueChange


class StatusChange(ValueChange):
    """`active` to `paused`, or back."""

    title: ClassVar[str] = "status"
    limits: ClassVar[tuple[str, ...]] = MONEY_LIMITS
    moves: ClassVar[Literal["budget", "delivery", "nothing"]] = "delivery"
    may_be_automatic: ClassVar[bool] = True
    own_fields: ClassVar[frozenset[str]] = frozenset({"status", "native_status"})

    field: Literal["status"] = "status"

    @property
    def pauses(self) -> bool:
        return self.after == "paused"

    @property
    def activates(self) -> bool:
        return self.after == "active"

    def state_in(self, image: Image) -> str:
        return image.status

    def led_back(self, live: Image) -> "StatusChange":
        return self.to(self.target, live, self.before)

    @classmethod
    def to(cls, target: Target, image: Image, status: str) -> "StatusChange":
        """The change of what is there to a status.

        Raises:
            DataUnusable: It has that status already, or is neither active nor paused.
        """
        if image.status == status:
            raise DataUnusable(f"{target.entity_id} is {image.status} already")
        if image.status not in {"active", "paused"}:
            raise DataUnusable(
                f"{target.entity_id} is {image.native_status}: only what is active or paused changes"
            )
        return cls(target=target, before=image.status, after=status, image=image)
