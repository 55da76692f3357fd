"""Text encodings of files from outside: byte order marks, UTF-8, UTF-16, and the code pages spreadsheets
still write.
"""

import codecs
import re
from collections.abc import Callable

SAMPLE_BYTES = 65_536
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CODE_PAGES = ("cp1252", "cp1250", "cp1254", "cp932", "gb18030", "cp949", "big5")
_BY_CURRENCY = {
    "PLN": "cp1250",
    "CZK": "cp1250",
    "HUF": "cp1250",
    "RON": "cp1250",
    "TRY": "cp1254",
    "JPY": "cp932",
    "CNY": "gb18030",
    "KRW": "cp949",
    "TWD": "big5",
}
_MOJIBAKE = re.compile("Ã[\x80-\xbf¤¶¼©¨ŸŒ„]|â‚¬|Å[\x80-\xbf‚›]")


def encoding_of(content: bytes, *, score: Callable[[str], float] | None = None) -> str | None:
    """The encoding of a text file, None where it is no text.

    Args:
        content: The whole file.
        score: How well the beginning of the file reads, once decoded; decides between code pages, none of
            which says what it is.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding if _decodes(content, encoding) else None
    if len(content) > 3 and b"\x00" in content[:200]:
        for at, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            zeros = content[at:400:2].count(0)
            if zeros > len(content[at:400:2]) * 0.3 and _decodes(content, encoding):
                return encoding
    if _decodes(content, "utf-8"):
        return "utf-8"
    sample = content[:SAMPLE_BYTES].rpartition(b"\n")[0] or content[:SAMPLE_BYTES]
    hinted = {page for code, page in _BY_CURRENCY.items() if code.encode() in sample}
    readings = [(page, sample.decode(page)) for page in _CODE_PAGES if _decodes(sample, page)]
    ranked = sorted(
        (
            (score(text) if score else 0.0, page in hinted, -order, page)
            for order, (page, text) in enumerate(readings)
        ),
        reverse=True,
    )
    for *_, page in ranked:
        if _decodes(content, page):
            return page
    return None


def _decodes(content: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(content), 1 << 20):
            decoder.decode(content[start : start + (1 << 20)])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def is_mojibake(text: str) -> bool:
    """Whether UTF-8 was once read as Windows-1252 and saved again, so that ü reads as Ã¼."""
    return _MOJIBAKE.search(text) is not None


def repaired(text: str) -> str:
    """The text before that happened, or as it is where it cannot be undone."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


def text_of(content: bytes) -> str | None:
    """The text of a small file such as a mapping or a list of budgets, None where it is no text."""
    encoding = encoding_of(content)
    if encoding is None:
        return None
    text = content.decode(encoding).removeprefix("\ufeff")
    return repaired(text) if is_mojibake(text) else text
