"""Who puts an account somewhere by hand may say why."""

import ddl
from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("ALTER TABLE crm.placement_change ADD COLUMN reason text")


def downgrade() -> None:
    op.execute("ALTER TABLE crm.placement_change DROP COLUMN reason")
