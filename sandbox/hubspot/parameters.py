"""What a call to HubSpot says besides its path: nothing that the call does not honour is let through."""

from collections.abc import Iterable
from typing import Any

from starlette.datastructures import QueryParams

from sandbox.hubspot.refusals import bad


def require_query(query: QueryParams, honoured: Iterable[str]) -> None:
    """Refuse a query parameter that the call does not honour.

    Raises:
        Refused: With the parameter's name.
    """
    if unknown := set(query) - set(honoured):
        raise bad(f"Query parameter {min(unknown)} is not honoured by the sandbox")


def require_body(body: dict[str, Any], honoured: Iterable[str]) -> None:
    """Refuse a member of a body that the call does not honour.

    Raises:
        Refused: With the member's name.
    """
    if unknown := set(body) - set(honoured):
        raise bad(f'Invalid input JSON: Unrecognized field "{min(unknown)}"')


def listed(query: QueryParams, name: str) -> list[str]:
    """The values of a parameter that comes several times, or as a list with commas."""
    return [value for given in query.getlist(name) for value in given.split(",") if value]


def whole_number(query: QueryParams, name: str, default: int) -> int:
    """A whole number, 0 or more."""
    given = query.get(name) or str(default)
    if not given.isdecimal():
        raise bad(f"Invalid integer: {name} must be a number, not {given}")
    return int(given)
