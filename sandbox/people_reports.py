"""Reach, breakdowns and exclusions of a market's accounts, from their populations and what was delivered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from threading import RLock
from typing import Protocol

import numpy as np

from sandbox.audience_reach import (
    EXCLUSION_FIELDS,
    POOL_AUDIENCES,
    BrokenDown,
    as_people,
    broken_down,
    excluded_ids,
)
from sandbox.audiences import Audiences
from sandbox.behaviour import Population
from sandbox.catalog import Catalog
from sandbox.changes import Change
from sandbox.customer_settings import PAID
from sandbox.population import CUSTOMER_POOLS, AccountPopulation, Exclusion, Parts
from sandbox.random_draws import Floats, Whole
from sandbox.report import Report, joined
from sandbox.segment_mix import mix
from sandbox.world import Account, World

REACH_ROWS = 20_000
"""Rows of a report whose reach is worked out at once."""


class Delivery(Protocol):
    """What is asked of a market."""

    world: World
    audiences: Audiences

    def catalog(self, account: Account) -> Catalog: ...

    def laid(self, catalog: Catalog, level: str, field: str) -> list[tuple[int, Change]]: ...

    def report(self, account: Account, level: str, start: date, end: date) -> Iterator[Report]: ...


class PeopleReports:
    """The people of all accounts of a market. Safe to use from several threads."""

    def __init__(self, market: Delivery) -> None:
        self._market, self._lock = market, RLock()
        self._populations: dict[tuple[str, str], AccountPopulation] = {}
        self._parts: dict[tuple[str, str], Parts] = {}
        self.are_simulated = any(account.behaviour.population for account in market.world.accounts)
        """Whether any account of the world has a population."""

    def population(self, account: Account) -> AccountPopulation | None:
        """The people whom the account's ads reach; None where the world does not simulate them."""
        settings = account.behaviour.population
        if settings is None:
            return None
        with self._lock:
            account_key = (account.platform, account.id)
            if account_key not in self._populations:
                self._populations[account_key] = self._people_of(account, settings)
            return self._populations[account_key]

    def _people_of(self, account: Account, settings: Population) -> AccountPopulation:
        catalog, crm = self._market.catalog(account), self._market.world.crm
        size = len(catalog.ad_sets.id)
        if not crm.segments:
            return AccountPopulation(catalog, settings, [("everybody", 1.0)], np.ones((size, 1)))
        before = self._market.world.accounts[: self._market.world.accounts.index(account)]
        first = sum(len(self._market.catalog(other).ad_sets.id) for other in before)
        channel = np.full(size, PAID.index(account.platform))
        shares = np.stack(mix(self._market.world, channel, first + np.arange(size)), axis=1)
        return AccountPopulation(
            catalog, settings, [(segment.name, segment.share) for segment in crm.segments], shares
        )

    def parts(self, account: Account) -> Parts | None:
        """The account's people with everything that its ad sets exclude; None where the world does not
        simulate them.
        """
        if (people := self.population(account)) is None:
            return None
        exclusions = self._exclusions(account, people)
        with self._lock:
            account_key = (account.platform, account.id)
            if account_key not in self._parts or self._parts[account_key].exclusions != exclusions:
                self._parts[account_key] = people.parts(exclusions)
            return self._parts[account_key]

    def _exclusions(self, account: Account, people: AccountPopulation) -> tuple[Exclusion, ...]:
        level, field = EXCLUSION_FIELDS[account.platform]
        catalog, exclusions = people.catalog, []
        for row, change in self._market.laid(catalog, level, field):
            shares = np.zeros(len(people.size) // len(people.segments))
            for audience_id in excluded_ids(account.platform, change.value):
                shares = np.maximum(shares, self._share_of_pools(account, people, audience_id))
            kept_out = tuple(shares.tolist()) if shares.any() else ()
            rows = np.flatnonzero(catalog.ad_sets.campaign == row).tolist() if level == "campaign" else [row]
            exclusions += [Exclusion(_number(change.day), ad_set, kept_out) for ad_set in rows]
        return tuple(sorted(exclusions, key=lambda exclusion: exclusion.day))

    def _share_of_pools(self, account: Account, people: AccountPopulation, audience_id: int) -> Floats:
        """Which share of each pool an audience holds: all of a pool's own audience, of uploaded lists what
        the platform matched.
        """
        pools = np.zeros(len(people.size) // len(people.segments))
        if 0 <= (pool := audience_id - POOL_AUDIENCES[account.platform]) < len(pools):
            pools[pool] = 1.0
        elif (audience := self._market.audiences.find(account.platform, audience_id)) is not None:
            customer_pools = list(CUSTOMER_POOLS)
            customers = float(people.size[np.isin(people.pool, customer_pools)].sum())
            pools[customer_pools] = min(1.0, audience.matched / customers)
        return pools

    def reach(self, account: Account, report: Report) -> Whole | None:
        """People whom each row of a report reached on its day; None where the world does not simulate them."""
        if (parts := self.parts(account)) is None:
            return None
        rows, impressions = self._rows_of_parts(account, report, parts)
        reached = np.zeros(len(report))
        for start in range(0, len(report), REACH_ROWS):
            some = slice(start, start + REACH_ROWS)
            reached[some] = parts.reached(_by_part(parts, rows, impressions, some, len(report)))
        return as_people(reached, report.impressions)

    def window_reach(
        self, account: Account, level: str, start: date, end: date
    ) -> tuple[Whole, Whole] | None:
        """Per entity of a level (row) its impressions on `start` to `end`, both included, and how many people
        they reached.
        """
        if (parts := self.parts(account)) is None:
            return None
        size = 1 if level == "account" else len(getattr(self._market.catalog(account), level + "s").id)
        total, impressions = np.zeros((size, len(parts.size))), np.zeros(size, np.int64)
        lower = "ad" if level == "ad" else "ad_set"
        for report in self._market.report(account, lower, start, end):
            entity = np.zeros(len(report), int) if level == "account" else getattr(report, level)
            np.add.at(impressions, entity, report.impressions)
            np.add.at(total, entity, _on_parts(parts, report))
        return impressions, as_people(parts.reached(total), impressions)

    def delivered(self, account: Account, start: date, end: date) -> "DeliveredPeople | None":
        """Whom each ad set's impressions of `start` to `end` fell on, to ask for the joint reach of many sets
        of ad sets.
        """
        if (parts := self.parts(account)) is None:
            return None
        on_parts = np.zeros((len(self._market.catalog(account).ad_sets.id), len(parts.size)))
        impressions = np.zeros(len(on_parts), np.int64)
        for report in self._market.report(account, "ad_set", start, end):
            np.add.at(impressions, ad_set_rows(report), report.impressions)
            np.add.at(on_parts, ad_set_rows(report), _on_parts(parts, report))
        return DeliveredPeople(parts, impressions, on_parts)

    def joint_reach(self, account: Account, ad_sets: Sequence[int], start: date, end: date) -> int | None:
        """People whom any of these ad sets (rows) reached on `start` to `end`, each counted once."""
        delivered = self.delivered(account, start, end)
        return None if delivered is None else int(np.rint(delivered.reach(ad_sets)[0]))

    def broken_down(self, account: Account, report: Report, dimension: str) -> BrokenDown | None:
        """An ad-set or ad report by age, gender, publisher_platform or device; None where the world does not
        simulate people.

        Raises:
            ValueError: The report has no ad sets, or there is no such dimension.
        """
        if (parts := self.parts(account)) is None:
            return None
        reach = self.reach(account, report)
        assert reach is not None  # noqa: S101 — there is a population
        return broken_down(self._market.catalog(account), parts, report, dimension, reach)

    def _rows_of_parts(self, account: Account, report: Report, parts: Parts) -> tuple[Whole, Floats]:
        """For each row of a report's ad sets: the report's row that it belongs to, and its impressions on
        each part.
        """
        if report.ad_set is not None:
            below, row = report, np.arange(len(report))
        else:
            entity = np.zeros(len(report), int) if report.campaign is None else report.campaign
            row_of = {
                (day, entity_row): n
                for n, (day, entity_row) in enumerate(zip(report.day.tolist(), entity.tolist(), strict=True))
            }
            blocks = (
                self._market.report(
                    account, "ad_set", _date(int(report.day.min())), _date(int(report.day.max()))
                )
                if len(report)
                else ()
            )
            below = joined(list(blocks), "ad_set")
            above = np.zeros(len(below), int) if report.campaign is None else campaign_rows(below)
            pairs = zip(below.day.tolist(), above.tolist(), strict=True)
            row = np.array([row_of.get(pair, -1) for pair in pairs], np.int64)
        return row, _on_parts(parts, below)


@dataclass(frozen=True)
class DeliveredPeople:
    """Impressions of a window on each part of an account's population, per ad set."""

    parts: Parts
    impressions: Whole
    on_parts: Floats

    @property
    def people(self) -> AccountPopulation:
        return self.parts.people

    def reach(self, together: Sequence[int] | None = None) -> Floats:
        """People reached by each ad set, or, as one figure, by any of these ad sets (rows)."""
        chosen = (
            self.on_parts if together is None else self.on_parts[list(together)].sum(axis=0, keepdims=True)
        )
        return self.parts.reached(chosen)


def ad_set_rows(report: Report) -> Whole:
    """The ad set of each row.

    Raises:
        ValueError: The report is of a level above.
    """
    if report.ad_set is None:
        raise ValueError("an ad-set or ad report is needed")
    return report.ad_set


def campaign_rows(report: Report) -> Whole:
    """The campaign of each row.

    Raises:
        ValueError: The report is of the account.
    """
    if report.campaign is None:
        raise ValueError("a report below the account is needed")
    return report.campaign


def _on_parts(parts: Parts, report: Report) -> Floats:
    """Impressions of an ad-set or ad report on each part of the population; rows x parts."""
    impressions = np.zeros((len(report), len(parts.size)))
    ad_set = ad_set_rows(report)
    for day in np.unique(report.day).tolist():
        rows = np.flatnonzero(report.day == day)
        impressions[rows] = parts.weights(int(day))[ad_set[rows]] * report.impressions[rows][:, None]
    return impressions


def _date(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)


def _by_part(parts: Parts, rows: Whole, impressions: Floats, some: slice, size: int) -> Floats:
    """Impressions on each part of a report's rows in that slice."""
    stop = min(some.stop, size)
    total = np.zeros((stop - some.start, len(parts.size)))
    inside = np.flatnonzero((rows >= some.start) & (rows < stop))
    np.add.at(total, rows[inside] - some.start, impressions[inside])
    return total


def _number(day: date) -> int:
    return int(np.datetime64(day, "D").astype(int))
