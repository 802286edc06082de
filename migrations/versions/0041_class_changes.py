"""The courier tells the many messages of one drawing from alerts, which leave first."""

import ddl
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute(f"GRANT SELECT (event) ON control.alert_delivery TO {ddl.FLEET}")


def downgrade() -> None:
    op.execute(f"REVOKE SELECT (event) ON control.alert_delivery FROM {ddl.FLEET}")
