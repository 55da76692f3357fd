"""Switches (the kill switch is one) and the shadow record of what automatic levels would have done.

Both are signed.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from resources.ledger import tables
from resources.ledger.database import LedgerDatabase
from resources.ledger.decisions import DecisionStore
from resources.ledger.proposal import canonical
from resources.ledger.records import APPROVE, SwitchState


class SwitchStore:
    """Switches by name."""

    def __init__(self, database: LedgerDatabase) -> None:
        self._database = database

    def turn(self, name: str, *, on: bool, person: str, reason: str) -> None:
        """Turn a switch on or off."""
        table, at = tables.switch, datetime.fromisoformat(tables.stamp(self._database.clock()))
        values = {"is_on": on, "person": person, "reason": reason, "at": at, "mac": None}
        if self._database.key is not None:
            values["mac"] = self._database.key.sign("switch", _content(name, values))
        with self._database.writing() as connection:
            turned = connection.execute(sa.update(table).where(table.c.name == name).values(values))
            if turned.rowcount == 0:
                connection.execute(sa.insert(table).values(name=name, **values))
            detail = {"reason": reason, "turned_at": tables.stamp(at)}
            self._database.note(connection, person, _event(name, on=on), None, detail)

    def state(self, name: str) -> SwitchState | None:
        """The switch as it stands, None where nobody ever touched it.

        A row that says off counts only if this deployment's key signed it and the audit's last word on it is
        the same: deleting or changing the row turns nothing off.
        """
        table, audit = tables.switch, tables.audit
        events = [_event(name, on=True), _event(name, on=False)]
        with self._database.reading() as connection:
            row = connection.execute(sa.select(table).where(table.c.name == name)).first()
            last = connection.execute(
                sa.select(audit).where(audit.c.event.in_(events)).order_by(audit.c.seq.desc()).limit(1)
            ).first()
        if row is None:
            if last is None:
                return None
            why = "its row was deleted from the database"
            return SwitchState(is_on=True, person="audit", reason=why, at=last.at, is_trusted=False)
        if row.is_on:
            return SwitchState(is_on=True, person=row.person, reason=row.reason, at=row.at)
        key = self._database.key
        is_signed = key is None or key.has_signed("switch", _content(name, row._asdict()), row.mac)
        is_last = last is not None and last.event == events[1]
        if (
            row.mac is None and last is not None and is_last
        ):  # turned off by a version that did not sign; the audit has it
            is_signed = "turned_at" not in last.detail
        if is_signed and is_last:
            return SwitchState(is_on=False, person=row.person, reason=row.reason, at=row.at)
        why = "its row says off and the audit does not"
        return SwitchState(is_on=True, person="audit", reason=why, at=row.at, is_trusted=False)


class ShadowStore:
    """What an automatic level would have done while people decided."""

    def __init__(self, database: LedgerDatabase, decisions: DecisionStore) -> None:
        self._database, self._decisions = database, decisions

    def record(self, shadow_id: str, *, scope: str, level: str, body: Any, proposal_id: str | None) -> None:
        """Remember what an automatic level would have done. The same again changes nothing."""
        table = tables.shadow
        content = {
            "shadow_id": shadow_id,
            "scope": scope,
            "level": level,
            "body": canonical(body),
            "proposal_id": proposal_id,
        }
        mac = self._database.key.sign("shadow", content) if self._database.key else None
        with self._database.writing() as connection:
            if (
                connection.execute(sa.select(table.c.shadow_id).where(table.c.shadow_id == shadow_id)).first()
                is None
            ):
                connection.execute(sa.insert(table).values(**content, at=self._database.clock(), mac=mac))

    def score(self, scope: str, level: str) -> tuple[int, int]:
        """Of what that level would have done in a scope: how many people decided on, and how many of those
        they approved.

        Only rows and decisions count that this deployment's key signed.
        """
        table, key = tables.shadow, self._database.key
        query = sa.select(table).where(table.c.scope == scope, table.c.level == level)
        decided = approved = 0
        for row in self._database.rows(query):
            content = {
                "shadow_id": row.shadow_id,
                "scope": row.scope,
                "level": row.level,
                "body": row.body,
                "proposal_id": row.proposal_id,
            }
            if row.proposal_id is None or key is None or not key.has_signed("shadow", content, row.mac):
                continue
            verdicts = {
                decision.verdict
                for decision in self._decisions.of(row.proposal_id)
                if decision.is_signed and decision.proof != "policy"
            }
            decided += bool(verdicts)
            approved += verdicts == {APPROVE}
        return decided, approved


def _event(name: str, *, on: bool) -> str:
    return f"{name} switch {'on' if on else 'off'}"


def _content(name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "is_on": bool(values["is_on"]),
        "person": values["person"],
        "reason": values["reason"],
        "at": tables.stamp(values["at"]),
    }
