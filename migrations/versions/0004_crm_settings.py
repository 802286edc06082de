"""CRM settings, the funnel, and integrations."""

import ddl
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_crm_settings()
    create_funnel_stage()
    create_integration()


def create_crm_settings() -> None:
    op.execute("""
        CREATE TABLE crm.crm_settings (
            tenant_id uuid NOT NULL CONSTRAINT pk_crm_settings PRIMARY KEY
                CONSTRAINT fk_crm_settings_tenant REFERENCES control.tenant,
            opportunity_required_fields jsonb NOT NULL,
            occurrence_required_fields jsonb NOT NULL,
            shows_quantitative_goals boolean NOT NULL,
            shows_foreign_currency boolean NOT NULL,
            responsibility_centre_when_closed boolean NOT NULL,
            revision bigint NOT NULL
        )
    """)
    ddl.isolate(op, "crm.crm_settings", app="SELECT, INSERT, UPDATE", fleet="SELECT")


def create_funnel_stage() -> None:
    op.execute("""
        CREATE TABLE crm.funnel_stage (
            tenant_id uuid NOT NULL
                CONSTRAINT fk_funnel_stage_crm_settings REFERENCES crm.crm_settings,
            position bigint NOT NULL,
            name text NOT NULL,
            probability_percent bigint NOT NULL,
            promotes_account_to text,
            shown_in_charts boolean NOT NULL,
            CONSTRAINT pk_funnel_stage PRIMARY KEY (tenant_id, position),
            CONSTRAINT ck_funnel_stage_six_stages CHECK (position BETWEEN 1 AND 6),
            CONSTRAINT ck_funnel_stage_probability CHECK (probability_percent BETWEEN 0 AND 100),
            CONSTRAINT ck_funnel_stage_name CHECK (btrim(name) <> '')
        )
    """)
    ddl.isolate(op, "crm.funnel_stage", app="SELECT, INSERT, UPDATE", fleet="SELECT")


def create_integration() -> None:
    op.execute("""
        CREATE TABLE control.integration (
            tenant_id uuid NOT NULL CONSTRAINT fk_integration_tenant REFERENCES control.tenant,
            id uuid NOT NULL,
            kind text NOT NULL,
            name text NOT NULL,
            state text NOT NULL,
            state_at timestamptz NOT NULL,
            is_default boolean NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_integration PRIMARY KEY (tenant_id, id),
            CONSTRAINT uq_integration_name UNIQUE (tenant_id, name),
            CONSTRAINT ck_integration_kind CHECK (kind IN ('mega','erpx','view','api')),
            CONSTRAINT ck_integration_state CHECK (state IN ('active','paused'))
        )
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_integration_default"
        " ON control.integration (tenant_id) WHERE is_default"
    )
    ddl.isolate(op, "control.integration", app="SELECT, INSERT, UPDATE", fleet="SELECT")
