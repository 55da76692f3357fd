"""Rest.li 2.0 query values:

`(k:v,k:v)` records and `List(a,b)` lists, whose structure must arrive unencoded.
"""

import re
from typing import Any
from urllib.parse import parse_qsl, unquote


class NotRestli(ValueError):
    """A value does not follow the syntax."""


def decode_query(raw: str) -> dict[str, Any]:
    """The parameters of a raw, still percent-encoded query string.

    Raises:
        NotRestli: Structural characters were form-encoded, or the structure does not close.
    """
    pairs = (part.partition("=") for part in raw.split("&") if part)
    return {unquote(name): _value(name, value) for name, _, value in pairs}


_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_ESCAPES = (("~2E", "."), ("~5B", "["), ("~5D", "]"), ("~7E", "~"))


def decode_query_1(raw: str) -> dict[str, Any]:
    """The parameters of a query in Rest.li 1.0: `a.b=…`, `list[0].x=…`, and a name that comes twice is a
    list.

    Raises:
        NotRestli: A name cannot be read.
    """
    results: dict[str, Any] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        steps = [(key, int(index) if index else None) for key, index in _STEP.findall(name)]
        if not steps or "".join(f"[{n}]" if n is not None else key for key, n in steps) != name.replace(
            ".", ""
        ):
            raise NotRestli(f"Invalid query parameter {name}")
        path = [key if n is None else n for key, n in steps]
        _put(results, path, _unescaped(value))
    return {name: _with_lists(value) for name, value in results.items()}


def _unescaped(value: str) -> str:
    for code, letter in _ESCAPES:
        value = value.replace(code, letter)
    return value


def _put(results: dict[Any, Any], path: list[str | int], value: str) -> None:
    step, *rest = path
    if rest:
        _put(results.setdefault(step, {}), rest, value)
    elif step in results:
        held = results[step]
        results[step] = [*(held if isinstance(held, list) else [held]), value]
    else:
        results[step] = value


def _with_lists(value: Any) -> Any:
    """Records whose keys are numbers are lists."""
    if not isinstance(value, dict):
        return value
    inner = {key: _with_lists(held) for key, held in value.items()}
    return (
        [inner[key] for key in sorted(inner)]
        if inner and all(isinstance(key, int) for key in inner)
        else inner
    )


def _value(name: str, raw: str) -> Any:
    if raw.upper().startswith(("%28", "LIST%28")):
        raise NotRestli(f"Invalid query parameter {name}: structural characters must not be encoded")
    if name in {"fields", "projection"}:
        return unquote(raw)
    value, at = _parse(name, raw, 0)
    if at != len(raw):
        raise NotRestli(f"Invalid query parameter {name}: trailing characters")
    return value


def _parse(name: str, raw: str, at: int) -> tuple[Any, int]:
    if raw.startswith("List(", at):
        return _sequence(name, raw, at + 5)
    if raw.startswith("(", at):
        return _record(name, raw, at + 1)
    end = at
    while end < len(raw) and raw[end] not in ",)(:":
        end += 1
    if raw.startswith((":", "("), end):
        raise NotRestli(f"Invalid query parameter {name}: '{raw[end]}' inside a value must be encoded")
    word = raw[at:end]
    return ("" if word == "''" else unquote(word)), end


def _sequence(name: str, raw: str, at: int) -> tuple[list[Any], int]:
    items: list[Any] = []
    while not raw.startswith(")", at):
        item, at = _parse(name, raw, at)
        items.append(item)
        at = _after_comma(name, raw, at)
    return items, at + 1


def _record(name: str, raw: str, at: int) -> tuple[dict[str, Any], int]:
    record: dict[str, Any] = {}
    while not raw.startswith(")", at):
        colon = raw.find(":", at)
        if colon < 0:
            raise NotRestli(f"Invalid query parameter {name}: a key without a value")
        record[unquote(raw[at:colon])], at = _parse(name, raw, colon + 1)
        at = _after_comma(name, raw, at)
    return record, at + 1


def _after_comma(name: str, raw: str, at: int) -> int:
    if at >= len(raw):
        raise NotRestli(f"Invalid query parameter {name}: it does not close")
    return at + 1 if raw[at] == "," else at
