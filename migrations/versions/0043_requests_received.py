"""What an integration's ERP asked of us, newest first, without reading what we asked of any."""

import ddl
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute(
        "CREATE INDEX ix_exchange_received"
        " ON control.exchange (tenant_id, integration_id, at, id) WHERE direction = 'in'"
    )
