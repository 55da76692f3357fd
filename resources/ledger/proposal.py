"""What a proposal is: immutable, and bound to a digest of all of it.

Amounts are decimals in the account's currency, in major units; a change of status is `active` or `paused`.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal[
    "pause_ad_set",
    "resume_ad_set",
    "set_daily_budget",
    "reallocate_budget",
    "revert",
    "add_negative_keywords",
    "create_ads",
    "exclude_audience",
    "sync_audience",
]
"""Every kind of proposal the ledger can hold; not all of them can be carried out yet."""
SHOWN_DIGITS = 12


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(_Frozen):
    """What is changed: an entity at a platform. A budget's owner may be a campaign, an ad set or a shared
    budget; an audience is named by the key we keep it under, because it may not be there yet.
    """

    platform: str
    account_id: str
    level: Literal["campaign", "ad_set", "shared_budget", "audience"]
    entity_id: str

    @property
    def words(self) -> str:
        return f"{self.platform} {self.account_id} {self.level} {self.entity_id}"

    @property
    def account(self) -> tuple[str, str]:
        """Platform and account id."""
        return self.platform, self.account_id


class AudienceImage(_Frozen):
    """What an audience holds by our own books: platforms tell only about how many."""

    audience_id: str | None
    digest: str
    """Of whom it should hold since it was last filled whole:

    SHA-256 over their sorted hashes, never the hashes themselves.
    """
    people: int
    identifiers: int


class Step(_Frozen):
    """How an audience changes, in people; whom exactly is bound by the change's `after`."""

    adds: int
    removes: int
    before: int
    after: int


class Image(_Frozen):
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


class Change(_Frozen):
    """One write: a field of a target, from its value in the before-image to another."""

    target: Target
    field: Literal["status", "daily_budget", "members", "excluded_audiences"]
    before: str
    after: str
    image: Image
    step: Step | None = Field(None, exclude_if=lambda step: step is None)
    """Of `members`: how many come and go."""

    @property
    def words(self) -> str:
        if self.step is not None:
            told = f"{self.step.before} -> {self.step.after} people (+{self.step.adds}, -{self.step.removes})"
            return f"{told} #{self.after[:SHOWN_DIGITS]}"
        unit = f" {self.image.currency} a day" if self.field == "daily_budget" else ""
        return f"{self.before} -> {self.after}{unit}"

    @property
    def amount(self) -> Decimal:
        """By how much the daily budget moves, account currency; zero for a status."""
        return Decimal(self.after) - Decimal(self.before) if self.field == "daily_budget" else Decimal(0)

    @property
    def is_about_audiences(self) -> bool:
        return self.field in {"members", "excluded_audiences"}

    def undone(self) -> "Change":
        """The write that leads back."""
        return self.model_copy(update={"before": self.after, "after": self.before})

    @model_validator(mode="after")
    def _changes_something(self) -> "Change":
        if self.before == self.after:
            raise ValueError(f"{self.target.words} would stay as it is ({self.before})")
        return self


class Verdict(_Frozen):
    """What a guardrail says. `holds` None: its input is missing, which counts as no."""

    guardrail: str
    holds: bool | None
    words: str


class Effect(_Frozen):
    """What is expected of it, with an interval, in the account's currency or as a count."""

    metric: str
    low: float | None = None
    middle: float | None = None
    high: float | None = None
    words: str


class Proposal(_Frozen):
    """One proposal. Several changes are one bundle: all of them or none."""

    proposal_id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{5,120}$")
    kind: Kind
    changes: tuple[Change, ...] = Field(min_length=1)
    proposer: str
    reason: str
    evidence: dict[str, str | float | int | None]
    effect: Effect
    verdicts: tuple[Verdict, ...]
    level: Literal["propose", "auto_safe", "auto_neutral"]
    as_of: date
    """The closed day the finding rests on: a proposal of an older day than the newest is never carried out.
    """
    created_at: datetime
    expires_at: datetime
    reverts: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over everything above, as hex."""
        return hashlib.sha256(self.body.encode()).hexdigest()

    @property
    def body(self) -> str:
        """Canonical JSON: the same proposal always gives the same text."""
        return canonical(self.model_dump(mode="json"))

    @property
    def summary(self) -> str:
        """What an approver decides on, in one line that ends in the digest's first digits."""
        first = self.changes[0]
        more = f" and {len(self.changes) - 1} more" if len(self.changes) > 1 else ""
        named = f"{_plain(first.image.name)} ({first.target.entity_id}) of {first.target.platform} {first.target.account_id}"
        return f"{self.kind} {first.words}: {named}{more} #{self.digest[:SHOWN_DIGITS]}"

    @property
    def accounts(self) -> tuple[tuple[str, str], ...]:
        """The accounts it writes to, each once, in order."""
        return tuple(sorted({(c.target.platform, c.target.account_id) for c in self.changes}))


def proposal_id(kind: str, as_of: date, changes: Iterable[Change], *, created_at: datetime) -> str:
    """A key that says what it is about and is unique."""
    changes = tuple(changes)
    told = canonical([change.model_dump(mode="json") for change in changes]) + created_at.isoformat()
    mark = hashlib.sha256(told.encode()).hexdigest()[:8]
    first = changes[0].target
    return f"{as_of:%Y%m%d}.{kind}.{first.platform.removesuffix('_ads')}.{first.entity_id}.{mark}".lower()


def set_digest(digests: Iterable[str]) -> str:
    """One digest over several proposals, whatever their order."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def set_summary(digests: Iterable[str]) -> str:
    """What an approver decides on who decides on several at once."""
    digests = tuple(digests)
    return f"{len(digests)} proposals #{set_digest(digests)[:SHOWN_DIGITS]}"


def canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _plain(name: str) -> str:
    """A name as it may stand in one line of YAML between quotes: none of its own, no line breaks, not
    endless.
    """
    kept = "".join(letter for letter in name.replace("'", "’").replace("#", "no.") if letter.isprintable())
    return " ".join(kept.split())[:60]
