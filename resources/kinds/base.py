"""What every kind of change has: a target, a before-image, and answers to what the approval gate, the executor
and the pages ask of it.

A kind is a subclass of `Change` with fields of its own. Everything in it is bound by the digest of its
proposal, so a field added later is left out of the digest where it holds nothing.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Level = Literal[
    "campaign", "ad_set", "shared_budget", "audience", "ad", "account", "negative_list", "keyword"
]
MONEY_LIMITS = (
    "amounts",
    "change size",
    "cool-down",
    "budget changes",
    "blast radius",
    "caps",
    "floor and ceiling",
    "never",
    "learning phase",
    "human edits",
    "blackouts",
    "data",
    "batch safety",
    "newest day",
    "evidence",
)
"""Guardrails of a change that moves money by itself, in the order in which they are shown."""
AUDIENCE_LIMITS = (
    "alone",
    "by a person",
    "policy",
    "audience size",
    "removed at once",
    "special ad categories",
    "conversions kept",
    "never",
    "learning phase",
    "human edits",
    "newest segments",
)
"""Guardrails of a change of an audience, or of who is kept out."""


class Frozen(BaseModel):
    """A value that never changes and has no fields but the declared ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(Frozen):
    """What is changed: an entity at a platform. A budget's owner may be a campaign, an ad set or a shared
    budget; an audience and a list that is to be made are named by the key we keep them under, because they may
    not be there yet.
    """

    platform: str
    account_id: str
    level: Level
    entity_id: str

    @property
    def words(self) -> str:
        return f"{self.platform} {self.account_id} {self.level} {self.entity_id}"

    @property
    def account(self) -> tuple[str, str]:
        """Platform and account id."""
        return self.platform, self.account_id

    @property
    def ad_set_id(self) -> str | None:
        """The ad set it is or belongs to: the id of an ad or a keyword begins with it, up to a dot."""
        if self.level in {"ad_set", "ad", "keyword"}:
            return self.entity_id.partition(".")[0]
        return None


class AudienceImage(Frozen):
    """What an audience holds by our own books: platforms tell only about how many."""

    audience_id: str | None
    digest: str
    """Of whom it should hold since it was last filled whole:

    SHA-256 over their sorted hashes, never the hashes themselves.
    """
    people: int
    identifiers: int


class Image(Frozen):
    """What the platform says of an entity at one moment: what a change starts from, and what must still hold
    when it is made.
    """

    name: str
    campaign_id: str | None
    campaign_name: str | None
    status: str
    native_status: str
    currency: str
    daily_budget: Decimal | None = None
    budget_owner: str | None = None
    budget_id: str | None = None
    shared_by: int = 1
    learning_state: str | None = None
    version: str | None = None
    """The platform's own tag that moves with every edit, where it has one."""
    labels: tuple[str, ...] | None = Field(None, exclude_if=lambda labels: labels is None)
    """Labels it carries at the platform, its own and its campaign's, sorted. None: not read. Left out of the
    digest then, so that proposals from before labels were read keep theirs."""
    audience: AudienceImage | None = Field(None, exclude_if=lambda audience: audience is None)
    """Of an audience: what is in it. Left out of other digests."""
    excluded_audiences: tuple[str, ...] | None = Field(None, exclude_if=lambda excluded: excluded is None)
    """The audiences a campaign or an ad set keeps out, where that is what changes."""
    special_categories: tuple[str, ...] | None = Field(None, exclude_if=lambda declared: declared is None)
    """Special ad categories it was declared for (housing, employment, credit), likewise."""

    def compared(self) -> dict[str, Any]:
        """Everything that is held against a later reading, by name: what a proposal keeps of it."""
        kept_fields = set(self.model_dump())
        return {name: value for name, value in vars(self).items() if name in kept_fields or value is None}


