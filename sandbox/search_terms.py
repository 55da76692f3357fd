"""What people typed before they saw an ad: an ad set's day dealt out to its searches, conserving every count.

About a seventh of the clicks belongs to searches too rare to be shown. Each count is dealt by cumulative
shares, so the visible searches of an ad set's day never exceed the ad set's own figures. How well a search
converts is in `text_catalog.SEARCHES`.
"""

from dataclasses import dataclass

import numpy as np

from sandbox import text_catalog
from sandbox.catalog import Catalog
from sandbox.random_draws import Floats, Whole, normal, uniform
from sandbox.report import Report

VISIBLE_SHARE = 0.86
TERMS_PER_AD_SET = 6
TERMS_MOST = 1_000_000
"""More than the rows of any vocabulary."""
METRICS = ("impressions", "clicks", "spend_micros", "purchases", "purchase_value_micros", "leads")


@dataclass(frozen=True)
class SearchTerm:
    """A search as an ad group's report shows it."""

    text: str
    resource: int
    """What its resource is named by within the ad group."""
    is_keyword: bool
    """The very words are a keyword of the ad group."""
    keyword: str | None = None
    """Text of the keyword that took the search; None in Performance Max and where the world does not say."""
    match_type: str | None = None


@dataclass(frozen=True)
class TermDays:
    """Rows per day, ad set and search; `term` counts into `Catalog.searches`, or into the vocabulary of a
    world with searches.
    """

    day: Whole
    ad_set: Whole
    term: Whole
    impressions: Whole
    clicks: Whole
    spend_micros: Whole
    purchases: Whole
    purchase_value_micros: Whole
    leads: Whole


def term_days(catalog: Catalog, report: Report) -> TermDays:
    """The searches of an ad-set report's rows; those of search campaigns alone, without rows in which nothing
    happened.
    """
    assert report.ad_set is not None  # noqa: S101 — an ad-set report
    searched = np.array([channel == "SEARCH" for channel in catalog.campaigns.channel])[report.campaign]
    ad_set, day = report.ad_set[searched], report.day[searched]
    who = catalog.ad_sets.id[ad_set][:, None]
    term = _terms(catalog, who)
    weight = np.exp(
        0.8 * normal(catalog.seed, 85, who, term) + 0.2 * normal(catalog.seed, 86, who, term, day[:, None])
    )
    quality = np.array([share for _, share in text_catalog.SEARCHES])[term]
    counts = {}
    for metric in METRICS:
        bought = metric in ("purchases", "purchase_value_micros", "leads")
        shares = _shares(weight * quality if bought else weight)
        jitter = 0.0 if metric.endswith("micros") else uniform(catalog.seed, 87, who, day[:, None])
        unit = catalog.account.unit_micros if metric.endswith("micros") else 1
        counts[metric] = _dealt(getattr(report, metric)[searched] // unit, shares, jitter) * unit
    counts["clicks"] = np.minimum(counts["clicks"], counts["impressions"])
    row, at = np.nonzero(np.any([count > 0 for count in counts.values()], axis=0))
    return TermDays(
        day[row], ad_set[row], term[row, at], **{metric: counts[metric][row, at] for metric in METRICS}
    )


def _terms(catalog: Catalog, who: Whole) -> Whole:
    """Which of the searches lead to an ad set: a handful of the list, in the list's order, the same on every
    day.
    """
    everyone = np.arange(len(text_catalog.SEARCHES))[None, :]
    liking = uniform(catalog.seed, 84, who, everyone)
    return np.sort(np.argsort(liking, axis=1)[:, :TERMS_PER_AD_SET], axis=1)


def _shares(weight: Floats) -> Floats:
    """Cumulative shares of the visible searches, per row."""
    return np.cumsum(weight / weight.sum(axis=1, keepdims=True) * VISIBLE_SHARE, axis=1)


def _dealt(total: Whole, cumulative: Floats, jitter: Floats | float) -> Whole:
    reached = np.floor(total[:, None] * cumulative + np.minimum(jitter, 0.999)).astype(np.int64)
    reached = np.minimum(reached, total[:, None])
    return np.diff(reached, axis=1, prepend=0).clip(min=0)
