"""LinkedIn Ads reader: REST over `requests`.

adAnalytics is not paged and truncates at 15,000 elements without notice. Requests are therefore bounded by
entities x days, and a response that reaches the limit is discarded, split and requested again.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from resources.config.credentials import LinkedInAdsSettings
from resources.errors import PlatformRefused, PlatformUnreadable
from resources.lake.schema import MONEY, Table
from resources.platforms import linkedin_ads_wire as wire
from resources.platforms import linkedin_lists_wire as lists_wire
from resources.platforms.account import Account
from resources.platforms.call_context import CallContext
from resources.platforms.linkedin_client import LinkedInClient
from resources.platforms.linkedin_restli import Literal
from resources.platforms.retries import BackOff
from resources.tables.breakdowns import RAW_BREAKDOWNS
from resources.tables.creatives import POSTS

ELEMENTS_AT_ONCE = 14_000
PAGE = {"campaign": 1_000, "ad_set": 1_000, "ad": 100}
LOOK_BACK = timedelta(days=90)
_NEEDED = {"campaign": ("campaign",), "ad_set": ("ad_set",), "ad": ("ad_set", "ad")}
"""Which lists tell the entities above one of that level."""


class LinkedInAds:
    """Reader for one LinkedIn login and every ad account it is a member of."""

    platform = "linkedin_ads"

    def __init__(self, settings: LinkedInAdsSettings, *, back_off: BackOff | None = None) -> None:
        self._settings = settings
        self._client = LinkedInClient(settings, back_off or BackOff())
        self.meter = self._client.meter
        self._listed: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._chains: dict[tuple[str, str], wire.Above] = {}

    def accounts(self) -> list[Account]:
        """The accounts in LINKEDIN_ACCOUNTS, or all that the login can access.

        Raises:
            PlatformRefused: The token is dead, or an account that is named is not among those it sees.
        """
        context = CallContext(self.platform, "Listing accounts")
        accounts = [
            wire.account_record(e) for e in self._pages("adAccounts", {"q": "search"}, 1_000, context)
        ]
        named = self._settings.accounts
        seen = {account.account_id for account in accounts}
        if missing := [account_id for account_id in named if account_id not in seen]:
            raise PlatformRefused(
                "Listing accounts",
                platform=self.platform,
                account_id=missing[0],
                said="the login does not see this account",
                todo="Give it access in Campaign Manager, or correct LINKEDIN_ACCOUNTS.",
            )
        return [account for account in accounts if not named or account.account_id in named]

    def days(self, level: str, account: Account, *, start: date, end: date) -> Iterator[pa.RecordBatch]:
        """Daily metrics of each campaign, ad_set or ad, by UTC days from `start` to `end` inclusive.

        Raises:
            PlatformBusy: Throttled or down; the same read may work later.
            PlatformRefused: No access, a dead token or a retired version.
            PlatformUnreadable: An answer that cannot be trusted.
        """
        pulled_at, any_rows = datetime.now(UTC), False
        ids = self._ids(account, level)
        for parts, first, last in _bounded(ids, start, end):
            everything = len(parts) == len(ids)
            for elements in self._analytics(account, level, parts, first, last, everything=everything):
                any_rows = any_rows or bool(elements)
                above = {} if level == "account" else self._above(account, level, elements)
                yield wire.day_rows(level, account, elements, above, pulled_at)
        if not any_rows:
            self._verify_empty_response(account, level, start=start, end=end)

    def entities(self, account: Account) -> pa.Table:
        """Current state of the account, campaign groups, campaigns and creatives, of every status."""
        self._forget(account)
        elements = {level: self._entities(account, level) for level in wire.COLLECTIONS}
        return wire.entity_rows(account, elements, datetime.now(UTC))

    def conversion_actions(self, account: Account) -> pa.Table:
        """Conversion rules with their attribution windows."""
        return wire.conversion_action_rows(account, self._conversions(account), datetime.now(UTC))

    def token_ends_at(self) -> datetime | None:
        """Expiry of the access token by LinkedIn's introspection; None if it is refreshed automatically."""
        return self._client.token_ends_at(CallContext(self.platform, "Asking how long the token lasts"))

    def _conversions(self, account: Account) -> list[dict[str, Any]]:
        context = CallContext(self.platform, "Listing conversion rules", account.account_id)
        query = {
            "q": "account",
            "account": f"urn:li:sponsoredAccount:{account.account_id}",
            "start": 0,
            "count": 1_000,
        }
        return self._client.get("conversions", query, context, shape=wire.RestliPage).elements

    def demographics(self, account: Account, pivot: str, *, start: date, end: date) -> pa.Table:
        """Impressions, clicks and spend of the whole range by a MEMBER_* pivot: pivot value, impressions,
        clicks, spend.

        LinkedIn approximates these and leaves out what has fewer than three events, so they do not add up to
        totals and days do not add up to ranges; hence one read over the range.
        """
        query = self._query(pivot, start, end) | {
            "timeGranularity": "ALL",
            "accounts": [f"urn:li:sponsoredAccount:{account.account_id}"],
            "fields": Literal("pivotValues,dateRange,impressions,clicks,costInLocalCurrency"),
        }
        context = CallContext(self.platform, f"Reading {pivot}", account.account_id, (start, end))
        elements = self._elements(query, context)
        return pa.table(
            {
                "pivot_value": pa.array([e.pivot_values[0] for e in elements], pa.string()),
                "impressions": pa.array([e.impressions for e in elements], pa.int64()),
                "clicks": pa.array([e.clicks for e in elements], pa.int64()),
                "spend": pa.array([e.spend for e in elements], pa.string()).cast(MONEY),
            }
        )

    def table_days(
        self, table: Table, account: Account, *, start: date, end: date
    ) -> Iterator[pa.RecordBatch]:
        """What members do for a living, per whole week whose Monday lies in these days and whose Sunday is over:
        one answer a week and pivot, because LinkedIn's approximations of days do not add up to it.

        Errors as of `days`.
        """
        if table.name != RAW_BREAKDOWNS[self.platform].name:
            raise LookupError(f"{table.path} is none of LinkedIn's tables of days")
        pulled_at = datetime.now(UTC)
        monday = start + timedelta(days=-start.weekday() % 7)
        while monday <= end:
            sunday = monday + timedelta(days=6)
            if sunday <= max(end, pulled_at.date() - timedelta(days=1)):
                for pivot, dimension in lists_wire.DIMENSIONS.items():
                    parts = self.demographics(account, pivot, start=monday, end=sunday)
                    yield lists_wire.part_rows(account, dimension, monday, parts, pulled_at)
            monday += timedelta(days=7)

    def listing(self, table: Table, account: Account) -> pa.Table:
        """Segments that may be targeted, or the posts behind the account's ads, as they stand now."""
        if table.name == POSTS.name:
            return lists_wire.post_rows(account, self._posts(account), datetime.now(UTC))
        context = CallContext(self.platform, "Listing segments", account.account_id)
        segments: list[dict[str, Any]] = []
        while True:
            query = lists_wire.segments_query(account, start=len(segments))
            page = self._client.get("dmpSegments", query, context, shape=wire.RestliPage).elements
            segments += page
            if len(page) < lists_wire.SEGMENTS_AT_ONCE:
                return lists_wire.audience_rows(account, segments, datetime.now(UTC))

    def _posts(self, account: Account) -> dict[str, dict[str, Any] | None]:
        """The posts that creatives refer to, by URN; None for one that LinkedIn refuses to this login."""
        references = (lists_wire.post_of(element) for element in self._entities(account, "ad"))
        posts: dict[str, dict[str, Any] | None] = {}
        for urn in dict.fromkeys(urn for urn in references if urn is not None):
            context = CallContext(self.platform, f"Reading post {urn}", account.account_id)
            try:
                posts[urn] = self._client.element(f"posts/{quote(urn, safe='')}", context)
            except PlatformRefused:
                posts[urn] = None
        return posts

    def _ids(self, account: Account, level: str) -> list[str]:
        if level == "account":
            return [account.account_id]
        return [wire.last(element["id"]) for element in self._entities(account, level)]

    def _analytics(
        self, account: Account, level: str, ids: Sequence[str], start: date, end: date, *, everything: bool
    ) -> Iterator[list[Any]]:
        """Elements of adAnalytics for these ids and days; splits the request while the response may be
        truncated.
        """
        context = CallContext(
            self.platform, f"Reading {wire.NATIVE[level]} days", account.account_id, (start, end)
        )
        # Naming the account instead of its thousands of entities keeps the question short; the bound holds
        # either way.
        facet = (
            {"accounts": [f"urn:li:sponsoredAccount:{account.account_id}"]}
            if everything
            else {wire.FACETS[level]: [f"urn:li:{wire.URNS[level]}:{entity_id}" for entity_id in ids]}
        )
        query = self._query(wire.PIVOTS[level], start, end) | facet | {"fields": Literal(wire.FIELDS)}
        elements = self._elements(query, context)
        if len(elements) < wire.MOST_ELEMENTS:
            self.meter.record_rows(account.account_id, len(elements))
            yield elements
            return
        if start == end and len(ids) < 2:
            raise PlatformUnreadable(
                **context.known(), said=f"{len(elements)} elements for one {wire.NATIVE[level]} and day"
            )
        for parts, first, last in _halved(ids, start, end):
            yield from self._analytics(
                account, level, parts, first, last, everything=everything and parts is ids
            )

    def _elements(self, query: dict[str, Any], context: CallContext) -> list[Any]:
        return self._client.get("adAnalytics", query, context, shape=wire.Analytics).elements

    def _query(self, pivot: str, start: date, end: date | None) -> dict[str, Any]:
        """Parameters that all analytics reads share. Without `end`, LinkedIn reads up to today."""
        ends = {"start": start} | ({"end": end} if end else {})
        days = {name: {"year": d.year, "month": d.month, "day": d.day} for name, d in ends.items()}
        return {"q": "analytics", "pivot": pivot, "timeGranularity": "DAILY", "dateRange": days}

    def _above(self, account: Account, level: str, elements: list[Any]) -> wire.Above:
        """Parent ids of each entity in the response; lists are refreshed once if an entity is missing from
        them.

        Raises:
            PlatformUnreadable: It is not in the new lists either.
        """
        above = self._listed_above(account, level)
        seen = {wire.own_id(element) for element in elements}
        if seen - above.keys():
            self._forget(account)
            above = self._listed_above(account, level)
        if unknown := sorted(seen - above.keys()):
            raise PlatformUnreadable(
                "Reading days",
                platform=self.platform,
                account_id=account.account_id,
                said=f"delivery of {wire.NATIVE[level]} {unknown[0]}, which is in no list of the account",
                todo=(
                    "Nothing was kept. Run it again; if it comes back, look the entity up in Campaign"
                    " Manager."
                ),
            )
        return above

    def _listed_above(self, account: Account, level: str) -> wire.Above:
        key = (account.account_id, level)
        if key not in self._chains:
            listed = {needed: self._entities(account, needed) for needed in _NEEDED[level]}
            self._chains[key] = wire.above(level, listed)
        return self._chains[key]

    def _forget(self, account: Account) -> None:
        """Clear the cached entity lists: entities may have been created since."""
        for cache in (self._listed, self._chains):
            for key in [key for key in cache if key[0] == account.account_id]:
                del cache[key]

    def _verify_empty_response(self, account: Account, level: str, *, start: date, end: date) -> None:
        """Check an empty response: LinkedIn returns the same to a login without read permission.

        Where campaigns run, a read of the whole account from 90 days before `start` until today must show
        delivery, and none of it between `start` and `end`.
        """
        running = [e for e in self._entities(account, "ad_set") if wire.runs(e, before=end)]
        if not running:
            return
        began, context = (
            start - LOOK_BACK,
            CallContext(self.platform, "Reading account days", account.account_id, (start, end)),
        )
        query = self._query("ACCOUNT", began, None) | {
            "accounts": [f"urn:li:sponsoredAccount:{account.account_id}"],
            "fields": Literal("dateRange,pivotValues,impressions"),
        }
        delivered = wire.days_of(self._elements(query, context))
        if not delivered:
            raise PlatformRefused(
                **context.known(),
                said=f"nothing since {began}, though {len(running)} campaigns are running",
                todo=(
                    "The login may lack r_ads_reporting, or a role on this account: check it in Campaign"
                    " Manager."
                ),
            )
        if missing := sorted({day for day in delivered if start <= day <= end}):
            raise PlatformUnreadable(
                **context.known(),
                said=f"no {wire.NATIVE[level]} days, though the account delivered on {len(missing)} of them",
            )

    def _entities(self, account: Account, level: str) -> list[dict[str, Any]]:
        """All entities of a level, listed once per client."""
        key = (account.account_id, level)
        if key not in self._listed:
            finder: dict[str, Any] = {"q": "criteria"}
            if level != "ad":
                finder = {"q": "search", "search": {"status": {"values": list(wire.STATUSES)}}}
            path = f"adAccounts/{account.account_id}/{wire.COLLECTIONS[level]}"
            context = CallContext(self.platform, f"Listing {wire.NATIVE[level]}s", account.account_id)
            self._listed[key] = list(self._pages(path, finder, PAGE[level], context))
        return self._listed[key]

    def _pages(
        self, path: str, query: dict[str, Any], size: int, context: CallContext
    ) -> Iterator[dict[str, Any]]:
        token: str | None = None
        while True:
            parameters = {**query, "pageSize": size, "pageToken": token}
            page = self._client.get(path, parameters, context, shape=wire.RestliPage)
            yield from page.elements
            token = page.metadata.get("nextPageToken")
            if not token:
                return


def _bounded(ids: Sequence[str], start: date, end: date) -> Iterator[tuple[Sequence[str], date, date]]:
    """Requests that stay below the element limit: as many days as fit, ids split only where a single day is
    too large.
    """
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
