"""Texts of other people, such as names of campaigns, as text in Markdown: nothing in them becomes a link, a
heading or HTML.
"""

import re

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#|~!])")


def as_markdown_text(text: str) -> str:
    """The text on one line with every character escaped that Markdown, its tables or HTML would read as
    markup.
    """
    return _MARKUP.sub(r"\\\1", " ".join(text.split())).replace("\\<", "&lt;").replace("\\>", "&gt;")
