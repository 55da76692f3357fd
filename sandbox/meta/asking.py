"""What a Graph API call asks of the answer: which fields, and which page."""

import base64
import json
from typing import Any

from sandbox.meta.refusals import bad

MOST_ROWS_A_PAGE = 5_000


def chosen(node: dict[str, Any], parameters: dict[str, str]) -> dict[str, Any]:
    """The fields asked for, and always the id. `creative{title,body}` asks for the whole creative here."""
    text, depth, flat = parameters.get("fields", ""), 0, ""
    if text.startswith("["):
        text = ",".join(json.loads(text))
    for letter in text:
        depth += (letter == "{") - (letter == "}")
        flat += letter if depth == 0 and letter != "}" else ""
    names = [name.strip() for name in flat.split(",") if name.strip()]
    return {name: value for name, value in node.items() if name in names or name == "id"}


def cursor(parameters: dict[str, str]) -> tuple[int, int]:
    """Where a page begins and how long it may be."""
    try:
        limit = int(parameters.get("limit", 25))
        start = int(base64.b64decode(parameters["after"]).decode()) if parameters.get("after") else 0
    except ValueError as error:
        raise bad("Invalid cursor or limit", blame="after") from error
    if not 1 <= limit <= MOST_ROWS_A_PAGE:
        raise bad(f"limit must be between 1 and {MOST_ROWS_A_PAGE}", blame="limit")
    return start, limit


def encoded(position: int) -> str:
    """A position as the cursor that stands for it."""
    return base64.b64encode(str(position).encode()).decode()
