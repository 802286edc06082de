"""What becomes of fields that an ERP table does not know is a setting of its integration."""

import ddl
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("""
        ALTER TABLE control.integration
            ADD COLUMN unknown_fields text NOT NULL DEFAULT 'reject',
            ADD CONSTRAINT ck_integration_unknown_fields
                CHECK (unknown_fields IN ('reject','keep'))
    """)
