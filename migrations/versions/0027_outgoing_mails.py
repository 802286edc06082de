"""Mails on their way through customers' own servers."""

import ddl
from alembic import op

revision = "0027"
down_revision = "0026"

KEPT = "90 days"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("""
        ALTER TABLE crm.smtp_settings
            ADD COLUMN send_failures bigint NOT NULL DEFAULT 0,
            ADD COLUMN rests_until timestamptz,
            ADD COLUMN send_error jsonb
    """)
    op.execute(f"GRANT SELECT (tenant_id, id, rests_until) ON crm.smtp_settings TO {ddl.FLEET}")
    op.execute(
        "CREATE POLICY fleet_across_tenants ON crm.smtp_settings"
        f" FOR SELECT TO {ddl.FLEET} USING (true)"
    )
    create_outgoing_mail()
    create_mail_lane()
    create_purge()


def create_outgoing_mail() -> None:
    op.execute("""
        CREATE TABLE crm.outgoing_mail (
            tenant_id uuid NOT NULL CONSTRAINT fk_outgoing_mail_tenant REFERENCES control.tenant,
            id uuid NOT NULL,
            company_id uuid,
            branch_id uuid,
            template text NOT NULL,
            locale text NOT NULL,
            facts jsonb NOT NULL,
            subject text NOT NULL,
            recipient text NOT NULL,
            state text NOT NULL,
            not_before timestamptz NOT NULL,
            attempts bigint NOT NULL,
            message_id text NOT NULL,
            settings_id uuid,
            server text,
            sender text,
            reply text,
            last_error jsonb,
            claim uuid,
            created_at timestamptz NOT NULL,
            created_by text NOT NULL,
            queued_at timestamptz NOT NULL,
            tried_at timestamptz,
            finished_at timestamptz,
            CONSTRAINT pk_outgoing_mail PRIMARY KEY (tenant_id, id),
            CONSTRAINT ck_outgoing_mail_state CHECK (
                state IN ('queued', 'sending', 'sent', 'failed', 'skipped', 'cancelled')
            ),
            CONSTRAINT ck_outgoing_mail_claim CHECK ((state = 'sending') = (claim IS NOT NULL))
        )
    """)
    for name, columns in (
        ("due", "(tenant_id, settings_id, not_before, id) WHERE state = 'queued'"),
        ("waiting", "(not_before, tenant_id) WHERE state = 'queued'"),
        ("in_hand", "(tenant_id, id) WHERE state = 'sending'"),
        ("state", "(tenant_id, state, id)"),
        ("recipient", "(tenant_id, recipient, id)"),
        ("created_at", "(created_at)"),
    ):
        op.execute(f"CREATE INDEX ix_outgoing_mail_{name} ON crm.outgoing_mail {columns}")
    ddl.isolate(
        op,
        "crm.outgoing_mail",
        app="SELECT, INSERT, UPDATE",
        fleet="SELECT",
        definer="SELECT, UPDATE, DELETE",
    )


def create_mail_lane() -> None:
    op.execute("""
        CREATE TABLE crm.mail_lane (
            tenant_id uuid NOT NULL CONSTRAINT fk_mail_lane_tenant REFERENCES control.tenant,
            job_id uuid,
            due_at timestamptz,
            busy_until timestamptz,
            CONSTRAINT pk_mail_lane PRIMARY KEY (tenant_id)
        )
    """)
    ddl.isolate(op, "crm.mail_lane", app="SELECT, INSERT, UPDATE")


def create_purge() -> None:
    ddl.definer_function(
        op,
        "crm",
        "purge_outgoing_mails(bigint)",
        f"""
        CREATE FUNCTION crm.purge_outgoing_mails(batch bigint) RETURNS bigint
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
        AS $$
            WITH old AS (
                SELECT m.tenant_id, m.id FROM crm.outgoing_mail AS m
                WHERE m.created_at < now() - interval '{KEPT}'
                    AND m.state NOT IN ('queued', 'sending')
                ORDER BY m.created_at LIMIT batch
                FOR UPDATE SKIP LOCKED
            ), gone AS (
                DELETE FROM crm.outgoing_mail AS m USING old AS o
                WHERE m.tenant_id = o.tenant_id AND m.id = o.id
                RETURNING 1
            )
            SELECT count(*) FROM gone
        $$
        """,
        to=ddl.FLEET,
    )
