"""Negative keywords of Google Ads accounts, at every level, with the days on which each is in force.

A negative that is added, removed, or attached with its list takes effect from the account's next day on. What
an account begins with follows from the world: one phrase negative on each search campaign, and the shared
list "Never", attached to every second campaign that is a search campaign.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import RLock
from typing import Literal

from sandbox import text_catalog
from sandbox.catalog import Catalog
from sandbox.keyword_matching import MatchType
from sandbox.random_draws import key
from sandbox.world import Account

Level = Literal["ad_group", "campaign", "list", "account"]
FIRST_LIST, FIRST_LIST_NAME, ATTACHED_EVERY = 8_001, "Never", 2
NEVER = 1 << 40
ALWAYS = -(1 << 40)


@dataclass(frozen=True)
class Scope:
    """Where a negative stands:

    `entity_id` is that of the ad group, the campaign, the shared list or the account.
    """

    level: Level
    entity_id: int


@dataclass(frozen=True)
class NegativeKeyword:
    """One negative; in force on `first_day` up to but without `end_day` (days since 1970)."""

    criterion_id: int
    scope: Scope
    text: str
    match_type: MatchType
    first_day: int = ALWAYS
    end_day: int = NEVER

    @property
    def is_there(self) -> bool:
        """Whether it stands in the account now, in force or about to be."""
        return self.end_day == NEVER


@dataclass(frozen=True)
class Attachment:
    """A shared list on a campaign, or on the whole account, over days as a negative's."""

    list_id: int
    campaign_id: int
    """Of an account-level list the account's id."""
    first_day: int = ALWAYS
    end_day: int = NEVER

    @property
    def is_there(self) -> bool:
        return self.end_day == NEVER


@dataclass
class _Held:
    keywords: list[NegativeKeyword]
    attachments: list[Attachment]
    lists: dict[int, str]
    next_id: int = 5_000_001


