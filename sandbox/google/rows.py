"""The rows of a query as serialised GoogleAdsRow messages, in chunks that fit a message."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import compress
from typing import Any

import numpy as np

from sandbox.google import entities, fields, history
from sandbox.google.cells import Cells, Source, source_of
from sandbox.google.encode import metrics_bytes, row_with
from sandbox.google.failures import VERSION
from sandbox.google.gaql import Query
from sandbox.google.metrics import columns
from sandbox.report import METRICS
from sandbox.running_world import Stage
from sandbox.world import Account

_EPOCH = date(1970, 1, 1).toordinal()


def rows_of(stage: Stage, account: Account, query: Query, *, version: str = VERSION) -> Iterator[list[bytes]]:
    """Chunks of rows that answer the query: filtered, sorted and cut off as it says.

    Raises:
        Refused: A field, a segment or a combination is one Google prohibits, or one the sandbox does not
        honour.
    """
    fields.check(query, version=version)
    if query.resource in ("change_event", "change_status"):
        history.require_recent(stage, account, query)
    if query.metrics or (query.segments and query.resource in fields.METRICS) or query.resource in _VIEWS:
        yield from _reported(stage, account, query)
    else:
        yield _snapshot(stage, account, query)


_VIEWS = {
    "search_term_view",
    "campaign_search_term_view",
    "keyword_view",
    "age_range_view",
    "gender_view",
}
"""Resources that exist only as far as something was delivered."""


def _snapshot(stage: Stage, account: Account, query: Query) -> list[bytes]:
    every = (
        entities.clients(stage)
        if query.resource == "customer_client"
        else entities.snapshot(stage, account, query.resource, _numbers(query))
    )
    matching = [attributes for attributes in every if _meets(attributes, query)]
    for path, descending in reversed(query.order):
        matching.sort(key=lambda attributes, path=path: _sortable(attributes.get(path)), reverse=descending)  # type: ignore[misc]
    return [_chosen(attributes, query) for attributes in matching[: query.limit]]


def _numbers(query: Query) -> dict[str, int]:
    """Entities asked for by number, which need no search."""
    return {
        c.field: int(c.values[0])
        for c in query.conditions
        if c.operator == "=" and c.field.endswith(".id") and c.values[0].isdigit()
    }


def _meets(attributes: entities.Attributes, query: Query) -> bool:
    return all(
        c.holds(attributes.get(c.field)) for c in query.conditions if not c.field.startswith("metrics.")
    )


def _sortable(value: Any) -> tuple[bool, Any]:
    """Empty values come before all others."""
    return (value is not None, value if value is not None else 0)


def _chosen(attributes: entities.Attributes, query: Query) -> bytes:
    names = list(query.fields)
    if query.shows_resource_names:
        resources = dict.fromkeys((query.resource, *(name.split(".", 1)[0] for name in query.fields)))
        names += [f"{resource}.resource_name" for resource in resources]
    return row_with({name: attributes[name] for name in dict.fromkeys(names) if name in attributes})


class _Prefixes:
    """The part of a row that is the same for an entity and a segment on every day; None for what the query
    leaves out.
    """

    def __init__(self, source: Source, query: Query) -> None:
        self._source, self._query = source, query
        self._known: dict[tuple[int, int], bytes | None] = {}

    def attributes(self, entity: int, segment: int) -> entities.Attributes:
        extra = self._source.segments[segment]
        own_id = self._source.attributes(entity)
        return own_id | extra if extra else own_id

    def of(self, entity: int, segment: int) -> bytes | None:
        if (entity, segment) not in self._known:
            attributes = self.attributes(entity, segment)
            self._known[entity, segment] = (
                _chosen(attributes, self._query) if _meets(attributes, self._query) else None
            )
        return self._known[entity, segment]


def _reported(stage: Stage, account: Account, query: Query) -> Iterator[list[bytes]]:
    source = source_of(stage, account, query)
    prefixes = _Prefixes(source, query)
    if "segments.date" in query.fields and not source.needs_sum:
        parts: Iterator[Cells] = source.cells
    else:
        parts = iter([_grouped(list(source.cells), query, source)])
    if not query.order and query.limit is None:
        for cells in parts:
            yield from _encoded(cells, query, prefixes)
        return
    yield _sorted(list(parts), query, prefixes)


def _encoded(cells: Cells, query: Query, prefixes: _Prefixes) -> Iterator[list[bytes]]:
    if not len(cells.day):
        return
    metrics, retained = _measured(cells, query)
    dated = {int(day): _date_bytes(int(day), query) for day in np.unique(cells.day)}
    width = int(cells.segment.max()) + 1
    pairs = cells.entity * width + cells.segment
    available = {pair: prefixes.of(*divmod(pair, width)) for pair in np.unique(pairs).tolist()}
    per_row = zip(pairs.tolist(), cells.day.tolist(), metrics, strict=True)
    if retained is not None:
        per_row = zip(
            pairs[retained].tolist(), cells.day[retained].tolist(), compress(metrics, retained), strict=True
        )
    yield [
        prefix + dated[day] + inner for pair, day, inner in per_row if (prefix := available[pair]) is not None
    ]


def _measured(cells: Cells, query: Query) -> tuple[list[bytes], np.ndarray | None]:
    """The metrics of each row as bytes, and which rows meet the conditions on metrics; None where all do."""
    every = columns([name.removeprefix("metrics.") for name in query.metrics], cells.counts)
    shown = {name: values for name, values in every.items() if f"metrics.{name}" in query.fields}
    encoded = metrics_bytes(shown) if shown else [b""] * len(cells.day)
    if not query.metric_conditions:
        return encoded, None
    retained = np.ones(len(cells.day), bool)
    for condition in query.metric_conditions:
        values = every[condition.field.removeprefix("metrics.")]
        held = [None if value != value else value for value in values.tolist()]  # noqa: PLR0124 — not a number
        retained &= np.array([condition.holds(value) for value in held], bool)
    return encoded, retained


def _sorted(parts: list[Cells], query: Query, prefixes: _Prefixes) -> list[bytes]:
    """Rows in the order and number that the query asks for."""
    rows: list[tuple[tuple[Any, ...], bytes]] = []
    for cells in parts:
        if not len(cells.day):
            continue
        metrics, retained = _measured(cells, query)
        every = columns([name.removeprefix("metrics.") for name in query.metrics], cells.counts)
        dated = {int(day): _dates(int(day)) for day in np.unique(cells.day)}
        for n, (entity, segment, day) in enumerate(
            zip(cells.entity.tolist(), cells.segment.tolist(), cells.day.tolist(), strict=True)
        ):
            prefix = prefixes.of(entity, segment) if retained is None or retained[n] else None
            if prefix is None:
                continue
            others = prefixes.attributes(entity, segment) | dated[day] if query.order else {}
            key = tuple(_key(path, every, n, others) for path, _ in query.order)
            rows.append((key, prefix + _date_bytes(day, query) + metrics[n]))
    for number, (_, descending) in reversed(list(enumerate(query.order))):
        rows.sort(key=lambda row, number=number: row[0][number], reverse=descending)  # type: ignore[misc]
    return [row for _, row in rows[: query.limit]]


def _key(path: str, every: dict[str, np.ndarray], n: int, others: entities.Attributes) -> tuple[bool, Any]:
    if path.startswith("metrics."):
        value = every[path.removeprefix("metrics.")][n].item()
        return _sortable(None if value != value else value)  # noqa: PLR0124 — not a number
    return _sortable(others.get(path))


def _grouped(parts: list[Cells], query: Query, source: Source) -> Cells:
    """Cells summed over days and everything else that is not selected; a day stands for all that look the
    same.
    """
    entity = np.concatenate([cells.entity for cells in parts]) if parts else np.zeros(0, int)
    segment = np.concatenate([cells.segment for cells in parts]) if parts else np.zeros(0, int)
    days = np.concatenate([cells.day for cells in parts]) if parts else np.zeros(0, int)
    segment = _merged_segments(query, source)[segment] if len(segment) else segment
    starts = _first_days(days, query)
    begins = np.array([starts[day] for day in days.tolist()], int)
    keys, at = np.unique(np.stack([begins, entity, segment]), axis=1, return_inverse=True)
    at = at.reshape(-1)
    names = parts[0].counts if parts else {}
    counts: dict[str, np.ndarray] = {}
    for name in names:
        values = np.concatenate([cells.counts[name] for cells in parts])
        summed = np.zeros(keys.shape[1], values.dtype if values.dtype != bool else int)
        np.add.at(summed, at, values)
        counts[name] = summed
    counts.pop("served", None)
    cells = Cells(keys[1], keys[2], keys[0], counts)
    return cells if query.segments and set(query.segments) & set(query.fields) else _with_idle(cells, source)


def _merged_segments(query: Query, source: Source) -> np.ndarray:
    """For each segment of a source the first that looks the same in what the query selects."""
    first: dict[tuple[Any, ...], int] = {}
    selected = [name for name in query.segments if name in source.segments[0]]
    return np.array(
        [
            first.setdefault(tuple(entry[name] for name in selected), n)
            for n, entry in enumerate(source.segments)
        ]
    )


def _with_idle(cells: Cells, source: Source) -> Cells:
    """A query without segments shows every entity, those without delivery with zeros."""
    idle = sorted(set(source.everything()) - set(cells.entity.tolist()))
    if not idle:
        return cells
    nothing = np.zeros(len(idle), int)
    counts = {
        name: np.concatenate([values, nothing.astype(values.dtype)]) for name, values in cells.counts.items()
    }
    names = counts or dict.fromkeys((*METRICS, "view_through", "eligible"), nothing)
    return Cells(
        np.concatenate([cells.entity, np.array(idle)]),
        np.concatenate([cells.segment, nothing]),
        np.concatenate([cells.day, nothing]),
        names,
    )


def _first_days(days: np.ndarray, query: Query) -> dict[int, int]:
    """For each day the first one that looks the same in the date segments that are selected."""
    first: dict[tuple[Any, ...], int] = {}
    selected = [name for name in query.fields if name in _dates(0)]
    looks = {day: tuple(_dates(day)[name] for name in selected) for day in np.unique(days).tolist()}
    return {day: first.setdefault(look, day) for day, look in looks.items()}


def _begin(day: int, name: str) -> int:
    at = date.fromordinal(day + _EPOCH)
    begins = {
        "week": at - timedelta(days=at.weekday()),
        "month": at.replace(day=1),
        "quarter": at.replace(month=(at.month - 1) // 3 * 3 + 1, day=1),
        "year": at.replace(month=1, day=1),
    }
    return begins[name].toordinal() - _EPOCH


_WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def _dates(day: int) -> entities.Attributes:
    """Every date segment of a day by its path."""
    at = date.fromordinal(day + _EPOCH)
    begins = {
        name: date.fromordinal(_begin(day, name) + _EPOCH).isoformat()
        for name in ("week", "month", "quarter")
    }
    return {
        "segments.date": at.isoformat(),
        "segments.week": begins["week"],
        "segments.month": begins["month"],
        "segments.quarter": begins["quarter"],
        "segments.year": at.year,
        "segments.day_of_week": _WEEKDAYS[at.weekday()],
    }


def _date_bytes(day: int, query: Query) -> bytes:
    dates = _dates(day)
    return row_with({name: dates[name] for name in query.fields if name in dates})
