"""Nodes and edges of the Graph API besides insights: accounts, their entities and creatives, one object and
what is written to it.
"""

from collections.abc import Callable
from typing import Any

from sandbox.meta import audiences, creation, entities, estimates, fields, listing
from sandbox.meta.activities import activities
from sandbox.meta.parameters import PAGING, chosen, cursor, holds, listed, require_known, rules
from sandbox.meta.refusals import bad, unknown_object
from sandbox.meta.statuses import EFFECTIVE, HIDDEN
from sandbox.meta.write_answers import WriteAnswered
from sandbox.running_world import Stage
from sandbox.world import Account
from sandbox.write_faults import NO_ANSWER, WriteFault

Paged = Callable[..., dict[str, Any]]
"""Puts rows into a page: `paged(rows, path, parameters, start=, total=, limit=)`."""
FILTERED = {"name", "id", "effective_status", "status", "updated_time"}
_LISTED = {"fields", "effective_status", "filtering", "summary", *PAGING}


class Edges:
    """What an account, an entity or an audience answers."""

    def __init__(self, stage: Stage, paged: Paged) -> None:
        self._stage, self._paged = stage, paged

    def accounts(self, parameters: dict[str, str]) -> dict[str, Any]:
        require_known(parameters, {"fields", *PAGING}, edge="adaccounts")
        self._stage.note("meta_ads", "GET me/adaccounts")
        rows = [
            chosen(
                entities.account_node(self._stage, account),
                parameters,
                fields.FIELDS["account"],
                kind="AdAccount",
            )
            for account in self._stage.world.of("meta_ads")
        ]
        return self._page(rows, parameters, "me/adaccounts")

    def of_account(
        self, method: str, account: Account, edge: str, parameters: dict[str, str]
    ) -> dict[str, Any]:
        stage, path = self._stage, f"act_{account.id}/{edge}"
        if edge == "customaudiences":
            if method == "POST":
                return audiences.made(stage, account, parameters)
            return self._page(audiences.listed(stage, account, parameters), parameters, path)
        stage.note("meta_ads", f"{method} act/{edge}", account.id, level=parameters.get("level"))
        answers: dict[tuple[str, str], Callable[[], dict[str, Any]]] = {
            ("GET", ""): lambda: self._account(account, parameters),
            ("GET", "activities"): lambda: self._page(
                activities(stage, account, parameters), parameters, path
            ),
        }
        for name in estimates.PARAMETERS:
            answers["GET", name] = lambda: estimates.estimate(stage, account, edge, parameters)
        for name, level in creation.EDGES.items():
            answers["GET", name] = lambda level=level: self._nodes(account, level, parameters, path)  # type: ignore[misc]
            answers["POST", name] = lambda level=level: self._create(account, level, parameters)  # type: ignore[misc]
        if (method, edge) not in answers:
            raise unknown_object(path, method)
        return answers[method, edge]()

    def _account(self, account: Account, parameters: dict[str, str]) -> dict[str, Any]:
        require_known(parameters, {"fields"}, edge="account")
        node = entities.account_node(self._stage, account)
        return chosen(node, parameters, fields.FIELDS["account"], kind="AdAccount")

    def _nodes(self, account: Account, level: str, parameters: dict[str, str], path: str) -> dict[str, Any]:
        """A page of an edge; archived and deleted things only where a status asks for them."""
        require_known(parameters, _LISTED, edge=path)
        conditions = rules(parameters.get("filtering", "[]"))
        for rule in conditions:
            if rule["field"].rpartition(".")[2] not in FILTERED:
                raise bad(f"filtering on {rule['field']} is not supported", blame="filtering")
        statuses = set(listed(parameters.get("effective_status", "")))
        if unknown := statuses - EFFECTIVE - {"PREAPPROVED", "PENDING_BILLING_INFO"}:
            raise bad(f"effective_status: {min(unknown)} is not valid", blame="effective_status")
        names_status = statuses or any(rule["field"].endswith("effective_status") for rule in conditions)
        wanted = statuses or (None if names_status else EFFECTIVE - HIDDEN)
        rows = listing.rows(self._stage, account, level, wanted, conditions)
        created = [
            node
            for node in self._created(account, level)
            if (wanted is None or node.get("effective_status", node["status"]) in wanted)
            and all(holds(rule, node.get(rule["field"].rpartition(".")[2])) for rule in conditions)
        ]
        start, limit = cursor(parameters)
        kind, honoured = fields.NODE_TYPES[level], fields.FIELDS[level]
        nodes = [self._of_market(account, level, row) for row in rows[start : start + limit]]
        first_created = max(0, start - len(rows))
        nodes += created[first_created : first_created + limit - len(nodes)]
        shown = [chosen(node, parameters, honoured, kind=kind) for node in nodes]
        total = len(rows) + len(created)
        return self._paged(
            shown, path, parameters, start=start, after=start + len(shown), total=total, limit=limit
        )

    def _of_market(self, account: Account, level: str, row: int) -> dict[str, Any]:
        if level == "creative":
            return entities.first_creative(self._stage, account, row)
        return entities.node(self._stage, account, level, row)

    def _created(self, account: Account, level: str) -> list[dict[str, Any]]:
        """Nodes of what was made through the API and is in no market."""
        undelivered = creation.undelivered(self._stage, account, level)
        return [creation.node(self._stage, account, held) for held in undelivered]

    def _create(self, account: Account, level: str, parameters: dict[str, str]) -> dict[str, Any]:
        outcome = creation.made(self._stage, account, level, parameters)
        if outcome is None:
            return {"success": True}
        own_id, apply = outcome
        fault = self._stage.carry_out("meta_ads", apply)
        label = fault and fault.label
        self._stage.note("meta_ads", f"CREATE {level}", account.id, wrote=True, entity=own_id, fault=label)
        if fault is not None and (fault.answer is not None or fault.kind == "ignored_write"):
            raise WriteAnswered(fault if fault.answer else WriteFault(fault.kind, "before", NO_ANSWER))
        return {"id": own_id}

    def of_object(self, method: str, own_id: str, edge: str, parameters: dict[str, str]) -> dict[str, Any]:
        """A campaign, an ad set, an ad, a creative or an audience by its id."""
        stage = self._stage
        audience = stage.audience("meta_ads", own_id)
        if audience is not None:
            return audiences.answered(stage, audience, method, edge, parameters)
        if edge or not own_id.isdigit():
            raise unknown_object(f"{own_id}/{edge}".strip("/"), method)
        results = entities.find(stage, int(own_id))
        if results is not None:
            return self._of_row(method, *results, parameters)
        created = creation.find(stage, own_id)
        if created is None:
            return self._of_creative(method, own_id, parameters)
        account, held = created
        if method == "GET":
            stage.note("meta_ads", f"GET {held.kind}", account.id)
            node = creation.node(stage, account, held)
            require_known(parameters, {"fields"}, edge=held.kind)
            return chosen(node, parameters, fields.FIELDS[held.kind], kind=fields.NODE_TYPES[held.kind])
        if held.removed_at is not None:
            raise unknown_object(own_id, method)
        change = parameters if method == "POST" else {"status": "DELETED"}
        apply = creation.changed(stage, account, held, change)
        return self._write(account, held.kind, own_id, change, apply)

    def _of_row(
        self, method: str, account: Account, level: str, row: int, parameters: dict[str, str]
    ) -> dict[str, Any]:
        stage = self._stage
        own_id = str(getattr(stage.market.catalog(account), level + "s").id[row])
        if method == "GET":
            require_known(parameters, {"fields"}, edge=level)
            stage.note("meta_ads", f"GET {level}", account.id)
            node = entities.node(stage, account, level, row)
            return chosen(node, parameters, fields.FIELDS[level], kind=fields.NODE_TYPES[level])
        change = parameters if method == "POST" else {"status": "DELETED"}
        wrote = entities.write(stage, account, level, row, change, rehearse=True)

        def apply() -> None:
            entities.write(stage, account, level, row, change)

        return self._write(account, level, own_id, change, apply if wrote else None)

    def _of_creative(self, method: str, own_id: str, parameters: dict[str, str]) -> dict[str, Any]:
        """A creative that the market's ad began with. Its words never change."""
        stage = self._stage
        for account in stage.world.of("meta_ads"):
            if entities.is_first_creative(stage, account, int(own_id)) and method == "GET":
                row = stage.market.catalog(account).index["ad"][int(own_id) - entities.FIRST_CREATIVE]
                require_known(parameters, {"fields"}, edge="creative")
                stage.note("meta_ads", "GET creative", account.id)
                node = entities.first_creative(stage, account, row)
                return chosen(node, parameters, fields.FIELDS["creative"], kind="AdCreative")
        raise unknown_object(own_id, method)

    def _write(
        self,
        account: Account,
        level: str,
        own_id: str,
        parameters: dict[str, str],
        apply: Callable[[], None] | None,
    ) -> dict[str, Any]:
        fault = self._stage.carry_out("meta_ads", apply) if apply is not None else None
        named = ("status", "daily_budget", "name", "targeting", "creative")
        detail = {name: parameters[name] for name in named if name in parameters}
        self._stage.note(
            "meta_ads",
            f"POST {level}",
            account.id,
            wrote=apply is not None,
            entity=own_id,
            fault=fault and fault.label,
            **detail,
        )
        if fault is not None and fault.answer is not None:
            raise WriteAnswered(fault)
        return {"success": True}

    def _page(self, rows: list[dict[str, Any]], parameters: dict[str, str], path: str) -> dict[str, Any]:
        start, limit = cursor(parameters)
        shown = rows[start : start + limit]
        return self._paged(
            shown, path, parameters, start=start, after=start + len(shown), total=len(rows), limit=limit
        )
