"""One way from one platform's wire, run in this process and told as one JSON line: how `benchmarks.ingest`
measures each of them.

`ours` ends in the lake. `plain` is what the platforms' own examples show and ends in a data frame, which is
less than ours does. `wire` asks what ours asked, once more, and decodes nothing. Logging in is nobody's:
every way starts with its client open.
"""

import base64
import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import pandas as pd
import requests

from assets.raw.platforms.pull import spooled
from resources.config.settings import Settings, load_settings
from resources.lake.lake import Lake
from resources.lake.layout import Where
from resources.platforms import google_day_queries, meta_ads_wire
from resources.platforms.account import Account
from resources.platforms.google_ads import DAYS_AT_ONCE
from resources.platforms.meta_client import PAGE_ROWS
from resources.platforms.registry import Platforms
from resources.tables import google_ads, linkedin_ads, meta_ads

TABLES = {
    "google_ads": google_ads.DAYS["ad_set"],
    "meta_ads": meta_ads.DAYS["ad_set"],
    "linkedin_ads": linkedin_ads.DAYS["ad_set"],
}


CLIENTS = "SELECT customer_client.id FROM customer_client"
Way = Callable[[], int]
"""Reads everything once and counts: rows, or bytes where nothing is decoded."""


@dataclass(frozen=True)
class Job:
    """What is read: one account's ad sets over a range of days."""

    settings: Settings
    account: Account
    start: date
    end: date
    questions: list[dict[str, str]]
    """What ours asked, as the tape heard it."""

    def months(self) -> Iterator[tuple[date, date]]:
        """The windows that our readers ask for at once."""
        first = self.start
        while first <= self.end:
            yield first, min(self.end, first + timedelta(days=DAYS_AT_ONCE - 1))
            first += timedelta(days=DAYS_AT_ONCE)


def ours(job: Job) -> Way:
    """Rows in the lake, by the reader and the lake that the assets use."""
    reader, table = Platforms(lambda: job.settings).reader(job.account.platform), TABLES[job.account.platform]
    reader.accounts()

    def read() -> int:
        with TemporaryDirectory() as folder:
            rows = reader.days("ad_set", job.account, start=job.start, end=job.end)
            where: Where = {"account_id": job.account.account_id, "day": (job.start, job.end)}
            read = spooled(rows, table, Path(folder) / "reading.arrow")
            return Lake(Path(folder) / "lake").record(table, read, at=datetime.now(UTC), where=where).rows

    return read


def google_plain(job: Job) -> Way:
    """SearchStream as Google's examples use it: proto-plus rows, attribute by attribute, into dicts and a
    frame.
    """
    from google.ads.googleads.client import GoogleAdsClient

    settings = job.settings.google_ads
    client = GoogleAdsClient.load_from_dict(
        {
            "json_key_file_path": str(settings.json_key_file_path),
            "endpoint": settings.endpoint,
            "login_customer_id": settings.login_customer_id,
            "use_proto_plus": True,
        }
    )
    service = client.get_service("GoogleAdsService")
    next(iter(service.search_stream(customer_id=settings.login_customer_id, query=CLIENTS)))

    def read() -> int:
        found = []
        for start, end in job.months():
            query = google_day_queries.QUERIES[TABLES["google_ads"].name][0].text(start=start, end=end)
            for batch in service.search_stream(customer_id=job.account.account_id, query=query):
                found += [_google_row(row) for row in batch.results]
        return len(pd.DataFrame(found))

    return read


def _google_row(row: Any) -> dict[str, Any]:
    m = row.metrics
    return {
        "day": row.segments.date,
        "campaign_id": row.campaign.id,
        "ad_group_id": row.ad_group.id,
        "impressions": m.impressions,
        "clicks": m.clicks,
        "cost_micros": m.cost_micros,
        "conversions": m.conversions,
        "conversions_value": m.conversions_value,
        "all_conversions": m.all_conversions,
        "view_through_conversions": m.view_through_conversions,
        "search_impression_share": m.search_impression_share,
    }


