"""Lines that are set aside, each with the first thing that is wrong with it: a day, a figure, a name, a
currency.
"""

import re
from datetime import date

import numpy as np
import pandas as pd

from assets.raw.dropped_files.columns import Flags, Interpreted
from assets.raw.dropped_files.sheet_columns import SheetColumns
from assets.raw.dropped_files.vocabulary import ENTITY_FIELDS, PLATFORMS
from resources.readers.days import span_name

LONELY_DAYS = 366
"""A day that lies so far from all others of its file, in few lines, is a typing error."""
LONELY_SHARE = 0.05


class LineChecks:
    """Reasons for lines of a table that are set aside.

    Attributes:
        reasons: Per index of a line: column, value and reason.
    """

    def __init__(self, table: SheetColumns, is_total: Flags) -> None:
        self._table, self._counts = table, ~is_total
        self.reasons: dict[int, tuple[str, str, str]] = {}
        for metric, column in table.metrics.items():
            self._note_unreadable(metric, column)
        valid = np.array(
            [re.fullmatch("[A-Z]{3}|000", code) is not None for code in table.currencies], dtype=bool
        )
        self._note(~valid[table.currency_codes], "currency", "no currency: say `currency` in the mapping")
        self._note_days()
        self._note_names()
        self._note_two_currencies()
        self._note_platforms()

    @property
    def usable(self) -> Flags:
        """Lines that are neither totals nor set aside."""
        usable = self._counts.copy()
        usable[list(self.reasons)] = False
        return usable

    def set_lonely_days_aside(self) -> None:
        """Days that lie more than a year from all others of the file, in few lines: a year that was mistyped."""
        usable, numbers = self.usable, self._table.numbers
        distinct, counts = np.unique(numbers[usable], return_counts=True)
        if len(distinct) < 2:
            return
        clusters = np.split(np.arange(len(distinct)), np.flatnonzero(np.diff(distinct) > LONELY_DAYS) + 1)
        sizes = [int(counts[cluster].sum()) for cluster in clusters]
        few = max(1.0, LONELY_SHARE * sum(sizes))
        lonely = [
            distinct[cluster]
            for cluster, size in zip(clusters, sizes, strict=True)
            if size <= few and size < max(sizes)
        ]
        if lonely:
            wrong = usable & np.isin(numbers, np.concatenate(lonely))
            self._note(wrong, "day", "the day lies more than a year from all others of the file")

    def _note_days(self) -> None:
        days = self._table.days
        for field, column in days.items():
            self._note_unreadable(field, column)
            self._note(np.isnan(column.per_line) & ~column.unreadable, field, "no day")
        if "range_start" not in days:
            return
        start = days["range_start"].per_line
        if "range_end" in days:
            end = days["range_end"].per_line
            for at in np.flatnonzero((start != end) & ~np.isnan(start) & ~np.isnan(end) & self._counts):
                first, last = date.fromordinal(int(start[at])), date.fromordinal(int(end[at]))
                span = f"a line is {span_name(first, last)} ({first} to {last}): export it by day"
                self._aside(int(at), "range_end", span)
            return
        distinct = np.unique(start[~np.isnan(start)])
        if len(distinct) > 1 and np.diff(distinct).min() >= 7:
            self._note(
                ~np.isnan(start), "range_start", "lines begin a week or more apart: export them by day"
            )
        elif self._table.layout.platform == "meta_ads" and len(distinct) == 1:
            self._note(
                ~np.isnan(start), "range_start", "the line does not say when it ends: export it by day"
            )

    def _note_names(self) -> None:
        """A line whose campaign has no name is set aside; an empty ad set or ad leaves the money at the level
        above.
        """
        names, grain = self._table.names, self._table.layout.grain
        fields = [field for field in ENTITY_FIELDS["campaign"] if field in names]
        fields = fields or [field for field in ENTITY_FIELDS[grain] if field in names]
        self._note(~self._table.has_text(fields), fields[0], "no name")

    def _note_two_currencies(self) -> None:
        """Lines of one account in two currencies cannot be added, and one of the two is wrong."""
        table = self._table
        account = next((f for f in ("account_id", "account_name") if any(table.names.get(f, ()))), None)
        if account is None or len(table.currencies) < 2:
            return
        accounts, usable = table.name_codes(account), self.usable & table.has_text([account])
        pairs = pd.DataFrame({"account": accounts[usable], "currency": table.currency_codes[usable]})
        counts = pairs.drop_duplicates()["account"].value_counts()
        mixed = np.isin(accounts, counts[counts > 1].index.to_numpy()) & usable
        codes = " and ".join(code for code in table.currencies if code)
        self._note(mixed, "currency", f"the account has lines in {codes}: an account has one currency")

    def _note_platforms(self) -> None:
        platforms, codes = self._table.platforms()
        unknown = np.array([not platform for platform in platforms], dtype=bool)[codes]
        reason = f"no platform: say under `aliases` which of {', '.join(PLATFORMS)} it is"
        self._note(unknown, "platform", reason)

    def _note_unreadable(self, field: str, column: Interpreted) -> None:
        if column.reasons:
            for at in np.flatnonzero(column.unreadable & self._counts):
                self._aside(int(at), field, column.reasons[int(column.codes[at])])

    def _note(self, wrong: Flags, field: str, reason: str) -> None:
        for at in np.flatnonzero(wrong & self._counts):
            self._aside(int(at), field, reason)

    def _aside(self, at: int, field: str, reason: str) -> None:
        if at in self.reasons:
            return
        layout = self._table.layout
        if field not in layout.columns:
            self.reasons[at] = (field, "", reason)
            return
        column = self._table.column(field)
        value = column.texts_at(int(column.codes[at])).strip()
        self.reasons[at] = (layout.headers[layout.columns[field]], value, reason)
