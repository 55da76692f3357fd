"""Meta Ads reader: insights and entities over the official SDK's session.

Insights are read synchronously. A request that Meta rejects as too large runs as an asynchronous report job;
a job that fails or hangs is split by days, then by campaigns.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from time import monotonic, sleep
from typing import Any

import pyarrow as pa

from resources.config.credentials import MetaAdsSettings
from resources.errors import PlatformRefused, PlatformUnreadable
from resources.lake.schema import Table
from resources.platforms import meta_ads_wire as wire
from resources.platforms import meta_insights_wire as insights_wire
from resources.platforms.account import Account
from resources.platforms.call_context import CallContext
from resources.platforms.meta_client import MetaClient, RequestTooLarge
from resources.platforms.meta_insights_wire import InsightsQuestion
from resources.platforms.retries import BackOff
from resources.tables.audiences import RAW_AUDIENCES, REACH_WINDOWS

DAYS_AT_ONCE = 31
_ENDED_BADLY = {"Job Failed", "Job Skipped"}


class MetaAds:
    """Reader for one Meta login and the ad accounts assigned to it."""

    platform = "meta_ads"

    def __init__(
        self,
        settings: MetaAdsSettings,
        *,
        back_off: BackOff | None = None,
        job_seconds: float | None = None,
        poll_seconds: float | None = None,
    ) -> None:
        self._settings = settings
        self._client = MetaClient(settings, back_off or BackOff())
        self.meter = self._client.meter
        known = back_off or BackOff()
        self._job_seconds = job_seconds if job_seconds is not None else 2 * known.total_seconds
        self._poll_seconds = poll_seconds if poll_seconds is not None else known.first_pause

    def accounts(self) -> list[Account]:
        """The accounts in META_ACCOUNTS, or all that the login can access.

        Raises:
            PlatformRefused: The token is dead, or an account that is named is not among those it sees.
        """
        context, parameters = (
            CallContext(self.platform, "Listing accounts"),
            {"fields": wire.ACCOUNT_FIELDS, "limit": "500"},
        )
        nodes = [
            node
            for page in self._client.pages("me/adaccounts", parameters, context, shape=wire.Node)
            for node in page
        ]
        accounts = [wire.account_record(node) for node in nodes]
        named = self._settings.accounts
        if missing := [
            account_id
            for account_id in named
            if account_id not in {account.account_id for account in accounts}
        ]:
            raise PlatformRefused(
                "Listing accounts",
                platform=self.platform,
                account_id=missing[0],
                said="the login does not see this account",
                todo="Give it access in Meta Business settings, or correct META_ACCOUNTS.",
            )
        return [account for account in accounts if not named or account.account_id in named]

    def days(self, level: str, account: Account, *, start: date, end: date) -> Iterator[pa.RecordBatch]:
        """Daily metrics of each campaign, ad_set or ad, by the account's days from `start` to `end`
        inclusive.

        A month is buffered before any of it is yielded, so memory does not grow with the number of days.

        Raises:
            PlatformBusy: Throttled or down; the same read may work later.
            PlatformRefused: No access, a dead token or a bad question.
            PlatformUnreadable: An answer that cannot be trusted, or a report that never ends.
        """
        return self._days(insights_wire.days_of(level), account, start, end)

    def table_days(
        self, table: Table, account: Account, *, start: date, end: date
    ) -> Iterator[pa.RecordBatch]:
        """Ad set days by age, gender, placement and device, or reach over the windows that end in these days;
        errors as of `days`.
        """
        if table.name == insights_wire.BREAKDOWN_DAY.name:
            for dimension in insights_wire.BREAKDOWNS:
                yield from self._days(insights_wire.breakdown_of(dimension), account, start, end)
            return
        if table.name != REACH_WINDOWS.name:
            raise LookupError(f"{table.path} is none of Meta's tables of days")
        pulled_at = datetime.now(UTC)
        for window_days in insights_wire.WINDOWS:
            for level in ("account", "campaign", "ad_set"):
                question = insights_wire.reach_of(level, window_days)
                first = end - timedelta(days=window_days - 1)
                yield from self._part(question, account, first, end, pulled_at)

    def listing(self, table: Table, account: Account) -> pa.Table:
        """The account's audiences as they stand now, whoever made them."""
        if table.name != RAW_AUDIENCES[self.platform].name:
            raise LookupError(f"{table.path} is none of Meta's lists")
        context = CallContext(self.platform, "Listing audiences", account.account_id)
        parameters, path = {"fields": wire.AUDIENCE_FIELDS}, f"act_{account.account_id}/customaudiences"
        nodes = [
            node for page in self._client.pages(path, parameters, context, shape=wire.Node) for node in page
        ]
        return wire.audience_rows(account, nodes, datetime.now(UTC))

    def entities(self, account: Account) -> pa.Table:
        """Current state of the account, campaigns, ad sets and ads, including archived and deleted ones."""
        nodes = {level: self._edge(account, level) for level in wire.EDGES}
        return wire.entity_rows(account, nodes, datetime.now(UTC))

    def conversion_actions(self, account: Account) -> None:
        """None: Meta has no such list. Attribution windows belong to ad sets, at most 28 days after a click."""

    def token_ends_at(self) -> datetime | None:
        """Expiry of the token or of its data access, by Meta's debug_token."""
        return self._client.token_ends_at(CallContext(self.platform, "Asking how long the token lasts"))

    def _edge(self, account: Account, level: str) -> list[dict[str, Any]]:
        path = f"act_{account.account_id}/{wire.EDGES[level]}"
        context = CallContext(self.platform, f"Listing {wire.EDGES[level]}", account.account_id)
        parameters = {
            "fields": wire.ENTITY_FIELDS[level],
            "limit": "500",
            "filtering": (
                f'[{{"field":"{wire.LEVELS[level]}.effective_status","operator":"IN",'
                f'"value":[{",".join(f"{chr(34)}{status}{chr(34)}" for status in wire.EVERY_STATUS)}]}}]'
            ),
        }
        return [
            node for page in self._client.pages(path, parameters, context, shape=wire.Node) for node in page
        ]

    def _days(
        self, question: InsightsQuestion, account: Account, start: date, end: date
    ) -> Iterator[pa.RecordBatch]:
        pulled_at, first = datetime.now(UTC), start
        while first <= end:
            last = min(end, first + timedelta(days=DAYS_AT_ONCE - 1))
            yield from list(self._part(question, account, first, last, pulled_at))
            first = last + timedelta(days=1)

    def _part(
        self,
        question: InsightsQuestion,
        account: Account,
        start: date,
        end: date,
        pulled_at: datetime,
        campaigns: Sequence[str] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Rows of these days (and campaigns), synchronously or by a report job."""
        parameters = question.parameters(start=start, end=end, campaigns=campaigns)
        context = CallContext(self.platform, question.what, account.account_id, (start, end))
        try:
            path = f"act_{account.account_id}/insights"
            pages: list[list[Any]] = list(self._client.pages(path, parameters, context, shape=question.shape))
        except RequestTooLarge:
            report = self._report(account, parameters, context)
            if report is None:
                for part in self._halves(question, account, start, end, campaigns, context):
                    yield from self._part(question, account, *part[:2], pulled_at, part[2])
                return
            pages = list(self._client.pages(f"{report}/insights", {}, context, shape=question.shape))
        for rows in pages:
            yield question.rows(account, rows, pulled_at)

    def _report(self, account: Account, parameters: dict[str, str], context: CallContext) -> str | None:
        """Id of a completed report job; None if it failed or did not end in time."""
        started = self._client.post(f"act_{account.account_id}/insights", parameters, context)
        report, deadline, pause = (
            str(started["report_run_id"]),
            monotonic() + self._job_seconds,
            self._poll_seconds,
        )
        while monotonic() < deadline:
            state = self._client.get(report, {"fields": "async_status,async_percent_completion"}, context)
            # "Job Running" at 100 % is not done yet, and may never be.
            if state.get("async_status") == "Job Completed":
                return report
            if state.get("async_status") in _ENDED_BADLY:
                return None
            sleep(pause)
            pause = min(pause * 2, 30.0)
        return None

    def _halves(
        self,
        question: InsightsQuestion,
        account: Account,
        start: date,
        end: date,
        campaigns: Sequence[str] | None,
        context: CallContext,
    ) -> list[tuple[date, date, Sequence[str] | None]]:
        """The request split in two: by days while there are several, then by campaigns."""
        if start < end and question.is_divisible:
            middle = start + (end - start) // 2
            return [(start, middle, campaigns), (middle + timedelta(days=1), end, campaigns)]
        names = (
            campaigns if campaigns is not None else [node["id"] for node in self._edge(account, "campaign")]
        )
        if len(names) < 2:
            raise PlatformUnreadable(
                **context.known(), said="one campaign's single day is too large, and its report does not end"
            )
        half = len(names) // 2
        return [(start, end, names[:half]), (start, end, names[half:])]
