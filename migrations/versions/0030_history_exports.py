"""History files: what was asked for, how far each is, and where it lies."""

import ddl
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("""
        CREATE TABLE control.history_export (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            status text NOT NULL,
            since timestamptz NOT NULL,
            until timestamptz NOT NULL,
            tables text[] NOT NULL,
            with_others boolean NOT NULL,
            with_personal boolean NOT NULL,
            locale text NOT NULL,
            timezone text NOT NULL,
            requested_by text NOT NULL,
            user_id uuid,
            requests bigint NOT NULL,
            records bigint NOT NULL,
            written bigint NOT NULL,
            filename text NOT NULL,
            blob_id uuid,
            size_bytes bigint,
            error jsonb,
            job_id uuid NOT NULL,
            revision bigint NOT NULL,
            created_at timestamptz NOT NULL,
            started_at timestamptz,
            finished_at timestamptz,
            expires_at timestamptz,
            CONSTRAINT pk_history_export PRIMARY KEY (tenant_id, id),
            CONSTRAINT ck_history_export_status
                CHECK (status IN ('pending','running','succeeded','failed','cancelled')),
            CONSTRAINT ck_history_export_period CHECK (since < until),
            CONSTRAINT ck_history_export_file
                CHECK ((blob_id IS NOT NULL) = (status = 'succeeded')),
            CONSTRAINT ck_history_export_finished
                CHECK ((finished_at IS NULL) = (status IN ('pending','running')))
        )
    """)
    ddl.isolate(op, "control.history_export")


def downgrade() -> None:
    op.execute("DROP TABLE control.history_export")
