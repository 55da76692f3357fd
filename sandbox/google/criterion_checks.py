"""Checks that every write of criteria and lists makes: limits, names, keywords, what is there already, and
which object is meant.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.google import criteria, keyword_effects
from sandbox.google.criteria import Criterion
from sandbox.google.failures import OperationRefused, Path, operation_refused
from sandbox.google.keyword_rules import MATCH_TYPES, require_keyword
from sandbox.running_world import Stage
from sandbox.world import Account

SET_TYPES = {2: "NEGATIVE_KEYWORDS", 4: "ACCOUNT_LEVEL_NEGATIVE_KEYWORDS"}
MOST_NAME_BYTES = 255
LIMITS = {
    "NEGATIVE_KEYWORDS_PER_CAMPAIGN": 10_000,
    "NEGATIVE_KEYWORDS_PER_SHARED_SET": 5_000,
    "ACCOUNT_LEVEL_NEGATIVE_KEYWORDS_PER_SHARED_SET": 1_000,
    "SHARED_SETS_PER_CUSTOMER_FOR_TYPE_DEFAULT": 20,
    "SHARED_SETS_PER_ACCOUNT_FOR_ACCOUNT_LEVEL_NEGATIVE_KEYWORDS": 1,
    "CRITERIA_PER_AD_GROUP": 20_000,
}
"""Google's limits, under the names that its errors give them. A test may lower one."""
_LEVEL_OF_LIMIT = {
    "NEGATIVE_KEYWORDS_PER_CAMPAIGN": "CAMPAIGN_LIMIT",
    "NEGATIVE_KEYWORDS_PER_SHARED_SET": "SHARED_SET_LIMIT",
    "ACCOUNT_LEVEL_NEGATIVE_KEYWORDS_PER_SHARED_SET": "SHARED_SET_LIMIT",
    "SHARED_SETS_PER_CUSTOMER_FOR_TYPE_DEFAULT": "ACCOUNT_LIMIT",
    "SHARED_SETS_PER_ACCOUNT_FOR_ACCOUNT_LEVEL_NEGATIVE_KEYWORDS": "ACCOUNT_LIMIT",
    "CRITERIA_PER_AD_GROUP": "ADGROUP_LIMIT",
}
Outcome = tuple[str, Callable[[], None]]
"""The resource name and the change of an operation."""


@dataclass
class Pending:
    """What earlier operations of the same request will have done."""

    created: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)
    """Kind, parent and fields."""
    created_ids: dict[int, dict[str, Any]] = field(default_factory=dict)
    removed: set[tuple[str, int, int]] = field(default_factory=set)


