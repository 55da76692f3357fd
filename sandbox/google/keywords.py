"""Which keyword brought which search: search terms held against the keywords of their ad group, by match
type.
"""

from functools import cached_property
from typing import Any

import numpy as np

from sandbox.catalog import Catalog
from sandbox.google import criteria, entities
from sandbox.report import METRICS, Report
from sandbox.running_world import Stage
from sandbox.search_terms import TERMS_MOST, TermDays
from sandbox.world import Account

_STRICTNESS = {"EXACT": 0, "PHRASE": 1, "BROAD": 2}


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
        self._of_ad_group: dict[int, list[int]] = {}
        for number, keyword in enumerate(self.keywords):
            self._of_ad_group.setdefault(self._catalog.index["ad_set"][keyword.parent], []).append(number)
        self._matched: dict[tuple[int, int], int] = {}

    def term_days(self, report: Report) -> TermDays:
        """The searches of an ad-set report's rows."""
        return self._market.term_days(self._account, report)

    def matched(self, ad_set: int, term: int) -> int:
        """The number in `keywords` that a search of an ad set's row matches: the strictest that does, else
        its broadest.
        """
        if (ad_set, term) not in self._matched:
            text = self._market.search(self._account, ad_set, term).text.casefold()
            mine = sorted(self._of_ad_group[ad_set], key=self._strictness)
            fits = [n for n in mine if _matches(self.keywords[n], text)]
            self._matched[ad_set, term] = fits[0] if fits else self.broadest(ad_set)
        return self._matched[ad_set, term]

    def broadest(self, ad_set: int) -> int:
        """The keyword that brings what no other one matches."""
        return max(self._of_ad_group[ad_set], key=self._strictness)

    def _strictness(self, number: int) -> tuple[int, int]:
        return (_STRICTNESS[self.keywords[number].fields["match_type"]], number)

    def numbers(self, ad_set: np.ndarray, term: np.ndarray) -> np.ndarray:
        """Numbers into `segments` per row."""
        pairs, at = np.unique(ad_set * TERMS_MOST + term, return_inverse=True)
        matched = [
            self.matched(*divmod(int(pair), TERMS_MOST)) * 2 + self._is_added(*divmod(int(pair), TERMS_MOST))
            for pair in pairs
        ]
        return np.array(matched, int)[at] if len(pairs) else np.zeros(0, int)

    def _is_added(self, ad_set: int, term: int) -> int:
        return int(self.status(ad_set, term) in ("ADDED", "ADDED_EXCLUDED"))

    def status(self, ad_set: int, term: int) -> str:
        """Whether a search is a keyword of its ad group, a negative one, both, or neither."""
        text, own_id = (
            self._market.search(self._account, ad_set, term).text.casefold(),
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
        """Two per keyword: the search is no keyword itself, or it is."""
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
    return entities.ad_group(stage, account, ad_set) | {
        "search_term_view.resource_name": f"customers/{account.id}/searchTermViews/{own_id}~{term}",
        "search_term_view.search_term": stage.market.search(account, ad_set, term).text,
        "search_term_view.ad_group": f"customers/{account.id}/adGroups/{own_id}",
        "search_term_view.status": matcher.status(ad_set, term),
    }


def keyword_days(
    catalog: Catalog, matcher: KeywordMatcher, report: Report
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Keyword numbers, days and counts of an ad-set report: what its searches brought, and the rest of the ad
    set to its broadest keyword.

    So the keywords of an ad group come to the ad group, also by the searches that are too rare to be shown.
    """
    assert report.ad_set is not None and report.campaign is not None  # noqa: S101, PT018 — an ad-set report
    searched = np.array([channel == "SEARCH" for channel in catalog.campaigns.channel])[report.campaign]
    rows = np.flatnonzero(searched)
    terms = matcher.term_days(report)
    matched = np.array(
        [matcher.matched(int(a), int(t)) for a, t in zip(terms.ad_set, terms.term, strict=True)], int
    )
    broadest = np.array([matcher.broadest(int(ad_set)) for ad_set in report.ad_set[rows]], int)
    number = np.concatenate([matched, broadest])
    day = np.concatenate([terms.day, report.day[rows]])
    width = int(number.max()) + 1 if len(number) else 1
    places, at = np.unique(day * width + number, return_inverse=True)
    counts = {}
    slot = {
        (int(d), int(a)): n
        for n, (d, a) in enumerate(zip(report.day[rows], report.ad_set[rows], strict=True))
    }
    whose = np.array([slot[int(d), int(a)] for d, a in zip(terms.day, terms.ad_set, strict=True)], int)
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
