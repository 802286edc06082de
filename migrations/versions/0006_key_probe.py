"""A sealed value per key, by which a wrong key ring is noticed before it seals anything."""

import ddl
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("""
        CREATE TABLE control.key_probe (
            key_id text NOT NULL CONSTRAINT pk_key_probe PRIMARY KEY,
            sealed text NOT NULL,
            made_at timestamptz NOT NULL
        )
    """)
    ddl.catalogue(op, "control.key_probe")
