"""What a Graph API call says besides its path: which fields, which page, and nothing that the call does not
honour.
"""

import base64
import json
from collections.abc import Iterable
from typing import Any

from sandbox.meta.refusals import bad

MOST_ROWS_A_PAGE = 5_000
COMMON = {"access_token", "appsecret_proof", "locale", "pretty"}
"""Parameters that every call takes: who asks, and how the answer is printed."""
PAGING = {"limit", "after"}


def require_known(parameters: dict[str, str], honoured: Iterable[str], *, edge: str) -> None:
    """Refuse a parameter that the call does not honour.

    Raises:
        Refused: Code 100, with the parameter's name.
    """
    if unknown := set(parameters) - set(honoured) - COMMON:
        name = min(unknown)
        raise bad(f"Param {name} on {edge} is not honoured by the sandbox", blame=name)


def selected(parameters: dict[str, str]) -> dict[str, list[str]]:
    """Names in `fields`, each with the names in its braces; `creative{title,body}` selects two of a creative."""
    text = parameters.get("fields", "")
    if text.startswith("["):
        text = ",".join(json.loads(text))
    names: dict[str, list[str]] = {}
    depth, word, inner = 0, "", ""
    for letter in f"{text},":
        if letter == "{":
            depth += 1
        elif letter == "}":
            depth -= 1
        elif letter == "," and depth == 0:
            if word.strip():
                names[word.strip()] = [name.strip() for name in inner.split(",") if name.strip()]
            word, inner = "", ""
        elif depth:
            inner += letter
        else:
            word += letter
    if depth:
        raise bad("Syntax error: braces in fields do not close", blame="fields")
    return names


def chosen(
    node: dict[str, Any], parameters: dict[str, str], honoured: dict[str, frozenset[str]], *, kind: str
) -> dict[str, Any]:
    """The fields asked for, and always the id.

    Raises:
        Refused: A field that nodes of this kind do not have, or that the sandbox does not honour.
    """
    names = selected(parameters)
    for name, inner in names.items():
        if name not in honoured:
            raise bad(f"Tried accessing nonexisting field ({name}) on node type ({kind})", blame="fields")
        if wrong := [each for each in inner if each not in honoured[name]]:
            raise bad(f"Tried accessing nonexisting field ({wrong[0]}) on field ({name})", blame="fields")
    results = {name: _inner(node[name], inner) for name, inner in names.items() if name in node}
    return {"id": node["id"]} | results if "id" in node else results


def _inner(value: Any, names: list[str]) -> Any:
    if not names:
        return value
    if isinstance(value, list):
        return [_inner(each, names) for each in value]
    return {name: value[name] for name in names if name in value}


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


def listed(text: str) -> list[str]:
    """Names from `a,b` or `["a","b"]`, the two ways clients send them."""
    try:
        results = json.loads(text) if text.startswith("[") else text.split(",")
    except json.JSONDecodeError as error:
        raise bad("a list could not be read") from error
    return [str(name).strip() for name in results if str(name).strip()]


def rules(text: str) -> list[dict[str, Any]]:
    """The rules of `filtering`, each with field, operator and value.

    Raises:
        Refused: They cannot be read.
    """
    try:
        results = json.loads(text or "[]")
        return [
            {"field": rule["field"], "operator": rule["operator"], "value": rule["value"]} for rule in results
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise bad("filtering is malformed", blame="filtering") from error


def holds(rule: dict[str, Any], value: Any) -> bool:
    """Whether a node's value meets a rule.

    Raises:
        Refused: An operator that the sandbox does not honour.
    """
    operator, given = rule["operator"], rule["value"]
    if operator in ("GREATER_THAN", "LESS_THAN"):
        return (
            float(value or 0) > float(given)
            if operator == "GREATER_THAN"
            else float(value or 0) < float(given)
        )
    tests = {
        "IN": lambda: str(value) in {str(each) for each in given},
        "NOT_IN": lambda: str(value) not in {str(each) for each in given},
        "EQUAL": lambda: str(value) == str(given),
        "NOT_EQUAL": lambda: str(value) != str(given),
        "CONTAIN": lambda: str(given).casefold() in str(value).casefold(),
        "NOT_CONTAIN": lambda: str(given).casefold() not in str(value).casefold(),
    }
    if operator not in tests:
        raise bad(f"operator {operator} is not honoured by the sandbox", blame="filtering")
    return tests[operator]()