class Checks:
    """One operation of a kind on an account's criteria."""

    def __init__(self, stage: Stage, account: Account, kind: str, path: Path, pending: Pending) -> None:
        self._stage, self._account, self._kind = stage, account, kind
        self._path, self._pending = list(path), pending

    def _create(
        self,
        fields: dict[str, Any],
        parent: int,
        mine: list[Criterion],
        limit: str,
        collection: str,
        *,
        is_alone: bool = False,
    ) -> Outcome:
        alive = [
            c for c in mine if not c.is_removed and (c.kind, c.parent, c.own) not in self._pending.removed
        ]
        same = ("text", "match_type", "negative") if "text" in fields else ("name",)
        base = f"customers/{self._account.id}/{collection}"
        for entry in alive:
            if all(str(entry.fields.get(k)).casefold() == str(fields.get(k)).casefold() for k in same):
                return self._repeated(f"{base}/{entry.own}" if is_alone else f"{base}/{parent}~{entry.own}")
        waiting = [held for kind, at, held in self._pending.created if (kind, at) == (self._kind, parent)]
        if any(all(held.get(k) == fields.get(k) for k in same) for held in waiting):
            raise self._error("distinct_error", "DUPLICATE_ELEMENT", "The request holds it twice.", "create")
        if len(alive) + len(waiting) >= LIMITS[limit]:
            raise self._limit_error(limit, parent, len(alive))
        number = self._stage.objects.reserve_id("google_ads")
        self._pending.created.append((self._kind, parent, fields))
        self._pending.created_ids[number] = fields

        def apply() -> None:
            keyword_effects.create(self._stage, self._account, self._kind, number, fields, parent_id=parent)

        return (f"{base}/{number}" if is_alone else f"{base}/{parent}~{number}"), apply

    def _repeated(self, name: str) -> Outcome:
        """What a create of something that is there already gives: an error, or by a fault the existing one."""
        if self._stage.faults.take("google_ads", "repeat_accepted") is not None:
            return name, lambda: None
        raise self._error("mutate_error", "RESOURCE_ALREADY_EXISTS", "The resource already exists.", "create")

    def _require_name(self, name: str, kind: str) -> None:
        if not 1 <= len(name.encode()) <= MOST_NAME_BYTES:
            code = "TOO_SHORT" if not name else "TOO_LONG"
            raise self._error("string_length_error", code, "A name has 1 to 255 bytes.", "create", "name")
        names = {
            entry.fields["name"]
            for entry in criteria.shared_sets(self._stage, self._account)
            if entry.fields["type"] == kind and not entry.is_removed
        }
        names |= {held["name"] for created, _, held in self._pending.created if created == "shared_set"}
        if name in names:
            raise self._error(
                "shared_set_error", "DUPLICATE_NAME", "The name is used already.", "create", "name"
            )

    def _require_keyword(self, given: Any, *, exempt: list[str] | None = None) -> None:
        if given.WhichOneof("criterion") != "keyword":
            message = "The sandbox takes keywords here."
            raise self._error("criterion_error", "CANNOT_EXCLUDE_CRITERIA_TYPE", message, "create")
        require_keyword(given.keyword, [*self._path, "create", "keyword"], exempt=exempt or [])

    def _limit_error(self, limit: str, parent: int, existing: int) -> OperationRefused:
        message = f"The limit {limit} of {LIMITS[limit]} is reached."
        created = self._error(
            "resource_count_limit_exceeded_error", _LEVEL_OF_LIMIT[limit], message, "create"
        )
        details = created.error.details.resource_count_details
        details.enclosing_id = str(parent or self._account.id)
        details.limit, details.existing_count = LIMITS[limit], existing
        details.limit_type = (
            details.DESCRIPTOR.fields_by_name["limit_type"].enum_type.values_by_name[limit].number
        )
        details.enclosing_resource = {
            "CAMPAIGN_LIMIT": "campaign",
            "SHARED_SET_LIMIT": "shared_set",
            "ACCOUNT_LIMIT": "customer",
            "ADGROUP_LIMIT": "ad_group",
        }[_LEVEL_OF_LIMIT[limit]]
        return created

    def _keyword(self, given: Any) -> dict[str, Any]:
        text = " ".join(given.keyword.text.split())
        return {"text": text, "match_type": MATCH_TYPES[given.keyword.match_type]}

    def _entity(self, name: str, collection: str, level: str) -> int | None:
        """The id of a market entity that a resource name of this account stands for."""
        own_id = self._last(name, collection)
        index = self._stage.market.catalog(self._account).index[level]
        return int(own_id) if own_id is not None and own_id.isdigit() and int(own_id) in index else None

    def _last(self, name: str, collection: str) -> str | None:
        parts = name.split("/")
        return (
            parts[3] if len(parts) == 4 and parts[:3] == ["customers", self._account.id, collection] else None
        )

    def _list(self, name: str) -> tuple[int, dict[str, Any]] | None:
        """A list that is there, or that an earlier operation of the request makes."""
        own_id = self._last(name, "sharedSets")
        if own_id is None or not own_id.isdigit():
            return None
        if int(own_id) in self._pending.created_ids:
            return int(own_id), self._pending.created_ids[int(own_id)]
        every = criteria.shared_sets(self._stage, self._account)
        return next(((c.own, c.fields) for c in every if c.own == int(own_id) and not c.is_removed), None)

    def _named(self, name: str) -> Criterion | None:
        """The criterion, list or attachment of a resource name, unless it is removed."""
        stage, account = self._stage, self._account
        sources: dict[str, tuple[str, Callable[[], Iterator[Criterion]]]] = {
            "ad_group_criterion": ("adGroupCriteria", lambda: criteria.ad_group_criteria(stage, account)),
            "campaign_criterion": ("campaignCriteria", lambda: criteria.campaign_negatives(stage, account)),
            "customer_negative_criterion": (
                "customerNegativeCriteria",
                lambda: criteria.account_lists(stage, account),
            ),
            "shared_set": ("sharedSets", lambda: criteria.shared_sets(stage, account)),
            "shared_criterion": ("sharedCriteria", lambda: criteria.shared_criteria(stage, account)),
            "campaign_shared_set": ("campaignSharedSets", lambda: criteria.attachments(stage, account)),
        }
        collection, every = sources[self._kind]
        own_id = self._last(name, collection)
        for entry in every() if own_id is not None else ():
            if (
                own_id in (f"{entry.parent}~{entry.own}", str(entry.own) if entry.parent == 0 else None)
                and not entry.is_removed
            ):
                return entry
        return None

    def _key(self, held: Criterion) -> tuple[str, str, str, int, int]:
        return ("google_ads", self._account.id, held.kind, held.parent, held.own)

    def _missing(self, *where: str) -> OperationRefused:
        return self._error("mutate_error", "RESOURCE_NOT_FOUND", "Resource was not found.", *where)

    def _error(self, member: str, name: str, said: str, *where: str) -> OperationRefused:
        return operation_refused(member, name, said, path=[*self._path, *where])
