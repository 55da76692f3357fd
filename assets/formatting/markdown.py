"""Texts of other people, such as names of campaigns, as text in Markdown: nothing in them becomes a link, a
heading or HTML.
"""

import re
from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#|~!])")


def as_markdown_text(text: str) -> str:
    """The text on one line with every character escaped that Markdown, its tables or HTML would read as
    markup.
    """
    return _MARKUP.sub(r"\\\1", " ".join(text.split())).replace("\\<", "&lt;").replace("\\>", "&gt;")


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table whose cells are text, whatever stands in them."""
    lines = [header, ["---"] * len(header), *([as_markdown_text(str(cell)) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def markdown_list(lines: Iterable[str]) -> str:
    """A list whose points are text, whatever stands in them."""
    return "\n".join(f"- {as_markdown_text(line)}" for line in lines)
