"""Bytes of a CSV or workbook as lines of cells, whatever its encoding and delimiter; and cells of our own
CSVs.

Large files are read in blocks of lines. A damaged line (an unclosed quote, a cell too many, a cell of 140,000
characters) costs that line: each line is parsed by itself, and lines are joined only where a quoted cell
truly spans several.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from assets.raw.dropped_files.sheets import BLOCK_LINES, SEARCHED_LINES, Block, DamagedLine, Row, Sheet
from assets.raw.dropped_files.workbook import sheets_of_workbook
from resources.errors import DataUnusable
from resources.readers.encodings import encoding_of, is_mojibake, repaired
from resources.readers.numbers import without_marks

LONGEST_CELL = 10_000
MOST_JOINED_LINES = 20
"""Physical lines that a cell with line breaks may span."""
_DELIMITERS = (",", ";", "\t", "|")
_SCORED_BYTES = 65_536
SEARCHED_HEADERS = 60
csv.field_size_limit(1 << 27)


def sheets_of(name: str, content: bytes, *, score: Callable[[Row], float]) -> list[Sheet]:
    """The tables of a file: one of a text, one per sheet of a workbook.

    Args:
        name: The file's name, for messages.
        content: Its bytes.
        score: How much a line looks like a known header; decides between encodings that do not say what they
            are.

    Raises:
        DataUnusable: The file is neither text nor a workbook that can be opened, or it is empty.
    """
    if content.startswith(b"PK\x03\x04"):
        return sheets_of_workbook(name, content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataUnusable(f"{name} is an old Excel workbook (.xls): open it and save it as XLSX or CSV.")
    if name.lower().endswith((".xlsx", ".xlsm")):
        raise DataUnusable(f"{name} cannot be opened as a workbook: save it again as XLSX or CSV.")
    if re.match(rb"\s*(\xef\xbb\xbf)?\s*<(!doctype|html|table|\?xml)", content[:200], re.IGNORECASE):
        raise DataUnusable(
            f"{name} is a web page that is named like a table: open it in a spreadsheet and save it as XLSX"
            " or CSV."
        )
    return [_text_sheet(name, content, score)]


def _text_sheet(name: str, content: bytes, score: Callable[[Row], float]) -> Sheet:
    def reads_well(text: str) -> float:
        lines = text.splitlines()[:SEARCHED_LINES]
        delimiter = _delimiter(lines, score)
        return max((score(row) for row in csv.reader(lines, delimiter=delimiter)), default=0.0)

    if not content.strip(b"\xef\xbb\xbf\xff\xfe \r\n\t\x00"):
        raise DataUnusable(f"{name} is empty: export it again.")
    encoding = encoding_of(content, score=reads_well)
    if encoding is None:
        raise DataUnusable(
            f"{name} is not text in an encoding that is known: export it again as CSV (UTF-8)."
        )
    head = content[:_SCORED_BYTES].decode(encoding, errors="ignore")
    text = _Text(content, encoding, is_mojibake=is_mojibake(head))
    first_lines = list(islice(text.lines(), SEARCHED_LINES))
    text.delimiter = _delimiter(first_lines, score)
    text.is_wrapped = _is_wrapped(first_lines, text.delimiter)
    rows: list[Row] = []
    for block in text.blocks(0):
        rows += block.rows
        break
    return Sheet("", tuple(tuple(cell.strip() for cell in row) for row in rows), text.blocks)


class _Text:
    """A delimited text: its physical lines, and its records in blocks."""

    def __init__(self, content: bytes, encoding: str, *, is_mojibake: bool) -> None:
        self._content, self._encoding, self._is_mojibake = content, encoding, is_mojibake
        self.delimiter, self.is_wrapped = ",", False

    def lines(self) -> Iterator[str]:
        stream = io.TextIOWrapper(io.BytesIO(self._content), encoding=self._encoding, newline="")
        for line in _by_line_ends(stream):
            if line.isascii():
                yield line
            else:
                plain = without_marks(line)
                yield repaired(plain) if self._is_mojibake else plain

    def blocks(self, width: int) -> Iterator[Block]:
        """Every record, with what cannot be cut into `width` cells apart; width 0 takes any, in the small blocks
        in which a header is looked for.
        """
        most_lines = BLOCK_LINES if width else SEARCHED_LINES
        lines, number = self.lines(), 1
        carried: list[str] = []
        while chunk := carried + list(islice(lines, most_lines)):
            block, carried = self._block(chunk, number, width)
            if carried and len(carried) == len(chunk):
                more = list(islice(lines, MOST_JOINED_LINES))
                if not more:
                    block, carried = self._block([*carried, ""], number, width, is_end=True)
                    carried = []
                else:
                    carried += more
                    continue
            number += len(chunk) - len(carried)
            yield block

    def _block(
        self, chunk: list[str], number: int, width: int, *, is_end: bool = False
    ) -> tuple[Block, list[str]]:
        block = Block()
        if self.is_wrapped:
            chunk = [_unwrapped(line) for line in chunk]
        text = "".join(chunk)
        if '"' not in text:
            rows: list[Row] = [line.rstrip("\r\n").split(self.delimiter) for line in chunk]
            self._keep_all(block, chunk, rows, number, width)
            return block, []
        inner = re.compile(rf'[^{re.escape(self.delimiter)}"\r\n]"[^{re.escape(self.delimiter)}"\r\n]')
        is_plain = self._quotes_at_edges(text) or not inner.search(text)
        if is_plain and not any(line.count('"') & 1 for line in chunk):
            rows = list(csv.reader(chunk, delimiter=self.delimiter))
            if len(rows) == len(chunk):
                self._keep_all(block, chunk, rows, number, width)
                return block, []
        return self._line_by_line(chunk, number, width, inner, is_end=is_end)

    def _quotes_at_edges(self, text: str) -> bool:
        """Whether every quotation mark stands beside a delimiter or a line's end, counted without looking at
        each.
        """
        edges = (f'{self.delimiter}"', f'"{self.delimiter}', '\n"', '"\r', '"\n')
        at_ends = text.startswith('"') + text.endswith('"')
        return text.count('"') == sum(map(text.count, edges)) + at_ends

    def _keep_all(self, block: Block, chunk: list[str], rows: list[Row], number: int, width: int) -> None:
        """Lines that are all as wide as the header are taken at once; the others one by one."""
        widths = set(map(len, rows))
        is_even = (
            widths == {width}
            and max(map(len, chunk)) <= LONGEST_CELL
            and not any("\x00" in line for line in chunk)
        )
        if is_even and all(row[0] for row in rows):
            block.lines = list(range(number, number + len(rows)))
            block.rows = rows
            block.digests = list(map(hash, map(str.rstrip, chunk)))
            return
        self._keep(block, zip(range(number, number + len(rows)), rows, chunk, strict=True), width)

    def _line_by_line(
        self, chunk: list[str], number: int, width: int, inner: re.Pattern[str], *, is_end: bool
    ) -> tuple[Block, list[str]]:
        block, at = Block(), 0
        records: list[tuple[int, Row, str]] = []
        while at < len(chunk):
            line = chunk[at]
            if not line.count('"') & 1:
                records.append((number + at, self._cut(line, inner), line))
                at += 1
                continue
            joined = self._joined(chunk, at, width, inner)
            if joined is not None:
                row, taken = joined
                records.append((number + at, row, "".join(chunk[at : at + taken])))
                at += taken
            elif at + MOST_JOINED_LINES > len(chunk) and not is_end and at > 0:
                break  # the rest may belong to lines that follow
            else:
                alone = self._cut(line, inner)
                if width and len(alone) == width and "\n" not in alone[-1]:
                    records.append((number + at, alone, line))
                else:
                    block.damaged.append(
                        DamagedLine(number + at, "a quotation mark is not closed", line[:200])
                    )
                at += 1
        self._keep(block, records, width)
        return block, chunk[at:]

    def _joined(
        self, chunk: list[str], at: int, width: int, inner: re.Pattern[str]
    ) -> tuple[Row, int] | None:
        """The record that begins here and how many lines it spans, if a quoted cell with line breaks explains
        it.
        """
        alone = self._cut(chunk[at], inner)
        is_open = bool(alone) and alone[-1].endswith(("\n", "\r"))
        if not is_open and (not width or len(alone) == width):
            return alone, 1
        for taken in range(2, MOST_JOINED_LINES + 1):
            lines = chunk[at : at + taken]
            if len(lines) < taken:
                return None
            if sum(line.count('"') for line in lines) & 1:
                continue
            row = next(csv.reader(lines, delimiter=self.delimiter), [])
            swallowed = max(
                (cell.count(self.delimiter) for cell in row if "\n" in cell or "\r" in cell), default=0
            )
            if (not width or len(row) == width) and swallowed < max(1, (width or len(row)) - 1):
                return row, taken
            return None
        return None

    def _cut(self, line: str, inner: re.Pattern[str]) -> Row:
        if inner.search(line):
            return _lenient_cells(line.rstrip("\r\n"), self.delimiter)
        return next(csv.reader([line], delimiter=self.delimiter), [])

    def _keep(self, block: Block, records: Iterable[tuple[int, Row, str]], width: int) -> None:
        """Put the records into the block: what fits the header, and what is damaged with the reason."""
        for line, row, text in records:
            if not row or (not row[0] and not any(cell.strip() for cell in row)):
                continue
            fitted, reason = self._fitted(row, text, width)
            if reason is None:
                block.lines.append(line)
                block.rows.append(fitted)
                block.digests.append(hash(text.rstrip()))
            elif reason:
                block.damaged.append(DamagedLine(line, reason, text[:200].replace("\x00", "")))

    def _fitted(self, row: Row, text: str, width: int) -> tuple[Row, str | None]:
        """The cells in the header's number, or why they are not; an empty reason for a line of zero bytes
        alone.
        """
        if len(text) > LONGEST_CELL and max(map(len, row)) > LONGEST_CELL:
            return row, f"a cell has {max(map(len, row)):,} characters"
        if "\x00" in text:
            is_blank = not text.strip("\x00\r\n" + self.delimiter)
            return (
                row,
                "" if is_blank else "the line has zero bytes: the file is damaged here, export it again",
            )
        if not width or len(row) == width:
            return row, None
        if len(row) < width:
            is_cut = len(row) > 1 and not text.endswith(("\n", "\r"))
            reason = "the file ends in the middle of this line: export it again" if is_cut else None
            return [*row, *([""] * (width - len(row)))], reason
        if not any(cell.strip() for cell in row[width:]):
            return row[:width], None
        return (
            row,
            (
                f"the line has {len(row)} cells and the header {width}: "
                f"a '{self.delimiter}' in a name or number is not in quotation marks"
            ),
        )


def _by_line_ends(stream: io.TextIOWrapper) -> Iterator[str]:
    """Lines that end in a newline; a file of old Macs has carriage returns alone."""
    for line in stream:
        if "\r" in line[:-2]:
            yield from (part for part in re.split(r"(?<=\r)(?!\n)", line) if part)
        else:
            yield line


def _lenient_cells(line: str, delimiter: str) -> list[str]:
    """Cells of a line with quotation marks inside of names: a quoted cell ends at a mark before a delimiter
    or the end.
    """
    mark = re.escape(delimiter)
    cells = []
    for match in re.finditer(
        rf'(?:^|{mark})(?:"((?:[^"]|""|"(?!{mark}|$))*)"(?={mark}|$)|([^{mark}]*))', line
    ):
        quoted, plain = match[1], match[2]
        cells.append(quoted.replace('""', '"') if quoted is not None else plain)
    return cells


def _is_wrapped(lines: Sequence[str], delimiter: str) -> bool:
    """Whether whole lines stand in quotation marks, as some programs save a CSV a second time."""
    full = [line.strip() for line in lines if line.strip()]
    return (
        bool(full)
        and all(
            line.startswith('"')
            and line.endswith('"')
            and len(next(csv.reader([line], delimiter=delimiter))) == 1
            for line in full
        )
        and any(delimiter in line for line in full)
    )


def _unwrapped(line: str) -> str:
    return next(csv.reader([line]), [""])[0] + "\n" if line.strip() else line


def _delimiter(lines: Sequence[str], score: Callable[[Row], float]) -> str:
    """The delimiter that cuts most lines into the same number of cells, and that into several; where another
    one cuts some lines into more (decimal commas beside damaged lines), the one whose header is known.
    """
    lines = [line for line in lines if line.strip()]
    if lines and all(line.strip().startswith('"') and line.strip().endswith('"') for line in lines):
        unwrapped = [_unwrapped(line) for line in lines]
        if all(len(next(csv.reader([line]), [])) == 1 for line in lines):
            lines = unwrapped

    def evenness(delimiter: str) -> tuple[int, int]:
        widths = [len(next(csv.reader([line], delimiter=delimiter), [])) for line in lines]
        common = max(set(widths), key=widths.count, default=1)
        return (widths.count(common), common) if common > 1 else (0, 0)

    def seldom_one(delimiter: str) -> tuple[int, int]:
        # Preambles have one cell a line: what counts is the most frequent number above one.
        widths = [w for line in lines if (w := len(next(csv.reader([line], delimiter=delimiter), []))) > 1]
        common = max(set(widths), key=widths.count, default=0)
        return (widths.count(common), common) if common else (0, 0)

    def knows_header(delimiter: str) -> float:
        return max(
            (score(row) for row in csv.reader(lines[:SEARCHED_HEADERS], delimiter=delimiter)), default=0.0
        )

    even = {delimiter: (evenness(delimiter), seldom_one(delimiter)) for delimiter in _DELIMITERS}
    best = max(_DELIMITERS, key=even.__getitem__)
    rivals = [other for other in _DELIMITERS if even[other][1][1] > even[best][1][1]]
    return max([best, *rivals], key=knows_header) if rivals else best