class Change(Frozen, ABC):
    """One write: of a target, from what is there to what is proposed."""

    title: ClassVar[str]
    """What changes, as a column heading or a label says it."""
    limits: ClassVar[tuple[str, ...]]
    """Guardrails that hold for it, by name, in the order in which they are shown."""
    aspect: ClassVar[str] = "delivery"
    """Two proposals on one target that share an aspect exclude each other while one is open."""
    moves: ClassVar[Literal["budget", "delivery", "nothing"]] = "nothing"
    """What of a day's money it moves: the difference of a budget, what the entity spends, or none by itself."""
    is_about_audiences: ClassVar[bool] = False
    is_sent_again: ClassVar[bool] = False
    """Whether it is an operation on a set that may go on where it stopped; every other write leaves once."""
    may_be_automatic: ClassVar[bool] = False
    touches_delivery: ClassVar[bool] = True
    """Whether what delivers today delivers otherwise after it: a new ad that is paused does not."""
    own_fields: ClassVar[frozenset[str]] = frozenset()
    """Fields of the image that move because of this change."""

    target: Target
    field: str
    image: Image

    @property
    def words(self) -> str:
        """The difference in a few words, for one line."""
        return f"{self.now} -> {self.proposed}"

    @property
    @abstractmethod
    def now(self) -> str:
        """What is there, for people."""

    @property
    @abstractmethod
    def proposed(self) -> str:
        """What is to be there, for people."""

    @property
    def details(self) -> tuple[str, ...]:
        """Every word of it, a line each that begins with `+` or `-`; empty where `now` and `proposed` say all."""
        return ()

    @property
    def budgets(self) -> tuple[Decimal, Decimal] | None:
        """The daily budget before and after, account currency; None where it moves none."""
        return None

    @property
    def amount(self) -> Decimal:
        """By how much the daily budget moves, account currency."""
        return self.budgets[1] - self.budgets[0] if self.budgets else Decimal(0)

    @property
    def pauses(self) -> bool:
        """Whether it takes an entity out of delivery."""
        return False

    @property
    def activates(self) -> bool:
        """Whether it lets an entity deliver."""
        return False

    @property
    def campaigns(self) -> tuple[tuple[str | None, str | None], ...]:
        """Id and name of each campaign it is felt in: their labels in the policy hold for it."""
        return ((self.image.campaign_id, self.image.campaign_name),)

    @property
    def raises(self) -> bool:
        """Whether more may be spent after it than before."""
        return self.amount > 0 or self.activates

    @abstractmethod
    def is_in(self, image: Image) -> bool:
        """Whether a reading shows this change done."""

    @abstractmethod
    def state_in(self, image: Image) -> str:
        """What a reading says of what changes, for people."""

    def unexpected_in(self, image: Image) -> list[str]:
        """What of a reading that shows this change done is not as it was to be, each as a sentence."""
        del image
        return []

    @abstractmethod
    def undone(self) -> Self:
        """The write that leads back."""

    @abstractmethod
    def led_back(self, live: Image) -> "Change":
        """The change that leads back to what was there before this one, from what is there now.

        Raises:
            DataUnusable: Nothing of it is left, or it cannot be led back.
        """

    def moved_in(self, live: Image) -> list[str]:
        """What of the before-image does not hold any more, each as a sentence; empty where it still holds."""
        before, now = self.image.compared(), live.compared()
        return [
            f"{name} was {before.get(name)} and is {now.get(name)}"
            for name in dict.fromkeys((*before, *now))
            if before.get(name) != now.get(name)
        ]


class ChangeRequest(Protocol):
    """What somebody asks for, before the platform was read."""

    @property
    def target(self) -> Target:
        """What is to change."""

    @property
    def field(self) -> str:
        """The kind of change, as the registry names it."""

    def change(self, image: Image) -> Change:
        """The change from what is there now.

        Raises:
            DataUnusable: Nothing would change, or it cannot be done there.
        """


@dataclass(frozen=True)
class Reversal:
    """The request to lead a carried-out change back."""

    carried_out: Change

    @property
    def target(self) -> Target:
        return self.carried_out.target

    @property
    def field(self) -> str:
        return self.carried_out.field

    def change(self, image: Image) -> Change:
        return self.carried_out.led_back(image)


class ValueChange(Change):
    """A change of one value that a text says whole."""

    before: str
    after: str

    @property
    def now(self) -> str:
        return self.before

    @property
    def proposed(self) -> str:
        return self.after

    def is_in(self, image: Image) -> bool:
        return self.state_in(image) == self.after

    def undone(self) -> Self:
        return self.model_copy(update={"before": self.after, "after": self.before})

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.before == self.after:
            raise ValueError(f"{self.target.words} would stay as it is ({self.before})")
        return self


def plain(amount: object) -> str:
    """An amount as changes write it: 12.5 and 12.50 are the same text."""
    return "none" if amount is None else f"{amount:.2f}"
