"""Positive keywords of ad groups that were added, paused, enabled or removed since the world began.

A change takes effect from the account's next day on. The keywords that an ad group began with are drawn
(`sandbox.searches.AccountSearches.keywords`); their criterion ids follow from the ad group's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import RLock

from sandbox.keyword_matching import MatchType
from sandbox.world import Account

Keyword = tuple[str, MatchType]
"""Text and match type."""


@dataclass(frozen=True)
class KeywordChange:
    """From `first_day` (days since 1970) on, a keyword of an ad group takes searches or takes none."""

    ad_group_id: int
    criterion_id: int
    keyword: Keyword
    first_day: int
    is_active: bool


def first_criterion_id(ad_group_id: int, number: int) -> int:
    """The criterion id of a keyword that the ad group began with, by its number there."""
    return ad_group_id * 10 + number


class PositiveKeywords:
    """The changed keywords of all Google accounts of a market. Safe to use from several threads."""

    def __init__(self, tomorrow: Callable[[Account], int]) -> None:
        """Open the registry; `tomorrow` is the account's next day, in days since 1970."""
        self._tomorrow = tomorrow
        self._changes: dict[str, dict[int, tuple[KeywordChange, ...]]] = {}
        self._lock = RLock()
        self.count = 0
        """Moves with every write."""

    def set(
        self,
        account: Account,
        ad_group_id: int,
        criterion_id: int,
        text: str,
        match_type: MatchType,
        *,
        is_active: bool,
    ) -> None:
        """Let a keyword take searches, or take none, from the account's next day on."""
        change = KeywordChange(
            ad_group_id, criterion_id, (text, match_type), self._tomorrow(account), is_active
        )
        with self._lock:
            before = self._changes.get(account.id, {})
            self._changes[account.id] = before | {ad_group_id: (*before.get(ad_group_id, ()), change)}
            self.count += 1

    def of(self, account: Account) -> Mapping[int, Sequence[KeywordChange]]:
        """Every change by the ad group's id, oldest first. What comes back never changes."""
        return self._changes.get(account.id, {})

    def clear(self) -> None:
        """Forget everything that was written."""
        with self._lock:
            self._changes.clear()
            self.count += 1


def active_on(
    ad_group_id: int, first: Sequence[Keyword], changes: Sequence[KeywordChange], day: int
) -> dict[int, Keyword]:
    """The keywords of an ad group that take searches on a day by their criterion ids, in the order in which
    they were added.
    """
    keywords = {first_criterion_id(ad_group_id, n): keyword for n, keyword in enumerate(first)}
    active = dict.fromkeys(keywords, True)
    for change in changes:
        if change.first_day <= day:
            keywords[change.criterion_id] = change.keyword
            active[change.criterion_id] = change.is_active
    return {number: keyword for number, keyword in keywords.items() if active[number]}
