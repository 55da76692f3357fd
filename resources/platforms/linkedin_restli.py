"""Rest.li 2.0 query strings, as LinkedIn's versioned API wants them: structure literal, values
percent-encoded.

`requests` would encode the structure too if it were given a dict, so it is given the finished string.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class Literal:
    """A value that goes in as it stands, such as a field list."""

    text: str


def encode(value: Any) -> str:
    """A value in Rest.li's syntax: dict as (k:v), list as List(a,b), text with everything special encoded."""
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
    """The parameters that are set, as a finished query string."""
    return "&".join(f"{name}={encode(value)}" for name, value in parameters.items() if value is not None)
