"""Which audiences a campaign or an ad set keeps out."""

from typing import ClassVar, Literal

from resources.errors import DataUnusable
from resources.kinds.base import AUDIENCE_LIMITS, Change, Image, ValueChange


class ExclusionChange(ValueChange):
    """From the ids of the audiences that are kept out to those that should be, sorted, with commas."""

    title: ClassVar[str] = "excluded audiences"
    limits: ClassVar[tuple[str, ...]] = AUDIENCE_LIMITS
    is_about_audiences: ClassVar[bool] = True
    own_fields: ClassVar[frozenset[str]] = frozenset({"excluded_audiences"})

    field: Literal["excluded_audiences"] = "excluded_audiences"

    def state_in(self, image: Image) -> str:
        return ",".join(image.excluded_audiences or ()) or "none"

    def led_back(self, live: Image) -> Change:
        del live
        raise DataUnusable(f"{self.target.words} is led back from who is in it: `cli revert` proposes that.")
