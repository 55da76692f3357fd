"""What was said to people, on which channel, and what is on and was said already.

Rows here are bookkeeping, not evidence: they are thrown away after some weeks, so no trigger keeps them.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = {
    "notice": (
        "notice_id varchar(240) primary key, kind varchar(20) not null, priority integer not null, body text not null, "
        "said_at varchar(27) not null, routed_at varchar(27)"
    ),
    "notice_delivery": (
        "notice_id varchar(240) not null references notice, channel varchar(80) not null, state varchar(12) not null, "
        "due_at varchar(27) not null, claimed_until varchar(27), attempts integer not null, ended_at varchar(27), said text, "
        "primary key (notice_id, channel)"
    ),
    "notice_topic": (
        "topic varchar(240) primary key, ref varchar(80) not null, kind varchar(20) not null, priority integer not null, "
        "body text not null, opened_on varchar(10) not null, seen_on varchar(10) not null, ended_on varchar(10)"
    ),
}


def upgrade() -> None:
    for name, columns in _TABLES.items():
        op.execute(f'create table "{name}" ({columns})')
    op.execute('create index "notice_delivery_state" on "notice_delivery" (state)')
