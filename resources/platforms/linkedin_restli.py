"""Rest.li 2.0 query strings for LinkedIn's versioned API: structure literal, values percent-encoded.

`requests` would percent-encode the structure of a dict too, so it receives the finished string.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class Literal:
    """A value that is not encoded, such as a field list."""

    text: str


def encode(value: Any) -> str:
    """A value in Rest.li syntax: dict as (k:v), list as List(a,b), reserved characters percent-encoded."""
    if isinstance(value, Literal):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "(" + ",".join(f"{encode(name)}:{encode(inner)}" for name, inner in value.items()) + ")"
    if isinstance(value, list | tuple):
        return "List(" + ",".join(encode(inner) for inner in value) + ")"
    return quote(str(value), safe="~") or "''"


def query_string(parameters: dict[str, Any]) -> str:
    """Query string of the parameters that are not None."""
    return "&".join(f"{name}={encode(value)}" for name, value in parameters.items() if value is not None)
