"""Imports of spreadsheets, and the rows of their sheets."""

import ddl
from alembic import op

revision = "0019"
down_revision = "0018"

STATUSES = (
    "('uploaded','analysing','mapping','ready','running','succeeded','failed','cancelled',"
    "'undoing','undone')"
)
ACTIVE = "('uploaded','analysing','mapping','ready','running','undoing')"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_import()
    create_import_row()


def create_import() -> None:
    op.execute(f"""
        CREATE TABLE crm.import (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            resource text NOT NULL,
            status text NOT NULL,
            blob_id uuid NOT NULL,
            filename text NOT NULL,
            format text NOT NULL,
            size_bytes bigint NOT NULL,
            facts jsonb,
            header_number bigint,
            columns jsonb,
            read_through bigint NOT NULL,
            rows bigint NOT NULL,
            created bigint NOT NULL,
            updated bigint NOT NULL,
            unchanged bigint NOT NULL,
            rejected bigint NOT NULL,
            written_through bigint NOT NULL,
            written_created bigint NOT NULL,
            written_updated bigint NOT NULL,
            undone_before bigint,
            removed bigint NOT NULL,
            restored bigint NOT NULL,
            kept bigint NOT NULL,
            error jsonb,
            requested_by text NOT NULL,
            run_by uuid,
            job_id uuid,
            revision bigint NOT NULL,
            created_at timestamptz NOT NULL,
            analysed_at timestamptz,
            started_at timestamptz,
            finished_at timestamptz,
            undone_at timestamptz,
            forgotten_at timestamptz,
            CONSTRAINT pk_import PRIMARY KEY (tenant_id, id),
            CONSTRAINT ck_import_status CHECK (status IN {STATUSES})
        )
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_import_active ON crm.import (tenant_id, resource)"
        f" WHERE status IN {ACTIVE}"
    )
    ddl.isolate(op, "crm.import", app="SELECT, INSERT, UPDATE")


def create_import_row() -> None:
    op.execute("""
        CREATE TABLE crm.import_row (
            tenant_id uuid NOT NULL,
            import_id uuid NOT NULL,
            number bigint NOT NULL,
            cells text[] NOT NULL,
            outcome text NOT NULL,
            reasons jsonb,
            keys text[] NOT NULL,
            target_id uuid,
            target_revision bigint,
            "values" jsonb,
            before jsonb,
            kept_because jsonb,
            CONSTRAINT pk_import_row PRIMARY KEY (tenant_id, import_id, number),
            CONSTRAINT fk_import_row_import FOREIGN KEY (tenant_id, import_id)
                REFERENCES crm.import (tenant_id, id),
            CONSTRAINT ck_import_row_outcome
                CHECK (outcome IN ('created','updated','unchanged','rejected'))
        )
    """)
    op.execute(
        "CREATE INDEX ix_import_row_outcome ON crm.import_row"
        " (tenant_id, import_id, outcome, number)"
    )
    ddl.isolate(op, "crm.import_row")
