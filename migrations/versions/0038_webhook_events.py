"""Webhooks choose their events, and each delivery keeps what its receiver answered."""

import ddl
from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute(
        "ALTER TABLE control.webhook_endpoint ADD COLUMN events text[] NOT NULL DEFAULT '{}'"
    )
    op.execute("ALTER TABLE control.webhook_endpoint ALTER COLUMN events DROP DEFAULT")
    op.execute("""
        ALTER TABLE control.alert_delivery
            ADD COLUMN answer_status bigint,
            ADD COLUMN tried_at timestamptz
    """)


def downgrade() -> None:
    op.execute("ALTER TABLE control.alert_delivery DROP COLUMN answer_status, DROP COLUMN tried_at")
    op.execute("ALTER TABLE control.webhook_endpoint DROP COLUMN events")
