"""Columns of a long file: every distinct text is kept and interpreted once, and lines hold codes of them."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass
class TextColumn:
    """One column: its distinct texts in order of appearance, and per line the number of its text."""

    index: dict[str, int] = field(default_factory=dict)
    raw_codes: "array[int]" = field(default_factory=lambda: array("i"))

    def add(self, cells: Sequence[str]) -> None:
        """Append the cells of some lines."""
        index = self.index
        codes = list(map(index.get, cells))
        if None in codes:
            number_of = index.setdefault
            codes = [
                number_of(cell, len(index)) if code is None else code
                for cell, code in zip(cells, codes, strict=True)
            ]
        self.raw_codes.extend(codes)  # type: ignore[arg-type]

    @property
    def codes(self) -> Codes:
        return np.frombuffer(self.raw_codes, dtype=np.int32) if len(self.raw_codes) else np.zeros(0, np.int32)

    @cached_property
    def texts(self) -> list[str]:
        """The distinct texts; asked for when all lines were added."""
        return list(self.index)

    def texts_at(self, code: int) -> str:
        """The text with that number."""
        return self.texts[code]


@dataclass(frozen=True)
class Interpreted:
    """A column as values: per distinct text its value or the reason it cannot be read."""

    values: Floats
    reasons: dict[int, str]
    codes: Codes

    @property
    def per_line(self) -> Floats:
        """The value of each line, not a number where it is missing or cannot be read."""
        return self.values[self.codes]

    @property
    def unreadable(self) -> Flags:
        """Lines whose cell cannot be read."""
        wrong = np.zeros(len(self.values), dtype=bool)
        wrong[list(self.reasons)] = True
        return np.asarray(wrong[self.codes])


def group_codes(parts: Sequence[Integers]) -> Integers:
    """One number per distinct combination of several columns of codes."""
    combined = np.zeros(len(parts[0]), dtype=np.int64)
    for part in parts:
        codes, distinct = pd.factorize(part)
        combined = combined * (len(distinct) + 1) + codes
        combined = pd.factorize(combined)[0].astype(np.int64)
    return combined
