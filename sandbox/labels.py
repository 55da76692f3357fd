"""Labels that people put on campaigns and ad sets at Google Ads and Meta Ads. LinkedIn Ads has none.

Drawn by (seed, entity) on a stream of their own, so that they move no delivery figure. A label that somebody
sets by hand and that the account does not have is one whose name cannot be read.
"""

from sandbox import text_catalog
from sandbox.catalog import Catalog
from sandbox.running_world import Stage
from sandbox.world import Account

NUMBERS = {name: 9_001 + n for n, (name, _) in enumerate(text_catalog.LABELS)}
"""Id of every label of an account, by its name."""
UNREADABLE = 9_999


def drawn(catalog: Catalog, level: str, row: int) -> list[str]:
    """The labels that a campaign or an ad set carries from the beginning."""
    flags = catalog.label_flags[level][row]
    return [name for (name, _), is_on in zip(text_catalog.LABELS, flags.tolist(), strict=True) if is_on]


def labels(stage: Stage, account: Account, level: str, row: int) -> list[str]:
    """The labels it carries now."""
    catalog = stage.market.catalog(account)
    entity_id = int(getattr(catalog, level + "s").id[row])
    return list(stage.market.current(account, level, entity_id, "labels", drawn(catalog, level, row)))


def number(name: str) -> int:
    return NUMBERS.get(name, UNREADABLE)
