"""The package catalogue and each tenant's subscription."""

import ddl
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_package()
    create_subscription()


def create_package() -> None:
    op.execute("""
        CREATE TABLE control.package (
            code text NOT NULL CONSTRAINT pk_package PRIMARY KEY,
            position bigint NOT NULL,
            title text NOT NULL,
            paid boolean NOT NULL,
            activation text NOT NULL,
            features jsonb NOT NULL,
            limits jsonb NOT NULL
        )
    """)
    ddl.catalogue(op, "control.package")


def create_subscription() -> None:
    op.execute("""
        CREATE TABLE control.subscription (
            tenant_id uuid NOT NULL CONSTRAINT pk_subscription PRIMARY KEY
                CONSTRAINT fk_subscription_tenant REFERENCES control.tenant,
            cnpj text NOT NULL,
            contracted_package text
                CONSTRAINT fk_subscription_contracted_package REFERENCES control.package,
            package text CONSTRAINT fk_subscription_package REFERENCES control.package,
            crm_state text NOT NULL,
            crm_state_at timestamptz NOT NULL,
            overrides jsonb NOT NULL,
            revision bigint NOT NULL,
            CONSTRAINT ck_subscription_crm_state
                CHECK (crm_state IN ('absent','provisioning','active','failed')),
            CONSTRAINT ck_subscription_active_has_package
                CHECK (crm_state <> 'active' OR package IS NOT NULL)
        )
    """)
    op.execute("CREATE INDEX ix_subscription_cnpj ON control.subscription (cnpj)")
    ddl.isolate(op, "control.subscription", app="SELECT, INSERT, UPDATE", fleet="SELECT")
