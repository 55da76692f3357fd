"""What of a target a proposal changes: proposals on different aspects of one target may wait beside each other.

Everything from before changes delivery: a status, a budget, an audience.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("target", sa.Column("aspect", sa.String(20), nullable=False, server_default="delivery"))


def downgrade() -> None:
    raise RuntimeError("The ledger's history is never taken apart: restore a backup instead.")
