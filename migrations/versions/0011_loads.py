"""Loads, their phases and their log."""

import ddl
from alembic import op

revision = "0011"
down_revision = "0010"

STATUSES = "('pending','running','succeeded','failed','cancelled')"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_load()
    create_load_phase()
    create_load_log()


def create_load() -> None:
    op.execute(f"""
        CREATE TABLE control.load (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            integration_id uuid NOT NULL,
            kind text NOT NULL,
            status text NOT NULL,
            tables text[],
            requested_by text NOT NULL,
            job_id uuid NOT NULL,
            tries bigint NOT NULL,
            tries_without_progress bigint NOT NULL,
            next_try_at timestamptz,
            error jsonb,
            revision bigint NOT NULL,
            created_at timestamptz NOT NULL,
            started_at timestamptz,
            finished_at timestamptz,
            CONSTRAINT pk_load PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_load_integration FOREIGN KEY (tenant_id, integration_id)
                REFERENCES control.integration (tenant_id, id),
            CONSTRAINT ck_load_status CHECK (status IN {STATUSES}),
            CONSTRAINT ck_load_kind CHECK (kind IN ('initial','scheduled','manual')),
            CONSTRAINT ck_load_finished
                CHECK ((finished_at IS NULL) = (status IN ('pending','running')))
        )
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_load_active ON control.load (tenant_id, integration_id)"
        " WHERE status IN ('pending','running')"
    )
    op.execute(
        "CREATE INDEX ix_load_integration_id ON control.load (tenant_id, integration_id, id)"
    )
    ddl.isolate(op, "control.load", app="SELECT, INSERT, UPDATE", fleet="SELECT")


def create_load_phase() -> None:
    op.execute(f"""
        CREATE TABLE control.load_phase (
            tenant_id uuid NOT NULL,
            load_id uuid NOT NULL,
            position bigint NOT NULL,
            step text NOT NULL,
            resource text NOT NULL,
            status text NOT NULL,
            cursor jsonb,
            progress double precision NOT NULL,
            pages bigint NOT NULL,
            received bigint NOT NULL,
            created bigint NOT NULL,
            updated bigint NOT NULL,
            unchanged bigint NOT NULL,
            rejected bigint NOT NULL,
            removed bigint NOT NULL,
            started_at timestamptz,
            finished_at timestamptz,
            CONSTRAINT pk_load_phase PRIMARY KEY (tenant_id, load_id, position),
            CONSTRAINT fk_load_phase_load FOREIGN KEY (tenant_id, load_id)
                REFERENCES control.load (tenant_id, id),
            CONSTRAINT ck_load_phase_status CHECK (status IN {STATUSES}),
            CONSTRAINT ck_load_phase_step CHECK (step IN ('fetch','synchronise')),
            CONSTRAINT ck_load_phase_counts
                CHECK (received = created + updated + unchanged + rejected)
        )
    """)
    ddl.isolate(op, "control.load_phase", app="SELECT, INSERT, UPDATE", fleet="SELECT")


def create_load_log() -> None:
    op.execute("""
        CREATE TABLE control.load_log (
            tenant_id uuid NOT NULL,
            load_id uuid NOT NULL,
            id uuid NOT NULL,
            at timestamptz NOT NULL,
            level text NOT NULL,
            code text NOT NULL,
            resource text,
            detail text NOT NULL,
            facts jsonb NOT NULL,
            CONSTRAINT pk_load_log PRIMARY KEY (tenant_id, load_id, id),
            CONSTRAINT fk_load_log_load FOREIGN KEY (tenant_id, load_id)
                REFERENCES control.load (tenant_id, id),
            CONSTRAINT ck_load_log_level CHECK (level IN ('info','warning','error'))
        )
    """)
    ddl.isolate(op, "control.load_log", app="SELECT, INSERT")
