"""Raw: daily performance and entity snapshots of Google Ads, Meta Ads and LinkedIn Ads, in each platform's
own terms.

One run reads a range of days with one call per account and table where the platform allows it. Every account
passes its own data-quality checks (`assets.raw.platforms.quality_checks`) before any of its rows is stored;
rows are appended as new versions and replace nothing. Platform terms become ours in
`resources.platforms.*_wire`; this module only says what is read and where it is stored.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from time import perf_counter
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.automation import SAFE_RETRIES
from assets.formatting.markdown import markdown_list
from assets.partitions import day_range, days, windows
from assets.raw.platforms import checks
from assets.raw.platforms.pull import Pull, RowReader, keep_log, pull_accounts, used_calls
from assets.raw.platforms.quality_checks import CHECKS, WARN_ONLY, QualityResult, token
from assets.raw.platforms.reading_totals import DAYS
from assets.raw.platforms.restatement_window import RESERVE, Share, affordable, newest
from resources.errors import PaidMediaError, PlatformError
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.platforms.account import Account
from resources.platforms.reader import PlatformReader
from resources.platforms.registry import Platforms
from resources.run_metadata import row_metadata
from resources.tables import google_ads, linkedin_ads, meta_ads, search_terms
from resources.tables.pulls import PULLS

OWNERS = ["team:data"]
ALLOWED_TAG = "paid-media/accept"
"""A run with this tag keeps readings although the checks it names fail: a person compared the figures."""
Listing = Callable[[Any, Any], pa.Table]


def _level(level: str) -> RowReader:
    return lambda reader, account, start, end: reader.days(level, account, start=start, end=end)


def _by_level(tables: dict[str, Table]) -> dict[Table, RowReader]:
    return {table: _level(level) for level, table in tables.items()}


DAILY: dict[str, dict[Table, RowReader]] = {platform: _by_level(tables) for platform, tables in DAYS.items()}
DAILY["google_ads"] |= {
    google_ads.SEARCH_TERM_DAY: lambda reader, account, start, end: reader.search_term_days(
        account, start=start, end=end
    ),
    google_ads.CONVERSION_ACTION_DAY: lambda reader, account, start, end: reader.conversion_action_days(
        account, start=start, end=end
    ),
}
SNAPSHOTS: dict[str, dict[Table, Listing]] = {
    "google_ads": {
        google_ads.ENTITIES: lambda reader, account: reader.entities(account),
        google_ads.KEYWORDS: lambda reader, account: reader.keywords(account),
        search_terms.KEYWORD_LISTS: lambda reader, account: reader.listing(
            search_terms.KEYWORD_LISTS, account
        ),
        search_terms.KEYWORD_LIST_USES: lambda reader, account: reader.listing(
            search_terms.KEYWORD_LIST_USES, account
        ),
        google_ads.CONVERSION_ACTIONS: lambda reader, account: reader.conversion_actions(account),
    },
    "meta_ads": {meta_ads.ENTITIES: lambda reader, account: reader.entities(account)},
    "linkedin_ads": {
        linkedin_ads.ENTITIES: lambda reader, account: reader.entities(account),
        linkedin_ads.CONVERSION_ACTIONS: lambda reader, account: reader.conversion_actions(account),
    },
}
LISTED = "every_account_was_listed"


def _spec(platform: str, table: Table, **more: Any) -> dg.AssetSpec:
    return table.asset_spec(
        owners=OWNERS,
        kinds={platform.replace("_", ""), "deltalake"},
        skippable=True,
        **more,
    )


def _checked(platform: str) -> dg.AssetKey:
    """The asset that carries a platform's checks: they are about a whole reading."""
    return DAYS[platform]["campaign"].asset_key


