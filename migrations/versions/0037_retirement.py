"""The staging of every integration is cleared once a day, whether or not anything is loaded."""

import ddl
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("""
        CREATE TABLE control.retirement (
            tenant_id uuid NOT NULL,
            integration_id uuid NOT NULL,
            job_id uuid NOT NULL,
            begun_at timestamptz NOT NULL,
            resource text,
            after text,
            removed jsonb NOT NULL,
            ended_at timestamptz,
            CONSTRAINT pk_retirement PRIMARY KEY (tenant_id, integration_id),
            CONSTRAINT fk_retirement_integration FOREIGN KEY (tenant_id, integration_id)
                REFERENCES control.integration (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT ck_retirement_ended CHECK (ended_at IS NULL OR resource IS NULL)
        )
    """)
    ddl.isolate(op, "control.retirement", app="SELECT, INSERT, UPDATE", fleet="SELECT")
