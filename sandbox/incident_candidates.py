"""Where in a world an incident could happen, and how much is delivered there: what `sandbox.incidents`
chooses from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

from sandbox.catalog import Catalog
from sandbox.incident import Incident, Kind, Level
from sandbox.market import Market
from sandbox.random_draws import Floats
from sandbox.world import Account

SAMPLE_DAYS = 7
Place = tuple[str, ...]
"""Platform, account, campaign, ad set, ad, from the top down: what contains a place begins it.

The whole world is ().
"""


@dataclass(frozen=True)
class Candidate:
    """A place, what it delivers a day, and the kinds that cannot happen there."""

    place: Place
    level: Level
    entity_id: str | None
    clicks: float
    conversions: float
    never: frozenset[Kind] = frozenset()


def candidates(market: Market, start: date, end: date) -> list[Candidate]:
    """Every account, campaign and ad set, by account, and last the platforms and the world where they are
    more than one account.

    What a place delivers is the mean of a week, at the beginning or at the end of the time, whichever is
    less.
    """
    all_candidates = [
        candidate
        for account in market.world.accounts
        for candidate in _of_account(market, account, start, end)
    ]
    accounts = [candidate for candidate in all_candidates if candidate.level == "account"]
    for place in sorted({candidate.place[:1] for candidate in accounts}):
        within = [candidate for candidate in accounts if candidate.place[:1] == place]
        if 1 < len(within) < len(accounts):
            all_candidates.append(_sum(place, within))
    return [*all_candidates, _sum((), accounts)] if len(accounts) > 1 else all_candidates


def place_of(market: Market, incident: Incident) -> Place:
    """Where an incident happens."""
    if incident.platform is None:
        return ()
    if incident.account_id is None:
        return (incident.platform,)
    account = market.world.account(incident.platform, incident.account_id)
    assert account is not None  # noqa: S101 — a world's incidents are in its accounts
    if incident.level == "account":
        return incident.platform, incident.account_id
    catalog = market.catalog(account)
    return _place(catalog, incident.level, catalog.index[incident.level][int(incident.entity_id or 0)])


def _place(catalog: Catalog, level: Literal["campaign", "ad_set", "ad"], row: int) -> Place:
    entity_id, account = (str(getattr(catalog, level + "s").id[row]),), catalog.account
    if level == "ad":
        return *_place(catalog, "ad_set", int(catalog.ads.ad_set[row])), *entity_id
    if level == "ad_set":
        return *_place(catalog, "campaign", int(catalog.ad_sets.campaign[row])), *entity_id
    return account.platform, account.id, *entity_id


def _of_account(market: Market, account: Account, start: date, end: date) -> Iterator[Candidate]:
    """The account, its campaigns and those of its ad sets that are reported."""
    catalog, first = market.catalog(account), max(start, market.world.begins)
    samples = [
        (first, min(end, first + timedelta(days=SAMPLE_DAYS - 1))),
        (max(first, end - timedelta(days=SAMPLE_DAYS - 1)), end),
    ]
    if first > end:
        return
    clicks, conversions = _a_day(market, account, "account", samples)
    yield Candidate((account.platform, account.id), "account", None, float(clicks[0]), float(conversions[0]))
    levels: tuple[Literal["campaign", "ad_set"], ...] = ("campaign", "ad_set")
    for level in levels:
        clicks, conversions = _a_day(market, account, level, samples)
        for row in np.flatnonzero(clicks).tolist():
            place = _place(catalog, level, row)
            yield Candidate(
                place,
                level,
                place[-1],
                float(clicks[row]),
                float(conversions[row]),
                _never(catalog, level, row),
            )


def _a_day(
    market: Market, account: Account, level: str, samples: Sequence[tuple[date, date]]
) -> tuple[Floats, Floats]:
    """Clicks and conversions a day, per entity, in the leaner of the samples."""
    size = 1 if level == "account" else len(getattr(market.catalog(account), level + "s").id)
    means = np.zeros((2, len(samples), size))
    for n, (first, last) in enumerate(samples):
        for report in market.report(account, level, first, last):
            rows = np.zeros(len(report), int) if level == "account" else getattr(report, level)
            means[0, n] += np.bincount(rows, report.clicks, size)
            means[1, n] += np.bincount(rows, report.purchases + report.leads, size)
        means[:, n] /= (last - first).days + 1
    return means[0].min(axis=0), means[1].min(axis=0)


def _never(catalog: Catalog, level: str, row: int) -> frozenset[Kind]:
    """Kinds that make no sense here: where no budget is kept, no strategy, or no ads are seen."""
    campaigns, never = catalog.campaigns, set[Kind]()
    campaign = row if level == "campaign" else int(catalog.ad_sets.campaign[row])
    keeps_budget = campaigns.holds_budget[campaign] == (level == "campaign")
    if not keeps_budget or campaigns.budget_part[campaign] < 1:
        never.add("budget_exhausted_early")
    if campaigns.channel[campaign] == "PERFORMANCE_MAX":
        never.add("disapproved_ads")
    if catalog.account.platform == "google_ads" and level == "ad_set":
        never.add("bid_strategy_change")
    return frozenset(never)


def _sum(place: Place, parts: Sequence[Candidate]) -> Candidate:
    clicks, conversions = sum(part.clicks for part in parts), sum(part.conversions for part in parts)
    return Candidate(place, "account", None, clicks, conversions)
