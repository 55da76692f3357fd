"""Delivery as queries need it: one row per entity, segment and day, from the market, its parts, its search
terms or its actions.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from sandbox.breakdowns import NOT_REPORTED, parts_of
from sandbox.google import ads, criteria, entities
from sandbox.google.gaql import Query
from sandbox.google.keywords import KeywordMatcher, keyword_days, term_attributes
from sandbox.random_draws import uniform
from sandbox.report import METRICS, Report
from sandbox.running_world import Stage
from sandbox.search_terms import TERMS_MOST, TermDays
from sandbox.world import Account

LEVELS = {"customer": "account", "campaign": "campaign", "ad_group": "ad_set", "ad_group_ad": "ad"}
ACTION_SEGMENTS = {
    "segments.conversion_action",
    "segments.conversion_action_name",
    "segments.conversion_action_category",
}
_DEVICES = ("MOBILE", "DESKTOP", "TABLET")
Counts = dict[str, np.ndarray]


@dataclass(frozen=True)
class Cells:
    """Rows per entity, segment and day.

    `entity` and `segment` are numbers that the source's `attributes` and `segments` explain.
    """

    entity: np.ndarray
    segment: np.ndarray
    day: np.ndarray
    counts: Counts


@dataclass(frozen=True)
class Source:
    """Where the rows of a query come from."""

    attributes: Callable[[int], entities.Attributes]
    cells: Iterator[Cells]
    segments: list[entities.Attributes] = field(default_factory=lambda: [{}])
    needs_sum: bool = False
    """Whether an entity can have several cells of the same segment and day."""
    everything: Callable[[], list[int]] = list
    """Every entity, for queries without segments, which show those without delivery too."""


def source_of(stage: Stage, account: Account, query: Query) -> Source:
    """The source for a query that passed `fields.check`."""
    span = query.days or (stage.world.begins, stage.today(account))
    special = {
        "search_term_view": _search_terms,
        "campaign_search_term_view": _campaign_search_terms,
        "keyword_view": _keywords,
        "age_range_view": _demographics,
        "gender_view": _demographics,
        "ad_group_ad_asset_view": _asset_links,
    }
    if query.resource in special:
        return special[query.resource](stage, account, query, span)
    if ACTION_SEGMENTS & set(query.segments):
        return _by_action(stage, account, query, span)
    if "segments.device" in query.segments:
        return _by_device(stage, account, query, span)
    return _delivery(stage, account, query, span)


def _makers(stage: Stage, account: Account, level: str) -> Callable[[int], entities.Attributes]:
    available: dict[str, Callable[[int], entities.Attributes]] = {
        "account": lambda _: entities.customer(account),
        "campaign": lambda row: entities.campaign(stage, account, row),
        "ad_set": lambda row: entities.ad_group(stage, account, row),
        "ad": lambda row: entities.ad_group_ad(stage, account, row),
    }
    return available[level]


def _everything(stage: Stage, account: Account, level: str) -> list[int]:
    catalog = stage.market.catalog(account)
    if level == "account":
        return [0]
    if level == "campaign":
        return list(range(len(catalog.campaigns.id)))
    hidden = catalog.ad_sets.hidden if level == "ad_set" else catalog.ad_sets.hidden[catalog.ads.ad_set]
    return list(np.flatnonzero(~hidden).tolist())


def _delivery(stage: Stage, account: Account, query: Query, span: tuple[date, date]) -> Source:
    level = LEVELS[query.resource]
    searched = np.array([channel == "SEARCH" for channel in stage.market.catalog(account).campaigns.channel])

    def cells() -> Iterator[Cells]:
        for report in stage.market.report(account, level, *span):
            served = stage.market.served(account, report)
            eligible = (report.impressions * 1.4 + 400) / np.maximum(served, 1e-9)
            if report.campaign is not None:
                eligible = np.where(searched[report.campaign], eligible, np.nan)
            counts = _counts(report) | {"served": served, "eligible": eligible}
            yield Cells(_things(report, level), np.zeros(len(report), int), report.day, counts)

    return Source(
        _makers(stage, account, level), cells(), everything=lambda: _everything(stage, account, level)
    )


def _counts(report: Any) -> Counts:
    counts = {metric: getattr(report, metric) for metric in METRICS}
    return counts | {"view_through": report.purchases // 5}


def _things(report: Report, level: str) -> np.ndarray:
    """Which thing each row is about; of an account there is one."""
    return np.zeros(len(report), int) if level == "account" else getattr(report, level)


def _by_device(stage: Stage, account: Account, query: Query, span: tuple[date, date]) -> Source:
    level = LEVELS[query.resource]

    def cells() -> Iterator[Cells]:
        for parts in parts_of(stage.market, account, ("device",), *span):
            rows = np.zeros(len(parts), int) if level == "account" else getattr(parts, level)
            shown = np.flatnonzero(rows != NOT_REPORTED)
            counts = {metric: count[shown] for metric, count in parts.counts.items()}
            yield Cells(rows[shown], parts.value[shown], parts.day[shown], counts)

    return Source(
        _makers(stage, account, level),
        cells(),
        [{"segments.device": name} for name in _DEVICES],
        needs_sum=True,
    )


def _by_action(stage: Stage, account: Account, query: Query, span: tuple[date, date]) -> Source:
    level = LEVELS[query.resource]

    def cells() -> Iterator[Cells]:
        for report in stage.market.report(account, level, *span):
            for n, (_, _, _, is_primary) in enumerate(entities.ACTIONS):
                count = (report.purchases, report.leads, report.signups)[n]
                retained = np.flatnonzero(count > 0)
                value = report.purchase_value_micros[retained] if n == 0 else np.zeros(len(retained), int)
                counts = {
                    "action": count[retained] * is_primary,
                    "action_value_micros": value * is_primary,
                    "all_action": count[retained],
                    "all_action_value_micros": value,
                }
                yield Cells(
                    _things(report, level)[retained], np.full(len(retained), n), report.day[retained], counts
                )

    segments = [
        {
            "segments.conversion_action": f"customers/{account.id}/conversionActions/{number}",
            "segments.conversion_action_name": name,
            "segments.conversion_action_category": category,
        }
        for number, name, category, _ in entities.ACTIONS
    ]
    return Source(_makers(stage, account, level), cells(), segments, needs_sum=True)


def _search_terms(stage: Stage, account: Account, query: Query, span: tuple[date, date]) -> Source:
    matcher = KeywordMatcher(stage, account)
    is_divided = any(name in query.segments for name in matcher.SEGMENTS)

    def cells() -> Iterator[Cells]:
        for report in stage.market.report(account, "ad_set", *span):
            terms = stage.market.term_days(account, report)
            segment = matcher.numbers(terms) if is_divided else np.zeros(len(terms.day), int)
            yield Cells(terms.ad_set * TERMS_MOST + terms.term, segment, terms.day, _term_counts(terms))

    return Source(
        lambda row: term_attributes(stage, account, matcher, row),
        cells(),
        matcher.segments if is_divided else [{}],
        is_divided,
    )


def _campaign_search_terms(stage: Stage, account: Account, query: Query, span: tuple[date, date]) -> Source:
    catalog, matcher = stage.market.catalog(account), KeywordMatcher(stage, account)
    is_divided = any(name in query.segments for name in (*matcher.SEGMENTS, matcher.STATUS))
    brought_by: dict[
        int, int
    ] = {}  # a search is known by an ad set that it led to, which need not be the first

    def cells() -> Iterator[Cells]:
        for terms in _terms_of_campaigns(stage, account, span):
            segment = matcher.numbers(terms) if is_divided else np.zeros(len(terms.day), int)
            row = catalog.ad_sets.campaign[terms.ad_set] * TERMS_MOST + terms.term
            brought_by.update(zip(row.tolist(), terms.ad_set.tolist(), strict=True))
            yield Cells(row, segment, terms.day, _term_counts(terms))

    def attributes(row: int) -> entities.Attributes:
        campaign, term = divmod(row, TERMS_MOST)
        own_id = int(catalog.campaigns.id[campaign])
        return entities.campaign(stage, account, campaign) | {
            "campaign_search_term_view.resource_name": (
                f"customers/{account.id}/campaignSearchTermViews/{own_id}~{term}"
            ),
            "campaign_search_term_view.search_term": stage.market.search_text(account, brought_by[row], term),
            "campaign_search_term_view.campaign": f"customers/{account.id}/campaigns/{own_id}",
        }

    return Source(attributes, cells(), matcher.segments if is_divided else [{}], needs_sum=True)


def _terms_of_campaigns(stage: Stage, account: Account, span: tuple[date, date]) -> Iterator[TermDays]:
    """The searches of ad groups and, where the world simulates searches, of Performance Max campaigns."""
    market = stage.market
    for report in market.report(account, "ad_set", *span):
        yield market.term_days(account, report)
    if market.searches(account) is not None:
        for report in market.report(account, "campaign", *span):
            yield market.term_days(account, report)


def _term_counts(terms: Any) -> Counts:
    named = ("impressions", "clicks", "spend_micros", "purchases", "purchase_value_micros", "leads")
    return {name: getattr(terms, name) for name in named} | {"signups": np.zeros(len(terms.day), int)}


def _keywords(stage: Stage, account: Account, query: Query, span: tuple[date, date]) -> Source:
    del query
    catalog, matcher = stage.market.catalog(account), KeywordMatcher(stage, account)

    def cells() -> Iterator[Cells]:
        for report in stage.market.report(account, "ad_set", *span):
            rows, days, counts = keyword_days(stage.market, catalog, matcher, report)
            yield Cells(rows, np.zeros(len(rows), int), days, counts)

    def attributes(number: int) -> entities.Attributes:
        keyword = matcher.keywords[number]
        row = catalog.index["ad_set"][keyword.parent]
        name = f"customers/{account.id}/keywordViews/{keyword.parent}~{keyword.own}"
        return (
            entities.ad_group(stage, account, row)
            | criteria.ad_group_criterion_attributes(account, keyword)
            | {"keyword_view.resource_name": name}
        )

    return Source(attributes, cells(), everything=lambda: list(range(len(matcher.keywords))))


def _demographics(stage: Stage, account: Account, query: Query, span: tuple[date, date]) -> Source:
    is_age = query.resource == "age_range_view"
    ids = list(criteria.AGES if is_age else criteria.GENDERS)
    catalog, collection = stage.market.catalog(account), "ageRangeViews" if is_age else "genderViews"

    def cells() -> Iterator[Cells]:
        for parts in parts_of(stage.market, account, ("age" if is_age else "gender",), *span):
            shown = np.flatnonzero(parts.ad_set != NOT_REPORTED)
            counts = {metric: count[shown] for metric, count in parts.counts.items()}
            entity = parts.ad_set[shown] * 100 + parts.value[shown]
            yield Cells(entity, np.zeros(len(shown), int), parts.day[shown], counts)

    def attributes(number: int) -> entities.Attributes:
        row, value = divmod(number, 100)
        own_id = int(catalog.ad_sets.id[row])
        name = f"customers/{account.id}/{collection}/{own_id}~{ids[value]}"
        return (
            entities.ad_group(stage, account, row)
            | criteria.demographic_attributes(account, own_id, ids[value])
            | {f"{query.resource}.resource_name": name}
        )

    def everything() -> list[int]:
        rows = _everything(stage, account, "ad_set")
        return [row * 100 + value for row in rows for value in range(len(ids))]

    return Source(attributes, cells(), needs_sum=True, everything=everything)


def _asset_links(stage: Stage, account: Account, query: Query, span: tuple[date, date]) -> Source:
    """How often each text was shown.

    An impression shows several texts, so the rows of an ad come to more than the ad.
    """
    del query
    catalog = stage.market.catalog(account)
    links = [
        link for link in entities.ad_links(stage, account) if link["ad_group_ad.ad.id"] in catalog.index["ad"]
    ]
    rows = np.array([catalog.index["ad"][link["ad_group_ad.ad.id"]] for link in links])
    shown = np.array([link["ad_group_ad_asset_view.enabled"] for link in links])
    own_id = np.array([ads.asset_id(link["asset.text_asset.text"]) for link in links])
    share = np.where(shown, 0.4 + 0.6 * uniform(catalog.seed, 96, own_id), 0.0)

    def cells() -> Iterator[Cells]:
        for report in stage.market.report(account, "ad", *span):
            assert report.ad is not None  # noqa: S101 — a report of ads
            at, link = np.nonzero(report.ad[:, None] == rows[None, :])
            counts = {m: np.floor(getattr(report, m)[at] * share[link]).astype(np.int64) for m in METRICS}
            yield Cells(link, np.zeros(len(link), int), report.day[at], counts)

    return Source(lambda number: links[number], cells(), everything=lambda: list(range(len(links))))
