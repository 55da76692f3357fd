"""adAnalytics: delivery per day and thing, cut off without a word at 15,000 elements.

Everything is counted per creative and summed to the pivot, so that levels and facets of all kinds agree to
the last lead.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any

import numpy as np

from sandbox.breakdowns import parts_of, values_of
from sandbox.catalog import Catalog
from sandbox.linkedin.analytics_query import DIVIDING, METRICS, PEOPLE, PIVOTS, AnalyticsQuery, parse
from sandbox.linkedin.refusals import Refused
from sandbox.market import Market
from sandbox.random_draws import Whole, normal
from sandbox.report import LEVELS
from sandbox.report import METRICS as MARKET_METRICS
from sandbox.running_world import Stage
from sandbox.world import Account

MOST_ELEMENTS = 15_000
MOST_VALUES, VALUES_WINDOW = 45_000_000, timedelta(minutes=5)
LEAST_EVENTS = 3
_SPEND, _WORTH = "costInLocalCurrency", "conversionValueInLocalCurrency"


class Analytics:
    """One adAnalytics endpoint with its memory of how much was asked lately."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._counted: deque[tuple[datetime, int]] = deque()
        self._lock = Lock()

    def answer(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        """The elements for a decoded query.

        Raises:
            Refused: As LinkedIn would.
        """
        query = parse(parameters, today=self._stage.clock.now().date())
        if self._stage.faults.take("linkedin_ads", "permission_empty") is not None:
            return []
        elements = self._people(query) if query.is_of_people else self._things(query)
        if elements and self._stage.faults.take("linkedin_ads", "truncated") is not None:
            elements = elements[: len(elements) // 2]
        self._count(len(elements) * len(query.metrics))
        return elements

    def _things(self, query: AnalyticsQuery) -> list[dict[str, Any]]:
        elements: list[dict[str, Any]] = []
        for account in self._stage.world.of("linkedin_ads"):
            catalog = self._stage.market.catalog(account)
            for groups in self._groups(account, query):
                elements += _elements(catalog, query, groups, usd=self._usd(account))
                if len(elements) >= MOST_ELEMENTS:
                    return elements[:MOST_ELEMENTS]
        return elements

    def _groups(self, account: Account, query: AnalyticsQuery) -> Iterator["_Groups"]:
        """Sums by time and pivots: in blocks of days, or of the range whole."""
        blocks = self._delivered(account, query)
        if query.granularity == "DAILY" and query.dividing is None:
            yield from (_summed(query, [block]) for block in blocks)
        elif whole := list(blocks):
            yield _summed(query, whole)

    def _delivered(self, account: Account, query: AnalyticsQuery) -> Iterator["_Block"]:
        """Blocks of creative days, of what the facets name alone."""
        market, named = self._stage.market, query.named
        if int(account.id) not in named.get("account", {int(account.id)}):
            return
        index = market.catalog(account).index
        rows = {
            level: np.array([index[level][own_id] for own_id in ids & index[level].keys()], int)
            for level, ids in named.items()
            if level != "account"
        }
        if any(not len(places) for places in rows.values()):
            return
        for block in _blocks(market, account, query):
            retained = np.ones(len(block.day), bool)
            for level, places in rows.items():
                retained &= np.isin(block.rows[level], places)
            if retained.any():
                yield block.at(np.flatnonzero(retained))

    def _people(self, query: AnalyticsQuery) -> list[dict[str, Any]]:
        """Shares of the total by a trait: approximated, and nothing below three events."""
        totals = dict.fromkeys(("impressions", "clicks", "spend_micros"), 0)
        for account in self._stage.world.of("linkedin_ads"):
            for block in self._delivered(account, query):
                for name in totals:
                    totals[name] += int(block.counts[name].sum())
        facet, values = PEOPLE[query.pivots[0]]
        elements = []
        for n, value in enumerate(values):
            share = (len(values) - n) / (len(values) * (len(values) + 1) / 2)
            drawn = normal(self._stage.world.seed, 81, n, query.start.toordinal())
            wobble = int(np.rint(np.clip(2 * drawn, -3, 3)))
            counts = {
                "impressions": int(totals["impressions"] * share) + wobble,
                "clicks": int(totals["clicks"] * share),
            }
            available: dict[str, Any] = {
                name: count for name, count in counts.items() if count >= LEAST_EVENTS
            }
            if not available:
                continue
            available |= {
                _SPEND: _money(int(totals["spend_micros"] * share)),
                "pivotValues": [f"urn:li:{facet}:{value}"],
                "dateRange": _range(query.start, query.end),
            }
            elements.append({name: available[name] for name in query.fields if name in available})
        return elements

    def _usd(self, account: Account) -> float:
        """What one unit of the account's currency is in dollars, at LinkedIn's own rate."""
        rates = self._stage.world.fx_to_eur
        return rates[account.currency] / rates.get("USD", 1.0)

    def _count(self, values: int) -> None:
        now = self._stage.clock.now()
        with self._lock:
            while self._counted and now - self._counted[0][0] > VALUES_WINDOW:
                self._counted.popleft()
            if sum(count for _, count in self._counted) + values > MOST_VALUES:
                raise Refused(
                    429,
                    "TOO_MANY_REQUESTS",
                    "The data request limit has been exceeded. More than 45 million metric values were"
                    " requested in a 5-minute window.",
                )
            self._counted.append((now, values))


@dataclass(frozen=True)
class _Block:
    """Creative days: the day, the catalog's row by level, which part of a dividing pivot, and counts."""

    day: Whole
    rows: dict[str, Whole]
    part: Whole
    counts: dict[str, Whole]

    def at(self, places: Whole) -> "_Block":
        rows = {name: values[places] for name, values in self.rows.items()}
        counts = {name: values[places] for name, values in self.counts.items()}
        return _Block(self.day[places], rows, self.part[places], counts)


@dataclass(frozen=True)
class _Groups:
    """Sums by the first day of a time and a number per pivot. Money in micros."""

    first_day: Whole
    pivots: list[Whole]
    sums: dict[str, Whole]


def _blocks(market: Market, account: Account, query: AnalyticsQuery) -> Iterator[_Block]:
    if query.dividing is not None:
        for parts in parts_of(market, account, (query.dividing,), query.start, query.end):
            rows = {"campaign": parts.campaign, "ad_set": parts.ad_set, "ad": parts.ad}
            yield _Block(parts.day, rows, parts.value, parts.counts)
        return
    for report in market.report(account, "ad", query.start, query.end):
        rows = {level: getattr(report, level) for level in LEVELS}
        counts = {metric: getattr(report, metric) for metric in MARKET_METRICS}
        yield _Block(report.day, rows, np.zeros(len(report), int), counts)


def _summed(query: AnalyticsQuery, blocks: list[_Block]) -> _Groups:
    days = np.concatenate([block.day for block in blocks])
    starts = {day: _begin(query, day) for day in np.unique(days).tolist()}
    columns = [np.array([starts[day] for day in days.tolist()], int)]
    for pivot in query.pivots:
        if pivot in DIVIDING:
            columns.append(np.concatenate([block.part for block in blocks]))
        elif pivot == "ACCOUNT":
            columns.append(np.zeros(len(days), int))
        else:
            columns.append(np.concatenate([block.rows[PIVOTS[pivot][0]] for block in blocks]))
    keys, at = np.unique(np.stack(columns), axis=1, return_inverse=True)
    sums = {}
    for name in query.metrics:
        counts = np.concatenate([_counts(name, block) for block in blocks])
        sums[name] = np.bincount(at.reshape(-1), counts, keys.shape[1]).astype(np.int64)  # exact below 2**53
    return _Groups(keys[0], list(keys[1:]), sums)


def _begin(query: AnalyticsQuery, day: int) -> int:
    """The first day of the time that a day is counted to."""
    at = _day(day)
    begins = {
        "DAILY": at,
        "MONTHLY": max(at.replace(day=1), query.start),
        "YEARLY": max(at.replace(month=1, day=1), query.start),
        "ALL": query.start,
    }
    return (begins[query.granularity] - date(1970, 1, 1)).days


def _end(query: AnalyticsQuery, first: date) -> date:
    following = {
        "DAILY": first + timedelta(days=1),
        "MONTHLY": (first.replace(day=28) + timedelta(days=4)).replace(day=1),
        "YEARLY": first.replace(year=first.year + 1, month=1, day=1),
        "ALL": query.end + timedelta(days=1),
    }
    return min(query.end, following[query.granularity] - timedelta(days=1))


def _counts(name: str, block: _Block) -> Whole:
    """A metric per creative and day; money in micros."""
    counts = block.counts
    clicks, leads, purchases = counts["clicks"], counts["leads"], counts["purchases"]
    available: dict[str, Whole] = {
        "impressions": counts["impressions"],
        "clicks": clicks,
        "landingPageClicks": clicks,
        "totalEngagements": clicks * 2 + leads,
        _SPEND: counts["spend_micros"],
        "costInUsd": counts["spend_micros"],
        "externalWebsiteConversions": purchases,
        "externalWebsitePostClickConversions": purchases - purchases // 4,
        "externalWebsitePostViewConversions": purchases // 4,
        _WORTH: counts["purchase_value_micros"],
        "oneClickLeads": leads,
        "oneClickLeadFormOpens": leads * 3,
        "qualifiedLeads": (leads + block.day % 2) // 2,
        "videoViews": counts["impressions"] // 10,
    }
    return available[name]


def _elements(
    catalog: Catalog, query: AnalyticsQuery, groups: _Groups, *, usd: float
) -> list[dict[str, Any]]:
    columns = {name: _written(name, groups.sums[name], usd) for name in query.fields if name in METRICS}
    if "pivotValues" in query.fields:
        named = [
            _pivot_values(catalog, pivot, rows)
            for pivot, rows in zip(query.pivots, groups.pivots, strict=True)
        ]
        columns["pivotValues"] = [list(values) for values in zip(*named, strict=True)]
    if "dateRange" in query.fields:
        ranges = {n: _range(_day(n), _end(query, _day(n))) for n in set(groups.first_day.tolist())}
        columns["dateRange"] = [ranges[n] for n in groups.first_day.tolist()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _pivot_values(catalog: Catalog, pivot: str, rows: Whole) -> list[str]:
    if pivot in DIVIDING:
        looks = values_of((DIVIDING[pivot],))
        return [looks[n][0] for n in rows.tolist()]
    level, urn = PIVOTS[pivot]
    own_id = [catalog.account.id] if level == "account" else getattr(catalog, level + "s").id
    return [f"urn:li:{urn}:{own_id[row]}" for row in rows.tolist()]


def _day(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)


def _written(name: str, counts: Whole, usd: float) -> list[Any]:
    if name in (_SPEND, _WORTH):
        return [_money(micros) for micros in counts.tolist()]
    if name == "costInUsd":
        return [f"{micros * usd / 1e6:.6f}" for micros in counts.tolist()]
    return counts.tolist()


def _money(micros: int) -> str:
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}".rstrip("0").rstrip(".")


def _range(start: date, end: date) -> dict[str, dict[str, int]]:
    return {"start": _parts(start), "end": _parts(end)}


def _parts(day: date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "day": day.day}
