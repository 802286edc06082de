"""Webhooks, the outbox of alerts, how fresh integrations must be, and incidents."""

import ddl
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_webhook_endpoint()
    create_alert_delivery()
    create_purge()
    create_freshness()
    create_incident()
    op.execute(
        "CREATE INDEX ix_load_ended ON control.load (tenant_id, integration_id, finished_at)"
        " WHERE tables IS NULL AND status IN ('succeeded','failed')"
    )


def create_webhook_endpoint() -> None:
    op.execute("""
        CREATE TABLE control.webhook_endpoint (
            tenant_id uuid NOT NULL
                CONSTRAINT fk_webhook_endpoint_tenant REFERENCES control.tenant,
            id uuid NOT NULL,
            url text NOT NULL,
            description text NOT NULL,
            is_active boolean NOT NULL,
            disabled_code text,
            secret_sealed text NOT NULL,
            previous_secret_sealed text,
            previous_secret_until timestamptz,
            revision bigint NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            CONSTRAINT pk_webhook_endpoint PRIMARY KEY (tenant_id, id),
            CONSTRAINT uq_webhook_endpoint_url UNIQUE (tenant_id, url),
            CONSTRAINT ck_webhook_endpoint_disabled
                CHECK (is_active = (disabled_code IS NULL)),
            CONSTRAINT ck_webhook_endpoint_previous CHECK (
                (previous_secret_sealed IS NULL) = (previous_secret_until IS NULL)
            )
        )
    """)
    ddl.isolate(op, "control.webhook_endpoint")


def create_alert_delivery() -> None:
    op.execute("""
        CREATE TABLE control.alert_delivery (
            tenant_id uuid NOT NULL
                CONSTRAINT fk_alert_delivery_tenant REFERENCES control.tenant,
            id uuid NOT NULL,
            webhook_id uuid,
            mail_to text,
            mail_locale text,
            event text NOT NULL,
            data jsonb NOT NULL,
            state text NOT NULL,
            attempts bigint NOT NULL,
            due_at timestamptz NOT NULL,
            lease_until timestamptz,
            lease_token uuid,
            error jsonb,
            created_at timestamptz NOT NULL,
            finished_at timestamptz,
            CONSTRAINT pk_alert_delivery PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_alert_delivery_webhook_endpoint FOREIGN KEY (tenant_id, webhook_id)
                REFERENCES control.webhook_endpoint (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT ck_alert_delivery_state CHECK (state IN ('pending','sent','failed')),
            CONSTRAINT ck_alert_delivery_address
                CHECK ((webhook_id IS NULL) <> (mail_to IS NULL)),
            CONSTRAINT ck_alert_delivery_finished
                CHECK ((finished_at IS NULL) = (state = 'pending'))
        )
    """)
    op.execute(
        "CREATE INDEX ix_alert_delivery_due_at ON control.alert_delivery (due_at)"
        " WHERE state = 'pending'"
    )
    op.execute(
        "CREATE INDEX ix_alert_delivery_webhook_id"
        " ON control.alert_delivery (tenant_id, webhook_id, id)"
    )
    op.execute("CREATE INDEX ix_alert_delivery_finished_at ON control.alert_delivery (finished_at)")
    ddl.isolate(
        op,
        "control.alert_delivery",
        app="SELECT, INSERT, UPDATE",
        fleet="SELECT (tenant_id, id, webhook_id, state, due_at, lease_until)",
        definer="SELECT, UPDATE, DELETE",
    )


def create_purge() -> None:
    ddl.definer_function(
        op,
        "control",
        "purge_alert_deliveries(double precision, bigint)",
        """
        CREATE FUNCTION control.purge_alert_deliveries(keep_days double precision, batch bigint)
        RETURNS bigint
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
        AS $$
            WITH old AS (
                SELECT d.tenant_id, d.id FROM control.alert_delivery AS d
                WHERE d.finished_at < now() - make_interval(secs => keep_days * 86400)
                ORDER BY d.finished_at LIMIT batch
                FOR UPDATE SKIP LOCKED
            ), gone AS (
                DELETE FROM control.alert_delivery AS d USING old AS o
                WHERE d.tenant_id = o.tenant_id AND d.id = o.id
                RETURNING 1
            )
            SELECT count(*) FROM gone
        $$
        """,
        to=ddl.FLEET,
    )


def create_freshness() -> None:
    op.execute("""
        CREATE TABLE control.freshness (
            tenant_id uuid NOT NULL,
            integration_id uuid NOT NULL,
            max_hours bigint,
            contacts text[] NOT NULL,
            counts_from timestamptz,
            last_push_at timestamptz,
            snoozed_until timestamptz,
            snooze_reason text,
            snoozed_by text,
            warned_at timestamptz,
            is_explicit boolean NOT NULL,
            revision bigint NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            CONSTRAINT pk_freshness PRIMARY KEY (tenant_id, integration_id),
            CONSTRAINT fk_freshness_integration FOREIGN KEY (tenant_id, integration_id)
                REFERENCES control.integration (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT ck_freshness_max_hours CHECK (max_hours BETWEEN 1 AND 8760),
            CONSTRAINT ck_freshness_snoozed CHECK (
                (snoozed_until IS NULL) = (snooze_reason IS NULL)
                AND (snoozed_until IS NULL) = (snoozed_by IS NULL)
            )
        )
    """)
    ddl.isolate(op, "control.freshness", fleet="SELECT")


def create_incident() -> None:
    op.execute("""
        CREATE TABLE control.incident (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            integration_id uuid NOT NULL,
            max_hours bigint NOT NULL,
            last_success_at timestamptz,
            opened_at timestamptz NOT NULL,
            told_at timestamptz,
            tellings bigint NOT NULL,
            closed_at timestamptz,
            closed_code text,
            CONSTRAINT pk_incident PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_incident_integration FOREIGN KEY (tenant_id, integration_id)
                REFERENCES control.integration (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT ck_incident_closed CHECK ((closed_at IS NULL) = (closed_code IS NULL)),
            CONSTRAINT ck_incident_closed_code
                CHECK (closed_code IN ('recovered','settings-changed'))
        )
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_incident_open ON control.incident (tenant_id, integration_id)"
        " WHERE closed_at IS NULL"
    )
    op.execute(
        "CREATE INDEX ix_incident_integration_id"
        " ON control.incident (tenant_id, integration_id, id)"
    )
    ddl.isolate(op, "control.incident", fleet="SELECT")
