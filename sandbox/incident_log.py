"""The incidents of a running world: those of its file, those that were added since, and what they leave to be
seen in entities.

Delivery is in `sandbox.incident_effects`. Two kinds show elsewhere too: rejected ads say so for as long as
they are, and a change of the bid strategy stands in the change history from the day before its first day on,
made by a person.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from sandbox.catalog import Catalog
from sandbox.changes import Change
from sandbox.incident import Incident, require_known
from sandbox.incident_effects import ads_hit, rows_above
from sandbox.random_draws import key
from sandbox.world import World, WorldWrong

Entity = tuple[str, int]
"""Level and id."""
CatalogOf = Callable[[str, str], Catalog]
_HOLD_STRATEGIES = {
    "google_ads": ("campaign",),
    "meta_ads": ("campaign", "ad_set"),
    "linkedin_ads": ("ad_set",),
}
_DEPTH = {"account": 0, "campaign": 1, "ad_set": 2, "ad": 3}


class Diary:
    """What happens in a world, by account. Safe to read while it is added to."""

    def __init__(self, world: World, catalog_of: CatalogOf) -> None:
        """Read the world's own incidents.

        Raises:
            WorldWrong: One names an entity that is not there.
        """
        self._world, self._catalog_of = world, catalog_of
        self._added: tuple[Incident, ...] = ()
        self._of: dict[tuple[str, str], tuple[Incident, ...]] = {}
        self._changes: dict[tuple[str, str], dict[Entity, list[Change]]] = {}
        self.count = 0
        self._require_entities(world.incidents)

    def all(self) -> tuple[Incident, ...]:
        return self._world.incidents + self._added

    def add(self, incidents: Iterable[Incident]) -> None:
        """Let these happen too.

        Raises:
            WorldWrong: One names an account or entity that is not there; none was added.
        """
        more = tuple(incidents)
        try:
            require_known(more, ((a.platform, a.id) for a in self._world.accounts))
        except ValueError as error:
            raise WorldWrong(str(error)) from None
        self._require_entities(more)
        self._turn(self._added + more)

    def forget_added(self) -> None:
        self._turn(())

    def _turn(self, added: tuple[Incident, ...]) -> None:
        self._added, self._of, self._changes = added, {}, {}
        self.count += 1

    def of(self, catalog: Catalog) -> tuple[Incident, ...]:
        """The incidents of an account and its parts."""
        by_account, account = self._of, catalog.account
        account_key = (account.platform, account.id)
        if account_key not in by_account:
            by_account[account_key] = tuple(
                incident for incident in self.all() if incident.touches(*account_key)
            )
        return by_account[account_key]

    def is_disapproved(self, catalog: Catalog, ad: int, today: date) -> bool:
        """Whether the ad in that row is rejected today."""
        return any(
            incident.kind == "disapproved_ads"
            and incident.is_on(today)
            and covers(catalog, incident, "ad", ad)
            for incident in self.of(catalog)
        )

    def is_learning(self, catalog: Catalog, level: str, row: int, today: date) -> bool:
        """Whether the platform still learns after a change of this entity's bid strategy."""
        return any(
            incident.kind == "bid_strategy_change"
            and incident.is_on(today)
            and covers(catalog, incident, level, row)
            for incident in self.of(catalog)
        )

    def changes(self, platform: str, account_id: str, now: datetime, entity: Entity | None) -> list[Change]:
        """What incidents changed in an account, or in one entity of it, by `now`; oldest first per entity."""
        by_account, account_key = self._changes, (platform, account_id)
        if account_key not in by_account:
            catalog = self._catalog_of(platform, account_id)
            by_account[account_key] = strategy_changes(catalog, self.of(catalog))
        by_entity = by_account[account_key]
        changes = (
            by_entity.get(entity, [])
            if entity
            else [change for of_entity in by_entity.values() for change in of_entity]
        )
        return [change for change in changes if change.at <= now]

    def _require_entities(self, incidents: Iterable[Incident]) -> None:
        for incident in incidents:
            if incident.level == "account":
                continue
            platform, account_id = str(incident.platform), str(incident.account_id)
            catalog = self._catalog_of(platform, account_id)
            row = catalog.index[incident.level].get(int(incident.entity_id or 0))
            what = f"the {incident.kind} of {incident.first_day}: {incident.level} {incident.entity_id}"
            if row is None:
                raise WorldWrong(
                    f"{what} is not in {platform} {account_id}; /control/truth lists the ids there are."
                )
            ad_set = int(catalog.ads.ad_set[row]) if incident.level == "ad" else row
            if incident.level != "campaign" and catalog.ad_sets.hidden[ad_set]:
                raise WorldWrong(
                    f"{what} is part of a Performance Max campaign: give it at campaign level, where it is"
                    " reported."
                )


