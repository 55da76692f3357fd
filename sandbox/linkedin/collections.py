"""The collections of an account: campaign groups, campaigns and creatives, listed by finders, read, updated,
made and deleted.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sandbox.linkedin import creation, entities
from sandbox.linkedin.parameters import last_number, require_known, values_of, whole_number
from sandbox.linkedin.refusals import Refused, bad, not_found
from sandbox.linkedin.write_answers import write_response
from sandbox.running_world import Stage
from sandbox.world import Account
from sandbox.write_faults import NO_ANSWER, WriteFault

PATH = re.compile(r"adAccounts/(\d+)/(adCampaignGroups|adCampaigns|creatives)(?:/([^/]+))?")
PAGING = {"pageSize", "pageToken"}
SEARCHED = {
    "adCampaignGroups": {"status", "id", "name"},
    "adCampaigns": {"status", "id", "name", "campaignGroup"},
    "adAccounts": {"status", "id", "name"},
}
"""What a search can be narrowed by."""
CRITERIA = {"campaigns", "creatives", "intendedStatuses"}
SORT_ORDERS = {"ASCENDING": False, "DESCENDING": True}


class Collections:
    """What a path below an account answers."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def answer(
        self, request: Request, method: str, match: re.Match[str], query: dict[str, Any], body: bytes
    ) -> Response:
        """The answer to a call on a collection or one of its entities.

        Raises:
            Refused: As LinkedIn would.
        """
        account = self._stage.world.account("linkedin_ads", match[1])
        if account is None:
            message = f"Not enough permissions to access account {match[1]}"
            raise Refused(403, "ACCESS_DENIED", message, service=100)
        collection, own_id = match[2], match[3]
        self._stage.note("linkedin_ads", f"{method} {collection}", account.id)
        if method == "DELETE" and own_id:
            return self._delete(account, collection, own_id)
        if method == "POST":
            if own_id is None:
                return self._create(account, collection, query, body)
            require_known(query, set(), resource=collection)
            return self._update(request, account, collection, own_id, body)
        if own_id:
            require_known(query, set(), resource=collection)
            return as_json(self._element(account, collection, number_of(own_id)))
        return self._list(request, account, collection, query)

    def _element(self, account: Account, collection: str, own_id: int) -> dict[str, Any]:
        return entities.element(self._stage, account, collection, own_id)

    def _list(self, request: Request, account: Account, collection: str, query: dict[str, Any]) -> Response:
        is_creatives = collection == "creatives"
        if is_creatives and request.headers.get("x-restli-method", "").upper() != "FINDER":
            raise bad("creatives needs the header X-RestLi-Method: FINDER")
        finder = CRITERIA if is_creatives else {"search"}
        require_known(query, {"q", "sortOrder", *finder, *PAGING}, resource=collection)
        rows = entities.listed(self._stage, account, collection, self._statuses(collection, query))
        every = [row for row in rows if self._matches(account, collection, row, query)]
        if query.get("sortOrder", "ASCENDING") not in SORT_ORDERS:
            raise bad("sortOrder is ASCENDING or DESCENDING", field="sortOrder")
        if SORT_ORDERS[query.get("sortOrder", "ASCENDING")]:
            every.reverse()

        return page(
            query,
            every,
            lambda part: entities.elements(self._stage, account, collection, part),
            finder="criteria" if is_creatives else "search",
            most=100 if is_creatives else 1_000,
        )

    def _statuses(self, collection: str, query: dict[str, Any]) -> list[str] | None:
        if collection == "creatives":
            statuses = query.get("intendedStatuses")
        else:
            search = _search(query, collection)
            statuses = values_of(search["status"], "status") if "status" in search else None
        if unknown := [status for status in statuses or [] if status not in entities.STATUSES]:
            raise bad(f"Invalid status {unknown[0]}", field="status")
        return statuses

    def _matches(self, account: Account, collection: str, row: int, query: dict[str, Any]) -> bool:
        catalog = self._stage.market.catalog(account)
        if collection == "creatives":
            own_id, above = int(catalog.ads.id[row]), int(catalog.ad_sets.id[catalog.ads.ad_set[row]])
            return _is_named(query, "creatives", own_id) and _is_named(query, "campaigns", above)
        search = _search(query, collection)
        things = catalog.campaigns if collection == "adCampaignGroups" else catalog.ad_sets
        held = {"id": {str(things.id[row])}, "name": {things.name[row]}}
        if "campaignGroup" in search:
            group = str(catalog.campaigns.id[catalog.ad_sets.campaign[row]])
            held["campaignGroup"] = {group, f"urn:li:sponsoredCampaignGroup:{group}"}
        return all(
            held[name]
            & {value.rpartition(":")[2] if name == "id" else value for value in values_of(search[name], name)}
            for name in set(search) - {"status"}
        )

    def _create(self, account: Account, collection: str, query: dict[str, Any], body: bytes) -> Response:
        require_known(query, {"action"}, resource=collection)
        action = query.get("action")
        if collection != "creatives" or action not in (None, "createInline"):
            raise Refused(403, "ACCESS_DENIED", f"The sandbox does not make {collection}", service=100)
        given = decoded(body)
        created = creation.inline if action else creation.creative
        ids, apply = created(self._stage, account, given)
        fault = self._stage.carry_out("linkedin_ads", apply)
        self._stage.note(
            "linkedin_ads", f"CREATE {collection}", account.id, wrote=True, fault=fault and fault.label, **ids
        )
        if fault is not None and fault.answer is not None:
            return write_response(fault)
        if fault is not None:  # the write was ignored: nobody can name what was not made
            return write_response(WriteFault(fault.kind, "before", NO_ANSWER))
        if action:
            return as_json({"value": ids})
        return Response(
            status_code=201,
            headers={"x-restli-id": ids["creative"], "location": f"/creatives/{ids['creative']}"},
        )

    def _update(
        self, request: Request, account: Account, collection: str, own_id: str, body: bytes
    ) -> Response:
        if request.headers.get("x-restli-method", "").upper() != "PARTIAL_UPDATE":
            raise bad("POST on an entity needs the header X-RestLi-Method: PARTIAL_UPDATE")
        patch = _set_of(decoded(body))
        apply = entities.update(self._stage, account, collection, number_of(own_id), patch)
        return self._wrote(account, f"PARTIAL_UPDATE {collection}", own_id, apply, patch=patch)

    def _delete(self, account: Account, collection: str, own_id: str) -> Response:
        if collection != "creatives":
            raise bad(f"The sandbox deletes no {collection}")
        return self._wrote(
            account, f"DELETE {collection}", own_id, creation.removed(self._stage, account, number_of(own_id))
        )

    def _wrote(
        self, account: Account, name: str, own_id: str, apply: Callable[[], None], **detail: Any
    ) -> Response:
        fault = self._stage.carry_out("linkedin_ads", apply)
        label = fault and fault.label
        self._stage.note("linkedin_ads", name, account.id, wrote=True, entity=own_id, fault=label, **detail)
        return (
            write_response(fault)
            if fault is not None and fault.answer is not None
            else Response(status_code=204)
        )


