"""Which entities of an account an edge lists: by status and by filters, from columns of all entities at once.

Only what an edge shows is made into nodes, so that a crawl of all pages takes linear time.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sandbox.meta import entities
from sandbox.meta.parameters import holds
from sandbox.meta.statuses import effective_statuses, set_statuses
from sandbox.running_world import Stage
from sandbox.world import Account

Rule = dict[str, Any]


def rows(
    stage: Stage, account: Account, level: str, statuses: set[str] | None, conditions: Sequence[Rule]
) -> list[int]:
    """Rows of the market's entities of a level, of these effective statuses, that meet every condition."""
    key = ("meta rows", account.id, level, repr(sorted(statuses or ())), statuses is None, repr(conditions))
    return stage.market.remembered(key, lambda: _matching(stage, account, level, statuses, conditions))


def _matching(
    stage: Stage, account: Account, level: str, statuses: set[str] | None, conditions: Sequence[Rule]
) -> list[int]:
    catalog = stage.market.catalog(account)
    if level == "creative":
        candidates = [
            row for row, ad in enumerate(catalog.ads.id.tolist()) if ad not in catalog.created_by_id
        ]
    else:
        candidates = list(range(len(getattr(catalog, level + "s").id)))
    if statuses is not None:
        effective = _column(stage, account, level, "status" if level == "creative" else "effective_status")
        candidates = [row for row in candidates if effective[row] in statuses]
    for rule in conditions:
        values = _column(stage, account, level, rule["field"].rpartition(".")[2])
        candidates = [row for row in candidates if holds(rule, values[row])]
    return candidates


def _column(stage: Stage, account: Account, level: str, field: str) -> Sequence[Any]:
    """A field of every entity of a level, by row, as its node shows it; None where the node has none."""
    size = len(getattr(stage.market.catalog(account), ("ad" if level == "creative" else level) + "s").id)
    if level == "creative":
        creatives: dict[str, Callable[[], Sequence[Any]]] = {
            "id": lambda: [str(n) for n in _ids(stage, account, "ad") + entities.FIRST_CREATIVE],
            "name": lambda: [
                entities.creative_name(stage.market.catalog(account), row) for row in range(size)
            ],
            "status": lambda: ["ACTIVE"] * size,
        }
        return creatives.get(field, lambda: [None] * size)()
    columns: dict[str, Callable[[], Sequence[Any]]] = {
        "id": lambda: _ids(stage, account, level).astype(str).tolist(),
        "name": lambda: _names(stage, account, level),
        "status": lambda: set_statuses(stage, account, level).tolist(),
        "effective_status": lambda: effective_statuses(stage, account, level),
        "updated_time": lambda: [entities.updated_at(stage, account, level, row) for row in range(size)],
    }
    return stage.market.remembered(("meta column", account.id, level, field), columns[field])


def _ids(stage: Stage, account: Account, level: str) -> np.ndarray:
    ids: np.ndarray = getattr(stage.market.catalog(account), level + "s").id
    return ids


def _names(stage: Stage, account: Account, level: str) -> list[str]:
    catalog = stage.market.catalog(account)
    names = list(getattr(catalog, level + "s").name)
    for row, change in stage.market.laid(catalog, level, "name"):
        names[row] = change.value
    return names
