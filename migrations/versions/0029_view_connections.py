"""Databases with views: how they are reached, what is mapped, and how far each load came."""

import ddl
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_connection()
    create_mapping()
    op.execute("ALTER TABLE control.load_phase ADD COLUMN reached jsonb")


def create_connection() -> None:
    op.execute("""
        CREATE TABLE control.view_connection (
            tenant_id uuid NOT NULL,
            integration_id uuid NOT NULL,
            dialect text NOT NULL,
            host text NOT NULL,
            port bigint NOT NULL,
            database text NOT NULL,
            username text NOT NULL,
            password_sealed text,
            tls text NOT NULL,
            ca_certificate text,
            time_zone text NOT NULL,
            statement_seconds bigint NOT NULL,
            created_at timestamptz NOT NULL,
            created_by uuid,
            updated_at timestamptz NOT NULL,
            updated_by uuid,
            revision bigint NOT NULL DEFAULT 1,
            tested_at timestamptz,
            test_succeeded boolean,
            test_report jsonb,
            CONSTRAINT pk_view_connection PRIMARY KEY (tenant_id, integration_id),
            CONSTRAINT fk_view_connection_integration FOREIGN KEY (tenant_id, integration_id)
                REFERENCES control.integration (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT ck_view_connection_dialect
                CHECK (dialect IN ('postgresql', 'sqlserver', 'oracle', 'mysql')),
            CONSTRAINT ck_view_connection_port CHECK (port BETWEEN 1 AND 65535),
            CONSTRAINT ck_view_connection_tls CHECK (tls IN ('verified', 'none')),
            CONSTRAINT ck_view_connection_statement_seconds
                CHECK (statement_seconds BETWEEN 1 AND 280),
            CONSTRAINT ck_view_connection_tested CHECK (
                (tested_at IS NULL) = (test_report IS NULL)
                AND (tested_at IS NULL) = (test_succeeded IS NULL)
            )
        )
    """)
    ddl.isolate(op, "control.view_connection", app="SELECT, INSERT, UPDATE, DELETE")


def create_mapping() -> None:
    op.execute("""
        CREATE TABLE control.view_mapping (
            tenant_id uuid NOT NULL,
            integration_id uuid NOT NULL,
            resource text NOT NULL,
            db_schema text,
            view text NOT NULL,
            columns jsonb NOT NULL,
            watermark text,
            overlap_minutes bigint NOT NULL,
            is_complete boolean NOT NULL,
            created_at timestamptz NOT NULL,
            created_by uuid,
            updated_at timestamptz NOT NULL,
            updated_by uuid,
            revision bigint NOT NULL DEFAULT 1,
            CONSTRAINT pk_view_mapping PRIMARY KEY (tenant_id, integration_id, resource),
            CONSTRAINT fk_view_mapping_view_connection FOREIGN KEY (tenant_id, integration_id)
                REFERENCES control.view_connection (tenant_id, integration_id) ON DELETE CASCADE,
            CONSTRAINT ck_view_mapping_overlap_minutes
                CHECK (overlap_minutes BETWEEN 0 AND 10080)
        )
    """)
    ddl.isolate(op, "control.view_mapping", app="SELECT, INSERT, UPDATE, DELETE")
