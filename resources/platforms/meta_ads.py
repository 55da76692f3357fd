"""Meta Ads, read side: the official client's session, our rows, our errors.

Days are read synchronously; what Meta finds too large runs as a report job, and a job that fails or hangs is
split by days and then by campaigns.
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
from resources.platforms.call_context import Doing
from resources.platforms.meta_client import MetaClient, TooMuch
from resources.platforms.meta_insights_wire import InsightsQuestion
from resources.platforms.retries import Patience
from resources.tables.audiences import RAW_AUDIENCES, REACH_WINDOWS

DAYS_AT_ONCE = 31
_ENDED_BADLY = {"Job Failed", "Job Skipped"}


class MetaAds:
    """One Meta login, able to read every ad account it is given."""

    platform = "meta_ads"

    def __init__(
        self,
        settings: MetaAdsSettings,
        *,
        patience: Patience | None = None,
        job_seconds: float | None = None,
        poll_seconds: float | None = None,
    ) -> None:
        self._settings = settings
        self._client = MetaClient(settings, patience or Patience())
        self.meter = self._client.meter
        known = patience or Patience()
        self._job_seconds = job_seconds if job_seconds is not None else 2 * known.total_seconds
        self._poll_seconds = poll_seconds if poll_seconds is not None else known.first_pause

    def accounts(self) -> list[Account]:
        """The accounts that META_ACCOUNTS names, or all the login sees.

        Raises:
            PlatformRefused: The token is dead, or an account that is named is not among those it sees.
        """
        doing, parameters = (
            Doing(self.platform, "Listing accounts"),
            {"fields": wire.ACCOUNT_FIELDS, "limit": "500"},
        )
        nodes = [
            node
            for page in self._client.pages("me/adaccounts", parameters, doing, shape=wire.Node)
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
        """What each campaign, ad_set or ad delivered per day of the account, `start` and `end` included.

        A month is read whole before any of it is yielded, so memory does not grow with the number of days.

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
        doing = Doing(self.platform, "Listing audiences", account.account_id)
        parameters, path = {"fields": wire.AUDIENCE_FIELDS}, f"act_{account.account_id}/customaudiences"
        nodes = [
            node for page in self._client.pages(path, parameters, doing, shape=wire.Node) for node in page
        ]
        return wire.audience_rows(account, nodes, datetime.now(UTC))

    def entities(self, account: Account) -> pa.Table:
        """The account, its campaigns, ad sets and ads as they stand now, archived and deleted ones too."""
        nodes = {level: self._edge(account, level) for level in wire.EDGES}
        return wire.entity_rows(account, nodes, datetime.now(UTC))

    def conversion_actions(self, account: Account) -> None:
        """Meta has no such list: its windows belong to ad sets and end at 28 days after a click."""

    def token_ends_at(self) -> datetime | None:
        """When the token or its access to data ends, by Meta's own debug_token."""
        return self._client.token_ends_at(Doing(self.platform, "Asking how long the token lasts"))

    def _edge(self, account: Account, level: str) -> list[dict[str, Any]]:
        path = f"act_{account.account_id}/{wire.EDGES[level]}"
        doing = Doing(self.platform, f"Listing {wire.EDGES[level]}", account.account_id)
        parameters = {
            "fields": wire.ENTITY_FIELDS[level],
            "limit": "500",
            "filtering": f'[{{"field":"{wire.LEVELS[level]}.effective_status","operator":"IN",'
            f'"value":[{",".join(f"{chr(34)}{status}{chr(34)}" for status in wire.EVERY_STATUS)}]}}]',
        }
        return [
            node for page in self._client.pages(path, parameters, doing, shape=wire.Node) for node in page
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
        """Rows of these days (and campaigns), by whichever way Meta lets them be read."""
        parameters = question.parameters(start=start, end=end, campaigns=campaigns)
        doing = Doing(self.platform, question.what, account.account_id, (start, end))
        try:
            path = f"act_{account.account_id}/insights"
            pages: list[list[Any]] = list(self._client.pages(path, parameters, doing, shape=question.shape))
        except TooMuch:
            report = self._report(account, parameters, doing)
            if report is None:
                for part in self._halves(question, account, start, end, campaigns, doing):
                    yield from self._part(question, account, *part[:2], pulled_at, part[2])
                return
            pages = list(self._client.pages(f"{report}/insights", {}, doing, shape=question.shape))
        for rows in pages:
            yield question.rows(account, rows, pulled_at)

    def _report(self, account: Account, parameters: dict[str, str], doing: Doing) -> str | None:
        """A report job's id once it is complete; None where it failed or did not end in time."""
        started = self._client.post(f"act_{account.account_id}/insights", parameters, doing)
        report, deadline, pause = (
            str(started["report_run_id"]),
            monotonic() + self._job_seconds,
            self._poll_seconds,
        )
        while monotonic() < deadline:
            state = self._client.get(report, {"fields": "async_status,async_percent_completion"}, doing)
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
        doing: Doing,
    ) -> list[tuple[date, date, Sequence[str] | None]]:
        """The question in two: by days as long as there are several, then by campaigns."""
        if start < end and question.is_divisible:
            middle = start + (end - start) // 2
            return [(start, middle, campaigns), (middle + timedelta(days=1), end, campaigns)]
        names = (
            campaigns if campaigns is not None else [node["id"] for node in self._edge(account, "campaign")]
        )
        if len(names) < 2:
            raise PlatformUnreadable(
                **doing.known(), said="one campaign's single day is too large, and its report does not end"
            )
        half = len(names) // 2
        return [(start, end, names[:half]), (start, end, names[half:])]
