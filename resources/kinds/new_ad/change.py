"""An ad that is made paused in an ad set, or taken away again.

Its target is named by the ad set and a mark made of its words, because it is not there yet: what a lost answer
may have made is found again by that mark, and the same words are never made twice in one ad set.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from resources.errors import DataUnusable
from resources.kinds.ad_content import AdContent
from resources.kinds.base import Change, Image, Target

PAUSED = frozenset({"PAUSED", "DRAFT"})
"""What the platforms call an ad that does not deliver until a person says so."""


class AdImage(Image):
    """The ad set, and the ad with that mark if there is one."""

    ad_id: str | None
    ad_status: str | None
    """As the platform calls it."""


class NewAdChange(Change):
    """One ad with its whole text: made, or as the way back removed."""

    title: ClassVar[str] = "new ad"
    limits: ClassVar[tuple[str, ...]] = (
        "by a person",
        "account",
        "ad texts",
        "ads at once",
        "never",
        "newest day",
    )
    aspect: ClassVar[str] = "ads"
    touches_delivery: ClassVar[bool] = False
    own_fields: ClassVar[frozenset[str]] = frozenset({"ad_id", "ad_status"})

    field: Literal["ad"] = "ad"
    image: AdImage
    content: AdContent
    is_removed: bool = False

    @property
    def now(self) -> str:
        return f"ad {self.image.ad_id}, {self.image.ad_status}" if self.image.ad_id else "no such ad"

    @property
    def proposed(self) -> str:
        return "removed" if self.is_removed else "an ad, paused"

    @property
    def details(self) -> tuple[str, ...]:
        sign = "-" if self.is_removed else "+"
        return tuple(f"{sign} {line}" for line in self.content.lines)

    def is_in(self, image: Image) -> bool:
        return (_ad_image(image).ad_id is None) is self.is_removed

    def state_in(self, image: Image) -> str:
        ad = _ad_image(image)
        return f"ad {ad.ad_id}, {ad.ad_status}" if ad.ad_id else "no such ad"

    def unexpected_in(self, image: Image) -> list[str]:
        ad = _ad_image(image)
        is_paused = self.is_removed or ad.ad_status in PAUSED
        return [] if is_paused else [f"the ad was made paused and is {ad.ad_status}"]

    def undone(self) -> Self:
        return self.model_copy(update={"is_removed": not self.is_removed})

    def led_back(self, live: Image) -> "NewAdChange":
        ad = _ad_image(live)
        if self.is_removed:
            raise DataUnusable("An ad that was removed is not made again by itself: propose a new one.")
        if ad.ad_id is None:
            raise DataUnusable(f"The ad {self.target.entity_id} is not there any more")
        return NewAdChange(target=self.target, image=ad, content=self.content, is_removed=True)


@dataclass(frozen=True)
class NewAdRequest:
    """The request to make an ad, paused, in an ad set."""

    ad_set: Target
    content: AdContent
    field: str = "ad"

    @property
    def target(self) -> Target:
        """The ad by the mark of its words."""
        entity_id = f"{self.ad_set.entity_id}.{self.content.mark}"
        return self.ad_set.model_copy(update={"level": "ad", "entity_id": entity_id})

    def change(self, image: Image) -> NewAdChange:
        """The change that makes it.

        Raises:
            DataUnusable: An ad with these words is there already.
        """
        ad = _ad_image(image)
        if ad.ad_id is not None:
            raise DataUnusable(f"{ad.name} has an ad with these words already: {ad.ad_id}")
        return NewAdChange(target=self.target, image=ad, content=self.content)


def ad_set_of(target: Target) -> Target:
    """The ad set that an ad of ours belongs to."""
    return target.model_copy(update={"level": "ad_set", "entity_id": target.entity_id.split(".")[0]})


def mark_of(target: Target) -> str:
    """The mark of an ad of ours."""
    return target.entity_id.split(".", 1)[1]


def name_of(content: AdContent) -> str:
    """The name an ad gets where the platform has names: its first headline and its mark."""
    return f"{content.headlines[0].text[:60]} [{content.mark}]"


def image_of(ad_set: Image, ad: tuple[str, str] | None) -> AdImage:
    """The image of an ad from that of its ad set; `ad` is its id and status, None where there is none."""
    names = ("name", "campaign_id", "campaign_name", "status", "native_status", "currency", "labels")
    facts = {name: getattr(ad_set, name) for name in names}
    return AdImage(**facts, ad_id=ad[0] if ad else None, ad_status=ad[1] if ad else None)


def _ad_image(image: Image) -> AdImage:
    if not isinstance(image, AdImage):
        raise DataUnusable("An ad can only be compared with a reading of its ad set.")
    return image
