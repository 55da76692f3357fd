"""Where a file's table begins and what its columns are: recognised by the platforms' own headers, or told by a mapping."""

from collections.abc import Sequence
from dataclasses import dataclass

from assets.raw.dropped_files.mapping import Mapping, propose
from assets.raw.dropped_files.vocabulary import ENTITY_FIELDS, TELLING, columns_of, language_of, normal
from resources.errors import DataUnusable

SEARCHED_LINES = 40
LEVELS = ("campaign", "ad_set", "ad")


@dataclass(frozen=True)
class Layout:
    """A recognised table. `header` is the header's row number; `grain` the finest level that has a column."""

    platform: str
    language: str
    header: int
    headers: tuple[str, ...]
    columns: dict[str, int]

    @property
    def grain(self) -> str:
        return next(
            level
            for level in reversed(LEVELS)
            if any(field in self.columns for field in ENTITY_FIELDS[level])
        )


class NotRecognised(DataUnusable):
    """No platform's export looks like this; the message ends with a mapping to complete."""

    def __init__(self, name: str, headers: Sequence[str]) -> None:
        self.proposal = propose(headers)
        stem = name.rsplit(".", 1)[0]
        super().__init__(
            f"{name} is not an export that is recognised. Save this as {stem}.mapping.yaml beside it, "
            f"put the missing words for ???, and it will be read:\n{self.proposal}"
        )


def find_layout(name: str, rows: Sequence[Sequence[str]], mapping: Mapping | None) -> Layout:
    """The table in these rows.

    Raises:
        NotRecognised: No header is a platform's.
        DataUnusable: The mapping names a column that is not there.
    """
    if mapping is not None and mapping.columns:
        return _as_told(name, rows, mapping)
    best: tuple[int, Layout] | None = None
    for at, row in enumerate(rows[:SEARCHED_LINES]):
        for platform in [mapping.platform] if mapping else list(TELLING):
            columns = columns_of(row, platform)
            score = _score(columns, platform)
            if score and (best is None or score > best[0]):
                best = score, Layout(platform, language_of(row), at, tuple(row), columns)
    if best is None:
        raise NotRecognised(name, _widest(rows))
    return best[1]


def _score(columns: dict[str, int], platform: str) -> int:
    """How much a row is that platform's header: none without a day, a cost and something it was spent on."""
    has_entity = any(field in columns for fields in ENTITY_FIELDS.values() for field in fields)
    if not ({"day", "spend"} <= columns.keys() and has_entity):
        return 0
    return 2 * len(columns) + sum(field in columns for field in TELLING[platform])


def _as_told(name: str, rows: Sequence[Sequence[str]], mapping: Mapping) -> Layout:
    wanted = {field: normal(header) for field, header in mapping.columns.items()}
    for at, row in enumerate(rows[:SEARCHED_LINES]):
        known = {normal(header): place for place, header in reversed(list(enumerate(row)))}
        if set(wanted.values()) <= known.keys():
            columns = {field: known[header] for field, header in wanted.items()}
            return _complete(
                name, mapping, Layout(mapping.platform, language_of(row), at, tuple(row), columns)
            )
    headers = _widest(rows)
    known_names = {normal(header) for header in headers}
    missing = [header for header in mapping.columns.values() if normal(header) not in known_names]
    raise DataUnusable(
        f"The mapping of {name} names {', '.join(missing)}, which is no column. There are: {', '.join(headers)}."
    )


def _complete(name: str, mapping: Mapping, layout: Layout) -> Layout:
    if "day" not in layout.columns and mapping.day is None:
        raise DataUnusable(
            f"The mapping of {name} has no column for `day`, and no `day` that all of it belongs to."
        )
    if not any(field in layout.columns for fields in ENTITY_FIELDS.values() for field in fields):
        raise DataUnusable(f"The mapping of {name} has no column for a campaign, an ad set or an ad.")
    return layout


def _widest(rows: Sequence[Sequence[str]]) -> list[str]:
    """The row that is most likely the header: the first of the widest."""
    searched = [list(row) for row in rows[:SEARCHED_LINES]]
    return max(searched, key=lambda row: sum(bool(cell) for cell in row), default=[])