def _pull_days(platform: str) -> dg.AssetsDefinition:
    tables = DAILY[platform]

    @dg.multi_asset(
        name=f"pull_{platform}_days",
        specs=[_spec(platform, table, partitions_def=days) for table in tables],
        check_specs=[
            dg.AssetCheckSpec(
                name, asset=_checked(platform), description=description, blocking=name not in WARN_ONLY
            )
            for name, description in CHECKS.items()
        ],
        partitions_def=days,
        backfill_policy=windows,
        can_subset=True,
        pool=f"{platform}_api",
        retry_policy=SAFE_RETRIES,
    )
    def pull(
        context: dg.AssetExecutionContext,
        lake: dg.ResourceParam[Lake],
        platforms: dg.ResourceParam[Platforms],
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        start, end = day_range(context)
        wanted = {
            table: read for table, read in tables.items() if table.asset_key in context.selected_asset_keys
        }
        now = platforms.now
        with one_sentence():
            reader = platforms.reader(platform)
            accounts = reader.accounts()
            allowed = platforms.calls_a_day(platform)
            used = used_calls(lake, platform, now=now())
            share = affordable(
                (end - start).days + 1, tables=len(wanted), accounts=len(accounts), used=used, allowed=allowed
            )
            pulls = _postponed(accounts, share, wanted, start=start, end=end, at=now())
            first = newest(start, end, share.days)
            if allowed is not None:
                reader.meter.left = max(0, int(allowed * (1 - RESERVE)) - used - reader.meter.total)
            accept = frozenset(context.run.tags.get(ALLOWED_TAG, "").split(",")) - {""}
            try:
                if share.days:
                    for pull in pull_accounts(
                        lake, reader, accounts, wanted, start=first, end=end, now=now, allowed=accept
                    ):
                        pulls.append(pull)
            finally:
                keep_log(lake, pulls, run_id=context.run.run_id)
            raise_if_none_was_read(pulls)
            token_result = _login(reader, now()) if accounts else token(None, now=now())
        calls = used + sum(pull.calls for pull in pulls)
        for table in wanted:
            yield materialized(table, pulls, calls=calls, allowed=allowed)
        yield from checks.results(context, _checked(platform), pulls, token_result)

    return pull


def _login(reader: PlatformReader, now: datetime) -> QualityResult:
    """How long the login lasts; that it cannot be asked costs no figures."""
    try:
        return token(reader.token_ends_at(), now=now)
    except PlatformError as error:
        return QualityResult("token_lasts_a_week", passed=False, message=str(error), blocks=False)


def _postponed(
    accounts: Sequence[Account],
    share: Share,
    tables: Iterable[Table],
    *,
    start: date,
    end: date,
    at: datetime,
) -> list[Pull]:
    """What the day's calls do not allow, said for every account."""
    if share.reason is None:
        return []
    rest = (start, newest(start, end, share.days) - timedelta(days=1) if share.days else end)
    names = tuple(table.name for table in tables)
    # An instant before the readings of this run, which follow.
    return [
        Pull(account, at - timedelta(milliseconds=1), rest, names, "postponed", share.reason)
        for account in accounts
    ]


def raise_if_none_was_read(pulls: Sequence[Pull]) -> None:
    """Where no account could be read at all, the step fails as before, and Dagster tries again where that may
    help.
    """
    errors = [pull.error for pull in pulls if pull.error is not None]
    if errors and len(errors) == len([pull for pull in pulls if pull.verdict != "postponed"]):
        raise errors[0]


def _pull_snapshots(platform: str) -> dg.AssetsDefinition:
    tables = SNAPSHOTS[platform]
    entity_table = entity_table_of(platform)

    @dg.multi_asset(
        name=f"pull_{platform}_entities",
        specs=[_spec(platform, table) for table in tables],
        check_specs=[
            dg.AssetCheckSpec(
                LISTED,
                asset=entity_table.asset_key,
                description="Every account's campaigns, ad sets and ads were listed.",
            )
        ],
        can_subset=True,
        pool=f"{platform}_api",
        retry_policy=SAFE_RETRIES,
    )
    def pull(
        context: dg.AssetExecutionContext,
        lake: dg.ResourceParam[Lake],
        platforms: dg.ResourceParam[Platforms],
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        wanted = {t: read for t, read in tables.items() if t.asset_key in context.selected_asset_keys}
        with one_sentence():
            reader = platforms.reader(platform)
            pulls = [
                _listed(lake, reader, account, wanted, at=platforms.now()) for account in reader.accounts()
            ]
            keep_log(lake, pulls, run_id=context.run.run_id)
            raise_if_none_was_read(pulls)
        for table in wanted:
            yield materialized(table, pulls)
        if entity_table in wanted:
            yield checks.all_read(entity_table.asset_key, LISTED, pulls)

    return pull


def entity_table_of(platform: str) -> Table:
    return next(table for table in SNAPSHOTS[platform] if table.name == f"{platform}_entities")


def _listed(
    lake: Lake, reader: PlatformReader, account: Account, wanted: dict[Table, Listing], *, at: datetime
) -> Pull:
    """One account's lists; one that cannot be read leaves the others as they are."""
    began, where = perf_counter(), {"account_id": account.account_id}
    pull = Pull(account, at, None, tuple(table.name for table in wanted), "failed")
    try:
        read = {table: listing(reader, account) for table, listing in wanted.items()}
        written = {t.name: lake.record(t, rows, at=at, where=where) for t, rows in read.items()}
        pull = replace(pull, verdict="accepted", written=written)
    except PaidMediaError as error:
        pull = replace(pull, reason=str(error), error=error)
    calls = reader.meter.calls.pop(account.account_id, 0) + reader.meter.calls.pop("", 0)
    return replace(pull, calls=calls, used_percent=reader.meter.used_percent, seconds=perf_counter() - began)


def materialized(
    table: Table, pulls: Sequence[Pull], *, calls: int | None = None, allowed: int | None = None
) -> dg.MaterializeResult:
    """The event of one table: rows per account, what was new, and the accounts whose reading was not kept."""
    written = {pull.account: pull.written[table.name] for pull in pulls if table.name in pull.written}
    shown = {f"{account.name} ({account.currency})": part.rows for account, part in written.items()}
    metadata: dict[str, Any] = row_metadata(*written.values()) | {
        "rows per account": dg.MetadataValue.json(shown)
    }
    if not pulls:
        metadata = {"note": "No account to read: the platform is not configured (docs/configuration.md)."}
    metadata |= {
        "new rows": sum(part.added for part in written.values()),
        "restated rows": sum(part.changed for part in written.values()),
        "vanished rows": sum(part.vanished for part in written.values()),
    }
    if calls is not None:
        metadata["calls of the last 24 hours"] = f"{calls:,}" + (f" of {allowed:,}" if allowed else "")
    if percent := max((pull.used_percent for pull in pulls), default=0.0):
        metadata["allowance used, as the platform says (%)"] = round(percent, 1)
    if wrong := [f"{p.account.name}: {p.verdict}. {p.reason}" for p in pulls if p.verdict != "accepted"]:
        metadata["not kept"] = dg.MetadataValue.md(markdown_list(wrong))
    return dg.MaterializeResult(asset_key=table.asset_key, metadata=metadata)


google_ads_days, meta_ads_days, linkedin_ads_days = (_pull_days(platform) for platform in DAILY)
google_ads_entities, meta_ads_entities, linkedin_ads_entities = (
    _pull_snapshots(platform) for platform in SNAPSHOTS
)
pulls = PULLS.asset_spec(owners=OWNERS)
