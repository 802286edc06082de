"""A run of an integration whose rows are pushed is empty when nothing came."""

import ddl
from alembic import op

revision = "0036"
down_revision = "0035"

STATUSES = "('pending','running','succeeded','failed','cancelled','empty')"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    for table in ("load", "load_phase"):
        op.execute(f"""
            ALTER TABLE control.{table}
                DROP CONSTRAINT ck_{table}_status,
                ADD CONSTRAINT ck_{table}_status CHECK (status IN {STATUSES})
        """)
