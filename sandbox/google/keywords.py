"""Which keyword brought which search: search terms held against the keywords of their ad group, by match
type.
"""

from functools import cached_property
from typing import Any

import numpy as np

from sandbox.catalog import Catalog
from sandbox.google import criteria, entities
from sandbox.market import Market
from sandbox.random_draws import Whole
from sandbox.report import METRICS, Report
from sandbox.running_world import Stage
from sandbox.search_terms import TERMS_MOST, TermDays
from sandbox.searches import STRICTNESS
from sandbox.world import Account

WITHOUT_KEYWORD = -1


class KeywordMatcher:
    """The positive keywords of an account, and which of them a search of an ad group matches."""

    SEGMENTS = (
        "segments.keyword.info.text",
        "segments.keyword.info.match_type",
        "segments.keyword.ad_group_criterion",
        "segments.search_term_match_type",
    )
    STATUS = "segments.search_term_targeting_status"

    def __init__(self, stage: Stage, account: Account) -> None:
        self._account, self._market = account, stage.market
        self._catalog = stage.market.catalog(account)
        results = list(criteria.ad_group_criteria(stage, account))
        self.keywords = [c for c in results if not c.fields["negative"]]
        self._negative = {
            (c.parent, c.fields["text"].casefold())
            for c in results
            if c.fields["negative"] and not c.is_removed
        }
        self._searches = stage.market.searches(account)
        self._of_ad_group: dict[int, list[int]] = {}
        for number, keyword in enumerate(self.keywords):
            self._of_ad_group.setdefault(self._catalog.index["ad_set"][keyword.parent], []).append(number)
        self._active: dict[tuple[int, int], list[int]] = {}
        self._matched: dict[tuple[int, int, int], int] = {}

    def matched(self, ad_set: Whole, term: Whole, day: Whole) -> Whole:
        """Per row the number in `keywords` of the strictest one that took the search on the day, else of the
        ad set's broadest; `WITHOUT_KEYWORD` in Performance Max.
        """
        keys, at = np.unique(
            np.stack([ad_set, term, self._periods(ad_set, day)]), axis=1, return_inverse=True
        )
        numbers = [self._matched_by(*key) for key in keys.T.tolist()]
        return np.array(numbers, int)[at.reshape(-1)] if numbers else np.zeros(0, int)

    def broadest(self, ad_set: Whole, day: Whole) -> Whole:
        """Per row the keyword that brought what no other one matched."""
        keys, at = np.unique(np.stack([ad_set, self._periods(ad_set, day)]), axis=1, return_inverse=True)
        numbers = [self._broadest_of(*key) for key in keys.T.tolist()]
        return np.array(numbers, int)[at.reshape(-1)] if numbers else np.zeros(0, int)

    def _periods(self, ad_set: Whole, day: Whole) -> Whole:
        """Per row how many times the ad set's keywords had changed by the day."""
        periods = np.zeros(len(day), int)
        if self._searches is not None:
            for row in np.unique(ad_set).tolist():
                if days := self._searches.days_of_changes(row):
                    mine = ad_set == row
                    periods[mine] = np.searchsorted(days, day[mine], side="right")
        return periods

    def _matched_by(self, ad_set: int, term: int, period: int) -> int:
        if (ad_set, term, period) not in self._matched:
            self._matched[ad_set, term, period] = self._strictest(ad_set, term, period)
        return self._matched[ad_set, term, period]

    def _strictest(self, ad_set: int, term: int, period: int) -> int:
        active = sorted(self._active_in(ad_set, period), key=self._strictness)
        text = self._market.search_text(self._account, ad_set, term).casefold()
        for number in active:
            if self._is_matched(ad_set, term, self.keywords[number], text):
                return number
        return self._broadest_of(ad_set, period)

    def _is_matched(self, ad_set: int, term: int, keyword: criteria.Criterion, text: str) -> bool:
        if self._searches is None:
            return _matches(keyword, text)
        fields = keyword.fields
        return self._searches.is_matched(ad_set, term, fields["text"], fields["match_type"])

    def _broadest_of(self, ad_set: int, period: int) -> int:
        active = self._active_in(ad_set, period) or self._of_ad_group.get(ad_set, [])
        return max(active, key=self._strictness, default=WITHOUT_KEYWORD)

    def _active_in(self, ad_set: int, period: int) -> list[int]:
        """The keywords of an ad set that took searches after so many changes of them."""
        every = self._of_ad_group.get(ad_set, [])
        if self._searches is None:
            return every
        if (ad_set, period) not in self._active:
            day = ([0, *self._searches.days_of_changes(ad_set)])[period]
            active = self._searches.criteria_on(ad_set, day)
            self._active[ad_set, period] = [n for n in every if self.keywords[n].own in active]
        return self._active[ad_set, period]

    def _strictness(self, number: int) -> tuple[int, int]:
        """Of keywords that match alike the newest takes a search where the world simulates searches."""
        strictness = STRICTNESS[self.keywords[number].fields["match_type"]]
        return (strictness, number if self._searches is None else -number)

    def numbers(self, terms: TermDays) -> Whole:
        """Numbers into `segments` per row."""
        added, at = np.unique(terms.ad_set * TERMS_MOST + terms.term, return_inverse=True)
        is_added = np.array([self._is_added(*divmod(pair, TERMS_MOST)) for pair in added.tolist()], int)
        matched = self.matched(terms.ad_set, terms.term, terms.day)
        numbers = matched * 2 + (is_added[at] if len(added) else 0)
        return np.where(matched == WITHOUT_KEYWORD, 2 * len(self.keywords), numbers)

    def _is_added(self, ad_set: int, term: int) -> int:
        return int(self.status(ad_set, term) in ("ADDED", "ADDED_EXCLUDED"))

    def status(self, ad_set: int, term: int) -> str:
        """Whether a search is a keyword of its ad group, a negative one, both, or neither."""
        text, own_id = (
            self._market.search_text(self._account, ad_set, term).casefold(),
            int(self._catalog.ad_sets.id[ad_set]),
        )
        added = any(
            self.keywords[n].fields["text"].casefold() == text and not self.keywords[n].is_removed
            for n in self._of_ad_group.get(ad_set, ())
        )
        excluded = (own_id, text) in self._negative
        return {(True, True): "ADDED_EXCLUDED", (True, False): "ADDED", (False, True): "EXCLUDED"}.get(
            (added, excluded), "NONE"
        )

    @cached_property
    def segments(self) -> list[dict[str, Any]]:
        """Two per keyword: the search is no keyword itself, or it is; and one for Performance Max."""
        results = []
        for keyword in self.keywords:
            name = f"customers/{self._account.id}/adGroupCriteria/{keyword.parent}~{keyword.own}"
            results += [
                {
                    "segments.keyword.info.text": keyword.fields["text"],
                    "segments.keyword.info.match_type": keyword.fields["match_type"],
                    "segments.keyword.ad_group_criterion": name,
                    "segments.search_term_match_type": keyword.fields["match_type"],
                    self.STATUS: status,
                }
                for status in ("NONE", "ADDED")
            ]
        results.append(
            {
                "segments.keyword.info.text": None,
                "segments.keyword.info.match_type": None,
                "segments.keyword.ad_group_criterion": None,
                "segments.search_term_match_type": "PERFORMANCE_MAX",
                self.STATUS: "NONE",
            }
        )
        return results


