"""Statuses of Meta's entities: what was set, and what follows from those above, a review or an incident."""

import numpy as np

from sandbox.catalog import Catalog
from sandbox.running_world import Stage
from sandbox.world import Account

STATUSES = {"ACTIVE", "PAUSED", "ARCHIVED", "DELETED"}
HIDDEN = {"ARCHIVED", "DELETED"}
EFFECTIVE = STATUSES | {
    "CAMPAIGN_PAUSED",
    "ADSET_PAUSED",
    "DISAPPROVED",
    "PENDING_REVIEW",
    "IN_PROCESS",
    "WITH_ISSUES",
}


def status_of(stage: Stage, account: Account, level: str, row: int) -> str:
    """The status that was set."""
    things = getattr(stage.market.catalog(account), level + "s")
    first = "PAUSED" if things.paused[row] else "ACTIVE"
    return str(stage.market.current(account, level, int(things.id[row]), "status", first))


def effective_status(stage: Stage, account: Account, level: str, row: int) -> str:
    """The status after those above: a paused campaign pauses what is in it."""
    catalog = stage.market.catalog(account)
    own_id = status_of(stage, account, level, row)
    if own_id != "ACTIVE":
        return own_id
    for over, at in above(catalog, level, row):
        if status_of(stage, account, over, at) != "ACTIVE":
            return "CAMPAIGN_PAUSED" if over == "campaign" else "ADSET_PAUSED"
    if level == "ad" and is_rejected(stage, account, row):
        return "DISAPPROVED"
    return "PENDING_REVIEW" if level == "ad" and stage.market.is_in_review(account, row) else own_id


def set_statuses(stage: Stage, account: Account, level: str) -> np.ndarray:
    """The status that was set of every entity of a level, by row: of all at once what `status_of` says."""
    catalog = stage.market.catalog(account)
    statuses = np.where(getattr(catalog, level + "s").paused, "PAUSED", "ACTIVE").astype(object)
    for row, change in stage.market.laid(catalog, level, "status"):
        statuses[row] = change.value
    return statuses


def effective_statuses(stage: Stage, account: Account, level: str) -> list[str]:
    """The effective status of every entity of a level, by row: for all at once what `effective_status` says
    of each.
    """
    catalog, market = stage.market.catalog(account), stage.market

    def own(of: str) -> np.ndarray:
        return set_statuses(stage, account, of)

    statuses = own(level)
    ad_set = catalog.ads.ad_set if level == "ad" else np.arange(len(catalog.ad_sets.id))
    if level == "ad":
        statuses[(statuses == "ACTIVE") & (own("ad_set") != "ACTIVE")[ad_set]] = "ADSET_PAUSED"
    if level != "campaign":
        stopped = (own("campaign") != "ACTIVE")[catalog.ad_sets.campaign[ad_set]]
        statuses[stopped & (own(level) == "ACTIVE")] = "CAMPAIGN_PAUSED"
    if level == "ad" and any(incident.kind == "disapproved_ads" for incident in market.diary.of(catalog)):
        for row in np.flatnonzero(statuses == "ACTIVE").tolist():
            if is_rejected(stage, account, row):
                statuses[row] = "DISAPPROVED"
    if level == "ad":
        for row in (catalog.index["ad"][own_id] for own_id in catalog.created_by_id):
            if statuses[row] == "ACTIVE" and market.is_in_review(account, row):
                statuses[row] = "PENDING_REVIEW"
    listed: list[str] = statuses.tolist()
    return listed


def above(catalog: Catalog, level: str, row: int) -> list[tuple[str, int]]:
    """Level and row of everything that contains an entity, the campaign first."""
    if level == "campaign":
        return []
    ad_set = int(catalog.ads.ad_set[row]) if level == "ad" else row
    campaign = ("campaign", int(catalog.ad_sets.campaign[ad_set]))
    return [campaign, ("ad_set", ad_set)] if level == "ad" else [campaign]


def is_rejected(stage: Stage, account: Account, ad: int) -> bool:
    return stage.market.diary.is_disapproved(stage.market.catalog(account), ad, stage.today(account))
