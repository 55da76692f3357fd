"""What a proposal is: immutable, and bound to a digest of all of it.

Amounts are decimals in the account's currency, in major units. What a change is, `resources/kinds` says.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from resources.kinds.base import AudienceImage, Change, Frozen, Image, Target
from resources.kinds.registry import AnyChange

__all__ = [
    "SHOWN_DIGITS",
    "AnyChange",
    "AudienceImage",
    "Change",
    "Effect",
    "Image",
    "Kind",
    "Proposal",
    "Target",
    "Verdict",
    "canonical",
    "proposal_id",
    "set_digest",
    "set_summary",
]

Kind = Literal[
    "pause_ad_set",
    "resume_ad_set",
    "set_daily_budget",
    "reallocate_budget",
    "revert",
    "add_negative_keywords",
    "remove_negative_keywords",
    "create_negative_list",
    "attach_negative_lists",
    "create_ads",
    "edit_ad_texts",
    "set_bid",
    "exclude_audience",
    "sync_audience",
]
"""Every kind of proposal: what an approver may be allowed to decide on (`approvers.kinds` in policy.yaml)."""
SHOWN_DIGITS = 12


class Verdict(Frozen):
    """What a guardrail says. `holds` None: its input is missing, which counts as no."""

    guardrail: str
    holds: bool | None
    words: str


class Effect(Frozen):
    """What is expected of it, with an interval, in the account's currency or as a count."""

    metric: str
    low: float | None = None
    middle: float | None = None
    high: float | None = None
    words: str


class Proposal(Frozen):
    """One proposal. Several changes are one bundle: all of them or none."""

    proposal_id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{5,120}$")
    kind: Kind
    changes: tuple[AnyChange, ...] = Field(min_length=1)
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
        named = (
            f"{_plain(first.image.name)} ({first.target.entity_id}) of {first.target.platform}"
            f" {first.target.account_id}"
        )
        return f"{self.kind} {_one_line(first.words)}: {named}{more} #{self.digest[:SHOWN_DIGITS]}"

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


def _one_line(words: str) -> str:
    """What changes as it may stand in one line of YAML between quotes; names of lists and texts are among it."""
    printable = "".join(letter for letter in words.replace("'", "’") if letter.isprintable())
    return " ".join(printable.split())[:160]


def _plain(name: str) -> str:
    """A name as it may stand in one line of YAML between quotes: none of its own, no line breaks, not
    endless.
    """
    kept = "".join(letter for letter in name.replace("'", "’").replace("#", "no.") if letter.isprintable())
    return " ".join(kept.split())[:60]
