"""A list of negative keywords that is made with its words, attached to nothing yet, or removed again.

Its target is named by a mark made of its name and words, because it is not there yet; the mark stands in the
list's name, and finds again what a lost answer may have made.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, Literal, Self

from resources.errors import DataUnusable
from resources.kinds.base import Change, Image, Target
from resources.kinds.keywords import Keyword, digest_of, keys

MOST_NAME_BYTES = 255
"""https://developers.google.com/google-ads/api/reference/rpc/latest/SharedSet"""
MARK_DIGITS = 12


class ListImage(Image):
    """The list with that mark, if there is one."""

    list_id: str | None
    attached_to: int
    """Campaigns it is attached to: while there are any it cannot be removed."""


class NegativeListChange(Change):
    """One list: made with its words, or as the way back removed."""

    title: ClassVar[str] = "list of negative keywords"
    limits: ClassVar[tuple[str, ...]] = ("by a person", "account", "list", "never", "newest day")
    aspect: ClassVar[str] = "list"
    touches_delivery: ClassVar[bool] = False
    own_fields: ClassVar[frozenset[str]] = frozenset(
        {"list_id", "attached_to", "name", "status", "native_status"}
    )

    field: Literal["negative_list"] = "negative_list"
    image: ListImage
    name: str
    """The list's name, mark included."""
    keywords: tuple[Keyword, ...]
    is_removed: bool = False

    @property
    def now(self) -> str:
        return self.state_in(self.image)

    @property
    def proposed(self) -> str:
        return "removed" if self.is_removed else f"'{self.name}' with {len(self.keywords)} negative keywords"

    @property
    def details(self) -> tuple[str, ...]:
        sign = "-" if self.is_removed else "+"
        return (f"{sign} list {self.name}", *(f"{sign} {keyword.words}" for keyword in self.keywords))

    @property
    def campaigns(self) -> tuple[tuple[str | None, str | None], ...]:
        return ()  # a list that is attached to nothing is felt nowhere

    def is_in(self, image: Image) -> bool:
        return (_list_image(image).list_id is None) is self.is_removed

    def state_in(self, image: Image) -> str:
        held = _list_image(image)
        return "no such list" if held.list_id is None else f"list {held.list_id}"

    def undone(self) -> Self:
        return self.model_copy(update={"is_removed": not self.is_removed})

    def led_back(self, live: Image) -> "NegativeListChange":
        held = _list_image(live)
        if self.is_removed or held.list_id is None:
            raise DataUnusable(f"The list '{self.name}' is not there any more; propose a new one.")
        if held.attached_to:
            raise DataUnusable(
                f"'{self.name}' is attached to {held.attached_to} campaigns: propose to detach it first."
            )
        return self.model_copy(update={"image": held, "is_removed": True})


@dataclass(frozen=True)
class NegativeListRequest:
    """The request to make a list of negative keywords."""

    platform: str
    account_id: str
    name: str
    keywords: tuple[Keyword, ...]
    field: str = "negative_list"

    @property
    def mark(self) -> str:
        """A key of name and words."""
        return f"pm-{sha256((self.name + digest_of(keys(self.keywords))).encode()).hexdigest()[:MARK_DIGITS]}"

    @property
    def target(self) -> Target:
        """The list by its mark."""
        return Target(
            platform=self.platform,
            account_id=self.account_id,
            level="negative_list",
            entity_id=self.mark,
        )

    def change(self, image: Image) -> NegativeListChange:
        """The change that makes it.

        Raises:
            DataUnusable: It is there already.
        """
        held = _list_image(image)
        if held.list_id is not None:
            raise DataUnusable(f"the list '{self.name}' with these words is there already: {held.list_id}")
        name = f"{self.name} [{self.mark}]"
        return NegativeListChange(target=self.target, image=held, name=name, keywords=self.keywords)


def _list_image(image: Image) -> ListImage:
    if not isinstance(image, ListImage):
        raise DataUnusable("A list can only be compared with a reading of its account.")
    return image
