"""Lines that sum up others, repeat others, or divide others: which lines of a table may be added.

A total or a whole is recognised by its word and by its figures, which equal those of the lines beside it: a
campaign that is merely called Total is a campaign.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from assets.raw.dropped_files.columns import Flags, Integers, group_codes
from assets.raw.dropped_files.layout import LEVELS
from assets.raw.dropped_files.report_terms import says_whole
from assets.raw.dropped_files.sheet_columns import MICRO, NO_NAME, SheetColumns
from assets.raw.dropped_files.vocabulary import ENTITY_FIELDS, METRICS, TOTALS, WHOLES, normal
from resources.readers.numbers import without_marks

TOLERANCE = 0.01
"""Share by which a whole may differ from the sum of its parts: platforms round each of them."""
_ABOVE = {"account": ("account_name", "account_id"), **ENTITY_FIELDS}


def total_lines(table: SheetColumns) -> Flags:
    """Lines that sum up others: a total's word where no day stands, a line without a day, or a whole beside
    its parts.
    """
    no_day = np.isnan(table.numbers)
    opens = np.array([_opens_as_total(text) for text in table.first.texts], dtype=bool)
    is_total = opens[table.first.codes] & (no_day | (not table.days))
    if "day" in table.days:
        day_column = table.days["day"]
        is_total |= np.array([normal(text) in WHOLES for text in table.texts("day")], dtype=bool)[
            day_column.codes
        ]
        missing = no_day & ~day_column.unreadable & _has_figures(table)
        finest = [field for field in ENTITY_FIELDS[table.layout.grain] if field in table.names]
        is_total |= missing & (~table.has_text(finest) | _dated_elsewhere(table))
    for level in reversed(LEVELS[: LEVELS.index(table.layout.grain) + 1]):
        is_total |= _wholes_of(table, level, is_total)
    return np.asarray(is_total)


def _opens_as_total(text: str) -> bool:
    first = normal(text)
    return any(first == word or first.startswith((f"{word}:", f"{word}：", f"{word} ")) for word in TOTALS)


def _has_figures(table: SheetColumns) -> Flags:
    figures = np.zeros(len(table.lines), dtype=bool)
    for metric in METRICS:
        figures |= ~np.isnan(table.values(metric))
    return figures


def _dated_elsewhere(table: SheetColumns) -> Flags:
    """Lines whose campaign (ad set, ad) has lines with a day: without one they are its total over the days."""
    fields = [field for level in LEVELS for field in ENTITY_FIELDS[level] if field in table.names]
    keys = group_codes([table.name_codes(field) for field in fields])
    return np.isin(keys, np.unique(keys[~np.isnan(table.numbers)]))


def _wholes_of(table: SheetColumns, level: str, found_before: Flags) -> Flags:
    """Lines about all campaigns (ad sets, ads) together: so called, and equal to the sum of the others beside
    them.
    """
    called = np.zeros(len(table.lines), dtype=bool)
    for field in ENTITY_FIELDS[level]:
        if field in table.names:
            is_word = np.array([normal(text) in WHOLES for text in table.names[field]], dtype=bool)
            called |= is_word[table.column(field).codes]
    called &= ~found_before
    if not called.any():
        return called
    above = ["account", *LEVELS[: LEVELS.index(level)]]
    fields = [field for upper in above for field in _ABOVE[upper] if field in table.names]
    group = group_codes([_whole_days(table), *(table.name_codes(field) for field in fields)])
    return called & equals_others(table, called, ~called & ~found_before, group)


def _whole_days(table: SheetColumns) -> Integers:
    return np.nan_to_num(table.numbers).astype(np.int64)


def equals_others(table: SheetColumns, wholes: Flags, parts: Flags, group: Integers) -> Flags:
    """Which of the `wholes` equal the sum of the `parts` of their group: in cost, impressions and clicks,
    where they have them.
    """
    size = int(group.max()) + 1 if len(group) else 0
    equal = wholes & (np.bincount(group[parts], minlength=size)[group] > 0)
    compared = np.zeros(len(group), dtype=bool)
    for metric, slack in (("spend", 0.02 * MICRO), ("impressions", 2.0), ("clicks", 1.0)):
        values = table.values(metric)
        present = ~np.isnan(values)
        sums = np.bincount(group[parts & present], weights=values[parts & present], minlength=size)[group]
        near = np.abs(values - sums) <= TOLERANCE * np.maximum(np.abs(values), np.abs(sums)) + slack
        equal &= near | ~present
        compared |= present
    return np.asarray(equal & compared)


def without_repeats(table: SheetColumns, usable: Flags) -> tuple[Flags, int]:
    """Without lines that repeat another one word for word, if each thing then has one line a day; and their
    number.

    Where lines of one thing and day differ, the file has parts that it does not name, and equal parts count
    each.
    """
    _, first = np.unique(table.digests[usable], return_index=True)
    repeats = int(usable.sum()) - len(first)
    if not repeats:
        return usable, 0
    once = np.zeros(len(usable), dtype=bool)
    once[np.flatnonzero(usable)[first]] = True
    figures = {table.layout.columns.get(metric) for metric in METRICS}
    keys = group_codes(
        [column.codes.astype(np.int64) for place, column in table.by_place.items() if place not in figures]
    )
    if len(np.unique(keys[once])) < int(once.sum()):
        table.notes.append(
            f"{repeats} lines equal another one and are added: the file has parts that it does not name"
        )
        return usable, 0
    return once, repeats


def parts_of(table: SheetColumns, usable: Flags, things: Integers) -> tuple[npt.NDArray[np.object_], Flags]:
    """The text of each line's breakdown or term, empty for a whole; and the usable lines without parts beside
    their whole.
    """
    layout = table.layout
    if layout.partial:
        column = table.by_place[layout.partial[1]]
        terms = np.array([without_marks(text).strip() for text in column.texts], dtype=object)
        return np.asarray(terms[column.codes]), usable
    parts = np.full(len(table.lines), "", dtype=object)
    if not layout.dimensions:
        return parts, usable
    wholes, empties, shown = [], [], []
    for place in layout.dimensions.values():
        column = table.by_place[place]
        texts = [without_marks(text).strip() for text in column.texts]
        wholes.append(np.array([says_whole(text) for text in texts], dtype=bool)[column.codes])
        empties.append(np.array([text in NO_NAME for text in texts], dtype=bool)[column.codes])
        shown.append(np.array([text or "(empty)" for text in texts], dtype=object)[column.codes])
    for texts_of_lines in shown:
        parts = np.where(parts == "", texts_of_lines, parts + " / " + texts_of_lines)
    undivided = np.sum([whole | empty for whole, empty in zip(wholes, empties, strict=True)], axis=0)
    parts[undivided == len(wholes)] = ""
    group = group_codes([things, _whole_days(table)])
    return parts, _wholes_before_parts(table, usable, wholes, empties, group)


def _wholes_before_parts(
    table: SheetColumns, usable: Flags, wholes: Sequence[Flags], empties: Sequence[Flags], group: Integers
) -> Flags:
    """Per thing and day the lines with the fewest divisions; an empty cell is a whole where it equals its
    parts.
    """
    is_whole = [whole.copy() for whole in wholes]
    for number, (name, empty) in enumerate(zip(table.layout.dimensions, empties, strict=True)):
        beside = empty & usable & np.isin(group, np.unique(group[~empty & usable]))
        if not beside.any():
            continue
        equal = equals_others(table, empty & usable, ~empty & usable & ~wholes[number], group)
        if equal[beside].sum() * 2 >= beside.sum():
            is_whole[number] |= empty
        else:
            table.notes.append(f"lines with an empty {name} are read as a part of their own")
    divisions = len(is_whole) - np.sum(is_whole, axis=0)
    size = int(group.max()) + 1
    fewest = np.full(size, len(is_whole) + 1)
    np.minimum.at(fewest, group[usable], divisions[usable])
    least_divided = usable & (divisions == fewest[group])
    # Several breakdowns of the same whole, such as by age and by gender, each add up to it: the first one
    # counts.
    patterns = np.zeros(len(group), dtype=np.int64)
    for flags in is_whole:
        patterns = patterns * 2 + flags
    highest = np.full(size, -1)
    np.maximum.at(highest, group[least_divided], patterns[least_divided])
    return np.asarray(least_divided & (patterns == highest[group]))


def note_added(table: SheetColumns, usable: Flags, things: Integers, parts: npt.NDArray[np.object_]) -> None:
    """Says how many lines share thing, day and part with another one and are added to it."""
    if table.layout.partial or not usable.any():
        return
    codes = pd.factorize(parts[usable])[0].astype(np.int64)
    keys = group_codes([things[usable], _whole_days(table)[usable], codes])
    if shared := len(keys) - len(np.unique(keys)):
        table.notes.append(f"{shared} lines are added to another one of the same name and day")
