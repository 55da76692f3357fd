"""Where a file's table begins, what its columns are, and what a line of it is about.

Recognised by the platforms' own headers, or told by a mapping.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from assets.raw.dropped_files.mapping import Mapping, propose
from assets.raw.dropped_files.report_terms import MICROS, coarse_grain, dimension, partial_report
from assets.raw.dropped_files.vocabulary import (
    ENTITY_FIELDS,
    METRICS,
    PLATFORMS,
    TELLING,
    columns_of,
    language_of,
    looks_like_header,
    matches,
    normal,
    signature_of,
)
from resources.errors import DataUnusable
from resources.readers.numbers import currency_in

LEVELS = ("campaign", "ad_set", "ad")
_CURRENCY_IN_HEADER = re.compile(r"[(（\[]\s*([A-Z]{3}|[^\w\s)）\]]{1,3}|zł|Kč|kr)\s*[)）\]]")


@dataclass(frozen=True)
class Layout:
    """A recognised table.

    Attributes:
        header: Row number of the header among the first lines.
        columns: Place of each field of ours.
        dimensions: Breakdowns that divide a line further, such as device, with their places.
        partial: Kind of partial report and the place of its column, None for a report of wholes.
        stand_ins: Fields read from a column that stands in for their own, such as link clicks for clicks.
        micros: Amounts in millionths of the currency's unit.
        header_currency: Currency in the header of the cost.
    """

    platform: str
    language: str
    header: int
    headers: tuple[str, ...]
    columns: dict[str, int]
    dimensions: dict[str, int] = field(default_factory=dict)
    partial: tuple[str, int] | None = None
    stand_ins: dict[str, str] = field(default_factory=dict)
    micros: frozenset[str] = frozenset()
    header_currency: str | None = None

    @property
    def grain(self) -> str:
        """The finest level that has a column."""
        return next(
            level for level in reversed(LEVELS) if any(name in self.columns for name in ENTITY_FIELDS[level])
        )

    @property
    def unused(self) -> list[str]:
        """Headers that nothing is read from."""
        used = {
            *self.columns.values(),
            *self.dimensions.values(),
            *([self.partial[1]] if self.partial else []),
        }
        return [header for place, header in enumerate(self.headers) if header and place not in used]


class NotRecognised(DataUnusable):
    """No platform's export looks like this; the message ends with a mapping to complete."""

    def __init__(self, name: str, headers: Sequence[str]) -> None:
        self.proposal = propose(headers)
        stem = name.rsplit(".", 1)[0]
        super().__init__(
            f"{name} is not an export that is recognised. Save this as {stem}.mapping.yaml beside it, "
            f"put the missing words for ???, and it will be read:\n{self.proposal}"
        )


def header_score(row: Sequence[str]) -> float:
    """How much a line looks like the header of any platform's export."""
    if not looks_like_header(row):
        return 0
    return max((_score(row, columns_of(row, platform), platform) for platform in PLATFORMS), default=0)


def find_layout(name: str, rows: Sequence[Sequence[str]], mapping: Mapping | None) -> Layout:
    """The table in these rows.

    Raises:
        NotRecognised: No header is a platform's.
        DataUnusable: A line is a week or a month, or the mapping names a column that is not there.
    """
    if mapping is not None and mapping.columns:
        return _as_told(name, rows, mapping)
    best: tuple[float, Layout] | None = None
    for at, row in enumerate(rows):
        if not looks_like_header(row):
            continue
        signature = signature_of(row)
        candidates = [mapping.platform] if mapping else [signature] if signature else list(TELLING)
        for platform in candidates:
            if platform is None:
                continue
            columns = columns_of(row, platform)
            score = _score(row, columns, platform)
            if score and (best is None or score > best[0]):
                best = score, _layout(row, at, platform, columns)
    if best is None:
        for row in rows:
            _refuse_coarse(name, row)
        raise NotRecognised(name, _widest(rows))
    return _checked(name, best[1], mapping)


def _layout(row: Sequence[str], at: int, platform: str, columns: dict[str, int]) -> Layout:
    found = matches(row, platform)
    taken = set(columns.values())
    return Layout(
        platform,
        language_of(row),
        at,
        tuple(row),
        columns,
        dimensions={
            kind: place
            for place, header in reversed(list(enumerate(row)))
            if place not in taken and (kind := dimension(header))
        },
        partial=partial_report(row, taken),
        stand_ins={
            name: row[place]
            for name, place in columns.items()
            if any(match.is_fallback and match.place == place for match in found[name])
        },
        micros=_in_micros(row, columns),
        header_currency=_header_currency(row, columns),
    )


def _in_micros(row: Sequence[str], columns: dict[str, int]) -> frozenset[str]:
    amounts = ("spend", "conversion_value")
    return frozenset(
        name for name in amounts if name in columns and MICROS.search(normal(row[columns[name]]))
    )


