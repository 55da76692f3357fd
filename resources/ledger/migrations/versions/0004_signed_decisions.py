"""Signatures by a key outside the database, single-use references, late arrivals, and triggers on every
transition.

Rows from before have no signature. An approval among them is no longer enough for a write: it runs out, and
is proposed again.
"""

import sqlalchemy as sa
from alembic import context, op

revision = "0004"
down_revision = "0003"

_PROPOSAL_STEPS = (
    "proposed>approved", "proposed>rejected", "proposed>expired", "proposed>superseded", "approved>executing", "approved>expired",
    "executing>verified", "executing>failed", "executing>unknown", "unknown>verified", "unknown>failed", "verified>reverted",
    "failed>arrived_late", "arrived_late>verified", "arrived_late>reverted",
)  # fmt: skip
_WRITE_STEPS = (
    "intended>accepted", "intended>refused", "intended>unknown", "intended>verified", "intended>absent", "accepted>verified",
    "accepted>absent", "unknown>accepted", "unknown>verified", "unknown>absent", "refused>verified", "refused>arrived_late",
    "absent>arrived_late",
)  # fmt: skip
_NEW_COLUMNS = (
    ("decision", "mac", 64), ("wrong_code", "session", 160), ("write", "answered_at", 27), ("write", "looked_at", 27),
    ("switch", "mac", 64), ("shadow", "mac", 64), ("audit_head", "mac", 64),
)  # fmt: skip


def upgrade() -> None:
    for table, column, length in _NEW_COLUMNS:
        op.add_column(table, sa.Column(column, sa.String(length)))
    op.create_table(
        "decision_reference",
        sa.Column("reference_hash", sa.String(64), primary_key=True),
        sa.Column("approver", sa.String(80), nullable=False),
        sa.Column("decisions", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("proof", sa.String(20), nullable=False),
        sa.Column("session", sa.String(160), nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
    )
    op.create_table(
        "redemption",
        sa.Column(
            "reference_hash",
            sa.String(64),
            sa.ForeignKey("decision_reference.reference_hash"),
            primary_key=True,
        ),
        sa.Column("proposal_id", sa.String(128), sa.ForeignKey("proposal.proposal_id"), primary_key=True),
        sa.Column("run_id", sa.String(80), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
    )
    op.create_table(
        "guess_reset",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("approver", sa.String(80), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
    )
    op.create_index("ix_guess_reset_approver", "guess_reset", ["approver"])
    op.create_index("ix_proposal_digest", "proposal", ["digest"])
    guard = _PostgresqlTriggers() if op.get_bind().dialect.name == "postgresql" else _SqliteTriggers()
    for table in ("decision_reference", "redemption", "guess_reset"):
        guard.append_only(table)
    guard.rows_stay("switch")
    guard.rows_stay("audit_head")
    guard.steps("proposal", _PROPOSAL_STEPS)
    guard.steps("write", _WRITE_STEPS)
    if sign := context.config.attributes.get("sign_head"):
        sign(op.get_bind())


class _SqliteTriggers:
    def append_only(self, table: str) -> None:
        self.rows_stay(table)
        op.execute(
            f"create trigger keep_{table}_words before update on \"{table}\" begin select raise(abort, '{table} is append-only'); end"
        )

    def rows_stay(self, table: str) -> None:
        op.execute(
            f"create trigger keep_{table}_rows before delete on \"{table}\" begin select raise(abort, '{table} is append-only'); end"
        )

    def steps(self, table: str, steps: tuple[str, ...]) -> None:
        allowed = ", ".join(f"'{step}'" for step in steps)
        op.execute(
            f'create trigger keep_{table}_steps before update of state on "{table}" when new.state <> old.state and '
            f"(old.state || '>' || new.state) not in ({allowed}) begin select raise(abort, 'no such step of a {table}'); end"
        )


class _PostgresqlTriggers:
    def append_only(self, table: str) -> None:
        self.rows_stay(table)
        op.execute(
            f'create trigger keep_{table}_words before update on "{table}" for each row execute function keep_{table}()'
        )

    def rows_stay(self, table: str) -> None:
        op.execute(
            f"create function keep_{table}() returns trigger language plpgsql as "
            f"$$ begin raise exception '{table} is append-only'; end $$"
        )
        op.execute(
            f'create trigger keep_{table}_rows before delete on "{table}" for each row execute function keep_{table}()'
        )
        op.execute(
            f'create trigger keep_{table}_all before truncate on "{table}" for each statement execute function keep_{table}()'
        )

    def steps(self, table: str, steps: tuple[str, ...]) -> None:
        allowed = ", ".join(f"'{step}'" for step in steps)
        op.execute(
            f"create function keep_{table}_steps() returns trigger language plpgsql as "
            f"$$ begin raise exception 'no such step of a {table}'; end $$"
        )
        op.execute(
            f'create trigger keep_{table}_steps before update of state on "{table}" for each row '
            f"when (new.state <> old.state and (old.state || '>' || new.state) not in ({allowed})) "
            f"execute function keep_{table}_steps()"
        )


def downgrade() -> None:
    raise RuntimeError("The ledger's history is never taken apart: restore a backup instead.")
