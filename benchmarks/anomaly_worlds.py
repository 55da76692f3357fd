"""A sandbox's world with labelled incidents, as a set of series: ad sets, campaigns and accounts, as they
were known on each morning.

Conversions of young days are still to come, so every morning has figures of its own. `mornings` yields them;
the set itself holds what the market ended at, which is what the peers are given (it flatters them: they have
no way to tell late from lost).
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from benchmarks.anomaly_sets import SCORED_FROM, Event, LabelledSet
from benchmarks.days import MORNING
from benchmarks.underperformers import true_lag
from sandbox.clock import Clock
from sandbox.incidents import drawn
from sandbox.market import Market
from sandbox.world import Account, World

BEGAN, MORNINGS, HISTORY, LASTING = timedelta(days=60), 70, 90, 35
LEVELS = ("account", "campaign", "ad_set")
METRICS = ("spend", "cpc", "ctr", "cvr", "roas")
_LASTS = ("creative_fatigue", "roas_decay")
_SUMS = ("impressions", "clicks", "spend", "conversions", "conversion_value")


class IncidentWorld:
    """A world with incidents drawn for it, unless it brings its own."""

    def __init__(self, world: World, *, seed: int, faults: int, mornings: int = MORNINGS) -> None:
        self.first = world.begins + BEGAN
        self.last = self.first + timedelta(days=SCORED_FROM + mornings - 1)
        if not world.incidents:
            incidents = drawn(
                world, seed=seed, start=self.first + timedelta(days=SCORED_FROM), end=self.last, faults=faults
            )
            world = world.model_copy(update={"incidents": incidents})
        self.market = Market(world, Clock(datetime.combine(self.last, MORNING)))
        self.lag = true_lag(world).set_index(["platform", "account_id", "age_days"])["share"]

    def settled(self) -> LabelledSet:
        """All days as they ended, with the incidents as events."""
        days = self._days(
            self.first, self.last, at=datetime.combine(self.last + timedelta(days=200), MORNING)
        )
        names = [str(name) for name in days["series_id"].unique()]
        return LabelledSet(
            self.market.world.name,
            days.drop(columns="matured"),
            METRICS,
            tuple(self._events(names)),
            dict.fromkeys(names, SCORED_FROM),
            scope={name: "|".join(name.split("|")[:3]) for name in names},
        )

    def mornings(self) -> Iterator[tuple[int, pd.DataFrame]]:
        """Per scored day its place, and every series as it was known on the morning after it."""
        for position in range(SCORED_FROM, (self.last - self.first).days + 1):
            day = self.first + timedelta(days=position)
            yield (
                position,
                self._days(
                    max(self.first, day - timedelta(days=HISTORY - 1)),
                    day,
                    at=datetime.combine(day + timedelta(days=1), MORNING),
                ),
            )

    def calendar(self) -> pd.DataFrame:
        """Promotions and holidays, which an advertiser knows of beforehand: day and group."""
        rows = [
            {"day": incident.first_day + timedelta(days=n), "group": name}
            for incident in self.market.world.incidents
            if not incident.is_fault
            for name in self._named(incident.platform, incident.account_id, "account", None)
            for n in range(incident.days)
        ]
        return pd.DataFrame(rows, columns=["day", "group"])

    def _days(self, first: date, last: date, *, at: datetime) -> pd.DataFrame:
        parts = [
            self._level(account, level, first, last, at)
            for account in self.market.world.accounts
            for level in LEVELS
        ]
        return pd.concat(parts, ignore_index=True)

    def _level(self, account: Account, level: str, first: date, last: date, at: datetime) -> pd.DataFrame:
        """Days on which nothing happened are zeros, as for an entity that is listed and active; days not over
        yet are not there.
        """
        closed = min(last, at.astimezone(account.zone).date() - timedelta(days=1))
        catalog = self.market.catalog(account)
        sizes = {"account": 1, "campaign": len(catalog.campaigns.id), "ad_set": len(catalog.ad_sets.id)}
        of = sizes[level]
        shape = ((closed - first).days + 1, of)
        sums = {name: np.zeros(shape) for name in _SUMS}
        start = int(np.datetime64(first, "D").astype(int))
        for block in self.market.report(account, level, first, closed, at=at):
            positions = np.zeros(len(block), int) if level == "account" else getattr(block, level)
            values = {
                "impressions": block.impressions,
                "clicks": block.clicks,
                "spend": block.spend_micros / 1e6,
                "conversions": block.purchases + block.leads,
                "conversion_value": block.purchase_value_micros / 1e6,
            }
            for name, column in values.items():
                sums[name][block.day - start, positions] = column
        active = sums["impressions"].any(axis=0)
        ages = (at.astimezone(account.zone).date() - first).days - np.arange(shape[0])
        shares = np.array([self.lag.get((account.platform, account.id, int(age)), 1.0) for age in ages])
        names = np.array([self._name(account, level, n) for n in range(of)])[active]
        days = pd.date_range(first, closed)
        return pd.DataFrame(
            {
                "series_id": np.tile(names, len(days)),
                "day": np.repeat(days, len(names)),
                "group": "" if level == "account" else f"{account.platform}|{account.id}",
                **{name: column[:, active].ravel() for name, column in sums.items()},
                "matured": np.repeat(shares, len(names)),
            }
        )

    def _name(self, account: Account, level: str, position: int) -> str:
        """Every series is named by its way down: platform, account, campaign, ad set."""
        catalog = self.market.catalog(account)
        top = f"{account.platform}|{account.id}"
        if level == "account":
            return top
        campaign = position if level == "campaign" else int(catalog.ad_sets.campaign[position])
        middle = f"{top}|{catalog.campaigns.id[campaign]}"
        return middle if level == "campaign" else f"{middle}|{catalog.ad_sets.id[position]}"

    def _events(self, names: list[str]) -> Iterator[Event]:
        for incident in self.market.world.incidents:
            if not incident.is_fault:
                continue
            start = (incident.first_day - self.first).days
            if not SCORED_FROM <= start <= (self.last - self.first).days:
                continue
            for series_name in self._named(
                incident.platform, incident.account_id, incident.level, incident.entity_id
            ):
                also = tuple(
                    n
                    for n in names
                    if n != series_name
                    and (n.startswith(series_name + "|") or series_name.startswith(n + "|"))
                )
                end = min(start + incident.days - 1, (self.last - self.first).days)
                yield Event(
                    series_name, start, end, incident.kind, also, LASTING if incident.kind in _LASTS else 0
                )

    def _named(
        self, platform: str | None, account_id: str | None, level: str, entity_id: str | None
    ) -> list[str]:
        accounts = [
            a
            for a in self.market.world.accounts
            if platform in {None, a.platform} and account_id in {None, a.id}
        ]
        if level == "account" or entity_id is None:
            return [f"{a.platform}|{a.id}" for a in accounts]
        account = accounts[0]
        level, entity = ("ad_set", int(entity_id)) if level == "ad" else (level, int(entity_id))
        catalog = self.market.catalog(account)
        if level == "ad_set" and entity not in catalog.index["ad_set"]:
            entity = int(catalog.ad_sets.id[catalog.ads.ad_set[catalog.index["ad"][entity]]])
        return [self._name(account, level, catalog.index[level][entity])]
