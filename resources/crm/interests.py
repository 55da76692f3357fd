"""Content and search topic of a visit, from its landing page: the first part of the path, and `utm_term`.

Neither is kept as it stands: a path's part must look like a page's name, and a search becomes its topic by
the policy's words.
"""

import re
from urllib.parse import parse_qs, unquote, urlsplit

from resources.policy.crm_traits import TraitMapping, category

_PAGE = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_ENDING = re.compile(r"\.(?:html?|php|aspx?)$")


def interests(url: str | None, mapping: TraitMapping) -> dict[str, str | None]:
    """`content` and `search_topic` of a visit; None where the address does not tell."""
    try:
        parts = urlsplit(url or "")
        query_values = parse_qs(parts.query)
    except ValueError:  # an address that was cut in the middle
        return {"content": None, "search_topic": None}
    page = _ENDING.sub("", unquote(parts.path).strip("/").split("/")[0].lower())
    return {
        "content": category(page.replace("-", " ").replace("_", " ")) if _PAGE.fullmatch(page) else None,
        "search_topic": topic(query_values.get("utm_term", [""])[0], mapping),
    }


def topic(term: str, mapping: TraitMapping) -> str | None:
    """What a search was about; a term that is a number is an id, and no search."""
    term_text = category(term.lower())
    if term_text is None or not any(letter.isalpha() for letter in term_text) or term_text.startswith("urn:"):
        return None
    if not mapping.search_topics:
        return term_text
    return next(
        (
            name
            for name, words in mapping.search_topics.items()
            if any(word.lower() in term_text for word in words)
        ),
        None,
    )
