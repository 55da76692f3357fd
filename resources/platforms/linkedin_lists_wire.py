"""LinkedIn's breakdowns by profession, audience segments and posts as our rows.

Values of MEMBER_* pivots are approximated (within 3 of the truth per value) and those under 3 events are left out:
they stand as LinkedIn gives them.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from resources.platforms.account import Account
from resources.tables.audiences import RAW_AUDIENCES
from resources.tables.breakdowns import RAW_BREAKDOWNS
from resources.tables.creatives import POSTS

DIMENSIONS = {
    "MEMBER_COMPANY_SIZE": "company_size",
    "MEMBER_INDUSTRY": "industry",
    "MEMBER_SENIORITY": "seniority",
    "MEMBER_JOB_FUNCTION": "job_function",
}
"""Our dimension by LinkedIn's pivot."""
SEGMENTS_AT_ONCE = 100
_POSTS = ("urn:li:share:", "urn:li:ugcPost:")


def part_rows(
    account: Account, dimension: str, monday: date, parts: pa.Table, pulled_at: datetime
) -> pa.RecordBatch:
    """One answer of `LinkedInAds.demographics` over the week from `monday` on as rows of the breakdown table."""
    schema, n = RAW_BREAKDOWNS["linkedin_ads"].schema, len(parts)
    shared: dict[str, Any] = {
        "account_id": account.account_id,
        "day": monday,
        "currency": account.currency,
        "time_zone": account.time_zone,
        "level": "account",
        "entity_id": account.account_id,
        "campaign_id": None,
        "dimension": dimension,
        "period_days": 7,
        "pulled_at": pulled_at,
    }
    columns = {
        name: pa.repeat(pa.scalar(value, schema.field(name).type), n) for name, value in shared.items()
    }
    columns["value"] = parts.column("pivot_value").combine_chunks()
    columns |= {name: parts.column(name).combine_chunks() for name in ("impressions", "clicks", "spend")}
    return pa.RecordBatch.from_pydict({f.name: columns[f.name].cast(f.type) for f in schema}, schema=schema)


def segments_query(account: Account, *, start: int) -> dict[str, Any]:
    """The finder of an account's segments, a page from `start` on."""
    owner = f"urn:li:sponsoredAccount:{account.account_id}"
    return {"q": "account", "account": owner, "start": start, "count": SEGMENTS_AT_ONCE}


def audience_rows(account: Account, segments: Sequence[dict[str, Any]], pulled_at: datetime) -> pa.Table:
    """Segments as rows of the audience table; the id is that by which targeting names them."""
    rows = []
    for segment in segments:
        destination: dict[str, Any] = next(iter(segment.get("destinations") or ()), {})
        people = destination.get("audienceSize") or None
        rows.append(
            {
                "account_id": account.account_id,
                "audience_id": (
                    str(destination.get("destinationSegmentId") or segment["id"]).rpartition(":")[2]
                ),
                "name": segment["name"],
                "kind": segment.get("type"),
                "status": destination.get("status"),
                "size_low": people,
                "size_high": people,
                "pulled_at": pulled_at,
            }
        )
    return pa.Table.from_pylist(rows, schema=RAW_AUDIENCES["linkedin_ads"].schema)


def post_of(creative: Mapping[str, Any]) -> str | None:
    """The post that a creative shows, None for one with words of its own."""
    reference = (creative.get("content") or {}).get("reference")
    return reference if isinstance(reference, str) and reference.startswith(_POSTS) else None


def post_rows(account: Account, posts: Mapping[str, dict[str, Any] | None], pulled_at: datetime) -> pa.Table:
    """Posts as rows of their table; one that was refused has no words, and says so."""
    rows = []
    for urn, post in posts.items():
        content = (post or {}).get("content") or {}
        shown = content.get("article") or content.get("media") or {}
        rows.append(
            {
                "account_id": account.account_id,
                "post_id": urn,
                "commentary": (post or {}).get("commentary"),
                "title": shown.get("title"),
                "landing_page": (post or {}).get("contentLandingPage") or shown.get("source"),
                "call_to_action": (post or {}).get("contentCallToActionLabel"),
                "media_id": (content.get("media") or {}).get("id"),
                "is_readable": post is not None,
                "pulled_at": pulled_at,
            }
        )
    return pa.Table.from_pylist(rows, schema=POSTS.schema)
