"""The texts of an ad, from every word that is there to every word that is proposed."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from resources.errors import DataUnusable
from resources.kinds.ad_content import AdContent
from resources.kinds.base import Change, Image, Target


class TextsImage(Image):
    """An ad with every word of it: whoever edits one makes a proposal stale."""

    ad_status: str
    """As the platform calls it."""
    content: AdContent
    creative_id: str | None = None
    """Where the words are an object of their own, its id."""


class TextsChange(Change):
    """Every line of an ad, also those that stay: a platform replaces the whole list."""

    title: ClassVar[str] = "ad texts"
    limits: ClassVar[tuple[str, ...]] = ("by a person", "account", "edited ad", "never", "newest day")
    aspect: ClassVar[str] = "texts"
    own_fields: ClassVar[frozenset[str]] = frozenset({"content", "creative_id"})

    field: Literal["ad_texts"] = "ad_texts"
    image: TextsImage
    content: AdContent

    @property
    def now(self) -> str:
        return f"{len(self.image.content.lines)} lines"

    @property
    def proposed(self) -> str:
        removed, added = self._difference()
        return f"{len(self.content.lines)} lines (+{len(added)}, -{len(removed)})"

    @property
    def details(self) -> tuple[str, ...]:
        removed, added = self._difference()
        return (*(f"- {line}" for line in removed), *(f"+ {line}" for line in added))

    def _difference(self) -> tuple[list[str], list[str]]:
        before, after = self.image.content.lines, self.content.lines
        removed = [line for line in before if line not in after]
        added = [line for line in after if line not in before]
        if not removed and not added:  # the same lines in another order
            return list(before), list(after)
        return removed, added

    def is_in(self, image: Image) -> bool:
        return _texts_image(image).content == self.content

    def state_in(self, image: Image) -> str:
        return "; ".join(_texts_image(image).content.lines)

    def undone(self) -> Self:
        image = self.image.model_copy(update={"content": self.content})
        return self.model_copy(update={"image": image, "content": self.image.content})

    def led_back(self, live: Image) -> "TextsChange":
        image = _texts_image(live)
        if image.content != self.content:
            raise DataUnusable(f"{self.target.entity_id} has other words now than those that were written")
        return TextsChange(target=self.target, image=image, content=self.image.content)

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.content == self.image.content:
            raise ValueError(f"{self.target.words} would keep every word")
        return self


@dataclass(frozen=True)
class TextsRequest:
    """The request to give an ad these words. The target's id is that of the ad set, a dot, and that of the ad."""

    target: Target
    content: AdContent
    field: str = "ad_texts"

    def change(self, image: Image) -> TextsChange:
        """The change from the words that are there.

        Raises:
            DataUnusable: It has exactly these words.
        """
        texts = _texts_image(image)
        if texts.content == self.content:
            raise DataUnusable(f"{self.target.entity_id} has exactly these words already")
        return TextsChange(target=self.target, image=texts, content=self.content)


def ad_id_of(target: Target) -> str:
    """The ad's own id."""
    return target.entity_id.split(".", 1)[1]


def image_of(ad_set: Image, ad_status: str, content: AdContent, creative_id: str | None = None) -> TextsImage:
    """The image of an ad from that of its ad set."""
    names = ("name", "campaign_id", "campaign_name", "status", "native_status", "currency", "labels")
    facts = {name: getattr(ad_set, name) for name in names}
    return TextsImage(**facts, ad_status=ad_status, content=content, creative_id=creative_id)


def _texts_image(image: Image) -> TextsImage:
    if not isinstance(image, TextsImage):
        raise DataUnusable("Texts can only be compared with a reading of the ad.")
    return image
