"""What people tell about the ERP behind an integration."""

import ddl
from alembic import op

revision = "0034"
down_revision = "0033"
COLUMNS = ("erp_name", "erp_version", "business_rule")


def upgrade() -> None:
    ddl.guard_timeouts(op)
    for name in COLUMNS:
        op.execute(f"ALTER TABLE control.integration ADD COLUMN {name} text")


def downgrade() -> None:
    for name in COLUMNS:
        op.execute(f"ALTER TABLE control.integration DROP COLUMN {name}")
