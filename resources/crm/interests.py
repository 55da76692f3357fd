"""What somebody looked at and searched for, by the address they landed on: the first part of its path, and the topic in `utm_term`.

Neither is kept as it stands: a path's part must look like a page's name, and a search becomes its topic by the policy's words.
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
        asked = parse_qs(parts.query)
    except ValueError:  # an address that was cut in the middle
        return {"content": None, "search_topic": None}
    page = _ENDING.sub("", unquote(parts.path).strip("/").split("/")[0].lower())
    return {
        "content": category(page.replace("-", " ").replace("_", " ")) if _PAGE.fullmatch(page) else None,
        "search_topic": topic(asked.get("utm_term", [""])[0], mapping),
    }


def topic(term: str, mapping: TraitMapping) -> str | None:
    """What a search was about; a term that is a number is an id, and no search."""
    found = category(term.lower())
    if found is None or not any(letter.isalpha() for letter in found) or found.startswith("urn:"):
        return None
    if not mapping.search_topics:
        return found
    return next(
        (
            name
            for name, words in mapping.search_topics.items()
            if any(word.lower() in found for word in words)
        ),
        None,
    )
