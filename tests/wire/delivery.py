"""What the market knows of each entity and day: the truth that every reader is held to, whatever its wire
calls things.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from resources.errors import PlatformError
from resources.platforms.retries import BackOff
from sandbox.market import Market
from sandbox.report import Report
from tests.conftest import MORNING

LAST = MORNING.date() - timedelta(days=1)
QUICK = BackOff(total_seconds=5, first_pause=0.01)
HASTY = BackOff(total_seconds=0.05, first_pause=0.01)
RowOf = dict[tuple[date, str], dict[str, Any]]


def rows(batches: Iterator[pa.RecordBatch]) -> list[dict[str, Any]]:
    return pa.Table.from_batches(list(batches)).to_pylist()


def undated(day_rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without the instant at which they were read."""
    return [row | {"pulled_at": None} for row in day_rows]


def truth(market: Market, platform: str, account_id: str, level: str, *, start: date, end: date) -> RowOf:
    """What the market knows of every entity and day, by (day, entity id)."""
    owner = market.world.account(platform, account_id)
    assert owner is not None
    ids = getattr(market.catalog(owner), level + "s").id
    day_rows: RowOf = {}
    for block in market.report(owner, level, start, end):
        day_rows |= _of(block, ids[getattr(block, level)])
    return day_rows


def _of(block: Report, ids: Any) -> RowOf:
    days = block.day.astype("datetime64[D]").astype(object)
    metrics = {
        "impressions": block.impressions,
        "clicks": block.clicks,
        "cost_micros": block.spend_micros,
        "conversions": block.purchases + block.leads,
        "value_micros": block.purchase_value_micros,
        "all_conversions": block.purchases + block.leads + block.signups,
        "view_through_conversions": block.purchases // 5,
        "signups": block.signups,
        "purchases": block.purchases,
        "leads": block.leads,
    }
    return {
        (day, str(entity_id)): {name: int(values[n]) for name, values in metrics.items()}
        for n, (day, entity_id) in enumerate(zip(days, ids, strict=True))
    }


def micros(money: Any) -> int:
    return round(money * 1_000_000)


def said_without_a_secret(error: BaseException, *secrets: str) -> str:
    """The error's words and those of everything shown behind it, which hold none of the secrets."""
    spoken: list[str] = []
    at: BaseException | None = error
    while at is not None:
        spoken.append(str(at))
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    words = " ".join(spoken)
    assert not [secret for secret in (*secrets, "ya29", "PRIVATE KEY", "Bearer") if secret in words]
    return str(error)


def one_sentence(error: PlatformError, *secrets: str) -> str:
    """An error's words, which name platform and deed, hold no secret and fit in a line or two."""
    words = said_without_a_secret(error, *secrets)
    assert words.startswith(("Google Ads: ", "Meta Ads: ", "LinkedIn Ads: "))
    assert "\n" not in words
    assert len(words) < 400
    return words
