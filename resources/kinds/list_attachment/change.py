"""Lists of negative keywords that a campaign gets or loses. The words of a list change by proposals of their own."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from resources.errors import DataUnusable
from resources.kinds.base import Change, Frozen, Image, Target


class NamedList(Frozen):
    """A list by its number and its name."""

    list_id: str
    name: str


class AttachmentImage(Image):
    """A campaign, and the lists it has."""

    lists: tuple[NamedList, ...]


class AttachmentChange(Change):
    """Lists that are attached to a campaign, and lists that are detached from it, in one request."""

    title: ClassVar[str] = "lists of negative keywords"
    limits: ClassVar[tuple[str, ...]] = ("by a person", "account", "conversions lost", "never", "newest day")
    aspect: ClassVar[str] = "lists"
    own_fields: ClassVar[frozenset[str]] = frozenset({"lists"})

    field: Literal["list_attachment"] = "list_attachment"
    image: AttachmentImage
    attaches: tuple[NamedList, ...] = ()
    detaches: tuple[NamedList, ...] = ()

    @property
    def now(self) -> str:
        return self.state_in(self.image)

    @property
    def proposed(self) -> str:
        gone = {entry.list_id for entry in self.detaches}
        left = [entry.name for entry in self.image.lists if entry.list_id not in gone]
        return _named([*left, *(entry.name for entry in self.attaches)])

    @property
    def details(self) -> tuple[str, ...]:
        return (
            *(f"+ list {entry.name} ({entry.list_id})" for entry in self.attaches),
            *(f"- list {entry.name} ({entry.list_id})" for entry in self.detaches),
        )

    def is_in(self, image: Image) -> bool:
        ids = {entry.list_id for entry in _attachments(image)}
        return {entry.list_id for entry in self.attaches} <= ids and not ids & {
            entry.list_id for entry in self.detaches
        }

    def state_in(self, image: Image) -> str:
        return _named([entry.name for entry in _attachments(image)])

    def undone(self) -> Self:
        return self.model_copy(update={"attaches": self.detaches, "detaches": self.attaches})

    def led_back(self, live: Image) -> "AttachmentChange":
        request = AttachmentRequest(self.target, attaches=self.detaches, detaches=self.attaches)
        return request.change(live)

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.attaches and not self.detaches:
            raise ValueError(f"{self.target.words} would keep the lists it has")
        return self


@dataclass(frozen=True)
class AttachmentRequest:
    """The request to attach lists to a campaign and to detach others."""

    target: Target
    attaches: tuple[NamedList, ...] = ()
    detaches: tuple[NamedList, ...] = ()
    field: str = "list_attachment"

    def change(self, image: Image) -> AttachmentChange:
        """Only what the campaign has not is attached, and only what it has is detached.

        Raises:
            DataUnusable: All of it is so already.
        """
        ids = {entry.list_id for entry in _attachments(image)}
        attaches = tuple(entry for entry in self.attaches if entry.list_id not in ids)
        detaches = tuple(entry for entry in self.detaches if entry.list_id in ids)
        if not attaches and not detaches:
            raise DataUnusable(f"{self.target.words} has these lists as asked already")
        return AttachmentChange(target=self.target, image=image, attaches=attaches, detaches=detaches)


def _attachments(image: Image) -> tuple[NamedList, ...]:
    if not isinstance(image, AttachmentImage):
        raise DataUnusable("Lists of a campaign can only be compared with a reading of it.")
    return image.lists


def _named(names: list[str]) -> str:
    return ", ".join(sorted(names)) or "no list"
