"""Audiences of all platforms: whom each holds, by kind of identifier and hash, and how many of them the
platform knows.

Known simplifications: an upload takes effect at once; each hash is known or not by its own digits, so the
same address is known in every audience of a platform; nobody knows whose telephone number belongs to whose
address, so of the numbers only one in ten counts as somebody new.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

KNOWN_SHARE = {"google_ads": 0.55, "meta_ads": 0.60, "linkedin_ads": 0.35}
"""Share of hashed addresses that belong to somebody at the platform."""
NEW_BY_PHONE = 0.1
FIRST_ID = {"google_ads": 8_100_001, "meta_ads": 23_850_000_000_001, "linkedin_ads": 30_001}
EMAIL, PHONE = "email", "phone"
_HASH = re.compile(r"[0-9a-f]{64}")

Entry = tuple[str, str]
"""A kind of identifier and its SHA-256 in lower-case hex."""


@dataclass
class Audience:
    """One audience. `made_at` is by the stopwatch."""

    platform: str
    account_id: str
    audience_id: int
    name: str
    made_at: float
    members: set[Entry] = field(default_factory=set)
    sent: int = 0
    """Entries that were added so far, each as often as it came."""
    writes: int = 0
    is_flagged: bool = False
    """Blocked by the platform until somebody appeals."""
    counted: int | None = None
    """People that the platform counts itself, in an audience that nobody uploads to."""

    @property
    def is_uploaded(self) -> bool:
        return self.counted is None

    @property
    def matched(self) -> int:
        """People of it that the platform knows."""
        if self.counted is not None:
            return self.counted
        mails = sum(is_known(self.platform, digest) for kind, digest in self.members if kind == EMAIL)
        phones = sum(is_known(self.platform, digest) for kind, digest in self.members if kind == PHONE)
        return mails + int(phones * NEW_BY_PHONE)

    @property
    def match_rate(self) -> float | None:
        mails = [digest for kind, digest in self.members if kind == EMAIL]
        return sum(is_known(self.platform, digest) for digest in mails) / len(mails) if mails else None

    def put(self, entries: Iterable[Entry]) -> None:
        entries = list(entries)
        self.members |= set(entries)
        self.sent += len(entries)
        self.writes += 1

    def take(self, entries: Iterable[Entry]) -> None:
        self.members -= set(entries)
        self.writes += 1


class Audiences:
    """Every audience of every platform."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: dict[tuple[str, int], Audience] = {}
        self.ready_after_seconds = 5.0
        """How long after it was made LinkedIn lets nobody into an audience."""

    def make(self, platform: str, account_id: str, name: str, *, at: float) -> Audience:
        with self._lock:
            audience_id = FIRST_ID[platform] + sum(
                existing.platform == platform for existing in self._made.values()
            )
            audience = Audience(platform, account_id, audience_id, name, at)
            self._made[platform, audience_id] = audience
        return audience

    def find(self, platform: str, audience_id: int | str) -> Audience | None:
        text = str(audience_id)
        return self._made.get((platform, int(text))) if text.isdigit() else None

    def of(self, platform: str, account_id: str) -> list[Audience]:
        return [a for a in list(self._made.values()) if (a.platform, a.account_id) == (platform, account_id)]

    def every(self, platform: str) -> list[Audience]:
        """The audiences of all accounts of a platform."""
        return [one for one in list(self._made.values()) if one.platform == platform]

    def truth(self, platform: str | None) -> list[dict[str, Any]]:
        """Every audience with exactly whom it holds, as `kind:hash`, sorted."""
        return [
            {
                "platform": audience.platform,
                "account_id": audience.account_id,
                "audience_id": str(audience.audience_id),
                "name": audience.name,
                "members": sorted(f"{kind}:{digest}" for kind, digest in audience.members),
                "matched": audience.matched,
            }
            for audience in list(self._made.values())
            if platform in {None, audience.platform}
        ]

    @property
    def count(self) -> int:
        """Moves with every upload."""
        return sum(audience.writes for audience in list(self._made.values()))

    def clear(self) -> None:
        with self._lock:
            self._made.clear()


def is_hash(text: object) -> bool:
    return isinstance(text, str) and _HASH.fullmatch(text) is not None


def is_known(platform: str, digest: str) -> bool:
    """Whether the platform knows somebody by this hash: the hash's own digits say so."""
    return int(digest[8:16], 16) / 0xFFFF_FFFF < KNOWN_SHARE[platform]