def google_wire(job: Job) -> Way:
    """The same streams over a channel of the same kind, their bytes counted and dropped."""
    import grpc

    settings = job.settings.google_ads
    roots = settings.ca_file.read_bytes() if settings.ca_file else None
    options = [("grpc.max_receive_message_length", -1)]
    channel = grpc.secure_channel(settings.endpoint, grpc.ssl_channel_credentials(roots), options)
    grpc.channel_ready_future(channel).result(timeout=10)

    def read() -> int:
        size = 0
        for question in job.questions:
            call = channel.unary_stream(question["method"])
            size += sum(len(message) for message in call(base64.b64decode(question["body"])))
        return size

    return read


def meta_plain(job: Job) -> Way:
    """`get_insights` as Meta's examples use it: the cursor's objects into dicts and a frame."""
    from facebook_business.adobjects.adaccount import AdAccount
    from facebook_business.api import FacebookAdsApi
    from facebook_business.session import FacebookSession

    settings = job.settings.meta_ads
    secret, token = settings.app_secret, settings.access_token
    session = FacebookSession(
        settings.app_id,
        secret.get_secret_value() if secret else None,
        token.get_secret_value() if token else None,
    )
    session.GRAPH = settings.graph_url
    api = FacebookAdsApi(session, api_version=settings.api_version)
    account = AdAccount(f"act_{job.account.account_id}", api=api)

    def read() -> int:
        found = []
        for start, end in job.months():
            asked: dict[str, Any] = {**meta_ads_wire.insights_parameters("ad_set", start=start, end=end)}
            fields = asked.pop("fields").split(",")
            asked |= {"time_increment": 1, "limit": PAGE_ROWS, "use_unified_attribution_setting": True}
            asked |= {
                name: json.loads(asked[name]) for name in ("time_range", "filtering", "action_breakdowns")
            }
            found += [dict(row) for row in account.get_insights(fields=fields, params=asked)]
        return len(pd.DataFrame(found))

    return read


def linkedin_plain(job: Job) -> Way:
    """AdAnalytics by `requests`: decoded elements flattened into dicts and a frame."""

    def read() -> int:
        found = []
        for answer in _asked_again(job):
            for element in answer.json()["elements"]:
                if "dateRange" not in element:
                    continue  # a list of entities, which ours reads as well
                start = element.pop("dateRange")["start"]
                day = date(start["year"], start["month"], start["day"])
                found.append({**element, "day": day, "campaign": element["pivotValues"][0]})
        return len(pd.DataFrame(found))

    return read


def http_wire(job: Job) -> Way:
    """The same answers, their bytes counted and dropped."""
    return lambda: sum(len(answer.content) for answer in _asked_again(job))


def _asked_again(job: Job) -> Iterator[requests.Response]:
    address = job.settings.meta_ads.graph_url.removesuffix("/graph")
    with requests.Session() as session:
        for question in job.questions:
            body = base64.b64decode(question["body"])
            yield session.request(question["method"], address + question["path"], data=body)


WAYS: dict[tuple[str, str], Callable[[Job], Way]] = {
    ("google_ads", "plain"): google_plain,
    ("google_ads", "wire"): google_wire,
    ("meta_ads", "plain"): meta_plain,
    ("meta_ads", "wire"): http_wire,
    ("linkedin_ads", "plain"): linkedin_plain,
    ("linkedin_ads", "wire"): http_wire,
}


def main() -> None:
    """`python -m benchmarks.ways PLATFORM WAY FIRST LAST TIMES QUESTIONS`: prints {counted, seconds, cpu_s,
    peak_mb}, medians.
    """
    platform, way, first, last, times, questions = sys.argv[1:]
    settings = load_settings(dict(os.environ))
    account = Platforms(lambda: settings).reader(platform).accounts()[0]
    heard = json.loads(Path(questions).read_text(encoding="utf-8"))
    job = Job(settings, account, date.fromisoformat(first), date.fromisoformat(last), heard)
    read = ours(job) if way == "ours" else WAYS[platform, way](job)
    runs = []
    for _ in range(int(times)):
        began, worked = perf_counter(), process_time()
        counted = read()
        runs.append((perf_counter() - began, process_time() - worked))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    middle = sorted(runs)[len(runs) // 2]
    print(json.dumps({"counted": counted, "seconds": middle[0], "cpu_s": middle[1], "peak_mb": peak}))


if __name__ == "__main__":
    main()
