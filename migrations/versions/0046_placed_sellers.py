"""The history of where an account stands tells of salespeople chosen by hand, too."""

import ddl
from alembic import op

revision = "0046"
down_revision = "0045"

TABLE, NAME = "crm.placement_change", "ck_placement_change_kind"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {NAME}")
    op.execute(
        f"ALTER TABLE {TABLE} ADD CONSTRAINT {NAME}"
        " CHECK (kind IN ('category','portfolio','seller'))"
    )


def downgrade() -> None:
    op.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {NAME}")
    op.execute(
        f"ALTER TABLE {TABLE} ADD CONSTRAINT {NAME} CHECK (kind IN ('category','portfolio'))"
    )
