"""Google Ads reader: daily metrics, entities, keywords and conversion actions by SearchStream.

A month of an account is one stream per table. A stream cannot be resumed, so it is buffered until it is
complete; one that breaks twice is read in two halves.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import pyarrow as pa

from resources.config.credentials import GoogleAdsSettings
from resources.errors import PlatformBusy, PlatformRefused, PlatformUnreadable
from resources.lake.schema import Table
from resources.platforms import google_ads_wire as wire
from resources.platforms import google_day_queries as days_wire
from resources.platforms import google_lists_wire as lists_wire
from resources.platforms.account import Account
from resources.platforms.api_quota import Meter
from resources.platforms.call_context import CallContext
from resources.platforms.google_ads_columns import MalformedRows
from resources.platforms.google_ads_stream import ColumnStream, SlimStream
from resources.platforms.google_ads_wire import OUR_STATUS, Rows
from resources.platforms.google_client import (
    TIMEOUT_SECONDS,
    StreamInterrupted,
    accessible_customers,
    as_our_errors,
    open_service,
    version_unknown,
)
from resources.platforms.google_day_queries import DayQuery
from resources.platforms.retries import BackOff
from resources.tables.audiences import GOOGLE_USES
from resources.tables.creatives import AD_TEXT_DAY, AD_TEXTS
from resources.tables.google_ads import (
    CONVERSION_ACTION_DAY,
    CONVERSION_ACTIONS,
    DAYS,
    ENTITIES,
    KEYWORDS,
    SEARCH_TERM_DAY,
)
from resources.tables.search_terms import (
    KEYWORD_LIST_USES,
    KEYWORD_LISTS,
    KEYWORD_TERM_DAY,
    PERFORMANCE_MAX_TERM_DAY,
)

DAYS_AT_ONCE = 31
ROWS_AT_ONCE = 300_000
"""About what is held in memory at a time: an account with more rows in a month is read in fewer days at once.
"""
Part = TypeVar("Part")
Shape = TypeVar("Shape", SlimStream, ColumnStream)
_SPOKEN = {
    DAYS["account"].name: "account days",
    DAYS["campaign"].name: "campaign days",
    DAYS["ad_set"].name: "ad group days",
    DAYS["ad"].name: "ad days",
    SEARCH_TERM_DAY.name: "search terms",
    CONVERSION_ACTION_DAY.name: "conversion actions",
    KEYWORD_TERM_DAY.name: "search terms by keyword",
    PERFORMANCE_MAX_TERM_DAY.name: "search terms of Performance Max",
    AD_TEXT_DAY.name: "texts of ads",
    days_wire.BREAKDOWN_DAY.name: "ages, genders and devices",
    KEYWORDS.name: "keywords",
    KEYWORD_LISTS.name: "lists of negatives",
    KEYWORD_LIST_USES.name: "uses of lists of negatives",
    AD_TEXTS.name: "texts of ads",
    lists_wire.AUDIENCES.name: "audiences",
    GOOGLE_USES.name: "uses of audiences",
}


class GoogleAds:
    """Reader for one Google Ads login and every account below its manager account."""

    platform = "google_ads"

    def __init__(self, settings: GoogleAdsSettings, *, back_off: BackOff | None = None) -> None:
        self._settings, self._back_off, self.meter = settings, back_off or BackOff(), Meter()
        self._service: Any = None
        self._streams: dict[tuple[str, ...], SlimStream | ColumnStream] = {}

    def accounts(self) -> list[Account]:
        """The accounts in GOOGLE_ADS_ACCOUNTS, or all that the login can access.

        Raises:
            PlatformRefused: The login is refused, or an account that is named is not among those it sees.
        """
        context, manager = CallContext(self.platform, "Listing accounts"), self._settings.login_customer_id
        roots = [manager] if manager else self._accessible(context)
        accounts = list(
            {entry.account_id: entry for root in roots for entry in self._below(root, context)}.values()
        )
        named = self._settings.accounts
        if missing := [entry for entry in named if entry not in {account.account_id for account in accounts}]:
            raise PlatformRefused(
                **CallContext(self.platform, "Listing accounts", missing[0]).known(),
                said="the login does not see this account",
                todo=(
                    "Give it access in Google Ads, or correct GOOGLE_ADS_ACCOUNTS or"
                    " GOOGLE_ADS_LOGIN_CUSTOMER_ID."
                ),
            )
        return [
            account
            for account in accounts
            if account.account_id in named or (not named and account.status == "active")
        ]

    def days(self, level: str, account: Account, *, start: date, end: date) -> Iterator[pa.RecordBatch]:
        """Daily metrics of each campaign, ad_set or ad, by the account's days from `start` to `end`
        inclusive.

        Raises:
            PlatformBusy: Quota or outage; the same read may work later.
            PlatformRefused: Bad query or no access; the same read never will.
        """
        return self.table_days(DAYS[level], account, start=start, end=end)

    def table_days(
        self, table: Table, account: Account, *, start: date, end: date
    ) -> Iterator[pa.RecordBatch]:
        """The rows of any of Google's tables of days (`google_day_queries.QUERIES`); errors as of `days`."""
        for query in days_wire.QUERIES[table.name]:
            yield from self._days(query, account, start, end)

    def search_term_days(self, account: Account, *, start: date, end: date) -> Iterator[pa.RecordBatch]:
        """Daily metrics by search term and ad set; Google withholds rare search terms."""
        return self.table_days(SEARCH_TERM_DAY, account, start=start, end=end)

    def conversion_action_days(self, account: Account, *, start: date, end: date) -> Iterator[pa.RecordBatch]:
        """Daily conversions by conversion action and ad set."""
        return self.table_days(CONVERSION_ACTION_DAY, account, start=start, end=end)

    def entities(self, account: Account) -> pa.Table:
        """Current state of the account, its campaigns, ad groups and ads, including removed ones."""
        context, customer_id = (
            CallContext(self.platform, "Reading entities", account.account_id),
            account.account_id,
        )
        return wire.entity_rows(
            account,
            campaigns=self._snapshot(customer_id, "campaign", wire.CAMPAIGNS, context),
            ad_groups=self._snapshot(customer_id, "ad_group", wire.AD_GROUPS, context),
            ads=self._snapshot(customer_id, "ad_group_ad", wire.ADS, context),
            labels=self._snapshot(customer_id, "label", wire.LABELS, context),
            pulled_at=datetime.now(UTC),
            version=self._settings.api_version,
        ).cast(ENTITIES.schema)

    def listing(self, table: Table, account: Account) -> pa.Table:
        """The rows of any of Google's lists (`google_lists_wire.QUERIES`) as they stand now."""
        context = CallContext(self.platform, f"Reading {_SPOKEN[table.name]}", account.account_id)
        pulled_at = datetime.now(UTC)
        answers = [
            (query, self._rows(account.account_id, query.text, query.fields, context))
            for query in lists_wire.QUERIES[table.name]
        ]
        return lists_wire.list_rows(table, account, answers, pulled_at)

    def keywords(self, account: Account) -> pa.Table:
        """Keywords and negative keywords of ad groups, campaigns and shared lists."""
        return self.listing(KEYWORDS, account)

    def conversion_actions(self, account: Account) -> pa.Table:
        """Conversion actions with their lookback windows."""
        context, pulled_at = (
            CallContext(self.platform, "Reading conversion actions", account.account_id),
            datetime.now(UTC),
        )
        rows = self._snapshot(account.account_id, "conversion_action", CONVERSION_ACTION_FIELDS, context)
        return conversion_action_rows(account, rows, pulled_at)

    def token_ends_at(self) -> None:
        """None: refresh tokens of a published project and service accounts do not expire."""

    def _days(self, query: DayQuery, account: Account, start: date, end: date) -> Iterator[pa.RecordBatch]:
        pulled_at, first, at_once = datetime.now(UTC), start, DAYS_AT_ONCE
        while first <= end:
            last = min(end, first + timedelta(days=at_once - 1))
            batches = self._part(query, account, first, last, pulled_at)
            rows = sum(map(len, batches))
            yield from batches
            a_day = rows / ((last - first).days + 1)
            at_once = int(min(DAYS_AT_ONCE, max(1, ROWS_AT_ONCE // max(1, a_day))))
            first = last + timedelta(days=1)

    def _part(
        self,
        query: DayQuery,
        account: Account,
        start: date,
        end: date,
        pulled_at: datetime,
        *,
        is_repeat: bool = False,
    ) -> list[pa.RecordBatch]:
        """All rows of these days. A stream that broke is read once more, then in halves."""
        what = f"Reading {_SPOKEN[query.table.name]}"
        context = CallContext(self.platform, what, account.account_id, (start, end))
        stream = self._stream(ColumnStream, query.fields, context)
        try:
            return self._read(
                stream,
                account.account_id,
                query.text(start=start, end=end),
                context,
                lambda columns: days_wire.day_rows(query, account, columns, stream.enums, pulled_at),
            )
        except StreamInterrupted as broke:
            if not is_repeat:
                return self._part(query, account, start, end, pulled_at, is_repeat=True)
            if start == end:
                raise PlatformBusy(**context.known(), said=broke.said) from broke
            middle = start + (end - start) // 2
            halves = ((start, middle), (middle + timedelta(days=1), end))
            return [batch for half in halves for batch in self._part(query, account, *half, pulled_at)]

    def _read(
        self, stream: Any, customer_id: str, query: str, context: CallContext, build: Callable[[Any], Part]
    ) -> list[Part]:
        """The complete response, one part per wire message, retried while Google is busy."""

        def drained() -> list[Part]:
            self.meter.count_call(context)
            parts = []
            with as_our_errors(context) as taken:
                for columns in stream.columns(self._open(), customer_id, query, timeout=TIMEOUT_SECONDS):
                    taken.append(len(next(iter(columns.values()))))
                    parts.append(build(columns))
            return parts

        try:
            return self._back_off.with_retries(drained)
        except MalformedRows as error:
            raise PlatformUnreadable(**context.known(), said=f"{error}") from error

    def _snapshot(
        self, customer_id: str, resource: str, fields: Sequence[str], context: CallContext
    ) -> wire.Rows:
        return self._rows(customer_id, f"SELECT {', '.join(fields)} FROM {resource}", fields, context)

    def _rows(self, customer_id: str, query: str, fields: Sequence[str], context: CallContext) -> wire.Rows:
        stream = self._stream(SlimStream, tuple(fields), context)
        parts = self._read(
            stream, customer_id, query, context, lambda columns: wire.rows_of(columns, stream.enums)
        )
        return [row for part in parts for row in part]

    def _accessible(self, context: CallContext) -> list[str]:
        """Customer ids that the login can access directly, where no manager account is set."""
        self.meter.count_call(context)
        return self._back_off.with_retries(
            lambda: accessible_customers(self._open(), context, version=self._settings.api_version)
        )

    def _below(self, customer_id: str, context: CallContext) -> list[Account]:
        """Client accounts of a manager account; a client account returns itself."""
        rows = self._snapshot(customer_id, "customer_client", wire.CLIENTS, context)
        return [
            wire.account_record(row, "customer_client") for row in rows if not row["customer_client.manager"]
        ]

    def _stream(self, kind: type[Shape], fields: tuple[str, ...], context: CallContext) -> Shape:
        version = self._settings.api_version
        if fields not in self._streams:
            try:
                self._streams[fields] = kind(fields, version=version)
            except ModuleNotFoundError:
                raise version_unknown(version, context) from None
        stream = self._streams[fields]
        assert isinstance(stream, kind)  # noqa: S101 — the fields of days and of snapshots differ
        return stream

    def _open(self) -> Any:
        if self._service is None:
            self._service = open_service(self._settings)
        return self._service


CONVERSION_ACTION_FIELDS = tuple(
    f"conversion_action.{name}"
    for name in (
        "id",
        "name",
        "category",
        "status",
        "click_through_lookback_window_days",
        "view_through_lookback_window_days",
    )
)


def conversion_action_rows(account: Account, rows: Rows, pulled_at: datetime) -> pa.Table:
    """Conversion actions as rows of `CONVERSION_ACTIONS`."""
    action_rows = [
        {
            "account_id": account.account_id,
            "conversion_action_id": str(row["conversion_action.id"]),
            "name": row["conversion_action.name"],
            "category": row["conversion_action.category"],
            "status": OUR_STATUS.get(row["conversion_action.status"], "other"),
            "click_window_days": row["conversion_action.click_through_lookback_window_days"],
            "view_window_days": row["conversion_action.view_through_lookback_window_days"],
            "pulled_at": pulled_at,
        }
        for row in rows
    ]
    return pa.Table.from_pylist(action_rows, schema=CONVERSION_ACTIONS.schema)
