"""What a call to LinkedIn says besides its path: nothing that the call does not honour is let through."""

from collections.abc import Iterable
from typing import Any

from sandbox.linkedin.refusals import Refused, bad


def require_known(query: dict[str, Any], honoured: Iterable[str], *, resource: str) -> None:
    """Refuse a parameter that the call does not honour.

    Raises:
        Refused: QUERY_PARAM_NOT_ALLOWED, as LinkedIn's gateway says it.
    """
    if unknown := set(query) - set(honoured):
        name = min(unknown)
        message = f"Invalid query parameters passed to request on {resource}: {name} is not allowed"
        raise Refused(400, "QUERY_PARAM_NOT_ALLOWED", message, field=name)


def values_of(record: Any, name: str) -> list[str]:
    """The values of `(values:List(…))`.

    Raises:
        Refused: It is none.
    """
    try:
        values = record["values"]
    except (KeyError, TypeError) as error:
        raise bad(f"search must be ({name}:(values:List(…)))", field="search") from error
    return [str(value) for value in (values if isinstance(values, list) else [values])]


def whole_number(query: dict[str, Any], name: str, default: int) -> int:
    """A parameter that is a whole number, 0 or more."""
    given = str(query.get(name, default))
    if not given.isdigit():
        raise bad(f"{name} must be a whole number", field=name)
    return int(given)


def last_number(urn: object) -> int | None:
    """The number at the end of a URN, None for what is none."""
    own_id = str(urn).rpartition(":")[2]
    return int(own_id) if own_id.isdigit() else None
