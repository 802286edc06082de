"""What every integration takes of the intermediate database, for the vendor's fleet."""

import ddl
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("""
        CREATE TABLE control.staging_size (
            tenant_id uuid NOT NULL,
            integration_id uuid NOT NULL,
            rows bigint NOT NULL,
            size_bytes bigint NOT NULL,
            measured_at timestamptz NOT NULL,
            CONSTRAINT pk_staging_size PRIMARY KEY (tenant_id, integration_id),
            CONSTRAINT fk_staging_size_integration FOREIGN KEY (tenant_id, integration_id)
                REFERENCES control.integration (tenant_id, id) ON DELETE CASCADE
        )
    """)
    ddl.isolate(op, "control.staging_size", app="SELECT, INSERT, UPDATE", fleet="SELECT")