def _matches(keyword: criteria.Criterion, text: str) -> bool:
    words, kind = keyword.fields["text"].casefold(), keyword.fields["match_type"]
    if kind == "EXACT":
        return bool(words == text)
    if kind == "PHRASE":
        return f" {words} " in f" {text} "
    return set(words.split()) <= set(text.split())


def term_attributes(
    stage: Stage, account: Account, matcher: KeywordMatcher, number: int
) -> entities.Attributes:
    """A search of an ad group by GAQL path; `number` is the ad group's row times `TERMS_MOST` and the
    search's number.
    """
    ad_set, term = divmod(number, TERMS_MOST)
    catalog = stage.market.catalog(account)
    own_id = int(catalog.ad_sets.id[ad_set])
    above = stage.market.remembered(
        ("google ad group", account.id, ad_set), lambda: entities.ad_group(stage, account, ad_set)
    )
    return above | {
        "search_term_view.resource_name": f"customers/{account.id}/searchTermViews/{own_id}~{term}",
        "search_term_view.search_term": stage.market.search_text(account, ad_set, term),
        "search_term_view.ad_group": f"customers/{account.id}/adGroups/{own_id}",
        "search_term_view.status": matcher.status(ad_set, term),
    }


def keyword_days(
    market: Market, catalog: Catalog, matcher: KeywordMatcher, report: Report
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Keyword numbers, days and counts of an ad-set report: what its searches brought, and the rest of the ad
    set to its broadest keyword.

    So the keywords of an ad group come to the ad group, also by the searches that are too rare to be shown.
    """
    assert report.ad_set is not None and report.campaign is not None  # noqa: S101, PT018 — an ad-set report
    searched = np.array([channel == "SEARCH" for channel in catalog.campaigns.channel])[report.campaign]
    rows = np.flatnonzero(searched)
    terms = market.term_days(catalog.account, report)
    matched = matcher.matched(terms.ad_set, terms.term, terms.day)
    broadest = matcher.broadest(report.ad_set[rows], report.day[rows])
    number = np.concatenate([matched, broadest])
    day = np.concatenate([terms.day, report.day[rows]])
    width = int(number.max()) + 1 if len(number) else 1
    places, at = np.unique(day * width + number, return_inverse=True)
    counts = {}
    slots = report.day[rows] * len(catalog.ad_sets.id) + report.ad_set[rows]
    order = np.argsort(slots)
    wanted = terms.day * len(catalog.ad_sets.id) + terms.ad_set
    whose = order[np.searchsorted(slots[order], wanted)]
    for metric in METRICS:
        seen = getattr(terms, metric, np.zeros(len(terms.day), np.int64))
        whole = getattr(report, metric)[rows]
        rest = whole - np.bincount(whose, seen, len(rows)).astype(np.int64)
        counts[metric] = np.bincount(at, np.concatenate([seen, rest]), len(places)).astype(np.int64)
    retained = np.any([count > 0 for count in counts.values()], axis=0)
    return (
        places[retained] % width,
        places[retained] // width,
        {name: count[retained] for name, count in counts.items()},
    )
