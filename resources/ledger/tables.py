"""The ledger's tables. Migrations build them; `resources.ledger.store` alone writes them."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """An instant in UTC as text of one length, which sorts as it should and is the same in every database."""

    impl = sa.String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:  # noqa: ARG002 — SQLAlchemy hands it over
        return None if value is None else stamp(value)

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:  # noqa: ARG002 — same
        return None if value is None else datetime.fromisoformat(value)


def stamp(at: datetime) -> str:
    """An instant as the ledger writes it: 2026-11-24T06:00:00.000000Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


meta = sa.MetaData()
_ID = sa.String(128)
proposal = sa.Table(
    "proposal", meta,
    sa.Column("proposal_id", _ID, primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("as_of", sa.String(10), nullable=False),
    sa.Column("level", sa.String(12), nullable=False),
    sa.Column("state", sa.String(12), nullable=False, index=True),
    sa.Column("why", sa.Text),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False, index=True),
    sa.Column("registered_at", Instant),
    sa.Column("announced_at", Instant),
    sa.Column("reminded", sa.Integer, nullable=False),
    sa.Column("retired_at", Instant),
)  # fmt: skip
target = sa.Table(
    "target", meta,
    sa.Column("proposal_id", _ID, sa.ForeignKey("proposal.proposal_id"), primary_key=True),
    sa.Column("part", sa.Integer, primary_key=True),
    sa.Column("platform", sa.String(20), nullable=False),
    sa.Column("account_id", sa.String(40), nullable=False),
    sa.Column("level", sa.String(20), nullable=False),
    sa.Column("entity_id", sa.String(60), nullable=False, index=True),
    sa.Column("aspect", sa.String(20), nullable=False, server_default="delivery"),
)  # fmt: skip
batch = sa.Table(
    "batch", meta,
    sa.Column("batch_id", _ID, primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("members", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("registered_at", Instant),
    sa.Column("retired_at", Instant),
)  # fmt: skip
decision = sa.Table(
    "decision", meta,
    sa.Column("proposal_id", _ID, sa.ForeignKey("proposal.proposal_id"), primary_key=True),
    sa.Column("approver", sa.String(80), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("verdict", sa.String(10), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("proof", sa.String(20), nullable=False),
    sa.Column("run_id", sa.String(80), nullable=False),
    sa.Column("decided_at", Instant, nullable=False),
    sa.Column("mac", sa.String(64)),
)  # fmt: skip
decision_reference = sa.Table(
    "decision_reference", meta,
    sa.Column("reference_hash", sa.String(64), primary_key=True),
    sa.Column("approver", sa.String(80), nullable=False),
    sa.Column("decisions", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("proof", sa.String(20), nullable=False),
    sa.Column("session", sa.String(160), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("mac", sa.String(64), nullable=False),
)  # fmt: skip
redemption = sa.Table(
    "redemption", meta,
    sa.Column("reference_hash", sa.String(64), sa.ForeignKey("decision_reference.reference_hash"), primary_key=True),
    sa.Column("proposal_id", _ID, sa.ForeignKey("proposal.proposal_id"), primary_key=True),
    sa.Column("run_id", sa.String(80), nullable=False),
    sa.Column("at", Instant, nullable=False),
)  # fmt: skip
spent_code = sa.Table(
    "spent_code", meta,
    sa.Column("approver", sa.String(80), primary_key=True),
    sa.Column("code", sa.String(80), primary_key=True),
    sa.Column("scope", sa.String(200), nullable=False),
    sa.Column("spent_at", Instant, nullable=False),
)  # fmt: skip
wrong_code = sa.Table(
    "wrong_code", meta,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("approver", sa.String(80), nullable=False, index=True),
    sa.Column("session", sa.String(160)),
    sa.Column("at", Instant, nullable=False),
)  # fmt: skip
guess_reset = sa.Table(
    "guess_reset", meta,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("approver", sa.String(80), nullable=False, index=True),
    sa.Column("by", sa.String(80), nullable=False),
    sa.Column("at", Instant, nullable=False),
)  # fmt: skip
write = sa.Table(
    "write", meta,
    sa.Column("proposal_id", _ID, sa.ForeignKey("proposal.proposal_id"), primary_key=True),
    sa.Column("part", sa.Integer, primary_key=True),
    sa.Column("direction", sa.String(10), primary_key=True),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("run_id", sa.String(80), nullable=False),
    sa.Column("intended_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("request_id", sa.String(120)),
    sa.Column("said", sa.Text),
    sa.Column("answered_at", Instant),
    sa.Column("looked_at", Instant),
)  # fmt: skip
launch = sa.Table(
    "launch", meta,
    sa.Column("run_id", sa.String(80), primary_key=True),
    sa.Column("person", sa.String(80), nullable=False),
    sa.Column("at", Instant, nullable=False),
)  # fmt: skip
switch = sa.Table(
    "switch", meta,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("is_on", sa.Boolean, nullable=False),
    sa.Column("person", sa.String(80), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("mac", sa.String(64)),
)  # fmt: skip
shadow = sa.Table(
    "shadow", meta,
    sa.Column("shadow_id", _ID, primary_key=True),
    sa.Column("scope", sa.String(120), nullable=False, index=True),
    sa.Column("level", sa.String(20), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("proposal_id", _ID),
    sa.Column("at", Instant, nullable=False),
    sa.Column("mac", sa.String(64)),
)  # fmt: skip
audience = sa.Table(
    "audience", meta,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("platform", sa.String(20), nullable=False),
    sa.Column("account_id", sa.String(40), nullable=False),
    sa.Column("entity_id", sa.String(60), nullable=False),
    sa.Column("segment_id", sa.String(120), nullable=False),
    sa.Column("purpose", sa.String(10), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("audience_id", sa.String(40)),
    sa.Column("digest", sa.String(64)),
    sa.Column("people", sa.Integer, nullable=False),
    sa.Column("identifiers", sa.Integer, nullable=False),
    sa.Column("filled_at", Instant),
)  # fmt: skip
audience_member = sa.Table(
    "audience_member", meta,
    sa.Column("audience", sa.Integer, sa.ForeignKey("audience.number"), primary_key=True),
    sa.Column("kind", sa.String(5), primary_key=True),
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("person", sa.String(200), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("added_by", sa.String(64), nullable=False),
    sa.Column("request_id", sa.String(120)),
)  # fmt: skip
audience_plan = sa.Table(
    "audience_plan", meta,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(5), primary_key=True),
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("person", sa.String(200), nullable=False),
)  # fmt: skip
audit = sa.Table(
    "audit", meta,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("event", sa.String(60), nullable=False),
    sa.Column("proposal_id", _ID, index=True),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)  # fmt: skip
audit_head = sa.Table(
    "audit_head", meta,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("mac", sa.String(64)),
)  # fmt: skip
notice = sa.Table(
    "notice", meta,
    sa.Column("notice_id", sa.String(240), primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("said_at", Instant, nullable=False),
    sa.Column("routed_at", Instant),
)  # fmt: skip
notice_delivery = sa.Table(
    "notice_delivery", meta,
    sa.Column("notice_id", sa.String(240), sa.ForeignKey("notice.notice_id"), primary_key=True),
    sa.Column("channel", sa.String(80), primary_key=True),
    sa.Column("state", sa.String(12), nullable=False, index=True),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("claimed_until", Instant),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("said", sa.Text),
)  # fmt: skip
notice_topic = sa.Table(
    "notice_topic", meta,
    sa.Column("topic", sa.String(240), primary_key=True),
    sa.Column("ref", sa.String(80), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("opened_on", sa.String(10), nullable=False),
    sa.Column("seen_on", sa.String(10), nullable=False),
    sa.Column("ended_on", sa.String(10)),
)  # fmt: skip
