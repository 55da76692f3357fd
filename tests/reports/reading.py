"""Reading a page as a program would: the cells of its tables by row and by what their column says they are."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

ENDED_BY = {"td": {"td", "th"}, "th": {"td", "th"}, "tr": {"td", "th", "tr"}}
"""What a new cell or row ends, where its end was left out."""
NO_BREAK = "\N{WORD JOINER}"
"""Keeps a range in one line; nothing that is read."""


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: "Element | None" = None
    parts: list["Element | str"] = field(default_factory=list)
    """Elements and texts below, in the order of the page."""

    @property
    def children(self) -> list["Element"]:
        return [part for part in self.parts if isinstance(part, Element)]

    @property
    def text(self) -> str:
        texts = (part if isinstance(part, str) else part.text for part in self.parts)
        return " ".join(" ".join(texts).replace(NO_BREAK, "").split())

    def all(self, tag: str, **attributes: str) -> list["Element"]:
        """Every element below of that tag that has these attributes; `data_x` stands for data-x, `_` ends a
        keyword.
        """
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        elements = []
        for child in self.children:
            if child.tag == tag and wanted.items() <= child.attributes.items():
                elements.append(child)
            elements += child.all(tag, **attributes)
        return elements

    def one(self, tag: str, **attributes: str) -> "Element":
        (elements,) = self.all(tag, **attributes)
        return elements


class _Tree(HTMLParser):
    """Enough of HTML's rules for our own pages: void elements, and cells and rows whose end is left out."""

    VOID = frozenset(["meta", "link", "input", "br"])

    def __init__(self) -> None:
        super().__init__()
        self.root = self.at = Element("#", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        while self.at.tag in ENDED_BY.get(tag, ()) and self.at.parent:
            self.at = self.at.parent
        element = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.parts.append(element)
        if tag not in self.VOID:
            self.at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.at.parts.append(Element(tag, {name: value or "" for name, value in attrs}, self.at))

    def handle_endtag(self, tag: str) -> None:
        at: Element | None = self.at
        while at is not None and at.tag != tag:
            at = at.parent
        if at is not None and at.parent is not None:
            self.at = at.parent

    def handle_data(self, text: str) -> None:
        self.at.parts.append(text)


def parsed(page: str) -> Element:
    tree = _Tree()
    tree.feed(page)
    tree.close()
    return tree.root


def number(cell: Element) -> float | None:
    value = cell.attributes["data-value"]
    return float(value) if value else None


def columns(table: Element) -> dict[tuple[str, str], int]:
    """Where each metric stands in a row, by metric and period."""
    heads = table.one("thead").all("th")
    return {
        (head.attributes["data-metric"], head.attributes.get("data-period", "")): index
        for index, head in enumerate(heads)
        if "data-metric" in head.attributes
    }
