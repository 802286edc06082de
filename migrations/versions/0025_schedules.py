"""Schedules, what came of them, and when a load last gave a sign of life."""

import ddl
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_schedule()
    create_scheduled_run()
    op.execute("ALTER TABLE control.load ADD COLUMN touched_at timestamptz NOT NULL DEFAULT now()")
    op.execute(
        "CREATE INDEX ix_load_under_way ON control.load (touched_at)"
        " WHERE status IN ('pending','running')"
    )


def create_schedule() -> None:
    op.execute("""
        CREATE TABLE control.schedule (
            tenant_id uuid NOT NULL,
            integration_id uuid NOT NULL,
            kind text NOT NULL,
            times text[] NOT NULL,
            interval_minutes bigint,
            timezone text NOT NULL,
            slot_at timestamptz,
            due_at timestamptz,
            paused_at timestamptz,
            paused_by text,
            pause_reason text,
            resumed_at timestamptz,
            revision bigint NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            CONSTRAINT pk_schedule PRIMARY KEY (tenant_id, integration_id),
            CONSTRAINT fk_schedule_integration FOREIGN KEY (tenant_id, integration_id)
                REFERENCES control.integration (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT ck_schedule_kind CHECK (kind IN ('none','daily','interval')),
            CONSTRAINT ck_schedule_times CHECK ((kind = 'daily') = (cardinality(times) > 0)),
            CONSTRAINT ck_schedule_interval
                CHECK ((kind = 'interval') = (interval_minutes IS NOT NULL)),
            CONSTRAINT ck_schedule_due CHECK ((slot_at IS NULL) = (due_at IS NULL)),
            CONSTRAINT ck_schedule_planned
                CHECK ((due_at IS NULL) = (kind = 'none' OR paused_at IS NOT NULL)),
            CONSTRAINT ck_schedule_paused CHECK (
                (paused_at IS NULL) = (paused_by IS NULL)
                AND (paused_at IS NULL) = (pause_reason IS NULL)
            )
        )
    """)
    op.execute(
        "CREATE INDEX ix_schedule_due_at ON control.schedule (due_at) WHERE due_at IS NOT NULL"
    )
    ddl.isolate(op, "control.schedule", app="SELECT, INSERT, UPDATE, DELETE", fleet="SELECT")


def create_scheduled_run() -> None:
    op.execute("""
        CREATE TABLE control.scheduled_run (
            tenant_id uuid NOT NULL,
            integration_id uuid NOT NULL,
            slot_at timestamptz NOT NULL,
            at timestamptz NOT NULL,
            outcome text NOT NULL,
            load_id uuid,
            missed bigint NOT NULL,
            error jsonb,
            CONSTRAINT pk_scheduled_run PRIMARY KEY (tenant_id, integration_id, slot_at),
            CONSTRAINT fk_scheduled_run_schedule FOREIGN KEY (tenant_id, integration_id)
                REFERENCES control.schedule (tenant_id, integration_id) ON DELETE CASCADE,
            CONSTRAINT fk_scheduled_run_load FOREIGN KEY (tenant_id, load_id)
                REFERENCES control.load (tenant_id, id),
            CONSTRAINT ck_scheduled_run_outcome
                CHECK (outcome IN ('started','skipped','refused')),
            CONSTRAINT ck_scheduled_run_load
                CHECK ((load_id IS NOT NULL) = (outcome = 'started')),
            CONSTRAINT ck_scheduled_run_error
                CHECK ((error IS NOT NULL) = (outcome = 'refused'))
        )
    """)
    ddl.isolate(op, "control.scheduled_run", app="SELECT, INSERT, DELETE", fleet="SELECT")
