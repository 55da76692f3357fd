"""Requests for changes that people write down in a file."""

from typing import Any, get_args

import yaml
from pydantic import TypeAdapter, ValidationError

from resources.errors import DataUnusable
from resources.kinds.base import ChangeRequest
from resources.kinds.registry import REQUESTS
from resources.ledger.proposal import Kind


def request_in(text: str) -> tuple[str, ChangeRequest]:
    """The kind of proposal and the request that a YAML document asks for.

    Args:
        text: A mapping with `kind`, a kind of proposal, `change`, a kind of change, and the request's fields.

    Raises:
        DataUnusable: It asks for nothing that can be proposed; the sentence says where.
    """
    try:
        content: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DataUnusable(f"The file is no YAML: {error}") from error
    if not isinstance(content, dict) or content.get("change") not in REQUESTS:
        raise DataUnusable(f"The file needs `change`, one of {', '.join(REQUESTS)}.")
    kind = content.pop("kind", None)
    if kind not in get_args(Kind):
        raise DataUnusable(f"The file needs `kind`, one of {', '.join(get_args(Kind))}.")
    shape = REQUESTS[content.pop("change")]
    if unknown := sorted(set(content) - set(shape.__dataclass_fields__) | {"field"} & set(content)):
        raise DataUnusable(f"The file has `{unknown[0]}`, which {shape.__name__} does not know.")
    try:
        return kind, TypeAdapter(shape).validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataUnusable(f"The file's `{where}`: {first['msg']}.") from error
