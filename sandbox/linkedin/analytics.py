"""adAnalytics: delivery per day and thing, cut off without a word at 15,000 elements.

Everything is counted per creative and summed to the pivot, so that levels and facets of all kinds agree to the last lead.
"""

from collections import deque
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any

import numpy as np

from sandbox.catalog import Catalog
from sandbox.draws import Whole, normal
from sandbox.linkedin.asked import METRICS, PEOPLE, PIVOTS, Asked, asked
from sandbox.linkedin.refusals import Refused
from sandbox.report import Report
from sandbox.stage import Stage
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

    def answer(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """The elements for a decoded query.

        Raises:
            Refused: As LinkedIn would.
        """
        wanted = asked(query, today=self._stage.clock.now().date())
        if self._stage.faults.take("linkedin_ads", "permission_empty") is not None:
            return []
        elements = self._people(wanted) if wanted.pivot in PEOPLE else self._things(wanted)
        if elements and self._stage.faults.take("linkedin_ads", "truncated") is not None:
            elements = elements[: len(elements) // 2]
        self._count(len(elements) * len(wanted.metrics))
        return elements

    def _things(self, wanted: Asked) -> list[dict[str, Any]]:
        elements: list[dict[str, Any]] = []
        for account in self._stage.world.of("linkedin_ads"):
            catalog = self._stage.market.catalog(account)
            for days, things, sums in self._sums(account, wanted):
                elements += _elements(catalog, wanted, days, things, sums, usd=self._usd(account))
                if len(elements) >= MOST_ELEMENTS:
                    return elements[:MOST_ELEMENTS]
        return elements

    def _sums(self, account: Account, wanted: Asked) -> Iterator[tuple[Whole, Whole, dict[str, Whole]]]:
        """Days, rows of the pivot's level in the catalog, and counts (money in micros): in blocks of days, or of the range whole."""
        blocks = self._delivered(account, wanted)
        if wanted.daily:
            yield from (_summed(wanted, [block]) for block in blocks)
        elif whole := list(blocks):
            yield _summed(wanted, whole)

    def _delivered(self, account: Account, wanted: Asked) -> Iterator[tuple[Report, Whole]]:
        """Blocks of creative days, each with the places of those that the facets name."""
        market, named = self._stage.market, wanted.named
        if int(account.id) not in named.get("account", {int(account.id)}):
            return
        index = market.catalog(account).index
        rows = {
            level: np.array([index[level][own] for own in ids & index[level].keys()], int)
            for level, ids in named.items()
            if level != "account"
        }
        if any(not len(found) for found in rows.values()):
            return
        for report in market.report(account, "ad", wanted.start, wanted.end):
            kept = np.ones(len(report), bool)
            for level, found in rows.items():
                kept &= np.isin(getattr(report, level), found)
            if kept.any():
                yield report, np.flatnonzero(kept)

    def _people(self, wanted: Asked) -> list[dict[str, Any]]:
        """Shares of the total by a trait: approximated, and nothing below three events."""
        totals = dict.fromkeys(("impressions", "clicks", "spend_micros"), 0)
        for account in self._stage.world.of("linkedin_ads"):
            for report, kept in self._delivered(account, wanted):
                for name in totals:
                    totals[name] += int(getattr(report, name)[kept].sum())
        facet, values = PEOPLE[wanted.pivot]
        elements = []
        for n, value in enumerate(values):
            share = (len(values) - n) / (len(values) * (len(values) + 1) / 2)
            drawn = normal(self._stage.world.seed, 81, n, wanted.start.toordinal())
            wobble = int(np.rint(np.clip(2 * drawn, -3, 3)))
            counts = {
                "impressions": int(totals["impressions"] * share) + wobble,
                "clicks": int(totals["clicks"] * share),
            }
            known: dict[str, Any] = {name: count for name, count in counts.items() if count >= LEAST_EVENTS}
            if not known:
                continue
            known |= {
                _SPEND: _money(int(totals["spend_micros"] * share)), "pivotValues": [f"urn:li:{facet}:{value}"],
                "dateRange": _range(wanted.start, wanted.end),
            }  # fmt: skip
            elements.append({name: known[name] for name in wanted.fields if name in known})
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
                    429, "TOO_MANY_REQUESTS",
                    "The data request limit has been exceeded. More than 45 million metric values were requested in a 5-minute window.",
                )  # fmt: skip
            self._counted.append((now, values))


def _summed(wanted: Asked, blocks: list[tuple[Report, Whole]]) -> tuple[Whole, Whole, dict[str, Whole]]:
    level, _ = PIVOTS[wanted.pivot]
    days = np.concatenate([block.day[kept] for block, kept in blocks])
    if level == "account":
        things = np.zeros(len(days), int)
    else:
        things = np.concatenate([getattr(block, level)[kept] for block, kept in blocks])
    if not wanted.daily:
        days = np.zeros(len(days), int)
    width = int(things.max()) + 1
    places, at = np.unique(days * width + things, return_inverse=True)
    sums = {}
    for name in wanted.metrics:
        counts = np.concatenate([_counts(name, block, kept) for block, kept in blocks])
        sums[name] = np.bincount(at, counts, len(places)).astype(np.int64)  # exact below 2**53
    return places // width, places % width, sums


def _counts(name: str, report: Report, kept: Whole) -> Whole:
    """A metric per creative and day; money in micros."""
    clicks, leads, purchases = report.clicks[kept], report.leads[kept], report.purchases[kept]
    found: dict[str, Whole] = {
        "impressions": report.impressions[kept], "clicks": clicks, "landingPageClicks": clicks,
        "totalEngagements": clicks * 2 + leads, _SPEND: report.spend_micros[kept],
        "costInUsd": report.spend_micros[kept], "externalWebsiteConversions": purchases,
        "externalWebsitePostClickConversions": purchases - purchases // 4,
        "externalWebsitePostViewConversions": purchases // 4, _WORTH: report.purchase_value_micros[kept],
        "oneClickLeads": leads, "oneClickLeadFormOpens": leads * 3, "qualifiedLeads": (leads + report.day[kept] % 2) // 2,
        "videoViews": report.impressions[kept] // 10,
    }  # fmt: skip
    return found[name]


def _elements(
    catalog: Catalog, wanted: Asked, days: Whole, things: Whole, sums: dict[str, Whole], *, usd: float
) -> list[dict[str, Any]]:
    columns = {name: _written(name, sums[name], usd) for name in wanted.fields if name in METRICS}
    if "pivotValues" in wanted.fields:
        level, urn = PIVOTS[wanted.pivot]
        own = [catalog.account.id] if level == "account" else getattr(catalog, level + "s").id
        columns["pivotValues"] = [[f"urn:li:{urn}:{own[row]}"] for row in things.tolist()]
    if "dateRange" in wanted.fields:
        columns["dateRange"] = _ranges(wanted, days)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _ranges(wanted: Asked, days: Whole) -> list[dict[str, dict[str, int]]]:
    if not wanted.daily:
        return [_range(wanted.start, wanted.end)] * len(days)
    numbers = days.tolist()
    ranges = {n: _range(day := date(1970, 1, 1) + timedelta(days=n), day) for n in set(numbers)}
    return [ranges[n] for n in numbers]


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
