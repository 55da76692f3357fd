"""Which searches lead to which ad group, what negatives leave of them, and how an ad group's day is split
into its searches.

An ad group's searches are those that its keywords match, each with a popularity of its own. A keyword that
is added brings its searches, one that is paused or removed loses those that no other keyword matches.
Negatives in force on a day take their searches out: what could be spent falls by their share, so a budget that binds goes
to the other searches and one that does not is saved; the conversion rate follows the quality of the searches
that are left. An ad group's day is split click by click, and every conversion goes to one of the clicks, more
often to one of good quality. A share of the clicks is on searches too rare to be reported.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sandbox.behaviour import Searches
from sandbox.catalog import Catalog
from sandbox.keyword_matching import MatchType, Words, positive_matches, replaced, words_of
from sandbox.negative_keywords import Attachment, NegativeKeyword
from sandbox.positive_keywords import Keyword, KeywordChange, active_on
from sandbox.random_draws import Floats, Whole, lognormal, uniform
from sandbox.report import Report
from sandbox.search_language import HEADS, MODIFIERS
from sandbox.search_terms import SearchTerm, TermDays
from sandbox.vocabulary import Vocabulary, build_vocabulary

Flags = npt.NDArray[np.bool_]
SHOWN_ONLY = 0.6
"""Searches without a click that are reported, per click that is."""
SPECIAL_KEYWORDS = 3
USEFUL_PATTERNS = {
    language: [pattern for pattern, intent in patterns if intent in {"buy", "price", "compare", "discount"}]
    for language, patterns in MODIFIERS.items()
}
"""What advertisers bid on beside the head word."""
STRICTNESS = {"EXACT": 0, "PHRASE": 1, "BROAD": 2}
Negatives = tuple[list[NegativeKeyword], list[Attachment]]


@dataclass(frozen=True)
class AdGroupSearches:
    """The searches of one ad group or Performance Max campaign, as rows of the vocabulary, with how common
    each is there.
    """

    rows: Whole
    share: Floats
    """Of the ad group's searches; sums to 1."""
    relative_quality: Floats
    """Conversions per click against the ad group's mean."""
    volume: float
    """How many people search for them, in units that ad groups of a theme share."""
    mean_quality: float


