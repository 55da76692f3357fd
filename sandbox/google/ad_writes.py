"""Making, pausing, editing and removing responsive search ads, with Google's limits on texts and its policy
findings.
"""

from collections.abc import Callable
from typing import Any

from sandbox.google import ads, entities
from sandbox.google.ad_rules import require_ad, require_texts, texts_of
from sandbox.google.criterion_checks import Pending
from sandbox.google.failures import OperationRefused, Path, operation_refused
from sandbox.running_world import Stage
from sandbox.world import Account

ENABLED_PER_AD_GROUP = 3
EDITABLE = {
    "responsive_search_ad.headlines",
    "responsive_search_ad.descriptions",
    "responsive_search_ad.path1",
    "responsive_search_ad.path2",
    "final_urls",
}
Outcome = tuple[str, Callable[[], None]]


def checked(
    stage: Stage, account: Account, kind: str, operation: Any, path: Path, pending: Pending
) -> Outcome:
    """The name and the change of an operation on ads.

    Raises:
        OperationRefused: In Google's own words and codes.
    """
    writes = _Writes(stage, account, list(path), pending)
    verb = operation.WhichOneof("operation")
    if kind == "ad":
        return writes.edit(operation)
    if verb == "create":
        return writes.create(operation)
    return writes.remove(operation.remove) if verb == "remove" else writes.set_status(operation)


