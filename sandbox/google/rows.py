"""The rows of a query as serialised GoogleAdsRow messages, in chunks that fit a message."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import numpy as np

from sandbox.google import entities
from sandbox.google.encode import metrics_bytes, row_with
from sandbox.google.failures import refused
from sandbox.google.gaql import Query
from sandbox.report import Report
from sandbox.search_terms import TERMS_MOST, TermDays
from sandbox.stage import Stage
from sandbox.world import Account

LEVELS = {"customer": "account", "campaign": "campaign", "ad_group": "ad_set", "ad_group_ad": "ad"}
_ACTION_SEGMENTS = {
    "segments.conversion_action",
    "segments.conversion_action_name",
    "segments.conversion_action_category",
}
_ACTION_METRICS = {
    "metrics.conversions",
    "metrics.conversions_value",
    "metrics.all_conversions",
    "metrics.all_conversions_value",
}
_ABOVE_CAMPAIGN = {"metrics.search_budget_lost_impression_share"}


def rows_of(stage: Stage, account: Account, query: Query) -> Iterator[list[bytes]]:
    """Chunks of rows that answer the query.

    Raises:
        Refused: The combination of resource, segments and metrics is one Google prohibits, or one the sandbox does not know.
    """
    _check(query)
    if not query.metrics:
        yield _snapshot(stage, account, query)
    elif query.resource == "search_term_view":
        yield from _search_terms(stage, account, query)
    elif _ACTION_SEGMENTS & set(query.segments):
        yield from _by_action(stage, account, query)
    else:
        yield from _delivery(stage, account, query)


def _check(query: Query) -> None:
    if query.resource == "change_event" and not (
        query.limit and any(c.field == "change_event.change_date_time" for c in query.conditions)
    ):
        raise refused(
            "change_event_error", "CHANGE_DATE_RANGE_INFINITE",
            "change_event needs a finite range of change_date_time and a LIMIT of at most 10000.",
        )  # fmt: skip
    if query.resource not in entities.KNOWN:
        said = f"The sandbox does not simulate '{query.resource}'."
        raise refused("query_error", "PROHIBITED_RESOURCE_TYPE_IN_FROM_CLAUSE", said, trigger=query.resource)
    if query.metrics and query.resource not in (*LEVELS, "search_term_view"):
        said = f"Metrics cannot be selected from '{query.resource}'."
        raise refused(
            "query_error", "PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE", said, trigger=query.metrics[0]
        )
    if query.metrics and "segments.date" not in query.segments:
        said = "The sandbox reports metrics by day: select segments.date."
        raise refused("query_error", "REQUIRED_SEGMENT_FIELD_MISSING", said, trigger="segments.date")
    if _ACTION_SEGMENTS & set(query.segments) and (wrong := set(query.metrics) - _ACTION_METRICS):
        said = f"Cannot select '{min(wrong)}' with segments.conversion_action."
        raise refused(
            "query_error",
            "PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE",
            said,
            trigger=min(wrong),
        )
    if query.resource != "campaign" and (wrong := _ABOVE_CAMPAIGN & set(query.metrics)):
        said = f"Cannot select '{min(wrong)}' from '{query.resource}'."
        raise refused("query_error", "PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE", said, trigger=min(wrong))


def _snapshot(stage: Stage, account: Account, query: Query) -> list[bytes]:
    found = (
        entities.clients(stage)
        if query.resource == "customer_client"
        else entities.snapshot(stage, account, query.resource, _numbers(query))
    )
    rows = [_chosen(attributes, query) for attributes in found if _meets(attributes, query)]
    return rows[: query.limit] if query.limit else rows


def _numbers(query: Query) -> dict[str, int]:
    """Entities asked for by number, which need no search."""
    return {
        c.field: int(c.values[0])
        for c in query.conditions
        if c.operator == "=" and c.field.endswith(".id") and c.values[0].isdigit()
    }


def _meets(attributes: entities.Attributes, query: Query) -> bool:
    return all(c.holds(attributes[c.field]) for c in query.conditions if _is_known(attributes, c.field))


def _is_known(attributes: entities.Attributes, field: str) -> bool:
    if field.startswith("metrics."):
        return False  # rows without activity are never sent, which is all that such a filter is used for
    if field not in attributes:
        raise refused(
            "query_error",
            "PROHIBITED_FIELD_IN_WHERE_CLAUSE",
            f"Cannot filter on '{field}' here.",
            trigger=field,
        )
    return True


def _chosen(attributes: entities.Attributes, query: Query) -> bytes:
    return row_with({name: attributes[name] for name in query.fields if name in attributes})


class _Prefixes:
    """The part of a row that is the same for an entity on every day; None for entities the query leaves out."""

    def __init__(self, make: Callable[[int], entities.Attributes], query: Query) -> None:
        self._make, self._query = make, query
        self._known: dict[int, bytes | None] = {}

    def of(self, row: int) -> bytes | None:
        if row not in self._known:
            attributes = self._make(row)
            self._known[row] = _chosen(attributes, self._query) if _meets(attributes, self._query) else None
        return self._known[row]


def _blocks(stage: Stage, account: Account, query: Query, level: str) -> Iterator[Report]:
    assert query.days is not None  # noqa: S101 — a query by day has days
    yield from stage.market.report(account, level, *query.days)


_MAKERS: dict[str, Callable[[Stage, Account, int], entities.Attributes]] = {
    "account": lambda _, account, __: entities.customer(account),
    "campaign": entities.campaign,
    "ad_set": entities.ad_group,
    "ad": entities.ad_group_ad,
}


def _delivery(stage: Stage, account: Account, query: Query) -> Iterator[list[bytes]]:
    level = LEVELS[query.resource]
    makers = _MAKERS
    prefixes = _Prefixes(lambda row: makers[level](stage, account, row), query)
    searched = np.array([channel == "SEARCH" for channel in stage.market.catalog(account).campaigns.channel])
    for report in _blocks(stage, account, query, level):
        metrics = metrics_bytes(_columns(query, report, searched, stage.market.served(account, report)))
        yield _joined(prefixes, _things(report, level), report.day, metrics)


def _things(report: Report, level: str) -> np.ndarray:
    """Which thing each row is about; of an account there is one."""
    return np.zeros(len(report), int) if level == "account" else getattr(report, level)


def _joined(prefixes: _Prefixes, rows: np.ndarray, days: np.ndarray, metrics: list[bytes]) -> list[bytes]:
    dated = {int(day): row_with({"segments.date": _iso(int(day))}) for day in np.unique(days)}
    per_row = zip(rows.tolist(), days.tolist(), metrics, strict=True)
    return [
        prefix + dated[day] + inner for row, day, inner in per_row if (prefix := prefixes.of(row)) is not None
    ]


def _columns(query: Query, report: Report, searched: np.ndarray, served: np.ndarray) -> dict[str, np.ndarray]:
    """One array per metric; not a number where Google leaves it out, as search metrics of what is not searched.

    `served` is the share of the day in which each row had budget: in the rest of it others were shown.
    """
    conversions = (report.purchases + report.leads).astype(float)
    won = np.clip(report.impressions / (report.impressions * 1.4 + 400) * served, 0.0999, 1.0)
    share = np.where(searched[report.campaign], won, np.nan) if report.campaign is not None else won
    known: dict[str, Callable[[], np.ndarray]] = {
        "impressions": lambda: report.impressions,
        "clicks": lambda: report.clicks,
        "cost_micros": lambda: report.spend_micros,
        "conversions": lambda: conversions,
        "conversions_value": lambda: report.purchase_value_micros / 1e6,
        "all_conversions": lambda: conversions + report.signups,
        "all_conversions_value": lambda: report.purchase_value_micros / 1e6,
        "view_through_conversions": lambda: report.purchases // 5,
        "search_impression_share": lambda: share,
        "search_budget_lost_impression_share": lambda: np.clip(0.6 - share, 0, 1),
    }
    return {name: known[name]() for name in _names(query) if _simulated(name, known)}


def _names(query: Query) -> list[str]:
    return [path.removeprefix("metrics.") for path in query.metrics]


def _simulated(name: str, known: dict[str, Any]) -> bool:
    if name not in known:
        said = f"The sandbox does not simulate 'metrics.{name}' here."
        raise refused(
            "query_error", "PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE", said, trigger=f"metrics.{name}"
        )
    return True


def _by_action(stage: Stage, account: Account, query: Query) -> Iterator[list[bytes]]:
    level = LEVELS[query.resource]
    makers = _MAKERS
    for report in _blocks(stage, account, query, level):
        for n, (number, name, category, counts) in enumerate(entities.ACTIONS):
            segments = {
                "segments.conversion_action": f"customers/{account.id}/conversionActions/{number}",
                "segments.conversion_action_name": name,
                "segments.conversion_action_category": category,
            }
            prefixes = _Prefixes(_with(segments, lambda row: makers[level](stage, account, row)), query)
            count = (report.purchases, report.leads, report.signups)[n].astype(float)
            value = report.purchase_value_micros / 1e6 if n == 0 else np.zeros(len(report))
            kept = count > 0
            columns = {
                "conversions": count * counts, "conversions_value": value * counts, "all_conversions": count,
                "all_conversions_value": value,
            }  # fmt: skip
            wanted = {metric: columns[metric][kept] for metric in _names(query)}
            yield _joined(prefixes, _things(report, level)[kept], report.day[kept], metrics_bytes(wanted))


def _with(
    extra: entities.Attributes, make: Callable[[int], entities.Attributes]
) -> Callable[[int], entities.Attributes]:
    return lambda row: make(row) | extra


def _search_terms(stage: Stage, account: Account, query: Query) -> Iterator[list[bytes]]:
    catalog, market = stage.market.catalog(account), stage.market

    def attributes(row: int) -> entities.Attributes:
        ad_set, term = divmod(row, TERMS_MOST)
        own = int(catalog.ad_sets.id[ad_set])
        search = market.search(account, ad_set, term)
        return entities.ad_group(stage, account, ad_set) | {
            "search_term_view.resource_name": f"customers/{account.id}/searchTermViews/{own}~{search.resource}",
            "search_term_view.search_term": search.text,
            "search_term_view.ad_group": f"customers/{account.id}/adGroups/{own}",
            "search_term_view.status": "ADDED" if search.is_keyword else "NONE",
        }

    prefixes = _Prefixes(attributes, query)
    for report in _blocks(stage, account, query, "ad_set"):
        terms = market.term_days(account, report)
        columns = _term_columns(terms)
        metrics = metrics_bytes({name: columns[name] for name in _names(query) if _simulated(name, columns)})
        yield _joined(prefixes, terms.ad_set * TERMS_MOST + terms.term, terms.day, metrics)


def _term_columns(terms: TermDays) -> dict[str, np.ndarray]:
    conversions = (terms.purchases + terms.leads).astype(float)
    return {
        "impressions": terms.impressions, "clicks": terms.clicks, "cost_micros": terms.spend_micros,
        "conversions": conversions, "conversions_value": terms.purchase_value_micros / 1e6, "all_conversions": conversions,
    }  # fmt: skip


def _iso(day: int) -> str:
    return date.fromordinal(day + date(1970, 1, 1).toordinal()).isoformat()