class AccountSearches:
    """The searches of one Google account."""

    def __init__(
        self,
        catalog: Catalog,
        settings: Searches,
        changes: Callable[[], Mapping[int, Sequence[KeywordChange]]] = dict,
    ) -> None:
        """Lay out the account's searches; `changes` are those of its keywords by the ad group's id."""
        self.catalog, self.settings, self._changes = catalog, settings, changes
        self._ad_groups: dict[tuple[int, tuple[Keyword, ...]], AdGroupSearches] = {}
        self._keywords: dict[int, list[Keyword]] = {}

    @cached_property
    def searched(self) -> Flags:
        """Per ad set: do searches lead to it."""
        channel = np.array(self.catalog.campaigns.channel)[self.catalog.ad_sets.campaign]
        return np.asarray((channel == "SEARCH") | (channel == "PERFORMANCE_MAX"))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        themes = np.unique(self.catalog.ad_sets.theme[self.searched])
        return build_vocabulary(self.settings, self.catalog.seed, themes.tolist())

    def keywords(self, ad_set: int) -> list[Keyword]:
        """The ad group's positive keywords; none for Performance Max.

        A head word in the ad group's match type and a few special ones; three ad groups in twenty have exact
        keywords alone.
        """
        if ad_set not in self._keywords:
            self._keywords[ad_set] = self._drawn_keywords(ad_set)
        return self._keywords[ad_set]

    def _drawn_keywords(self, ad_set: int) -> list[Keyword]:
        if self.catalog.ad_sets.hidden[ad_set] or not self.searched[ad_set]:
            return []
        ad_group_id, theme, seed = (
            int(self.catalog.ad_sets.id[ad_set]),
            int(self.catalog.ad_sets.theme[ad_set]),
            self.catalog.seed,
        )
        kind = float(uniform(seed, 140, ad_group_id))
        picks = uniform(seed, 141, ad_group_id, np.arange(SPECIAL_KEYWORDS)).tolist()
        chosen: list[Keyword] = []
        for language in self.settings.languages:
            head, useful = HEADS[language][theme][0], USEFUL_PATTERNS[language]
            chosen.append((head, "EXACT" if kind < 0.15 else "PHRASE" if kind < 0.5 else "BROAD"))
            for nth, pick in enumerate(picks):
                pattern = useful[int(pick * len(useful))]
                chosen.append((pattern.replace("{}", head), "EXACT" if kind < 0.15 or nth == 0 else "PHRASE"))
        return list(dict.fromkeys(chosen))

    def keywords_on(self, ad_set: int, day: int) -> tuple[Keyword, ...]:
        """The ad group's positive keywords that take searches on a day."""
        if int(self.catalog.ad_sets.id[ad_set]) not in self._changes():
            return tuple(self.keywords(ad_set))
        return tuple(self.criteria_on(ad_set, day).values())

    def criteria_on(self, ad_set: int, day: int) -> dict[int, Keyword]:
        """The same by criterion id."""
        ad_group_id = int(self.catalog.ad_sets.id[ad_set])
        return active_on(ad_group_id, self.keywords(ad_set), self._changes().get(ad_group_id, ()), day)

    def days_of_changes(self, ad_set: int) -> list[int]:
        """The days on which the ad group's keywords change, in order."""
        changes = self._changes().get(int(self.catalog.ad_sets.id[ad_set]), ())
        return sorted({change.first_day for change in changes})

    def every_keyword(self, ad_set: int) -> tuple[Keyword, ...]:
        """The ad group's positive keywords, in the order in which they were added; removed ones among
        them.
        """
        ad_group_id = int(self.catalog.ad_sets.id[ad_set])
        added = [change.keyword for change in self._changes().get(ad_group_id, ())]
        return tuple(dict.fromkeys([*self.keywords(ad_set), *added]))

    def of(self, ad_set: int, day: int | None = None) -> AdGroupSearches:
        """The searches that lead to an ad set on a day; without one, by the keywords it began with."""
        keywords = tuple(self.keywords(ad_set)) if day is None else self.keywords_on(ad_set, day)
        if (ad_set, keywords) not in self._ad_groups:
            self._ad_groups[ad_set, keywords] = self._matched(ad_set, keywords)
        return self._ad_groups[ad_set, keywords]

    def _matched(self, ad_set: int, keywords: tuple[Keyword, ...]) -> AdGroupSearches:
        vocabulary, theme = self.vocabulary, int(self.catalog.ad_sets.theme[ad_set])
        part = vocabulary.slices[theme]
        every = np.arange(part.start, part.stop)
        if self.catalog.ad_sets.hidden[ad_set]:
            rows = every
        else:
            matching = [self._matches(theme, *keyword) for keyword in keywords]
            rows = every[np.any(matching, axis=0)] if matching else every[:0]
        ad_group_id = int(self.catalog.ad_sets.id[ad_set])
        liking = np.exp(2.8 * (uniform(self.catalog.seed, 142, ad_group_id, rows) - 0.5))
        weight = vocabulary.popularity[rows] * liking
        volume = float(weight.sum())
        share = weight / weight.sum() if volume else weight
        quality = vocabulary.quality[rows]
        mean_quality = float((share * quality).sum()) if volume else 1.0
        return AdGroupSearches(rows, share, quality / mean_quality, volume, mean_quality)

    def is_matched(self, ad_set: int, term: int, text: str, match_type: MatchType) -> bool:
        """Whether a keyword of an ad set matches the search in that row of the vocabulary."""
        theme = int(self.catalog.ad_sets.theme[ad_set])
        return bool(self._matches(theme, text, match_type)[term - self.vocabulary.slices[theme].start])

    def _matches(self, theme: int, text: str, match_type: MatchType) -> Flags:
        """Which of a theme's searches a keyword matches, close variants included; kept, as ad groups share
        keywords.
        """
        keyword_key = (theme, text, match_type)
        if keyword_key not in self._matching:
            part, words = self.vocabulary.slices[theme], self._canonical(theme, text)
            canonical = self.vocabulary.canonical
            flags = np.zeros(part.stop - part.start, bool)
            having = self.vocabulary.canonical_index.having(words)
            for row in having[(having >= part.start) & (having < part.stop)].tolist():
                flags[row - part.start] = positive_matches(words, match_type, canonical[row])
            self._matching[keyword_key] = flags
        return self._matching[keyword_key]

    def _canonical(self, theme: int, text: str) -> Words:
        """The words of a keyword with every form of the theme's head word as its first form."""
        words = words_of(text)
        for language in self.settings.languages:
            first, *others = (words_of(head) for head in HEADS[language][theme])
            for form in sorted(others, key=len, reverse=True):
                if len(form) and form != first:
                    words = replaced(words, form, first)
        return words

    @cached_property
    def _matching(self) -> dict[tuple[int, str, MatchType], Flags]:
        return {}

    def blocked_on(self, negatives: Negatives, day: int) -> "Blocked":
        """What the negatives in force on a day block."""
        keywords, attachments = negatives
        on = [entry for entry in keywords if entry.first_day <= day < entry.end_day]
        lists = frozenset(
            (entry.list_id, entry.campaign_id)
            for entry in attachments
            if entry.first_day <= day < entry.end_day
        )
        return Blocked(
            self,
            frozenset(
                (entry.scope.level, entry.scope.entity_id, entry.text, entry.match_type) for entry in on
            ),
            lists,
            day,
        )

    def left(self, negatives: Negatives, days: Whole) -> tuple[Floats, Floats]:
        """Share of each ad set's searches that negatives leave, and their mean quality against all; days x ad
        sets.
        """
        sets = self.catalog.ad_sets
        share, quality = np.ones((len(days), len(sets.id))), np.ones((len(days), len(sets.id)))
        rows = np.flatnonzero(self.searched).tolist()
        for first, last in self.spans(negatives, days):
            blocked = self.blocked_on(negatives, int(days[first]))
            for row in rows:
                share[first:last, row], quality[first:last, row] = blocked.left_of_first(row)
        return share, quality

    def spans(self, negatives: Negatives, days: Whole) -> list[tuple[int, int]]:
        """Places in consecutive `days` from which to which no negative and no keyword changes."""
        keywords, attachments = negatives
        changes = {day for keyword in keywords for day in (keyword.first_day, keyword.end_day)}
        changes |= {day for attachment in attachments for day in (attachment.first_day, attachment.end_day)}
        changes |= {change.first_day for of_ad_group in self._changes().values() for change in of_ad_group}
        cuts = sorted({0, len(days), *(int(day - days[0]) for day in changes if days[0] < day <= days[-1])})
        return list(pairwise(cuts))

    def term_days(self, report: Report, negatives: Negatives) -> TermDays:
        """The reported searches of an ad-set report's rows, or of a campaign report's Performance Max
        campaigns.
        """
        ad_set, searched_rows = self._ad_sets_of(report)
        return _Split(self, report, searched_rows, ad_set[searched_rows]).made(negatives)

    def search(self, ad_set: int, term: int) -> SearchTerm:
        """The search in that row of the vocabulary, as it leads to an ad set: by the strictest keyword that
        matches it, of those that match alike by the newest.
        """
        text, keywords = self.vocabulary.text[term], self.every_keyword(ad_set)
        matching = [n for n, keyword in enumerate(keywords) if self.is_matched(ad_set, term, *keyword)]
        strictest = min(matching, key=lambda n: (STRICTNESS[keywords[n][1]], -n), default=None)
        keyword, match_type = keywords[strictest] if strictest is not None else (None, None)
        words = words_of(text)
        return SearchTerm(
            text=text,
            resource=term,
            is_keyword=any(words_of(phrase) == words for phrase, _ in keywords),
            keyword=keyword,
            match_type=match_type,
        )

    def _ad_sets_of(self, report: Report) -> tuple[Whole, Whole]:
        """Per row its ad set (of Performance Max the hidden one), and which rows are searched."""
        if report.ad_set is not None:
            return report.ad_set, np.flatnonzero(self.searched[report.ad_set])
        if report.campaign is None:
            raise ValueError("searches are reported by campaign or ad set")
        only = self.catalog.ad_set_starts[report.campaign]
        return only, np.flatnonzero(self.catalog.ad_sets.hidden[only])


