"""The simulated market: what every ad delivered on every day, as the platform would report it at the clock's
time.

Each day is drawn on its own from (seed, entity, day), so any day can be produced without the days before it;
only what people changed (`sandbox.changes`) reaches forward. Everything is counted per ad in whole numbers
and summed upward, so levels agree exactly. Conversions are dated by the click and become visible when they
happen, which is up to a month later.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from threading import RLock
from typing import Any, TypeVar

import numpy as np

from sandbox.ad_texts import AssetDays, TextEffects, asset_days, first_texts
from sandbox.audiences import Audiences
from sandbox.catalog import AdText, Catalog, CreatedAd, build_catalog, with_created
from sandbox.changes import Change, Changes, overlay
from sandbox.clock import Clock
from sandbox.conditions import Conditions, Overlays, conditions, memory_days
from sandbox.delivery import Delivered, deliver
from sandbox.incident_effects import effects
from sandbox.incident_log import Diary
from sandbox.negative_keywords import NegativeKeywords
from sandbox.people_reports import PeopleReports
from sandbox.positive_keywords import PositiveKeywords
from sandbox.random_draws import Floats, Whole
from sandbox.report import LEVELS, METRICS, Report
from sandbox.search_terms import SearchTerm, TermDays, term_days
from sandbox.searches import AccountSearches
from sandbox.world import Account, World

T = TypeVar("T")
CELLS_AT_ONCE = 1_000_000
CACHED_CELLS = 4_000_000
MEMORY_ENTRIES = 512
CREATED_ADS = 850_000
"""How far the ids of ads that somebody created are above those of ad sets, out of the way of all others."""
SETTLED_DAYS = 120
"""After which nothing of a day changes any more: it is over, and invalid clicks were credited."""


class Market:
    """All accounts of a world behind one clock. Safe to use from several threads."""

    def __init__(self, world: World, clock: Clock, audiences: Audiences | None = None) -> None:
        """Open the market.

        Raises:
            WorldWrong: An incident of the world names an entity that is not there.
        """
        self.world, self.clock, self.audiences = world, clock, audiences or Audiences()
        self._catalogs: dict[tuple[str, str], Catalog] = {}
        self._cells: OrderedDict[tuple[Any, ...], Delivered] = OrderedDict()
        self._lock = RLock()
        self._memory: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._memory_mark: object = None
        self.diary = Diary(world, self._catalog_of)
        self.negatives = NegativeKeywords(self.catalog, self._tomorrow)
        self.positives = PositiveKeywords(self._tomorrow)
        self._searches: dict[str, AccountSearches] = {}
        self._created = 0
        self.people = PeopleReports(self)
        self._texts: dict[tuple[str, str], dict[int, AdText]] = {}
        self._first_effects: dict[tuple[str, str, int], Floats] = {}
        self.changes = Changes(lambda p, a, entity: self.diary.changes(p, a, clock.now(), entity))

    @property
    def edition(self) -> tuple[int, ...]:
        """Moves with everything that people change and with every incident that is added."""
        uploads = self.audiences.count if self.people.are_simulated else 0
        keywords = self.negatives.count + self.positives.count
        return self.changes.count, self.diary.count, keywords, self._created, uploads

    def reset(self) -> None:
        """Forget everything that was changed or added since the world was opened."""
        self.diary.forget_added()
        self.negatives.clear()
        self.positives.clear()
        with self._lock:
            self._catalogs.clear()
            self._first_effects.clear()
            self._created += 1
        self.changes.clear()

    def searches(self, account: Account) -> AccountSearches | None:
        """What people search for before they see the account's ads; None where the world does not simulate
        it.
        """
        settings = account.behaviour.searches
        if settings is None or account.platform != "google_ads":
            return None
        with self._lock:
            if account.id not in self._searches:
                self._searches[account.id] = AccountSearches(
                    self.catalog(account), settings, lambda: self.positives.of(account)
                )
            return self._searches[account.id]

    def _tomorrow(self, account: Account) -> int:
        return _number(self.clock.today(account.zone)) + 1

    def create_ad(
        self,
        account: Account,
        ad_set_id: int,
        text: AdText,
        *,
        name: str,
        active: bool = False,
        ad_id: int | None = None,
    ) -> int:
        """Create an ad, which may deliver from the account's next day on; its id, which is drawn here unless
        a platform's interface gave it. By default the ad is paused.

        Raises:
            KeyError: There is no ad set of that id.
        """
        with self._lock:
            catalog = self.catalog(account)
            if ad_id is None:
                ad_id = int(catalog.ad_sets.id[0]) + CREATED_ADS + len(catalog.created)
            created = CreatedAd(
                id=ad_id,
                ad_set=catalog.index["ad_set"][ad_set_id],
                name=name,
                text=text,
                first_day=self._tomorrow(account),
                paused=not active,
            )
            self._catalogs[account.platform, account.id] = with_created(catalog, [created])
            self._created += 1
        return ad_id

    def edit_ad_text(self, account: Account, ad_id: int, text: AdText) -> Change:
        """Give an ad other words, by which it delivers from the account's next day on."""
        return self.change(account, "ad", ad_id, "text", text)

    def ad_text(self, account: Account, ad: int) -> AdText:
        """The words of the ad in that row, as they are now."""
        catalog = self.catalog(account)
        ad_id = int(catalog.ads.id[ad])
        if (changed := self.changes.newest(account.platform, account.id, "ad", ad_id, "text")) is not None:
            text: AdText = changed.value
            return text
        return self._first_text(account, catalog, ad)

    def first_text(self, account: Account, ad: int) -> AdText:
        """The words with which the ad in that row began."""
        return self._first_text(account, self.catalog(account), ad)

    def created_ad(self, account: Account, ad: int) -> CreatedAd | None:
        """The ad in that row as it was created through a platform's interface; None for one that the world
        began with.
        """
        catalog = self.catalog(account)
        return catalog.created_by_id.get(int(catalog.ads.id[ad]))

    def is_in_review(self, account: Account, ad: int) -> bool:
        """Whether the ad in that row waits for its review, which takes until the account's next day."""
        created = self.created_ad(account, ad)
        return created is not None and self._tomorrow(account) <= created.first_day

    def texts(self, account: Account, ad: int) -> dict[str, list[str] | str]:
        """Headlines, descriptions and landing page of the ad in that row, as they are now."""
        text = self.ad_text(account, ad)
        return {
            "headlines": list(text.headlines),
            "descriptions": list(text.descriptions),
            "landing_page": text.landing_page,
        }

    def _first_text(self, account: Account, catalog: Catalog, ad: int) -> AdText:
        ad_id = int(catalog.ads.id[ad])
        if (created := catalog.created_by_id.get(ad_id)) is not None:
            return created.text
        if account.behaviour.ad_texts is not None:
            return self._first_texts(account)[ad_id]
        texts = catalog.texts(ad)
        return AdText(tuple(texts["headlines"]), tuple(texts["descriptions"]), str(texts["landing_page"]))

    def _first_texts(self, account: Account) -> dict[int, AdText]:
        """The words of every ad that the world began with, by its id."""
        account_key, settings = (account.platform, account.id), account.behaviour.ad_texts
        if settings is not None and account_key not in self._texts:
            began = build_catalog(self.world, account)
            self._texts[account_key] = dict(
                zip(began.ads.id.tolist(), first_texts(began, settings), strict=True)
            )
        return self._texts[account_key]

    def text_effects(self, account: Account) -> TextEffects | None:
        """What words do in the account; None where the world does not simulate it."""
        settings = account.behaviour.ad_texts
        return TextEffects(settings, self.catalog(account)) if settings else None

    def asset_days(self, account: Account, report: Report) -> AssetDays | None:
        """An ad report by headline and description; None where the world does not simulate words."""
        if report.ad is None or (effects := self.text_effects(account)) is None:
            return None
        texts = {ad: self.ad_text(account, ad) for ad in set(report.ad.tolist())}
        return asset_days(effects, report, [texts[ad] for ad in report.ad.tolist()])

    def _text_effects(self, account: Account, days: Whole) -> tuple[Floats, Floats] | None:
        """Factors on click rates and conversion rates, days x ads."""
        if (effects := self.text_effects(account)) is None:
            return None
        catalog = effects.catalog
        catalog_key = (account.platform, account.id, len(catalog.ads.id))
        if catalog_key not in self._first_effects:
            texts = [self._first_text(account, catalog, ad) for ad in range(len(catalog.ads.id))]
            self._first_effects[catalog_key] = effects.of_all(texts, catalog.ads.ad_set)
        logs = np.repeat(self._first_effects[catalog_key][None, :, :], len(days), axis=0)
        for row, change in self.laid(catalog, "ad", "text"):
            later = days >= _number(change.day)
            logs[later, row] = effects.of(change.value, int(catalog.ads.ad_set[row]))
        return np.exp(logs[:, :, 0]), np.exp(logs[:, :, 1])

    def search(self, account: Account, ad_set: int, term: int) -> SearchTerm:
        """The search of that number (`TermDays.term`) in an ad set (row)."""
        if (searches := self.searches(account)) is not None:
            return searches.search(ad_set, term)
        return SearchTerm(self.catalog(account).searches(ad_set)[term], term, is_keyword=term < 3)

    def search_text(self, account: Account, ad_set: int, term: int) -> str:
        """The words of that search alone."""
        if (searches := self.searches(account)) is not None:
            return searches.vocabulary.text[term]
        return self.catalog(account).searches(ad_set)[term]

    def keywords(self, account: Account, ad_set: int) -> list[tuple[str, str]]:
        """Text and match type of the positive keywords of an ad group (row) of a search campaign."""
        if (searches := self.searches(account)) is not None:
            return [(text, match_type) for text, match_type in searches.keywords(ad_set)]
        return list(zip(self.catalog(account).searches(ad_set), ("EXACT", "PHRASE", "BROAD"), strict=False))

    def term_days(self, account: Account, report: Report) -> TermDays:
        """The searches of an ad-set report's rows; of a campaign report those of its Performance Max
        campaigns.

        Which search a number in `TermDays.term` stands for `search` says.
        """
        if (searches := self.searches(account)) is not None:
            return searches.term_days(report, self.negatives.history(account))
        return term_days(self.catalog(account), report)

    def remembered(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        """What `make` returns, made once per key as long as nobody changes anything and the clock's hour
        stands.

        A page of entities asks for the same campaign again and again: without this memory a crawl of all ads
        would build every campaign once per ad. The answer is shared and must not be changed.
        """
        mark = (self.edition, self.clock.now().replace(minute=0, second=0, microsecond=0))
        with self._lock:
            if self._memory_mark != mark:
                self._memory.clear()
                self._memory_mark = mark
            if key not in self._memory:
                while len(self._memory) >= MEMORY_ENTRIES:
                    self._memory.popitem(last=False)
                self._memory[key] = make()
            value: T = self._memory[key]
            return value

    def catalog(self, account: Account) -> Catalog:
        with self._lock:
            account_key = (account.platform, account.id)
            if account_key not in self._catalogs:
                self._catalogs[account_key] = build_catalog(self.world, account)
            return self._catalogs[account_key]

    def _catalog_of(self, platform: str, account_id: str) -> Catalog:
        account = self.world.account(platform, account_id)
        assert account is not None  # noqa: S101 — who asks has found it in the world
        return self.catalog(account)

    def report(
        self, account: Account, level: str, start: date, end: date, *, at: datetime | None = None
    ) -> Iterator[Report]:
        """The rows of `start` to `end` (both included) at a level, in blocks of days, as known at the clock's
        time or at `at`.

        At `ad_set` and `ad` level campaigns without ad sets (Performance Max) are absent, as on the platform.
        Days before the world began and days still to come have no rows.
        """
        now = at or self.clock.now()
        for block_start, block_end in self._blocks(account, start, end, now):
            yield _rows(self.catalog(account), level, self._delivered(account, block_start, block_end, now))

    def cells(self, account: Account, start: date, end: date) -> Iterator[Delivered]:
        """What each ad will have delivered on each day in the end, days x ads, in blocks of days; hidden ads
        among them.
        """
        settled = self.clock.now() + timedelta(days=SETTLED_DAYS)
        for block_start, block_end in self._blocks(account, start, end, settled):
            yield self._delivered(account, block_start, block_end, settled)

    def _blocks(self, account: Account, start: date, end: date, now: datetime) -> Iterator[tuple[date, date]]:
        first, last = max(start, self.world.begins), min(end, now.astimezone(account.zone).date())
        step = max(1, CELLS_AT_ONCE // max(1, len(self.catalog(account).ads.id)))
        while first <= last:
            yield first, min(last, first + timedelta(days=step - 1))
            first += timedelta(days=step)

    def _delivered(self, account: Account, start: date, end: date, now: datetime) -> Delivered:
        hour = now.replace(minute=0, second=0, microsecond=0)
        lookback = self.lookback_days(account, now)
        block_key = (account.platform, account.id, start, end, hour, self.edition, lookback)
        with self._lock:
            if block_key in self._cells:
                self._cells.move_to_end(block_key)
                return self._cells[block_key]
            delivered = self._make(account, start, end, hour, lookback)
            self._cells[block_key] = delivered
            while (
                sum(cells.impressions.size for cells in self._cells.values()) > CACHED_CELLS
                and len(self._cells) > 1
            ):
                self._cells.popitem(last=False)
            return delivered

    def _make(
        self, account: Account, start: date, end: date, now: datetime, lookback_days: float | None
    ) -> Delivered:
        catalog = self.catalog(account)
        days = np.arange(_number(start), _number(end) + 1)
        conditions, on = self.conditions(account, days)
        midnights = [
            datetime.combine(start + timedelta(days=n), time(), account.zone).astimezone(UTC)
            for n in range(len(days) + 1)
        ]
        return deliver(
            catalog,
            days=days,
            age_days=_ages(midnights, now),
            on=on,
            conditions=conditions,
            lookback_days=lookback_days,
            effects=effects(catalog, days, self.diary.of(catalog)),
        )

    def conditions(self, account: Account, days: Whole) -> tuple[Conditions, Overlays]:
        """What is planned on consecutive days and the market it meets; and per level which entities may
        deliver, days x entities.
        """
        catalog = self.catalog(account)
        before = memory_days(account.behaviour)
        reach = np.arange(days[0] - before, days[-1] + 1)
        on = {
            level: overlay(~getattr(catalog, level + "s").paused, reach, self.laid(catalog, level, "active"))
            for level in LEVELS
        }
        budgets = {
            level: overlay(
                getattr(catalog, level + "s").budget_micros,
                reach,
                self.laid(catalog, level, "budget_micros"),
            )
            for level in ("campaign", "ad_set")
        }
        owner = catalog.campaigns.budget_owner  # of a shared budget each campaign takes its own share
        budgets["campaign"] = budgets["campaign"][:, owner] * catalog.campaigns.budget_part
        searches = self.searches(account)
        left = searches.left(self.negatives.history(account), reach) if searches else None
        if catalog.ads.first_day is not None:
            on["ad"] = on["ad"] & (reach[:, None] >= catalog.ads.first_day)
        met = conditions(
            catalog,
            reach,
            on,
            budgets,
            searches_left=left,
            text_effects=self._text_effects(account, reach),
            parts=self.people.parts(account),
            before=before,
        )
        return met, {level: flags[before:] for level, flags in on.items()}

    def served(self, account: Account, report: Report) -> Floats:
        """Per row of a report the share of its day in which there was budget left."""
        catalog = self.catalog(account)
        incidents = [i for i in self.diary.of(catalog) if i.kind == "budget_exhausted_early"]
        if not incidents or not len(report):
            return np.ones(len(report))
        days, at_day = np.unique(report.day, return_inverse=True)
        served = np.broadcast_to(effects(catalog, days, incidents).served, (len(days), len(catalog.ads.id)))
        ads = _summed(catalog, report.level, np.ones(served.shape))
        rows = getattr(report, report.level) if report.level != "account" else np.zeros(len(report), int)
        return (_summed(catalog, report.level, served) / ads)[at_day, rows]

    def lookback_days(self, account: Account, at: datetime) -> float | None:
        """How long after its click a conversion counts by the account's setting at `at`; None where nobody
        limited it.
        """
        set_ = [
            change
            for change in self.changes.of(account.platform, account.id, "account", int(account.id))
            if change.field == "lookback_days" and change.at <= at
        ]
        return float(set_[-1].value) if set_ else None

    def laid(self, catalog: Catalog, level: str, field: str) -> list[tuple[int, Change]]:
        """Every change of a field at a level of an account, with the row of its entity; oldest first."""
        changes = self.changes.on(catalog.account.platform, catalog.account.id, level, field)
        return [
            (catalog.index[level][c.entity_id], c) for c in changes if c.entity_id in catalog.index[level]
        ]

    def change(
        self, account: Account, level: str, entity_id: int, field: str, value: Any, *, by: str = "api"
    ) -> Change:
        """Record an accepted write: field `active` (bool), `budget_micros` (int) or any other that only shows
        in entities.
        """
        at = self.clock.now()
        day = self.clock.today(account.zone) + timedelta(days=1)
        change = Change(account.platform, account.id, level, entity_id, field, value, at, day, by)
        self.changes.record(change)
        return change

    def current(self, account: Account, level: str, entity_id: int, field: str, default: Any) -> Any:
        """The field's value after all accepted writes, or `default` where nobody wrote."""
        newest = self.changes.newest(account.platform, account.id, level, entity_id, field)
        return default if newest is None else newest.value


def _ages(midnights: list[datetime], now: datetime) -> Floats:
    """How old each day is, counted in days from its beginning; it ends at 1, also where the clocks changed in
    it.
    """
    elapsed = np.array([(now - begin).total_seconds() / 86_400 for begin in midnights[:-1]])
    length = np.array([(end - begin).total_seconds() / 86_400 for begin, end in pairwise(midnights)])
    return np.where(elapsed < length, elapsed / length, 1 + elapsed - length)


def _number(day: date) -> int:
    return int(np.datetime64(day, "D").astype(int))


def _rows(catalog: Catalog, level: str, cells: Delivered) -> Report:
    """Cells (days x ads) summed to a level, without the rows in which nothing happened."""
    sums = {metric: _summed(catalog, level, getattr(cells, metric)) for metric in METRICS}
    is_active = np.zeros(sums["impressions"].shape, bool)
    for metric in sums.values():
        is_active |= metric > 0
    if level in {"ad_set", "ad"}:
        hidden = catalog.ad_sets.hidden if level == "ad_set" else catalog.ad_sets.hidden[catalog.ads.ad_set]
        is_active &= ~hidden
    at_day, at = np.nonzero(is_active)
    ad = at if level == "ad" else None
    ad_set = catalog.ads.ad_set[at] if level == "ad" else at if level == "ad_set" else None
    campaign = None if level == "account" else at if ad_set is None else catalog.ad_sets.campaign[ad_set]
    return Report(
        level=level,
        day=cells.day[at_day],
        campaign=campaign,
        ad_set=ad_set,
        ad=ad,
        **{metric: values[at_day, at] for metric, values in sums.items()},
    )


def _summed(catalog: Catalog, level: str, per_ad: np.ndarray) -> np.ndarray:
    if level == "ad":
        return per_ad
    if level == "account":
        return per_ad.sum(axis=1, keepdims=True)
    per_ad_set = np.add.reduceat(per_ad, catalog.ad_starts, axis=1)
    return per_ad_set if level == "ad_set" else np.add.reduceat(per_ad_set, catalog.ad_set_starts, axis=1)