class _Writes:
    def __init__(
        self, stage: Stage, account: Account, path: list[str | tuple[str, int]], pending: Pending
    ) -> None:
        self._stage, self._account, self._path, self._pending = stage, account, path, pending

    def create(self, operation: Any) -> Outcome:
        given = operation.create
        parts = given.ad_group.split("/")
        rows = self._stage.market.catalog(self._account).index["ad_set"]
        own_name = parts[:3] == ["customers", self._account.id, "adGroups"] and parts[-1].isdigit()
        if not own_name or int(parts[-1]) not in rows:
            raise self._error(
                "mutate_error", "RESOURCE_NOT_FOUND", "Resource was not found.", "create", "ad_group"
            )
        ad_group = int(parts[-1])
        catalog = self._stage.market.catalog(self._account)
        if catalog.campaigns.channel[int(catalog.ad_sets.campaign[rows[ad_group]])] != "SEARCH":
            message = "The sandbox takes responsive search ads in search ad groups."
            raise self._error("ad_error", "INVALID_AD_TYPE", message, "create", "ad")
        if given.status not in (2, 3):
            raise self._error(
                "field_error", "INVALID_VALUE", "The status is ENABLED or PAUSED.", "create", "status"
            )
        require_ad(given.ad, operation.policy_validation_parameter, [*self._path, "create"])
        enabled = [ad for ad in self._ads(ad_group) if ad.status == "ENABLED"]
        waiting = [
            held for created, at, held in self._pending.created if (created, at) == ("ad_group_ad", ad_group)
        ]
        count = len(enabled) + sum(held["status"] == "ENABLED" for held in waiting)
        if given.status == 2 and count >= ENABLED_PER_AD_GROUP:
            raise self._limit_error(ad_group, count)
        own_id = self._stage.objects.reserve_id("google_ads")
        fields = {"status": "ENABLED" if given.status == 2 else "PAUSED"} | texts_of(given.ad)
        self._pending.created.append(("ad_group_ad", ad_group, fields))

        def apply() -> None:
            self._stage.objects.create(
                "google_ads", self._account.id, "ad_group_ad", own_id, fields, parent_id=ad_group
            )
            self._stage.market.create_ad(
                self._account,
                ad_group,
                ads.words(fields),
                name="",
                active=fields["status"] == "ENABLED",
                ad_id=own_id,
            )

        return f"customers/{self._account.id}/adGroupAds/{ad_group}~{own_id}", apply

    def set_status(self, operation: Any) -> Outcome:
        ad = self._named(operation.update.resource_name, "adGroupAds")
        if ad is None:
            raise self._missing("update", "resource_name")
        if other := set(operation.update_mask.paths) - {"status", "resource_name"}:
            message = f"{min(other)} cannot be changed here: an ad's texts are changed through AdService."
            raise self._error("field_error", "IMMUTABLE_FIELD", message, "update", min(other))
        if operation.update.status not in (2, 3, 4):
            message = "The status must be ENABLED, PAUSED or REMOVED."
            raise self._error("field_error", "INVALID_VALUE", message, "update", "status")
        status = {2: "ENABLED", 3: "PAUSED", 4: "REMOVED"}[operation.update.status]
        enabled = [
            entry for entry in self._ads(ad.ad_group) if entry.status == "ENABLED" and entry.own != ad.own
        ]
        if status == "ENABLED" and ad.is_created and len(enabled) >= ENABLED_PER_AD_GROUP:
            raise self._limit_error(ad.ad_group, len(enabled))

        def apply() -> None:
            self._stage.market.change(self._account, "ad", ad.own, "status", status)
            self._stage.market.change(self._account, "ad", ad.own, "active", status == "ENABLED")

        return operation.update.resource_name, apply

    def remove(self, name: str) -> Outcome:
        ad = self._named(name, "adGroupAds")
        if ad is None:
            raise self._missing("remove")

        def apply() -> None:
            if ad.is_created:
                self._stage.objects.remove(self._key(ad))
            else:
                self._stage.market.change(self._account, "ad", ad.own, "status", "REMOVED")
            self._stage.market.change(self._account, "ad", ad.own, "active", False)  # noqa: FBT003 — the field's value

        return name, apply

    def edit(self, operation: Any) -> Outcome:
        """New texts of an ad: a list in the mask takes the place of the whole list."""
        if operation.WhichOneof("operation") != "update":
            raise self._error("mutate_error", "MUTATE_NOT_ALLOWED", "Ads are only updated here.")
        given, mask = operation.update, set(operation.update_mask.paths) - {"resource_name"}
        ad = self._named(given.resource_name, "ads")
        if ad is None:
            raise self._missing("update", "resource_name")
        if "responsive_search_ad" in mask:
            message = "The field mask names a field that has fields of its own."
            raise self._error("field_mask_error", "FIELD_HAS_SUBFIELDS", message, "update_mask")
        if other := mask - EDITABLE:
            message = f"{min(other)} cannot be changed."
            raise self._error("field_error", "IMMUTABLE_FIELD", message, "update", min(other))
        if ad.status != "ENABLED":
            message = "An ad can be edited only while it is enabled in an ad group."
            raise self._error("ad_error", "UPDATING_AD_WITH_NO_ENABLED_ASSOCIATION", message, "update")
        texts = texts_of(given)
        fields = {name.rsplit(".", 1)[-1]: texts[name.rsplit(".", 1)[-1]] for name in mask}
        first = {
            "headlines": ad.headlines,
            "descriptions": ad.descriptions,
            "final_urls": ad.final_urls,
            "path1": ad.path1,
            "path2": ad.path2,
        }
        require_texts(first | fields, operation.policy_validation_parameter, [*self._path, "update"])

        def apply() -> None:
            self._stage.objects.change(self._key(ad), fields, first=first)
            self._stage.market.edit_ad_text(self._account, ad.own, ads.words(first | fields))

        return given.resource_name, apply

    def _limit_error(self, ad_group: int, existing: int) -> OperationRefused:
        message = f"At most {ENABLED_PER_AD_GROUP} responsive search ads of an ad group can be enabled."
        created = self._error("resource_count_limit_exceeded_error", "ADGROUP_LIMIT", message)
        details = created.error.details.resource_count_details
        details.enclosing_id, details.enclosing_resource = str(ad_group), "ad_group"
        details.limit, details.existing_count = ENABLED_PER_AD_GROUP, existing
        limits = details.DESCRIPTOR.fields_by_name["limit_type"].enum_type.values_by_name
        details.limit_type = limits["RESPONSIVE_SEARCH_ADS_PER_AD_GROUP"].number
        return created

    def _ads(self, ad_group: int) -> list[ads.Ad]:
        """Every ad of an ad group."""
        row = self._stage.market.catalog(self._account).index["ad_set"][ad_group]
        return [
            ads.of_row(self._stage, self._account, at, entities.status(self._stage, self._account, "ad", at))
            for at in ads.rows_of_ad_group(self._stage, self._account, row).tolist()
        ]

    def _named(self, name: str, collection: str) -> ads.Ad | None:
        parts = name.split("/")
        if len(parts) != 4 or parts[:3] != ["customers", self._account.id, collection]:
            return None
        ad_group, _, own_id = parts[3].rpartition("~")
        if not own_id.isdigit():
            return None
        catalog = self._stage.market.catalog(self._account)
        if (row := catalog.index["ad"].get(int(own_id))) is None:
            return None
        status = entities.status(self._stage, self._account, "ad", row)
        ad = ads.of_row(self._stage, self._account, row, status)
        if ad.status == "REMOVED" or (collection == "adGroupAds" and str(ad.ad_group) != ad_group):
            return None
        return ad

    def _key(self, ad: ads.Ad) -> tuple[str, str, str, int, int]:
        return ("google_ads", self._account.id, "ad_group_ad", ad.ad_group, ad.own)

    def _missing(self, *where: str) -> OperationRefused:
        return self._error("mutate_error", "RESOURCE_NOT_FOUND", "Resource was not found.", *where)

    def _error(self, member: str, name: str, said: str, *where: str) -> OperationRefused:
        return operation_refused(member, name, said, path=[*self._path, *where])
