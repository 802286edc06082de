"""Integrations that were removed: gone for people, kept for their runs, their names free again."""

import ddl
from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    _allow("'active','paused','removed'")
    op.execute("ALTER TABLE control.integration DROP CONSTRAINT uq_integration_name")
    op.execute(
        "CREATE UNIQUE INDEX uq_integration_name ON control.integration (tenant_id, name)"
        " WHERE state <> 'removed'"
    )


def downgrade() -> None:
    op.execute("DROP INDEX control.uq_integration_name")
    op.execute(
        "UPDATE control.integration SET state = 'paused', name = name || ' ' || id"
        " WHERE state = 'removed'"
    )
    op.execute(
        "ALTER TABLE control.integration"
        " ADD CONSTRAINT uq_integration_name UNIQUE (tenant_id, name)"
    )
    _allow("'active','paused'")


def _allow(states: str) -> None:
    op.execute("ALTER TABLE control.integration DROP CONSTRAINT ck_integration_state")
    op.execute(
        "ALTER TABLE control.integration"
        f" ADD CONSTRAINT ck_integration_state CHECK (state IN ({states}))"
    )
