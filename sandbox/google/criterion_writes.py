"""Making, changing and removing keywords, negatives, lists, their words and their attachments, with Google's
limits and errors.
"""

from typing import Any

from sandbox.google import criteria, keyword_effects, user_lists
from sandbox.google.criteria import Criterion
from sandbox.google.criterion_checks import SET_TYPES, Checks, Outcome, Pending
from sandbox.google.failures import OperationRefused, Path
from sandbox.running_world import Stage
from sandbox.world import Account

KINDS = {
    "ad_group_criterion",
    "campaign_criterion",
    "customer_negative_criterion",
    "shared_set",
    "shared_criterion",
    "campaign_shared_set",
}


def checked(
    stage: Stage, account: Account, kind: str, operation: Any, path: Path, pending: Pending
) -> Outcome:
    """The name and the change of an operation.

    Raises:
        OperationRefused: In Google's own words and codes.
    """
    if kind == "campaign_criterion" and _is_about_a_list_of_users(stage, account, operation):
        outcome = user_lists.criterion(stage, account, operation, path)
        if isinstance(outcome, tuple):
            return outcome
        raise OperationRefused(outcome)
    writes = _Writes(stage, account, kind, path, pending)
    verb = operation.WhichOneof("operation")
    if verb == "remove":
        return writes.remove(operation.remove)
    if verb == "update":
        return writes.update(operation)
    created = {
        "ad_group_criterion": writes.ad_group_criterion,
        "campaign_criterion": writes.campaign_negative,
        "customer_negative_criterion": writes.account_list,
        "shared_set": writes.shared_set,
        "shared_criterion": writes.shared_criterion,
        "campaign_shared_set": writes.attachment,
    }
    return created[kind](operation)


def _is_about_a_list_of_users(stage: Stage, account: Account, operation: Any) -> bool:
    verb = operation.WhichOneof("operation")
    if verb == "create":
        return bool(operation.create.WhichOneof("criterion") == "user_list")
    if verb == "remove":
        own_id = operation.remove.rpartition("~")[2]
        return any(str(entry.audience_id) == own_id for entry in stage.audiences_of(account))
    return False


