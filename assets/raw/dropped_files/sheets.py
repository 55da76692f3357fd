"""A table of a file before it is understood: its first lines, and all of them in blocks of cells."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

Row = Sequence[str]
SEARCHED_LINES = 200
"""Lines in which the header is looked for: exports have preambles of filters above it."""
BLOCK_LINES = 20_000
REPORTED_LINES = 100_000


@dataclass(frozen=True)
class DamagedLine:
    """A line that cannot be cut into the header's cells."""

    line: int
    reason: str
    text: str


@dataclass
class Block:
    """Some lines of a sheet: their numbers, counted from 1, and their cells."""

    lines: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    digests: list[int] = field(default_factory=list)
    """A number per line that is equal for equal lines."""
    damaged: list[DamagedLine] = field(default_factory=list)


@dataclass(frozen=True)
class Sheet:
    """One table of a file: the first lines of it, and a way to read all of them in blocks."""

    name: str
    head: tuple[Row, ...]
    blocks: Callable[[int], Iterator[Block]]
    """Takes the number of the header's cells."""


def reporting(sheet: Sheet, title: str, progress: Callable[[str], None]) -> Sheet:
    """The sheet, saying after every `REPORTED_LINES` lines how far its reading is, once."""
    reported = 0

    def blocks(width: int) -> Iterator[Block]:
        nonlocal reported
        for block in sheet.blocks(width):
            yield block
            reached = (block.lines[-1] if block.lines else 0) // REPORTED_LINES
            if reached > reported:
                reported = reached
                progress(f"{title}: {block.lines[-1]:,} lines")

    return replace(sheet, blocks=blocks)