def covers(catalog: Catalog, incident: Incident, level: str, row: int) -> bool:
    """Whether it happens to the entity in that row as a whole."""
    if incident.level == "account":
        return True
    above = {level: row}
    if "ad" in above:
        above["ad_set"] = int(catalog.ads.ad_set[row])
    if "ad_set" in above:
        above["campaign"] = int(catalog.ad_sets.campaign[above["ad_set"]])
    at = catalog.index[incident.level].get(int(incident.entity_id or 0))
    return at is not None and above.get(incident.level) == at


def strategy_changes(catalog: Catalog, incidents: Iterable[Incident]) -> dict[Entity, list[Change]]:
    """The changes of bid strategies, by entity. A second change of the same entity sets it back."""
    changes: dict[Entity, list[Change]] = defaultdict(list)
    changed = [incident for incident in incidents if incident.kind == "bid_strategy_change"]
    for incident in sorted(changed, key=lambda incident: incident.first_day):
        at = _edited_at(catalog, incident.first_day)
        for level, row in _strategies_hit(catalog, incident):
            entity = (level, int(getattr(catalog, level + "s").id[row]))
            pair = strategies(catalog, level, row)
            value, account = pair[(len(changes[entity]) + 1) % 2], catalog.account
            changes[entity].append(
                Change(
                    account.platform,
                    account.id,
                    *entity,
                    "bid_strategy",
                    value,
                    at,
                    incident.first_day,
                    by="person",
                )
            )
    return dict(changes)


def strategies(catalog: Catalog, level: str, row: int) -> tuple[str, str]:
    """The bid strategy an entity begins with and the one it is changed to, in the platform's words."""
    platform = catalog.account.platform
    if platform == "meta_ads":
        return "LOWEST_COST_WITHOUT_CAP", "COST_CAP"
    if platform == "linkedin_ads":
        return "MAX_CONVERSION", "ENHANCED_CONVERSION"
    campaign = row if level == "campaign" else int(catalog.ad_sets.campaign[row])
    if catalog.campaigns.sells[campaign]:
        return "MAXIMIZE_CONVERSION_VALUE", "TARGET_ROAS"
    return "MAXIMIZE_CONVERSIONS", "TARGET_CPA"


def _strategies_hit(catalog: Catalog, incident: Incident) -> Iterator[Entity]:
    """Level and row of what holds a bid strategy and is hit as a whole."""
    platform, hit = catalog.account.platform, ads_hit(catalog, incident)
    for level in _HOLD_STRATEGIES[platform]:
        if _DEPTH[level] < _DEPTH[incident.level]:
            continue
        for row in np.unique(rows_above(catalog, level)[hit]).tolist():
            if platform == "meta_ads" and level == "campaign" and not catalog.campaigns.holds_budget[row]:
                continue
            yield level, row


def _edited_at(catalog: Catalog, first_day: date) -> datetime:
    """Somewhen in the office hours of the day before, which is when an edit must be made to count from
    `first_day` on.
    """
    minute = int(key(catalog.seed, 91, first_day.toordinal()) % np.uint64(8 * 60))
    opened = datetime.combine(first_day - timedelta(days=1), time(9), catalog.account.zone)
    return (opened + timedelta(minutes=minute)).astimezone(UTC)
