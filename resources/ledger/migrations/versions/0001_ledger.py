"""The ledger's tables, and triggers that keep what must never change from being changed.

Written out, not taken from `resources.ledger.tables`: a migration is history and must not move with the code.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TABLES = {
    "proposal": (
        "proposal_id varchar(128) primary key, digest varchar(64) not null, body text not null, kind varchar(40) not null, "
        "as_of varchar(10) not null, level varchar(12) not null, state varchar(12) not null, why text, created_at varchar(27) not null, "
        "expires_at varchar(27) not null, changed_at varchar(27) not null, registered_at varchar(27), "
        "announced_at varchar(27), reminded integer not null, retired_at varchar(27)"
    ),
    "target": (
        "proposal_id varchar(128) not null references proposal, part integer not null, platform varchar(20) not null, "
        "account_id varchar(40) not null, level varchar(20) not null, entity_id varchar(60) not null, "
        "primary key (proposal_id, part)"
    ),
    "batch": (
        "batch_id varchar(128) primary key, digest varchar(64) not null, members text not null, "
        "created_at varchar(27) not null, registered_at varchar(27), retired_at varchar(27)"
    ),
    "decision": (
        "proposal_id varchar(128) not null references proposal, approver varchar(80) not null, digest varchar(64) not null, "
        "verdict varchar(10) not null, reason text not null, proof varchar(20) not null, run_id varchar(80) not null, "
        "decided_at varchar(27) not null, primary key (proposal_id, approver)"
    ),
    "spent_code": (
        "approver varchar(80) not null, code varchar(80) not null, scope varchar(200) not null, "
        "spent_at varchar(27) not null, primary key (approver, code)"
    ),
    "write": (
        "proposal_id varchar(128) not null references proposal, part integer not null, direction varchar(10) not null, "
        "state varchar(12) not null, run_id varchar(80) not null, intended_at varchar(27) not null, ended_at varchar(27), "
        "request_id varchar(120), said text, primary key (proposal_id, part, direction)"
    ),
    "launch": "run_id varchar(80) primary key, person varchar(80) not null, at varchar(27) not null",
    "switch": (
        "name varchar(40) primary key, is_on boolean not null, person varchar(80) not null, reason text not null, "
        "at varchar(27) not null"
    ),
    "shadow": (
        "shadow_id varchar(128) primary key, scope varchar(120) not null, level varchar(20) not null, body text not null, "
        "proposal_id varchar(128), at varchar(27) not null"
    ),
    "audit": (
        "seq integer primary key, at varchar(27) not null, actor varchar(120) not null, event varchar(60) not null, "
        "proposal_id varchar(128), detail text not null, previous varchar(64) not null, hash varchar(64) not null"
    ),
    "audit_head": "id integer primary key, seq integer not null, hash varchar(64) not null",
}
_INDEXES = {
    "proposal": ("state", "changed_at"), "target": ("entity_id",), "wrong_code": ("approver",), "shadow": ("scope",),
    "audit": ("proposal_id",),
}  # fmt: skip
_KEPT = ("audit", "decision", "spent_code", "target", "launch", "shadow", "proposal", "batch", "write")
"""Rows of these stay for good."""
_FIXED = {
    "proposal": ("proposal_id", "digest", "body", "kind", "as_of", "level", "created_at", "expires_at"),
    "batch": ("batch_id", "digest", "members", "created_at"),
    "write": ("proposal_id", "part", "direction", "run_id", "intended_at"),
}
"""Columns that never change; in a table that is not named here, none does."""


def upgrade() -> None:
    for name, columns in _TABLES.items():
        op.execute(f'create table "{name}" ({columns})')
    op.create_table(
        "wrong_code",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("approver", sa.String(80), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
    )
    for table, indexed in _INDEXES.items():
        for column in indexed:
            op.create_index(f"ix_{table}_{column}", table, [column])
    op.execute(f"insert into audit_head (id, seq, hash) values (1, 0, '{'0' * 64}')")
    guard = _guard_postgresql if op.get_bind().dialect.name == "postgresql" else _guard_sqlite
    for table in _KEPT:
        guard(table, _FIXED.get(table, ()))


def _guard_sqlite(table: str, fixed: tuple[str, ...]) -> None:
    op.execute(
        f'create trigger keep_{table}_rows before delete on "{table}" '
        f"begin select raise(abort, '{table} is append-only'); end"
    )
    columns = f"of {', '.join(fixed)} " if fixed else ""
    op.execute(
        f'create trigger keep_{table}_words before update {columns}on "{table}" '
        f"begin select raise(abort, '{table} is append-only'); end"
    )


def _guard_postgresql(table: str, fixed: tuple[str, ...]) -> None:
    op.execute(
        f"create function keep_{table}() returns trigger language plpgsql as "
        f"$$ begin raise exception '{table} is append-only'; end $$"
    )
    columns = f"of {', '.join(fixed)} " if fixed else ""
    op.execute(
        f'create trigger keep_{table}_words before update {columns}on "{table}" for each row execute function keep_{table}()'
    )
    op.execute(
        f'create trigger keep_{table}_rows before delete on "{table}" for each row execute function keep_{table}()'
    )
    op.execute(
        f'create trigger keep_{table}_all before truncate on "{table}" for each statement execute function keep_{table}()'
    )


def downgrade() -> None:
    raise RuntimeError("The ledger's history is never taken apart: restore a backup instead.")
