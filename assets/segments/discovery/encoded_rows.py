"""Traits of customers as arrays: texts as codes of their sorted levels, numbers and flags as floats.

The search applies rules to dozens of resamples of the same customers. Comparing codes instead of texts makes
each of them several times faster and changes no result.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.segments.discovery.traits import TEXT, Trait

MISSING = -1
"""Code of a missing text."""


@dataclass(frozen=True, eq=False)
class EncodedRows:
    """Columns by trait: `codes` index `levels`, `numbers` have NaN where a value is missing."""

    codes: Mapping[str, np.ndarray]
    levels: Mapping[str, np.ndarray]
    numbers: Mapping[str, np.ndarray]
    size: int

    def __len__(self) -> int:
        return self.size

    def take(self, chosen: np.ndarray) -> "EncodedRows":
        """The rows of these numbers, repeated where a number repeats."""
        return EncodedRows(
            {name: codes[chosen] for name, codes in self.codes.items()},
            self.levels,
            {name: numbers[chosen] for name, numbers in self.numbers.items()},
            len(chosen),
        )

    def text(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Codes and levels of a text trait, of the levels that occur in these rows."""
        codes, levels = self.codes[name], self.levels[name]
        occurs = np.bincount(codes + 1, minlength=len(levels) + 1)[1:] > 0
        renumbered = np.append(np.cumsum(occurs) - 1, MISSING)
        return renumbered[codes], levels[occurs]

    def has_missing(self, name: str) -> bool:
        """Whether a value of the trait is missing in these rows."""
        if name in self.codes:
            return bool((self.codes[name] == MISSING).any())
        return bool(np.isnan(self.numbers[name]).any())


def encode(rows: pd.DataFrame | EncodedRows, traits: Iterable[Trait]) -> EncodedRows:
    """These traits of the rows as arrays; rows that are encoded already stay as they are."""
    if isinstance(rows, EncodedRows):
        return rows
    codes, levels, numbers = {}, {}, {}
    for trait in traits:
        if trait.kind == TEXT:
            column, texts = pd.factorize(rows[trait.name], sort=True)
            codes[trait.name], levels[trait.name] = (
                column,
                np.array([str(text) for text in texts], dtype=object),
            )
        else:
            numbers[trait.name] = rows[trait.name].to_numpy(dtype=float, na_value=np.nan)
    return EncodedRows(codes, levels, numbers, len(rows))