@dataclass(frozen=True)
class Blocked:
    """The searches of a day that a set of negatives blocks."""

    searches: AccountSearches
    keywords: frozenset[tuple[str, int, str, MatchType]]
    attached: frozenset[tuple[int, int]]
    day: int

    @cached_property
    def _by_scope(self) -> dict[tuple[str, int], list[Whole]]:
        index = self.searches.vocabulary.index
        by_scope: dict[tuple[str, int], list[Whole]] = {}
        for level, entity_id, text, match_type in self.keywords:
            by_scope.setdefault((level, entity_id), []).append(index.blocked(text, match_type))
        return by_scope

    @cached_property
    def _of_campaigns(self) -> dict[int, Flags]:
        return {}

    def of_campaign(self, campaign: int) -> Flags:
        """Per search of the vocabulary: is it blocked in that campaign (row) as a whole."""
        if campaign not in self._of_campaigns:
            catalog = self.searches.catalog
            campaign_id = int(catalog.campaigns.id[campaign])
            account_id = int(catalog.account.id)
            scopes = [("account", account_id), ("campaign", campaign_id)]
            scopes += [
                ("list", list_id)
                for list_id, attached_to in self.attached
                if attached_to in (campaign_id, account_id)
            ]
            flags = np.zeros(len(self.searches.vocabulary), bool)
            for scope in scopes:
                for rows in self._by_scope.get(scope, ()):
                    flags[rows] = True
            self._of_campaigns[campaign] = flags
        return self._of_campaigns[campaign]

    def of_ad_set(self, ad_set: int) -> Flags:
        """Per search of the ad set, in the order of its searches: is it blocked."""
        catalog, rows = self.searches.catalog, self.searches.of(ad_set, self.day).rows
        flags = self.of_campaign(int(catalog.ad_sets.campaign[ad_set]))
        if own_negatives := self._by_scope.get(("ad_group", int(catalog.ad_sets.id[ad_set]))):
            flags = flags.copy()
            for blocked in own_negatives:
                flags[blocked] = True
        return np.asarray(flags[rows])

    def left(self, ad_set: int) -> tuple[float, float]:
        """Share of the ad set's searches that is left, and its mean quality against all."""
        group = self.searches.of(ad_set, self.day)
        open_share = np.where(self.of_ad_set(ad_set), 0.0, group.share)
        left = float(open_share.sum())
        return left, float((open_share * group.relative_quality).sum()) / left if left > 0 else 1.0

    def left_of_first(self, ad_set: int) -> tuple[float, float]:
        """The same against all searches that its first keywords matched: above 1 where added keywords bring
        more than negatives block.
        """
        left, quality = self.left(ad_set)
        first, now = self.searches.of(ad_set), self.searches.of(ad_set, self.day)
        if now is first or not first.volume:
            return left, quality
        return left * now.volume / first.volume, quality * now.mean_quality / first.mean_quality


