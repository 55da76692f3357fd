"""Insights: delivery per thing and span as Meta words it, every number as text, actions as lists of types."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from sandbox.breakdowns import parts_of, values_of
from sandbox.meta.actions import actions, money, values
from sandbox.meta.insight_query import IDS, InsightQuery
from sandbox.meta.parameters import holds, rules
from sandbox.meta.reach import divided, reach_of_spans
from sandbox.meta.refusals import bad
from sandbox.meta.statuses import EFFECTIVE, effective_status
from sandbox.report import LEVELS, METRICS
from sandbox.running_world import Stage
from sandbox.world import Account

MOST_ROWS = 100_000
"""Entities x days above which a synchronous read is refused ("reduce the amount of data") and a report job is
needed.
"""
_AXES = {"device_platform": "device"}
_DEVICE_PLATFORM = {"mobile": "mobile_app", "desktop": "desktop", "tablet": "mobile_web"}
RATIOS = ("frequency", "cpc", "ctr", "cpm")
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Table:
    """Rows of an answer before they are worded: row numbers of the catalog by level, the span, the
    breakdown's values, and counts.

    Without a breakdown `broken` is empty.
    """

    first_day: np.ndarray
    last_day: np.ndarray
    rows: dict[str, np.ndarray]
    broken: list[tuple[str, ...]]
    counts: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.first_day)

    def at(self, places: np.ndarray) -> "Table":
        return Table(
            self.first_day[places],
            self.last_day[places],
            {k: v[places] for k, v in self.rows.items()},
            [self.broken[n] for n in places.tolist()] if self.broken else [],
            {k: v[places] for k, v in self.counts.items()},
        )


class Insights:
    """Answers insights questions; keeps the last few whole answers so that their pages agree."""

    KEPT = 6

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._kept: OrderedDict[tuple[Any, ...], Table] = OrderedDict()

    def is_too_much(self, account: Account, query: InsightQuery) -> bool:
        if query.level == "account" or query.only is not None:
            return False
        entities = len(getattr(self._stage.market.catalog(account), query.level + "s").id)
        return entities * query.rows_a_thing > MOST_ROWS

    def page(
        self, account: Account, query: InsightQuery, *, start: int, limit: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Rows from `start`, at most `limit`, and how many there are in all."""
        table = self._table(account, query)
        places = np.arange(len(table))[start : start + limit]
        return self._worded(account, query, table.at(places)), len(table)

    def _table(self, account: Account, query: InsightQuery) -> Table:
        hour = self._stage.clock.now().replace(minute=0, second=0, microsecond=0)
        key = (account.id, query, hour, self._stage.market.edition)
        if key not in self._kept:
            table = self._with_reach(account, query, self._spans(query, self._daily(account, query)))
            self._kept[key] = self._sorted(query, table.at(self._shown(account, query, table)))
            while len(self._kept) > self.KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]

    def _with_reach(self, account: Account, query: InsightQuery, table: Table) -> Table:
        """The table with the people whom each row reached, where they are asked for and simulated."""
        asked_for = {*query.fields, *(name for name, _ in query.sort)} & {"reach", "frequency"}
        if not asked_for or not len(table) or "reach" in table.counts:
            return table
        levels = IDS[query.level]
        entity = table.rows[levels[-1]] if levels else np.zeros(len(table), np.int64)
        market, days = self._stage.market, (table.first_day, table.last_day)
        whole = reach_of_spans(market, account, query.level, *days, entity)
        if whole is None:
            return table
        if query.breakdowns:
            _, group = np.unique(np.stack([*days, entity]), axis=1, return_inverse=True)
            order = np.argsort(group.reshape(-1), kind="stable")
            impressions = table.counts["impressions"]
            parts = divided(query.breakdowns, whole[order], group.reshape(-1)[order], impressions[order])
            whole = np.empty_like(parts)
            whole[order] = parts
        return replace(table, counts=table.counts | {"reach": whole})

    def _daily(self, account: Account, query: InsightQuery) -> Table:
        """Rows per day, before days are added up."""
        blocks = list(self._broken(account, query) if query.breakdowns else self._whole(account, query))
        names = IDS[query.level]
        empty = np.zeros(0, np.int64)
        days = np.concatenate([block[0] for block in blocks]) if blocks else empty
        rows = {n: np.concatenate([b[1][n] for b in blocks]) if blocks else empty for n in names}
        broken = [value for block in blocks for value in block[2]]
        metrics = list(blocks[0][3]) if blocks else METRICS
        counts = {m: np.concatenate([b[3][m] for b in blocks]) if blocks else empty for m in metrics}
        return Table(days, days, rows, broken, counts)

    def _whole(self, account: Account, query: InsightQuery) -> Iterator[tuple[Any, ...]]:
        for report in self._stage.market.report(account, query.level, query.since, query.until):
            rows = {name: getattr(report, name) for name in IDS[query.level]}
            counts = {m: getattr(report, m) for m in METRICS}
            if query.increment == 1 and {"reach", "frequency"} & set(query.fields):
                reach = self._stage.market.people.reach(account, report)
                counts |= {} if reach is None else {"reach": reach}
            yield report.day, rows, [], counts

    def _broken(self, account: Account, query: InsightQuery) -> Iterator[tuple[Any, ...]]:
        catalog = self._stage.market.catalog(account)
        if query.breakdowns == ("country",):
            for report in self._stage.market.report(account, "ad", query.since, query.until):
                assert report.ad_set is not None  # noqa: S101 — a report of ads
                countries = {
                    row: str(catalog.targeting(row)["country"]) for row in np.unique(report.ad_set).tolist()
                }
                rows = {name: getattr(report, name) for name in IDS[query.level]}
                places = report.ad_set.tolist()
                yield (
                    report.day,
                    rows,
                    [(countries[r],) for r in places],
                    {m: getattr(report, m) for m in METRICS},
                )
            return
        axes = tuple(_AXES.get(name, name) for name in query.breakdowns)
        looks = values_of(axes)
        for parts in parts_of(self._stage.market, account, axes, query.since, query.until):
            rows = {name: getattr(parts, name) for name in IDS[query.level]}
            yield parts.day, rows, [looks[n] for n in parts.value.tolist()], parts.counts

    def _spans(self, query: InsightQuery, daily: Table) -> Table:
        """Days added up to the spans that are asked for; a row per day stays as it is."""
        if query.increment == 1 and not query.breakdowns and len(query.ranges) == 1:
            return daily
        groups: dict[tuple[Any, ...], list[int]] = {}
        spans: dict[int, list[tuple[int, int]]] = {
            day: list(_spans_of(query, day)) for day in np.unique(daily.first_day).tolist()
        }
        ids = [daily.rows[name].tolist() for name in IDS[query.level]]
        for n, day in enumerate(daily.first_day.tolist()):
            for span in spans[day]:
                groups.setdefault(
                    (span, daily.broken[n] if daily.broken else (), *(column[n] for column in ids)), []
                ).append(n)
        keys = sorted(groups, key=lambda key: (key[0], key[2:], key[1]))
        places = [groups[key] for key in keys]
        counts = {m: np.array([int(v[at].sum()) for at in places], np.int64) for m, v in daily.counts.items()}
        return Table(
            np.array([key[0][0] for key in keys], np.int64),
            np.array([key[0][1] for key in keys], np.int64),
            {
                name: np.array([key[2 + n] for key in keys], np.int64)
                for n, name in enumerate(IDS[query.level])
            },
            [key[1] for key in keys] if query.breakdowns else [],
            counts,
        )

    def _shown(self, account: Account, query: InsightQuery, table: Table) -> np.ndarray:
        """Places of the rows that the filters keep, without archived and deleted things unless they are asked
        for.
        """
        catalog, retained = self._stage.market.catalog(account), np.ones(len(table), bool)
        if query.only is not None:
            level, own_id = query.only
            retained &= table.rows[level] == catalog.index[level][own_id] if level in table.rows else False
        if not query.names_statuses and query.level != "account":
            for level in LEVELS:
                gone = [
                    catalog.index[level][c.entity_id]
                    for c in self._stage.market.changes.on("meta_ads", account.id, level, "status")
                    if c.value in ("ARCHIVED", "DELETED") and c.entity_id in catalog.index[level]
                ]
                if level in table.rows and gone:
                    retained &= ~np.isin(table.rows[level], gone)
        for rule in rules(query.filtering):
            retained &= self._met(account, rule, table)
        return np.flatnonzero(retained)

    def _met(self, account: Account, rule: dict[str, Any], table: Table) -> np.ndarray:
        catalog, field = self._stage.market.catalog(account), rule["field"]
        if "." not in field:
            values = table.counts["spend_micros" if field == "spend" else field].tolist()
            scale = 1_000_000 if field == "spend" else 1
            return np.array([holds(rule, value / scale) for value in values], bool)
        theirs, _, name = field.partition(".")
        level = {"campaign": "campaign", "adset": "ad_set", "ad": "ad"}[theirs]
        if name == "effective_status" and rule["operator"] == "IN" and set(rule["value"]) >= EFFECTIVE:
            return np.ones(len(table), bool)
        if name == "effective_status":
            return (
                np.ones(len(table), bool)
                if level not in table.rows
                else self._statuses(account, rule, table, level)
            )
        if level not in table.rows:
            raise bad(f"filtering on {field} is not available at this level", blame="filtering")
        things = getattr(catalog, level + "s")
        available = {
            row: str(things.id[row]) if name == "id" else things.name[row]
            for row in np.unique(table.rows[level]).tolist()
        }
        return np.array([holds(rule, available[row]) for row in table.rows[level].tolist()], bool)

    def _statuses(self, account: Account, rule: dict[str, Any], table: Table, level: str) -> np.ndarray:
        available = {
            row: effective_status(self._stage, account, level, row)
            for row in np.unique(table.rows[level]).tolist()
        }
        return np.array([holds(rule, available[row]) for row in table.rows[level].tolist()], bool)

    def _sorted(self, query: InsightQuery, table: Table) -> Table:
        order = np.arange(len(table))
        for name, descending in reversed(query.sort):
            measured = _number(name, table.counts)[order]
            order = order[np.argsort(-measured if descending else measured, kind="stable")]
        return table.at(order) if query.sort else table

    def _worded(self, account: Account, query: InsightQuery, table: Table) -> list[dict[str, Any]]:
        catalog = self._stage.market.catalog(account)
        created: dict[str, Callable[[], list[Any]]] = {
            "account_id": lambda: [account.id] * len(table),
            "account_name": lambda: [account.name] * len(table),
            "account_currency": lambda: [account.currency] * len(table),
            "spend": lambda: [money(m) for m in table.counts["spend_micros"].tolist()],
            "attribution_setting": lambda: ["7d_click_1d_view"] * len(table),
            "objective": lambda: [
                "OUTCOME_SALES" if sells else "OUTCOME_LEADS"
                for sells in catalog.campaigns.sells[table.rows["campaign"]].tolist()
            ],
            "actions": lambda: actions(table.counts, query.windows),
            "action_values": lambda: values(table.counts, query.windows),
        }
        for name in ("impressions", "reach", "clicks", "inline_link_clicks"):
            created[name] = lambda name=name: [str(int(v)) for v in _number(name, table.counts).tolist()]  # type: ignore[misc]
        for name in RATIOS:
            created[name] = lambda name=name: _ratios(_number(name, table.counts))  # type: ignore[misc]
        for theirs, level in (("campaign", "campaign"), ("adset", "ad_set"), ("ad", "ad")):
            if level in table.rows:
                created |= _named(theirs, getattr(catalog, level + "s"), table.rows[level])
        columns = {name: created[name]() for name in query.fields if name in created}
        columns["date_start"], columns["date_stop"] = _iso_days(table.first_day), _iso_days(table.last_day)
        for n, name in enumerate(query.breakdowns):
            columns[name] = [
                _DEVICE_PLATFORM.get(v[n], v[n]) if name == "device_platform" else v[n] for v in table.broken
            ]
        names = list(columns)
        results = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        for name in {"actions", "action_values", *RATIOS} & columns.keys():
            for row in results:
                if row[name] is None:  # what did not happen is left out
                    del row[name]
        return results


