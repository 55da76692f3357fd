"""A bid that people set by hand, in the account's currency: per click of a keyword at Google, the unit cost of a
campaign at LinkedIn.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from resources.errors import DataUnusable
from resources.kinds.base import Image, Target, ValueChange, plain


class BidImage(Image):
    """What bids, with its bid and the strategy by which that counts."""

    bid: Decimal | None
    """None where the platform bids by itself."""
    bid_strategy: str
    """As the platform calls it."""
    is_by_hand: bool
    """Whether the bid counts under that strategy."""


class BidChange(ValueChange):
    """A bid from one amount to another, in major units."""

    title: ClassVar[str] = "bid"
    limits: ClassVar[tuple[str, ...]] = (
        "by a person",
        "account",
        "bid",
        "cool-down",
        "never",
        "learning phase",
        "human edits",
        "blackouts",
        "newest day",
    )
    aspect: ClassVar[str] = "bid"
    moves: ClassVar[Literal["budget", "delivery", "nothing"]] = "delivery"
    own_fields: ClassVar[frozenset[str]] = frozenset({"bid"})

    field: Literal["bid"] = "bid"
    image: BidImage

    @property
    def words(self) -> str:
        return f"{self.before} -> {self.after} {self.image.currency}"

    @property
    def now(self) -> str:
        return f"{self.before} {self.image.currency}"

    @property
    def proposed(self) -> str:
        return f"{self.after} {self.image.currency}"

    @property
    def raises(self) -> bool:
        return Decimal(self.after) > Decimal(self.before)

    def state_in(self, image: Image) -> str:
        return plain(_bid_image(image).bid)

    def led_back(self, live: Image) -> "BidChange":
        return BidRequest(self.target, Decimal(self.before)).change(live)


@dataclass(frozen=True)
class BidRequest:
    """The request to bid an amount. A keyword's id is that of its ad group, a dot, and its own."""

    target: Target
    to: Decimal
    field: str = "bid"

    def change(self, image: Image) -> BidChange:
        """The change from the bid that is there.

        Raises:
            DataUnusable: It bids that already, or has no bid of its own.
        """
        held = _bid_image(image)
        if held.bid is None:
            raise DataUnusable(f"{self.target.entity_id} has no bid of its own ({held.bid_strategy})")
        before, after = plain(held.bid), plain(self.to)
        if before == after:
            raise DataUnusable(f"{self.target.entity_id} bids {before} already")
        return BidChange(target=self.target, image=held, before=before, after=after)


def image_of(
    entity: Image, name: str, bid: Decimal | None, bid_strategy: str, *, is_by_hand: bool
) -> BidImage:
    """The image of what bids, from that of its ad set."""
    names = (
        "campaign_id", "campaign_name", "status", "native_status", "currency", "labels", "learning_state", "version",
    )  # fmt: skip
    facts = {field: getattr(entity, field) for field in names}
    return BidImage(**facts, name=name, bid=bid, bid_strategy=bid_strategy, is_by_hand=is_by_hand)


def _bid_image(image: Image) -> BidImage:
    if not isinstance(image, BidImage):
        raise DataUnusable("A bid can only be compared with a reading of what bids.")
    return image
