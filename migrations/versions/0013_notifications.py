"""Notifications, and administrators without an address."""

import ddl
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("ALTER TABLE control.provisioning_run ALTER COLUMN admin_email DROP NOT NULL")
    create_notification()


def create_notification() -> None:
    op.execute("""
        CREATE TABLE control.notification (
            tenant_id uuid NOT NULL CONSTRAINT fk_notification_tenant REFERENCES control.tenant,
            id uuid NOT NULL,
            user_id uuid,
            code text NOT NULL,
            facts jsonb NOT NULL,
            path text,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_notification PRIMARY KEY (tenant_id, id)
        )
    """)
    op.execute(
        "CREATE INDEX ix_notification_created_at ON control.notification"
        " (tenant_id, created_at, id)"
    )
    ddl.isolate(op, "control.notification", app="SELECT, INSERT")
    op.execute("""
        CREATE TABLE control.notification_read (
            tenant_id uuid NOT NULL,
            notification_id uuid NOT NULL,
            reader_id uuid NOT NULL,
            read_at timestamptz NOT NULL,
            CONSTRAINT pk_notification_read PRIMARY KEY (tenant_id, notification_id, reader_id),
            CONSTRAINT fk_notification_read_notification
                FOREIGN KEY (tenant_id, notification_id) REFERENCES control.notification
        )
    """)
    ddl.isolate(op, "control.notification_read", app="SELECT, INSERT")