def _set_of(body: dict[str, Any]) -> dict[str, Any]:
    """What a patch sets; anything else that a patch can hold is refused."""
    try:
        patch = dict(body["patch"])
        set_ = dict(patch["$set"])
    except (KeyError, TypeError, ValueError) as error:
        raise bad('The body must be {"patch": {"$set": {…}}}') from error
    if set(patch) != {"$set"} or set(body) != {"patch"}:
        raise bad("The sandbox takes $set alone in a patch", field="patch")
    return set_


def _search(query: dict[str, Any], collection: str) -> dict[str, Any]:
    search = query.get("search", {})
    if not isinstance(search, dict):
        raise bad("search must be (status:(values:List(…)))", field="search")
    if unknown := set(search) - SEARCHED[collection]:
        raise bad(f"search by {min(unknown)} is not honoured by the sandbox", field=f"search/{min(unknown)}")
    return search


def _is_named(query: dict[str, Any], name: str, own_id: int) -> bool:
    """Whether a list of URNs names a number; a list that is not given names all."""
    urns = query.get(name)
    if urns is None:
        return True
    if not isinstance(urns, list) or any(last_number(urn) is None for urn in urns):
        raise bad(f"{name} must be a list of URNs", field=name)
    return own_id in {last_number(urn) for urn in urns}


def accounts(stage: Stage, query: dict[str, Any]) -> Response:
    """The accounts that a search finds."""
    require_known(query, {"q", "search", *PAGING}, resource="adAccounts")
    search = _search(query, "adAccounts")
    held = [entities.account_element(account) for account in stage.world.of("linkedin_ads")]
    results = [
        each
        for each in held
        if all(
            str(each[name])
            in {
                value.rpartition(":")[2] if name == "id" else value for value in values_of(search[name], name)
            }
            for name in search
        )
    ]
    return page(
        query,
        list(range(len(results))),
        lambda rows: [results[row] for row in rows],
        finder="search",
        most=1_000,
    )


def page(
    query: dict[str, Any],
    rows: list[Any],
    created: Callable[[list[Any]], list[dict[str, Any]]],
    *,
    finder: str,
    most: int,
) -> Response:
    """One page of what stands in `rows`; only that page is made."""
    if query.get("q") != finder:
        raise bad(f"finder q={finder} expected", field="q")
    size = whole_number(query, "pageSize", 100)
    try:
        at = int(query.get("pageToken") or "0", 36)
    except (ValueError, TypeError) as error:
        raise bad("pageToken is invalid", field="pageToken") from error
    if not 1 <= size <= most:
        raise bad(f"pageSize must be between 1 and {most}", field="pageSize")
    following = {"nextPageToken": _base36(at + size)} if at + size < len(rows) else {}
    return as_json({"elements": created(rows[at : at + size]), "metadata": following})


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, last = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[last] + digits
    return digits or "0"


def number_of(entity: str) -> int:
    """The number of an id or of a URN in a path."""
    own_id = last_number(unquote(entity))
    if own_id is None:
        raise not_found(entity)
    return own_id


def decoded(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise bad("The body must be a JSON object") from error


def as_json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
