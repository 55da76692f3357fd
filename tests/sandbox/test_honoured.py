"""The page's tables of what is honoured are those that the wires check against."""

from pathlib import Path

from sandbox.honoured import BEGIN, END, table

PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"


def test_the_tables_in_the_documentation_are_what_the_wires_check() -> None:
    text = PAGE.read_text(encoding="utf-8")
    written = text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip()
    assert written == table(), "write the output of `python -m sandbox.honoured` into docs/sandbox.md"