def _header_currency(row: Sequence[str], columns: dict[str, int]) -> str | None:
    if "spend" not in columns:
        return None
    match = _CURRENCY_IN_HEADER.search(row[columns["spend"]])
    if match is None:
        return None
    return match[1] if re.fullmatch("[A-Z]{3}", match[1]) else currency_in([match[1]])


def _score(row: Sequence[str], columns: dict[str, int], platform: str) -> int:
    """How much a row is that platform's header: none without days, an amount and something it was spent on."""
    has_entity = any(name in columns for names in ENTITY_FIELDS.values() for name in names)
    has_day = "day" in columns or "range_start" in columns
    if not has_day or not has_entity:
        return 0
    if "spend" not in columns:
        is_part = partial_report(row, set(columns.values())) and any(metric in columns for metric in METRICS)
        if not is_part:
            return 0
    if platform not in TELLING and signature_of(row) != platform:
        return 0
    return 2 * len(columns) + sum(name in columns for name in TELLING.get(platform, ()))


def _checked(name: str, layout: Layout, mapping: Mapping | None) -> Layout:
    """Refuses a table whose amounts stand in two currencies with nothing to choose by."""
    places = [m.place for m in matches(layout.headers, layout.platform).get("spend", ()) if not m.is_fallback]
    currencies = {code for place in places if (code := _header_currency(layout.headers, {"spend": place}))}
    if len(currencies) > 1 and not (mapping and mapping.currency in currencies):
        raise DataUnusable(
            f"{name} has its cost in {' and in '.join(sorted(currencies))}: say in a mapping which column is"
            " `spend`, and its `currency`."
        )
    return layout


def _refuse_coarse(name: str, row: Sequence[str]) -> None:
    """A line per week or month has everything an export needs but days."""
    grain = next((kind for header in row if (kind := coarse_grain(header))), None)
    if grain is None:
        return
    for platform in TELLING:
        columns = columns_of(row, platform)
        if "spend" in columns and any(
            field in columns for fields in ENTITY_FIELDS.values() for field in fields
        ):
            raise DataUnusable(f"{name}: a line is a {grain}. Export it by day.")


def _as_told(name: str, rows: Sequence[Sequence[str]], mapping: Mapping) -> Layout:
    wanted = {ours: normal(header) for ours, header in mapping.columns.items()}
    for at, row in enumerate(rows):
        places = {normal(header): place for place, header in reversed(list(enumerate(row)))}
        if set(wanted.values()) <= places.keys():
            columns = {ours: places[header] for ours, header in wanted.items()}
            platform = mapping.platform or "google_ads"
            layout = Layout(
                platform,
                language_of(row),
                at,
                tuple(row),
                _with_ranges(row, columns, mapping),
                partial=(
                    (mapping.report, columns["day"])
                    if mapping.report not in (None, "whole") and "day" in columns
                    else None
                ),
                dimensions={
                    kind: place
                    for place, header in reversed(list(enumerate(row)))
                    if place not in columns.values() and (kind := dimension(header))
                },
                micros=_in_micros(row, columns)
                | {ours for ours, unit in mapping.units.items() if unit == "micros"}
                - {ours for ours, unit in mapping.units.items() if unit == "units"},
                header_currency=_header_currency(row, columns),
            )
            return _complete(name, mapping, layout)
    headers = _widest(rows)
    present = {normal(header) for header in headers}
    missing = [header for header in mapping.columns.values() if normal(header) not in present]
    raise DataUnusable(
        f"The mapping of {name} names {', '.join(missing)}, which is no column. There are:"
        f" {', '.join(headers)}."
    )


def _with_ranges(row: Sequence[str], columns: dict[str, int], mapping: Mapping) -> dict[str, int]:
    """A mapped file's own columns of when a line begins and ends are looked at too: a month is no day."""
    if mapping.platform != "meta_ads" or "day" in columns or mapping.day:
        return columns
    ranges = columns_of(row, "meta_ads")
    return columns | {ours: ranges[ours] for ours in ("range_start", "range_end") if ours in ranges}


def _complete(name: str, mapping: Mapping, layout: Layout) -> Layout:
    if "day" not in layout.columns and mapping.day is None and "range_start" not in layout.columns:
        for header in layout.headers:
            if grain := coarse_grain(header):
                raise DataUnusable(f"{name}: a line is a {grain}. Export it by day.")
        raise DataUnusable(
            f"The mapping of {name} has no column for `day`, and no `day` that all of it belongs to."
        )
    if not any(ours in layout.columns for names in ENTITY_FIELDS.values() for ours in names):
        raise DataUnusable(f"The mapping of {name} has no column for a campaign, an ad set or an ad.")
    return layout


def _widest(rows: Sequence[Sequence[str]]) -> list[str]:
    """The row that is most likely the header: the first of the widest."""
    return max((list(row) for row in rows), key=lambda row: sum(bool(cell) for cell in row), default=[])
