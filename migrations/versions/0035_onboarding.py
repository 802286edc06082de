"""Sign-offs of an ERP's tables, and comparisons of the staging with its source."""

import ddl
from alembic import op

revision = "0035"
down_revision = "0034"

INTEGRATION = """FOREIGN KEY (tenant_id, integration_id)
                REFERENCES control.integration (tenant_id, id) ON DELETE CASCADE"""
STATUSES = "('pending','running','succeeded','failed')"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_table_sign_off()
    create_reconciliation()
    create_reconciled_table()
    create_difference()
    create_source_key()


def create_table_sign_off() -> None:
    op.execute(f"""
        CREATE TABLE control.table_sign_off (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            integration_id uuid NOT NULL,
            resource text NOT NULL,
            counts jsonb NOT NULL,
            note text,
            signed_at timestamptz NOT NULL,
            signed_by text NOT NULL,
            withdrawn_at timestamptz,
            withdrawn_by text,
            withdrawn_code text,
            withdrawn_note text,
            CONSTRAINT pk_table_sign_off PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_table_sign_off_integration {INTEGRATION},
            CONSTRAINT ck_table_sign_off_withdrawn CHECK (
                (withdrawn_at IS NULL) = (withdrawn_by IS NULL)
                AND (withdrawn_at IS NULL) = (withdrawn_code IS NULL)
            )
        )
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_table_sign_off_valid ON control.table_sign_off"
        " (tenant_id, integration_id, resource) WHERE withdrawn_at IS NULL"
    )
    ddl.isolate(op, "control.table_sign_off", app="SELECT, INSERT, UPDATE")


def create_reconciliation() -> None:
    op.execute(f"""
        CREATE TABLE control.reconciliation (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            integration_id uuid NOT NULL,
            status text NOT NULL,
            requested_by text NOT NULL,
            job_id uuid NOT NULL,
            error jsonb,
            created_at timestamptz NOT NULL,
            started_at timestamptz,
            finished_at timestamptz,
            CONSTRAINT pk_reconciliation PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_reconciliation_integration {INTEGRATION},
            CONSTRAINT ck_reconciliation_status CHECK (status IN {STATUSES}),
            CONSTRAINT ck_reconciliation_finished
                CHECK ((finished_at IS NULL) = (status IN ('pending','running')))
        )
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_reconciliation_active ON control.reconciliation"
        " (tenant_id, integration_id) WHERE status IN ('pending','running')"
    )
    op.execute(
        "CREATE INDEX ix_reconciliation_integration_id ON control.reconciliation"
        " (tenant_id, integration_id, id)"
    )
    ddl.isolate(op, "control.reconciliation", app="SELECT, INSERT, UPDATE")


def create_reconciled_table() -> None:
    op.execute(f"""
        CREATE TABLE control.reconciled_table (
            tenant_id uuid NOT NULL,
            reconciliation_id uuid NOT NULL,
            position bigint NOT NULL,
            resource text NOT NULL,
            status text NOT NULL,
            cursor jsonb,
            pages bigint NOT NULL,
            source_rows bigint NOT NULL,
            unreadable bigint NOT NULL,
            staged_rows bigint NOT NULL,
            source_checksum text,
            staged_checksum text,
            missing bigint NOT NULL,
            extra bigint NOT NULL,
            changed bigint NOT NULL,
            outside_crm bigint NOT NULL,
            compared_at timestamptz,
            CONSTRAINT pk_reconciled_table PRIMARY KEY (tenant_id, reconciliation_id, position),
            CONSTRAINT fk_reconciled_table_reconciliation
                FOREIGN KEY (tenant_id, reconciliation_id)
                REFERENCES control.reconciliation (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT ck_reconciled_table_status CHECK (status IN {STATUSES})
        )
    """)
    ddl.isolate(op, "control.reconciled_table", app="SELECT, INSERT, UPDATE")


def create_difference() -> None:
    op.execute("""
        CREATE TABLE control.reconciled_difference (
            tenant_id uuid NOT NULL,
            reconciliation_id uuid NOT NULL,
            resource text NOT NULL,
            kind text NOT NULL,
            id_erp text COLLATE "C" NOT NULL,
            CONSTRAINT pk_reconciled_difference
                PRIMARY KEY (tenant_id, reconciliation_id, resource, kind, id_erp),
            CONSTRAINT fk_reconciled_difference_reconciliation
                FOREIGN KEY (tenant_id, reconciliation_id)
                REFERENCES control.reconciliation (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT ck_reconciled_difference_kind
                CHECK (kind IN ('missing','extra','changed','outside-crm'))
        )
    """)
    ddl.isolate(op, "control.reconciled_difference", app="SELECT, INSERT, DELETE")


def create_source_key() -> None:
    op.execute("""
        CREATE TABLE staging.source_key (
            tenant_id uuid NOT NULL,
            reconciliation_id uuid NOT NULL,
            resource text NOT NULL,
            id_erp text COLLATE "C" NOT NULL,
            digest bigint,
            CONSTRAINT pk_source_key PRIMARY KEY (tenant_id, reconciliation_id, resource, id_erp)
        )
    """)
    ddl.isolate(op, "staging.source_key")
