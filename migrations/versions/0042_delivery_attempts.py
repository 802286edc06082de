"""One line for each attempt to deliver a webhook's message, kept as long as the message."""

import ddl
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("""
        CREATE TABLE control.delivery_attempt (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            delivery_id uuid NOT NULL,
            webhook_id uuid NOT NULL,
            state text NOT NULL,
            at timestamptz NOT NULL,
            duration_ms bigint,
            answer_status bigint,
            error jsonb,
            CONSTRAINT pk_delivery_attempt PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_delivery_attempt_alert_delivery FOREIGN KEY (tenant_id, delivery_id)
                REFERENCES control.alert_delivery (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT ck_delivery_attempt_state
                CHECK (state IN ('running','sent','failed','lost')),
            CONSTRAINT ck_delivery_attempt_ended
                CHECK ((duration_ms IS NOT NULL) = (state IN ('sent','failed')))
        )
    """)
    op.execute(
        "CREATE INDEX ix_delivery_attempt_delivery_id"
        " ON control.delivery_attempt (tenant_id, delivery_id, id)"
    )
    op.execute(
        "CREATE INDEX ix_delivery_attempt_webhook_id"
        " ON control.delivery_attempt (tenant_id, webhook_id, id)"
    )
    ddl.isolate(op, "control.delivery_attempt", app="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.execute("DROP TABLE control.delivery_attempt")