@dataclass(frozen=True)
class _Split:
    """The clicks of some rows of a report, each given to a search."""

    searches: AccountSearches
    report: Report
    rows: Whole
    ad_set: Whole

    def made(self, negatives: Negatives) -> TermDays:
        report, rows, seed = self.report, self.rows, self.searches.catalog.seed
        day, ids = report.day[rows], self.searches.catalog.ad_sets.id[self.ad_set]
        part = 1.0 - self.searches.settings.hidden_share
        chance = uniform(seed, 143, ids, day)
        clicks = np.floor(report.clicks[rows] * part + chance).astype(np.int64)
        clicks = np.minimum(clicks, report.clicks[rows])
        impressions = np.floor(report.impressions[rows] * part).astype(np.int64)
        shown = np.minimum(
            np.floor(clicks * SHOWN_ONLY + chance).astype(np.int64), np.maximum(impressions - clicks, 0)
        )
        count = np.minimum(clicks, impressions) + shown
        row = np.repeat(np.arange(len(rows)), count)
        nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        is_click = nth < np.minimum(clicks, impressions)[row]
        at = self._searches_of(negatives, row, uniform(seed, 144, ids[row], day[row], nth))
        is_open = at >= 0
        row, at, is_click, nth = row[is_open], at[is_open], is_click[is_open], nth[is_open]
        weight = lognormal(1.0, 0.3, seed, 145, ids[row], day[row], nth)
        return self._summed(row, at, is_click, weight, impressions, part)

    def _searches_of(self, negatives: Negatives, row: Whole, u: Floats) -> Whole:
        """The search (row of the vocabulary) of each event; -1 where negatives leave none."""
        searches_found = np.full(len(row), -1)
        day = self.report.day[self.rows]
        if not len(day):
            return searches_found
        days = np.arange(day.min(), day.max() + 1)
        order = np.argsort(self.ad_set[row], kind="stable")
        groups, first = np.unique(self.ad_set[row][order], return_index=True)
        bounds = [*first.tolist(), len(order)]
        spans = [
            (int(days[a]), int(days[b - 1]), self.searches.blocked_on(negatives, int(days[a])))
            for a, b in self.searches.spans(negatives, days)
        ]
        for ad_set, begin, end in zip(groups.tolist(), bounds[:-1], bounds[1:], strict=True):
            events = order[begin:end]
            for low, high, blocked in spans:
                mine = events[(day[row[events]] >= low) & (day[row[events]] <= high)]
                group = self.searches.of(ad_set, low)
                reached = np.where(blocked.of_ad_set(ad_set), 0.0, group.share).cumsum()
                if len(mine) and len(reached) and reached[-1] > 0:
                    position = np.searchsorted(reached, u[mine] * reached[-1], side="right")
                    searches_found[mine] = group.rows[np.minimum(position, len(group.rows) - 1)]
        return searches_found

    def _summed(
        self, row: Whole, at: Whole, is_click: Flags, weight: Floats, impressions: Whole, part: float
    ) -> TermDays:
        report, rows, size = self.report, self.rows, len(self.searches.vocabulary)
        places, group = np.unique(row * size + at, return_inverse=True)
        whose, term = places // size, places % size
        clicks = np.bincount(group[is_click], minlength=len(places)).astype(np.int64)
        events = np.bincount(group, minlength=len(places)).astype(np.int64)
        unit = self.searches.catalog.account.unit_micros
        visible = _ratio(np.bincount(row[is_click], minlength=len(rows)), report.clicks[rows])
        spend = np.floor(report.spend_micros[rows] * visible / unit).astype(np.int64)
        click_weight = _sums(group, weight * is_click, len(places))
        more = np.maximum(impressions - np.bincount(row, minlength=len(rows)), 0)
        bought = self._conversions(
            row[is_click], group[is_click], weight[is_click], at[is_click], len(places), part
        )
        return TermDays(
            day=report.day[rows][whose],
            ad_set=self.ad_set[whose],
            term=term,
            impressions=events + _shared_out(more, whose, _sums(group, weight, len(places))),
            clicks=clicks,
            spend_micros=_shared_out(spend, whose, click_weight) * unit,
            **bought,
        )

    def _conversions(
        self, row: Whole, group: Whole, weight: Floats, at: Whole, size: int, part: float
    ) -> dict[str, Whole]:
        """Conversions per search: each that is reported goes to one of its row's clicks."""
        report, rows, seed = self.report, self.rows, self.searches.catalog.seed
        day, ids = report.day[rows], self.searches.catalog.ad_sets.id[self.ad_set]
        reached = (weight * self.searches.vocabulary.quality[at]).cumsum()
        begin = np.searchsorted(row, np.arange(len(rows)))
        end = np.searchsorted(row, np.arange(len(rows)), side="right")
        before = np.where(begin > 0, reached[np.maximum(begin - 1, 0)] if len(reached) else 0.0, 0.0)
        total = np.where(
            end > begin, (reached[np.maximum(end - 1, 0)] if len(reached) else 0.0) - before, 0.0
        )
        counts = {name: np.zeros(size, np.int64) for name in ("purchases", "leads", "purchase_value_micros")}
        for stream, name in ((146, "purchases"), (147, "leads")):
            count = getattr(report, name)[rows]
            whose = np.repeat(np.arange(len(rows)), count)
            nth = np.arange(len(whose)) - np.repeat(np.cumsum(count) - count, count)
            seen = (uniform(seed, stream, ids[whose], day[whose], nth, 1) < part) & (total[whose] > 0)
            whose, nth = whose[seen], nth[seen]
            u = uniform(seed, stream, ids[whose], day[whose], nth, 2)
            click = np.searchsorted(reached, before[whose] + u * total[whose], side="right")
            click = np.clip(click, begin[whose], end[whose] - 1)
            np.add.at(counts[name], group[click], 1)
            if name == "purchases":
                unit = self.searches.catalog.account.unit_micros
                each = report.purchase_value_micros[rows] // unit // np.maximum(count, 1) * unit
                np.add.at(counts["purchase_value_micros"], group[click], each[whose])
        return counts


def _sums(group: Whole, weight: Floats, size: int) -> Floats:
    return np.bincount(group, weight, size).astype(np.float64)


def _ratio(part: Whole, whole: Whole) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)


def _shared_out(amount: Whole, whose: Whole, weight: Floats) -> Whole:
    """Whole amounts per row shared out to its places by weight, never more than there is; `whose` is
    ascending.
    """
    total = np.bincount(whose, weight, len(amount))
    reached = weight.cumsum()
    begin = np.searchsorted(whose, np.arange(len(amount)))
    before = np.concatenate([[0.0], reached])[begin]
    share = np.divide(reached - before[whose], total[whose], out=np.zeros(len(whose)), where=total[whose] > 0)
    parts = np.floor(amount[whose] * np.clip(share, 0.0, 1.0) + 1e-9).astype(np.int64)
    previous = np.concatenate([[0], parts[:-1]])
    previous[begin[begin < len(whose)]] = 0
    return np.maximum(parts - previous, 0)
