"""Labels as people put them on entities at a platform: their names, or None where even one of them could not
be read.

Google tells resource names, whose labels are a list of their own; Meta tells names; LinkedIn has no labels.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

Labels = tuple[str, ...]
NONE: Labels = ()


def google_labels(resources: Iterable[str], names: Mapping[str, str]) -> Labels | None:
    """The names of these labels; `names` are those of the account, by resource name."""
    return together([(names[resource],) if resource in names else None for resource in resources])


def meta_labels(node: Mapping[str, Any]) -> Labels | None:
    """The names in a node's `adlabels`, which Meta leaves out where there are none."""
    return together([(label["name"],) if label.get("name") else None for label in node.get("adlabels", ())])


def together(parts: Iterable[Labels | None]) -> Labels | None:
    """All of them, sorted, each once; None as soon as one part is not known."""
    labels: set[str] = set()
    for part in parts:
        if part is None:
            return None
        labels |= set(part)
    return tuple(sorted(labels))


def as_json(labels: Labels | None) -> str | None:
    return None if labels is None else json.dumps(labels, ensure_ascii=False)


def from_json(text: object) -> Labels | None:
    """What `as_json` wrote, None where nothing is written."""
    return tuple(json.loads(text)) if isinstance(text, str) else None
