"""LinkedIn Ads, read side: REST over `requests`, our rows, our errors.

adAnalytics has no paging and cuts at 15,000 elements without a word. So a read is bounded beforehand by entities x days, and an
answer that reaches the limit all the same is never believed but split and asked again.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from resources.credentials import LinkedInAdsSettings
from resources.errors import PlatformRefused, PlatformUnreadable
from resources.platforms import linkedin_ads_wire as wire
from resources.platforms.linkedin_client import Client, Doing
from resources.platforms.linkedin_restli import Literal
from resources.platforms.patience import Patience
from resources.records import Account

ELEMENTS_AT_ONCE = 14_000
PAGE = {"campaign": 1_000, "ad_set": 1_000, "ad": 100}
LOOK_BACK = timedelta(days=90)


class LinkedInAds:
    """One LinkedIn login, able to read every ad account it is a member of."""

    platform = "linkedin_ads"

    def __init__(self, settings: LinkedInAdsSettings, *, patience: Patience | None = None) -> None:
        self._settings = settings
        self._client = Client(settings, patience or Patience())
        self._listed: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def accounts(self) -> list[Account]:
        """The accounts that LINKEDIN_ACCOUNTS names, or all the login sees.

        Raises:
            PlatformRefused: The token is dead, or an account that is named is not among those it sees.
        """
        doing = Doing("Listing accounts")
        found = [wire.account_record(e) for e in self._pages("adAccounts", {"q": "search"}, 1_000, doing)]
        named = self._settings.accounts
        seen = {account.account_id for account in found}
        if missing := [one for one in named if one not in seen]:
            raise PlatformRefused(
                "Listing accounts", platform=self.platform, account_id=missing[0],
                said="the login does not see this account",
                todo="Give it access in Campaign Manager, or correct LINKEDIN_ACCOUNTS.",
            )  # fmt: skip
        return [account for account in found if not named or account.account_id in named]

    def days(self, level: str, account: Account, *, start: date, end: date) -> Iterator[pa.RecordBatch]:
        """What each campaign, ad_set or ad delivered per UTC day, `start` and `end` included.

        Raises:
            PlatformBusy: Throttled or down; the same read may work later.
            PlatformRefused: No access, a dead token or a retired version.
            PlatformUnreadable: An answer that cannot be trusted.
        """
        pulled_at, any_rows = datetime.now(UTC), False
        ids = [wire.last(element["id"]) for element in self._entities(account, level)]
        for parts, first, last in _bounded(ids, start, end):
            for elements in self._analytics(
                account, level, parts, first, last, everything=len(parts) == len(ids)
            ):
                any_rows = any_rows or bool(elements)
                yield wire.day_rows(level, account, elements, self._parents(account, level), pulled_at)
        if not any_rows:
            self._refuse_silence(account, start=start, end=end)

    def entities(self, account: Account) -> pa.Table:
        """The account, its campaign groups, campaigns and creatives as they stand now, whatever their status."""
        self._listed = {key: found for key, found in self._listed.items() if key[0] != account.account_id}
        found = {level: self._entities(account, level) for level in wire.COLLECTIONS}
        return wire.entity_rows(account, found, datetime.now(UTC))

    def demographics(self, account: Account, pivot: str, *, start: date, end: date) -> pa.Table:
        """Impressions, clicks and spend of the whole range by a MEMBER_* pivot: pivot value, impressions, clicks, spend.

        LinkedIn approximates these and leaves out what has fewer than three events, so they do not add up to totals and days
        do not add up to ranges; hence one read over the range.
        """
        query = self._query(account, pivot, start, end) | {
            "timeGranularity": "ALL",
            "accounts": [f"urn:li:sponsoredAccount:{account.account_id}"],
            "fields": Literal("pivotValues,impressions,clicks,costInLocalCurrency"),
        }
        doing = Doing(f"Reading {pivot}", account.account_id, (start, end))
        elements = self._client.get("adAnalytics", query, doing)["elements"]
        return pa.table(
            {
                "pivot_value": pa.array([e["pivotValues"][0] for e in elements], pa.string()),
                "impressions": pa.array([e.get("impressions", 0) for e in elements], pa.int64()),
                "clicks": pa.array([e.get("clicks", 0) for e in elements], pa.int64()),
                "spend": pa.array([e.get("costInLocalCurrency", "0") for e in elements]).cast(
                    pa.decimal128(18, 6)
                ),
            }
        )

    def _analytics(
        self, account: Account, level: str, ids: Sequence[str], start: date, end: date, *, everything: bool
    ) -> Iterator[list[dict[str, Any]]]:
        """Elements for these ids and days; halves the question as long as the answer may have been cut."""
        doing = Doing(f"Reading {wire.NATIVE[level]} days", account.account_id, (start, end))
        # Naming the account instead of its thousands of entities keeps the question short; the bound holds either way.
        facet = (
            {"accounts": [f"urn:li:sponsoredAccount:{account.account_id}"]}
            if everything
            else {wire.FACETS[level]: [f"urn:li:{wire.URNS[level]}:{one}" for one in ids]}
        )
        query = (
            self._query(account, wire.PIVOTS[level], start, end) | facet | {"fields": Literal(wire.FIELDS)}
        )
        elements = self._client.get("adAnalytics", query, doing).get("elements")
        if not isinstance(elements, list):
            raise PlatformUnreadable(**doing.known(), said="an answer without elements")
        if len(elements) < wire.MOST_ELEMENTS:
            yield elements
            return
        if start == end and len(ids) < 2:
            raise PlatformUnreadable(
                **doing.known(), said=f"{len(elements)} elements for one {wire.NATIVE[level]} and day"
            )
        for parts, first, last in _halved(ids, start, end):
            yield from self._analytics(
                account, level, parts, first, last, everything=everything and parts is ids
            )

    def _query(self, account: Account, pivot: str, start: date, end: date) -> dict[str, Any]:
        del account
        days = {
            name: {"year": d.year, "month": d.month, "day": d.day}
            for name, d in (("start", start), ("end", end))
        }
        return {"q": "analytics", "pivot": pivot, "timeGranularity": "DAILY", "dateRange": days}

    def _parents(self, account: Account, level: str) -> wire.Parents:
        if level == "campaign":
            return lambda _: ()
        group_of = {
            wire.last(e["id"]): wire.last(e["campaignGroup"]) for e in self._entities(account, "ad_set")
        }
        if level == "ad_set":
            return lambda ad_set: (self._known(account, group_of, ad_set, "campaign"),)
        set_of = {wire.last(e["id"]): wire.last(e["campaign"]) for e in self._entities(account, "ad")}

        def above(ad: str) -> tuple[str, ...]:
            ad_set = self._known(account, set_of, ad, "creative")
            return (self._known(account, group_of, ad_set, "campaign"), ad_set)

        return above

    def _known(self, account: Account, parents: dict[str, str], entity: str, what: str) -> str:
        if entity not in parents:
            self._listed.clear()  # it may have been made since: the next attempt lists anew
            raise PlatformUnreadable(
                "Reading days", platform=self.platform, account_id=account.account_id,
                said=f"delivery of {what} {entity}, which is in no list of the account",
                todo="Run it again: the lists are then read anew.",
            )  # fmt: skip
        return parents[entity]

    def _refuse_silence(self, account: Account, *, start: date, end: date) -> None:
        """An empty answer is also what LinkedIn says to a login without read permission."""
        active = [e for e in self._entities(account, "ad_set") if e.get("status") == "ACTIVE"]
        if not active or end > datetime.now(UTC).date():
            return
        doing = Doing("Reading account days", account.account_id, (end - LOOK_BACK, end))
        query = self._query(account, "ACCOUNT", end - LOOK_BACK, end) | {
            "timeGranularity": "ALL", "accounts": [f"urn:li:sponsoredAccount:{account.account_id}"],
        }  # fmt: skip
        if not self._client.get("adAnalytics", query, doing).get("elements"):
            raise PlatformRefused(
                "Reading days", platform=self.platform, account_id=account.account_id, days=(start, end),
                said=f"nothing in 90 days, though {len(active)} campaigns are active",
                todo="The login may lack r_ads_reporting, or a role on this account: check it in Campaign Manager.",
            )  # fmt: skip

    def _entities(self, account: Account, level: str) -> list[dict[str, Any]]:
        """All entities of a level, listed once for the life of this object."""
        place = (account.account_id, level)
        if place not in self._listed:
            finder: dict[str, Any] = {"q": "criteria"}
            if level != "ad":
                finder = {"q": "search", "search": {"status": {"values": list(wire.STATUSES)}}}
            path = f"adAccounts/{account.account_id}/{wire.COLLECTIONS[level]}"
            doing = Doing(f"Listing {wire.NATIVE[level]}s", account.account_id)
            self._listed[place] = list(self._pages(path, finder, PAGE[level], doing))
        return self._listed[place]

    def _pages(self, path: str, query: dict[str, Any], size: int, doing: Doing) -> Iterator[dict[str, Any]]:
        token: str | None = None
        while True:
            page = self._client.get(path, {**query, "pageSize": size, "pageToken": token}, doing)
            yield from page["elements"]
            token = page.get("metadata", {}).get("nextPageToken")
            if not token:
                return


def _bounded(ids: Sequence[str], start: date, end: date) -> Iterator[tuple[Sequence[str], date, date]]:
    """Questions that cannot fill an answer: as many days as fit, and ids in parts only where one day alone does not."""
    if not ids:
        return
    days_at_once = max(1, ELEMENTS_AT_ONCE // len(ids))
    parts = (
        [ids]
        if len(ids) <= ELEMENTS_AT_ONCE
        else [ids[at : at + ELEMENTS_AT_ONCE] for at in range(0, len(ids), ELEMENTS_AT_ONCE)]
    )
    first = start
    while first <= end:
        last = min(end, first + timedelta(days=days_at_once - 1))
        for part in parts:
            yield part, first, last
        first = last + timedelta(days=1)


def _halved(ids: Sequence[str], start: date, end: date) -> list[tuple[Sequence[str], date, date]]:
    if start < end:
        middle = start + (end - start) // 2
        return [(ids, start, middle), (ids, middle + timedelta(days=1), end)]
    half = len(ids) // 2
    return [(ids[:half], start, end), (ids[half:], start, end)]