class _Writes(Checks):
    def ad_group_criterion(self, operation: Any) -> Outcome:
        given = operation.create
        ad_group = self._entity(given.ad_group, "adGroups", "ad_set")
        if ad_group is None:
            raise self._missing("create", "ad_group")
        self._require_keyword(
            given, exempt=[key.policy_name for key in operation.exempt_policy_violation_keys]
        )
        fields = self._keyword(given) | {
            "negative": bool(given.negative),
            "status": "PAUSED" if given.status == 3 else "ENABLED",
        }
        if given.negative and given.cpc_bid_micros:
            message = "A negative criterion has no bid."
            raise self._error(
                "ad_group_criterion_error",
                "BID_INCOMPATIBLE_WITH_ADGROUP",
                message,
                "create",
                "cpc_bid_micros",
            )
        if given.cpc_bid_micros:
            fields["cpc_bid_micros"] = int(given.cpc_bid_micros)
        mine = list(criteria.ad_group_criteria(self._stage, self._account, ad_group=ad_group))
        return self._create(fields, ad_group, mine, "CRITERIA_PER_AD_GROUP", "adGroupCriteria")

    def campaign_negative(self, operation: Any) -> Outcome:
        given = operation.create
        campaign = self._entity(given.campaign, "campaigns", "campaign")
        if campaign is None:
            raise self._missing("create", "campaign")
        if not given.negative:
            message = "The sandbox takes negative keywords and user lists as campaign criteria."
            raise self._error("mutate_error", "MUTATE_NOT_ALLOWED", message, "create", "negative")
        self._require_keyword(given)
        mine = [c for c in criteria.campaign_negatives(self._stage, self._account) if c.parent == campaign]
        fields = self._keyword(given) | {"negative": True, "status": "ENABLED"}
        return self._create(fields, campaign, mine, "NEGATIVE_KEYWORDS_PER_CAMPAIGN", "campaignCriteria")

    def shared_criterion(self, operation: Any) -> Outcome:
        given = operation.create
        held = self._list(given.shared_set)
        if held is None:
            raise self._missing("create", "shared_set")
        self._require_keyword(given)
        own_id, fields = held
        mine = list(criteria.shared_criteria(self._stage, self._account, shared_set=own_id))
        account_level = fields["type"] == "ACCOUNT_LEVEL_NEGATIVE_KEYWORDS"
        limit = (
            "ACCOUNT_LEVEL_NEGATIVE_KEYWORDS_PER_SHARED_SET"
            if account_level
            else "NEGATIVE_KEYWORDS_PER_SHARED_SET"
        )
        return self._create(self._keyword(given), own_id, mine, limit, "sharedCriteria")

    def shared_set(self, operation: Any) -> Outcome:
        given = operation.create
        if given.type_ not in SET_TYPES:
            message = "The sandbox makes lists of negative keywords."
            name = "CUSTOMER_CANNOT_CREATE_SHARED_SET_OF_THIS_TYPE"
            raise self._error("shared_set_error", name, message, "create", "type")
        kind = SET_TYPES[given.type_]
        mine = [
            entry
            for entry in criteria.shared_sets(self._stage, self._account)
            if entry.fields["type"] == kind
        ]
        self._require_name(given.name, kind)
        short = "SHARED_SETS_PER_ACCOUNT_FOR_ACCOUNT_LEVEL_NEGATIVE_KEYWORDS"
        limit = short if kind.startswith("ACCOUNT") else "SHARED_SETS_PER_CUSTOMER_FOR_TYPE_DEFAULT"
        fields = {"name": given.name, "type": kind, "status": "ENABLED"}
        return self._create(fields, 0, mine, limit, "sharedSets", is_alone=True)

    def attachment(self, operation: Any) -> Outcome:
        given = operation.create
        campaign = self._entity(given.campaign, "campaigns", "campaign")
        held = self._list(given.shared_set)
        if campaign is None or held is None:
            raise self._missing("create", "campaign" if campaign is None else "shared_set")
        own_id, fields = held
        if fields["type"] != "NEGATIVE_KEYWORDS":
            message = "The list cannot be attached to campaigns."
            raise self._error(
                "campaign_shared_set_error", "SHARED_SET_ACCESS_DENIED", message, "create", "shared_set"
            )
        every = criteria.attachments(self._stage, self._account)
        mine = [c for c in every if c.parent == campaign and c.own == own_id and not c.is_removed]
        name = f"customers/{self._account.id}/campaignSharedSets/{campaign}~{own_id}"
        if mine or ("campaign_shared_set", campaign, {"shared_set": own_id}) in self._pending.created:
            return self._repeated(name)
        self._pending.created.append(("campaign_shared_set", campaign, {"shared_set": own_id}))

        def apply() -> None:
            keyword_effects.create(
                self._stage,
                self._account,
                "campaign_shared_set",
                own_id,
                {"status": "ENABLED"},
                parent_id=campaign,
            )

        return name, apply

    def account_list(self, operation: Any) -> Outcome:
        given = operation.create
        held = self._list(given.negative_keyword_list.shared_set)
        if held is None:
            message = "The list of negative keywords does not exist."
            name = "NEGATIVE_KEYWORD_SHARED_SET_DOES_NOT_EXIST"
            raise self._error("criterion_error", name, message, "create", "negative_keyword_list")
        own_id, fields = held
        if fields["type"] != "ACCOUNT_LEVEL_NEGATIVE_KEYWORDS":
            message = "The list is not one for the account."
            raise self._error(
                "criterion_error", "CANNOT_EXCLUDE_CRITERIA_TYPE", message, "create", "negative_keyword_list"
            )
        if any(not entry.is_removed for entry in criteria.account_lists(self._stage, self._account)):
            message = "The account has a list of negative keywords already."
            name = "CANNOT_HAVE_MULTIPLE_NEGATIVE_KEYWORD_LIST_PER_ACCOUNT"
            raise self._error("criterion_error", name, message, "create")
        number = self._stage.objects.reserve_id("google_ads")

        def apply() -> None:
            keyword_effects.create(
                self._stage, self._account, "customer_negative_criterion", number, {"shared_set": own_id}
            )

        return f"customers/{self._account.id}/customerNegativeCriteria/{number}", apply

    def update(self, operation: Any) -> Outcome:
        allowed = {"ad_group_criterion": {"status", "cpc_bid_micros"}, "shared_set": {"name"}}.get(self._kind)
        if allowed is None:
            message = f"A {self._kind} is made and removed, and cannot be changed."
            raise self._error("mutate_error", "MUTATE_NOT_ALLOWED", message)
        held = self._named(operation.update.resource_name)
        if held is None:
            raise self._missing("update", "resource_name")
        if other := set(operation.update_mask.paths) - allowed - {"resource_name"}:
            message = f"{min(other)} cannot be changed: remove and make anew."
            raise self._error("field_error", "IMMUTABLE_FIELD", message, "update", min(other))
        if held.fields.get("negative"):
            raise self._error(
                "ad_group_criterion_error",
                "CANT_UPDATE_NEGATIVE",
                "Negative criteria cannot be updated.",
                "update",
            )
        changed = self._changed(operation, held)

        def apply() -> None:
            keyword_effects.change(self._stage, self._account, held, changed)

        return operation.update.resource_name, apply

    def _changed(self, operation: Any, held: Criterion) -> dict[str, Any]:
        """The fields that an update sets, checked."""
        mask, given = operation.update_mask.paths, operation.update
        changed: dict[str, Any] = {}
        if "status" in mask:
            if given.status not in (2, 3):
                raise self._error(
                    "field_error", "INVALID_VALUE", "The status is ENABLED or PAUSED.", "update", "status"
                )
            changed["status"] = "PAUSED" if given.status == 3 else "ENABLED"
        if "cpc_bid_micros" in mask:
            bid = int(given.cpc_bid_micros)
            if bid % self._account.unit_micros:
                message = "The bid has too many fractional digits."
                raise self._error(
                    "bidding_error", "BID_TOO_MANY_FRACTIONAL_DIGITS", message, "update", "cpc_bid_micros"
                )
            changed["cpc_bid_micros"] = bid or None
        if "name" in mask:
            self._require_name(given.name, held.fields["type"])
            changed["name"] = given.name
        return changed

    def remove(self, name: str) -> Outcome:
        held = self._named(name)
        if held is None or (held.kind, held.parent, held.own) in self._pending.removed:
            raise self._missing("remove")
        if self._kind == "shared_set":
            links = criteria.attachments(self._stage, self._account)
            if any(link.own == held.own and not link.is_removed for link in links):
                raise self._error(
                    "shared_set_error", "SHARED_SET_IN_USE", "The list is attached to a campaign.", "remove"
                )
        self._pending.removed.add((held.kind, held.parent, held.own))

        def apply() -> None:
            keyword_effects.remove(self._stage, self._account, held)

        return name, apply
