"""What a run brings follows from the pushes it found, and no longer from when they came.

And a reading says itself whether it was of everything. Of what was pushed before nobody knows
whether a run has brought it, so the next run of every integration that is pushed to brings all.
"""

import ddl
from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("""
        CREATE TABLE staging.arrival (
            tenant_id uuid NOT NULL,
            integration_id uuid NOT NULL,
            id uuid NOT NULL,
            CONSTRAINT pk_arrival PRIMARY KEY (tenant_id, integration_id, id)
        )
    """)
    ddl.isolate(op, "staging.arrival", app="SELECT, INSERT, UPDATE, DELETE")
    op.execute("""
        INSERT INTO staging.arrival (tenant_id, integration_id, id)
        SELECT tenant_id, id, gen_random_uuid() FROM control.integration WHERE kind = 'api'
    """)
    op.execute("ALTER TABLE control.load ADD COLUMN arrivals uuid[]")
    op.execute("ALTER TABLE control.load_phase ADD COLUMN is_whole boolean")


def downgrade() -> None:
    op.execute("ALTER TABLE control.load_phase DROP COLUMN is_whole")
    op.execute("ALTER TABLE control.load DROP COLUMN arrivals")
    op.execute("DROP TABLE staging.arrival")
