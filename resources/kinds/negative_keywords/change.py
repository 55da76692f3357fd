"""Negative keywords of an ad group, a campaign, a shared list or a whole account."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from resources.errors import DataUnusable
from resources.kinds.base import Change, Image, Target
from resources.kinds.keywords import Keyword, keys

NAMES = {"ad_set": "ad group", "campaign": "campaign", "negative_list": "list", "account": "account"}


class KeywordImage(Image):
    """A place of negative keywords: which there are by digest, and which campaigns they hold for."""

    count: int
    digest: str
    """Of every negative keyword of the place: whoever adds or removes one makes a proposal stale."""
    campaigns: tuple[tuple[str, str], ...] = ()
    """Id and name of each campaign that a list or an account's list holds for, sorted by id."""
    present: frozenset[tuple[str, str]] | None = Field(None, exclude=True, repr=False)
    """The keywords themselves, by key; only in a reading, never in a proposal."""


class NegativeKeywordsChange(Change):
    """Keywords that are added and keywords that are removed, in one request."""

    title: ClassVar[str] = "negative keywords"
    limits: ClassVar[tuple[str, ...]] = (
        "by a person",
        "account",
        "keyword texts",
        "keywords at once",
        "conversions lost",
        "never",
        "newest day",
    )
    aspect: ClassVar[str] = "negatives"
    own_fields: ClassVar[frozenset[str]] = frozenset({"count", "digest"})

    field: Literal["negative_keywords"] = "negative_keywords"
    image: KeywordImage
    adds: tuple[Keyword, ...] = ()
    removes: tuple[Keyword, ...] = ()

    @property
    def now(self) -> str:
        return _counted(self.image.count)

    @property
    def proposed(self) -> str:
        after = self.image.count + len(self.adds) - len(self.removes)
        return f"{_counted(after)} (+{len(self.adds)}, -{len(self.removes)})"

    @property
    def details(self) -> tuple[str, ...]:
        return (
            *(f"+ {keyword.words}" for keyword in self.adds),
            *(f"- {keyword.words}" for keyword in self.removes),
        )

    @property
    def campaigns(self) -> tuple[tuple[str | None, str | None], ...]:
        return self.image.campaigns or super().campaigns

    def is_in(self, image: Image) -> bool:
        present = _present(image)
        return keys(self.adds) <= present and not keys(self.removes) & present

    def state_in(self, image: Image) -> str:
        present = _present(image)
        added, left = keys(self.adds) & present, keys(self.removes) & present
        return (
            f"{_counted(len(present))}, {len(added)} of {len(self.adds)} added and "
            f"{len(self.removes) - len(left)} of {len(self.removes)} removed"
        )

    def undone(self) -> Self:
        return self.model_copy(update={"adds": self.removes, "removes": self.adds})

    def led_back(self, live: Image) -> "NegativeKeywordsChange":
        present = _present(live)
        adds = tuple(keyword for keyword in self.removes if keyword.key not in present)
        removes = tuple(keyword for keyword in self.adds if keyword.key in present)
        if not adds and not removes:
            raise DataUnusable(f"Nothing of it is left at {self.target.words}")
        return NegativeKeywordsChange(target=self.target, image=live, adds=adds, removes=removes)

    @model_validator(mode="after")
    def _is_one_difference(self) -> Self:
        named = [keyword.key for keyword in (*self.adds, *self.removes)]
        if not named:
            raise ValueError(f"{self.target.words} would stay as it is")
        if len(set(named)) < len(named):
            raise ValueError(f"{self.target.words}: a keyword is named twice")
        if self.target.level not in NAMES:
            raise ValueError(f"{self.target.words}: a {self.target.level} has no negative keywords")
        return self


@dataclass(frozen=True)
class NegativeKeywordsRequest:
    """The request to add and remove negative keywords of a place."""

    target: Target
    adds: tuple[Keyword, ...] = ()
    removes: tuple[Keyword, ...] = ()
    field: str = "negative_keywords"

    def change(self, image: Image) -> NegativeKeywordsChange:
        """Only what is not there yet is added, and only what is there is removed.

        Raises:
            DataUnusable: All of it is so already.
        """
        present = _present(image)
        adds = {keyword.key: keyword for keyword in self.adds if keyword.key not in present}
        removes = {keyword.key: keyword for keyword in self.removes if keyword.key in present}
        if not adds and not removes:
            raise DataUnusable(f"{self.target.words}: these negative keywords are as asked already")
        return NegativeKeywordsChange(
            target=self.target, image=image, adds=tuple(adds.values()), removes=tuple(removes.values())
        )


def _present(image: Image) -> frozenset[tuple[str, str]]:
    if not isinstance(image, KeywordImage) or image.present is None:
        raise DataUnusable("Negative keywords can only be compared with a reading of the platform.")
    return image.present


def _counted(count: int) -> str:
    return f"{count} negative keyword{'' if count == 1 else 's'}"
