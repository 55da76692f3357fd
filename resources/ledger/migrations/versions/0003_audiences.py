"""Whom each audience holds, and whom a waiting proposal would let it hold.

These rows are personal data: unlike the rest of the ledger they may be changed and erased for good.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "audience",
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
        sa.Column("filled_at", sa.String(27)),
        sa.UniqueConstraint("platform", "account_id", "entity_id"),
    )
    op.create_table(
        "audience_member",
        sa.Column("audience", sa.Integer, sa.ForeignKey("audience.number"), primary_key=True),
        sa.Column("kind", sa.String(5), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("added_by", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(120)),
    )
    op.create_table(
        "audience_plan",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(5), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(200), nullable=False),
    )


def downgrade() -> None:
    raise RuntimeError("The ledger's history is never taken apart: restore a backup instead.")
