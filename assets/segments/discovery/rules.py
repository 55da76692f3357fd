"""Segment rules in three forms: in words, as SQL, and as a mask over a frame.

A rule is one or more branches; a branch is a list of clauses that all hold; a clause is about one trait. A
customer without a value of the trait only matches a clause that says so.
"""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from assets.segments.discovery.encoded_rows import EncodedRows
from assets.segments.discovery.traits import FLAG, TEXT, Trait


@dataclass(frozen=True)
class Clause:
    """Condition on one trait: one of `levels` (or none of them, where `is_not`), or low <= x < high."""

    trait: Trait
    levels: tuple[str, ...] = ()
    is_not: bool = False
    low: float | None = None
    high: float | None = None
    is_missing_in: bool = False
    """Whether customers without a value match too; with no level and no bound, they alone (or all but
    they).
    """

    @property
    def _is_bare(self) -> bool:
        return not self.levels and self.low is None and self.high is None

    def mask(self, rows: pd.DataFrame | EncodedRows) -> np.ndarray:
        if isinstance(rows, EncodedRows):
            return self._mask_encoded(rows)
        values = rows[self.trait.name]
        missing = values.isna().to_numpy()
        if self._is_bare:
            return missing if self.is_missing_in else ~missing
        if self.trait.kind == TEXT:
            matches = values.isin(self.levels).to_numpy() != self.is_not
        else:
            numbers = values.to_numpy(dtype=float, na_value=np.nan)
            matches = (numbers >= (-np.inf if self.low is None else self.low)) & (
                numbers < (np.inf if self.high is None else self.high)
            )
        return np.where(missing, self.is_missing_in, matches)

    def _mask_encoded(self, rows: EncodedRows) -> np.ndarray:
        name = self.trait.name
        if self.trait.kind == TEXT:
            codes, levels = rows.codes[name], rows.levels[name]
            wanted = set(self.levels)
            matches = [
                not self.is_missing_in if self._is_bare else (level in wanted) != self.is_not
                for level in levels
            ]
            # The last entry is that of a missing value, whose code is -1.
            return np.array([*matches, self.is_missing_in], dtype=bool)[codes]
        numbers = rows.numbers[name]
        missing = np.isnan(numbers)
        if self._is_bare:
            return missing if self.is_missing_in else ~missing
        low, high = (-np.inf if self.low is None else self.low), (np.inf if self.high is None else self.high)
        return np.where(missing, self.is_missing_in, (numbers >= low) & (numbers < high))

    @property
    def sql(self) -> str:
        name = self.trait.sql
        if self._is_bare:
            return f"{name} is {'' if self.is_missing_in else 'not '}null"
        parts = []
        if self.trait.kind == TEXT:
            listed = ", ".join("'" + level.replace("'", "''") + "'" for level in self.levels)
            parts.append(f"{name} {'not in' if self.is_not else 'in'} ({listed})")
        elif self.trait.kind == FLAG:
            parts.append(f"{name} = {'true' if self.low is not None else 'false'}")
        else:
            parts += [] if self.low is None else [f"{name} {_bound(self.low, '>=', '>')}"]
            parts += [] if self.high is None else [f"{name} {_bound(self.high, '<', '<=')}"]
        condition = " and ".join(parts)
        return f"({condition} or {name} is null)" if self.is_missing_in else condition

    @property
    def words(self) -> str:
        name = self.trait.name.replace("_", " ")
        if self._is_bare:
            return f"{name} {'not ' if self.is_missing_in else ''}known"
        if self.trait.kind == TEXT:
            phrase = f"{name} is {'not ' if self.is_not else ''}{_either(self.levels)}"
        elif self.trait.kind == FLAG:
            phrase = f"{name} is {'yes' if self.low is not None else 'no'}"
        else:
            parts = [] if self.low is None else [_bound(self.low, "from", "over")]
            parts += [] if self.high is None else [_bound(self.high, "under", "up to")]
            phrase = f"{name} {' and '.join(parts)}"
        return f"{phrase} (or not known)" if self.is_missing_in else phrase


@dataclass(frozen=True)
class Rule:
    """Customers who match at least one branch. No branch: nobody; a branch without clauses: everybody."""

    branches: tuple[tuple[Clause, ...], ...]

    def mask(self, rows: pd.DataFrame | EncodedRows) -> np.ndarray:
        matches = np.zeros(len(rows), dtype=bool)
        for branch in self.branches:
            inside = np.ones(len(rows), dtype=bool)
            for clause in branch:
                inside &= clause.mask(rows)
            matches |= inside
        return matches

    @property
    def sql(self) -> str:
        branches = [" and ".join(clause.sql for clause in branch) or "true" for branch in self.branches]
        return (
            " or ".join(f"({branch_sql})" for branch_sql in branches)
            if len(branches) > 1
            else "".join(branches)
        )

    @property
    def words(self) -> str:
        return "; or ".join(
            " and ".join(clause.words for clause in branch) or "everybody" for branch in self.branches
        )

    @property
    def traits(self) -> frozenset[str]:
        return frozenset(clause.trait.name for branch in self.branches for clause in branch)

    def as_json(self) -> str:
        """The rule as text that `rule_of` parses."""
        return json.dumps(
            [
                [
                    [c.trait.name, c.trait.kind, list(c.levels), c.is_not, c.low, c.high, c.is_missing_in]
                    for c in branch
                ]
                for branch in self.branches
            ]
        )


def rule_of(text: str) -> Rule:
    """The rule that `Rule.as_json` wrote."""
    given: list[list[list[Any]]] = json.loads(text)
    return Rule(
        tuple(
            tuple(
                Clause(Trait(name, kind), tuple(levels), is_not, low, high, is_missing_in)
                for name, kind, levels, is_not, low, high, is_missing_in in branch
            )
            for branch in given
        )
    )


def slug(text: str) -> str:
    """Lower-case letters, digits and hyphens: an id that can be read aloud."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "segment"


def _bound(number: float, inclusive: str, exclusive: str) -> str:
    """The bound in words; a bound just above a round number is that number, exclusive."""
    below = math.nextafter(number, -math.inf)
    if len(repr(below)) + 4 < len(repr(number)):
        return f"{exclusive} {_plain(below)}"
    return f"{inclusive} {_plain(number)}"


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)


def _either(levels: tuple[str, ...]) -> str:
    return levels[0] if len(levels) == 1 else f"{', '.join(levels[:-1])} or {levels[-1]}"
