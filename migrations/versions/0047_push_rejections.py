"""The rows that pushes rejected and that are still to be mended."""

import ddl
from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("""
        CREATE TABLE staging.push_rejection (
            tenant_id uuid NOT NULL,
            integration_id uuid NOT NULL,
            resource text NOT NULL,
            id_erp text COLLATE "C" NOT NULL,
            errors jsonb NOT NULL,
            at timestamptz NOT NULL,
            CONSTRAINT pk_push_rejection PRIMARY KEY (tenant_id, integration_id, resource, id_erp)
        )
    """)
    ddl.isolate(op, "staging.push_rejection", app="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    op.execute("DROP TABLE staging.push_rejection")