def _number(name: str, counts: dict[str, np.ndarray]) -> np.ndarray:
    impressions, clicks, spend = counts["impressions"], counts["clicks"], counts["spend_micros"]
    reach = counts.get("reach", impressions - impressions // 5)
    available: dict[str, Callable[[], np.ndarray]] = {
        "impressions": lambda: impressions,
        "reach": lambda: reach,
        "clicks": lambda: clicks,
        "inline_link_clicks": lambda: clicks - clicks // 4,
        "spend": lambda: spend / 1e6,
        "frequency": lambda: _ratio(impressions, reach),
        "cpc": lambda: _ratio(spend / 1e6, clicks),
        "ctr": lambda: _ratio(clicks * 100, impressions),
        "cpm": lambda: _ratio(spend / 1e3, impressions),
    }
    return available[name]()


def _ratios(values: np.ndarray) -> list[str | None]:
    """Ratios as text, none where nothing was divided."""
    return [None if np.isnan(value) else f"{value:.6f}" for value in values.tolist()]


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=np.asarray(below) > 0)


def _spans_of(query: InsightQuery, day: int) -> Iterator[tuple[int, int]]:
    """The spans of a question that a day belongs to, as first and last day."""
    at = date.fromordinal(day + _EPOCH)
    for since, until in query.ranges:
        if not since <= at <= until:
            continue
        if query.increment == 0:
            first, last = since, until
        elif query.increment == -1:
            first = max(since, at.replace(day=1))
            last = min(until, (at.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1))
        else:
            first = since + timedelta(days=(at - since).days // query.increment * query.increment)
            last = min(until, first + timedelta(days=query.increment - 1))
        yield first.toordinal() - _EPOCH, last.toordinal() - _EPOCH


def _named(theirs: str, things: Any, rows: np.ndarray) -> dict[str, Callable[[], list[Any]]]:
    return {
        f"{theirs}_id": lambda: [str(own_id) for own_id in things.id[rows].tolist()],
        f"{theirs}_name": lambda: [things.name[row] for row in rows.tolist()],
    }


def _iso_days(days: np.ndarray) -> list[str]:
    return [str(day) for day in days.astype("datetime64[D]").tolist()]