class NegativeKeywords:
    """The negatives of all Google accounts of a market. Safe to use from several threads."""

    def __init__(self, catalog_of: Callable[[Account], Catalog], tomorrow: Callable[[Account], int]) -> None:
        """Open the registry; `tomorrow` is the account's next day, in days since 1970."""
        self._catalog_of, self._tomorrow = catalog_of, tomorrow
        self._accounts: dict[str, _Held] = {}
        self._lock = RLock()
        self.count = 0
        """Moves with every write."""

    def add(
        self,
        account: Account,
        scope: Scope,
        text: str,
        match_type: MatchType,
        *,
        criterion_id: int | None = None,
    ) -> int:
        """Add a negative; its criterion id, which is drawn here unless a platform's interface gave it."""
        with self._lock:
            held = self._of(account)
            if criterion_id is None:
                criterion_id, held.next_id = held.next_id, held.next_id + 1
            held.keywords.append(
                NegativeKeyword(criterion_id, scope, text, match_type, first_day=self._tomorrow(account))
            )
            self.count += 1
            return criterion_id

    def remove(self, account: Account, scope: Scope, criterion_id: int) -> bool:
        """Take a negative away; False where there is none of that id in the scope."""
        with self._lock:
            held = self._of(account)
            for at, keyword in enumerate(held.keywords):
                if keyword.is_there and (keyword.scope, keyword.criterion_id) == (scope, criterion_id):
                    held.keywords[at] = replace(keyword, end_day=self._tomorrow(account))
                    self.count += 1
                    return True
            return False

    def create_list(self, account: Account, name: str, *, list_id: int | None = None) -> int:
        """An empty shared list; its id, which is drawn here unless a platform's interface gave it."""
        with self._lock:
            held = self._of(account)
            if list_id is None:
                list_id = max(held.lists, default=FIRST_LIST - 1) + 1
            held.lists[list_id] = name
            self.count += 1
            return list_id

    def remove_list(self, account: Account, list_id: int) -> bool:
        """Remove a shared list, with its negatives and from its campaigns; False where there is none of that
        id.
        """
        with self._lock:
            held, end_day = self._of(account), self._tomorrow(account)
            if list_id not in held.lists:
                return False
            del held.lists[list_id]
            held.keywords = [
                (
                    replace(entry, end_day=end_day)
                    if entry.is_there and entry.scope == Scope("list", list_id)
                    else entry
                )
                for entry in held.keywords
            ]
            held.attachments = [
                replace(entry, end_day=end_day) if entry.is_there and entry.list_id == list_id else entry
                for entry in held.attachments
            ]
            self.count += 1
            return True

    def attach(self, account: Account, list_id: int, campaign_id: int) -> bool:
        """Put a shared list on a campaign or, by the account's own id, on all of them; False where it is on
        it already or there is no such list.
        """
        with self._lock:
            held = self._of(account)
            if list_id not in held.lists or (list_id, campaign_id) in self.attachments(account):
                return False
            held.attachments.append(Attachment(list_id, campaign_id, first_day=self._tomorrow(account)))
            self.count += 1
            return True

    def detach(self, account: Account, list_id: int, campaign_id: int) -> bool:
        """Take a shared list off a campaign; False where it is not on it."""
        with self._lock:
            held = self._of(account)
            for at, attachment in enumerate(held.attachments):
                if attachment.is_there and (attachment.list_id, attachment.campaign_id) == (
                    list_id,
                    campaign_id,
                ):
                    held.attachments[at] = replace(attachment, end_day=self._tomorrow(account))
                    self.count += 1
                    return True
            return False

    def lists(self, account: Account) -> dict[int, str]:
        """Names of the account's shared lists by id."""
        with self._lock:
            return dict(self._of(account).lists)

    def attachments(self, account: Account) -> list[tuple[int, int]]:
        """List id and campaign id of every shared list on a campaign."""
        with self._lock:
            return [
                (attachment.list_id, attachment.campaign_id)
                for attachment in self._of(account).attachments
                if attachment.is_there
            ]

    def of(self, account: Account, scope: Scope | None = None) -> list[NegativeKeyword]:
        """The negatives that stand in the account now, of one scope or of all."""
        with self._lock:
            held = self._of(account).keywords
            return [keyword for keyword in held if keyword.is_there and scope in (None, keyword.scope)]

    def history(self, account: Account) -> tuple[list[NegativeKeyword], list[Attachment]]:
        """Every negative and attachment there ever was, with its days."""
        with self._lock:
            held = self._of(account)
            return list(held.keywords), list(held.attachments)

    def began(self, account: Account) -> tuple[list[NegativeKeyword], list[Attachment]]:
        """The negatives and attachments that the account began with, as they were then."""
        held = _first(self._catalog_of(account))
        return held.keywords, held.attachments

    def clear(self) -> None:
        """Forget everything that was written."""
        with self._lock:
            self._accounts.clear()
            self.count += 1

    def _of(self, account: Account) -> _Held:
        if account.id not in self._accounts:
            self._accounts[account.id] = _first(self._catalog_of(account))
        return self._accounts[account.id]


def _first(catalog: Catalog) -> _Held:
    keywords: list[NegativeKeyword] = []
    attachments: list[Attachment] = []
    for row, channel in enumerate(catalog.campaigns.channel):
        if channel != "SEARCH":
            continue
        campaign_id = int(catalog.campaigns.id[row])
        word = text_catalog.NEGATIVES[int(key(catalog.seed, 73, campaign_id) % len(text_catalog.NEGATIVES))]
        keywords.append(NegativeKeyword(campaign_id * 10, Scope("campaign", campaign_id), word, "PHRASE"))
        if row % ATTACHED_EVERY == 0:
            attachments.append(Attachment(FIRST_LIST, campaign_id))
    keywords += [
        NegativeKeyword(n + 1, Scope("list", FIRST_LIST), word, "BROAD")
        for n, word in enumerate(text_catalog.NEGATIVES[:3])
    ]
    return _Held(keywords, attachments, {FIRST_LIST: FIRST_LIST_NAME})
