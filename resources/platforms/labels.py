"""Names of the labels that users put on entities at a platform; None where one of them could not be read.

Google returns resource names and lists labels separately, Meta returns names, LinkedIn has no labels.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

Labels = tuple[str, ...]
NONE: Labels = ()


def google_labels(resources: Iterable[str], names: Mapping[str, str]) -> Labels | None:
    """Names of these label resources; `names` maps the account's label resource names to names."""
    return together([(names[resource],) if resource in names else None for resource in resources])


def meta_labels(node: Mapping[str, Any]) -> Labels | None:
    """Names in a node's `adlabels`; Meta omits the field where there are none."""
    return together([(label["name"],) if label.get("name") else None for label in node.get("adlabels", ())])


def together(parts: Iterable[Labels | None]) -> Labels | None:
    """Union of all parts, sorted; None if any part is unknown."""
    labels: set[str] = set()
    for part in parts:
        if part is None:
            return None
        labels |= set(part)
    return tuple(sorted(labels))


def as_json(labels: Labels | None) -> str | None:
    return None if labels is None else json.dumps(labels, ensure_ascii=False)


def from_json(text: object) -> Labels | None:
    """Inverse of `as_json`; None for an empty cell."""
    return tuple(json.loads(text)) if isinstance(text, str) else None
