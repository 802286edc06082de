"""Provisioning runs and steps, and service properties."""

import ddl
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    extend_subscription()
    create_provisioning_run()
    create_provisioning_step()
    create_service_properties()


def extend_subscription() -> None:
    op.execute("ALTER TABLE control.subscription ADD COLUMN default_integration text")
    # A provisioning that failed may leave a default integration that the next one does not want.
    op.execute(f"GRANT DELETE ON control.integration TO {ddl.APP}")
    op.execute("CREATE INDEX ix_tenant_created_at ON control.tenant (created_at, tenant_id)")


def create_provisioning_run() -> None:
    op.execute("""
        CREATE TABLE control.provisioning_run (
            tenant_id uuid NOT NULL
                CONSTRAINT fk_provisioning_run_subscription REFERENCES control.subscription,
            id uuid NOT NULL,
            package text NOT NULL
                CONSTRAINT fk_provisioning_run_package REFERENCES control.package,
            default_integration text,
            admin_name text NOT NULL,
            admin_email text NOT NULL,
            admin_login text NOT NULL,
            status text NOT NULL,
            requested_by text NOT NULL,
            requested_at timestamptz NOT NULL,
            started_at timestamptz,
            finished_at timestamptz,
            job_id uuid NOT NULL,
            CONSTRAINT pk_provisioning_run PRIMARY KEY (tenant_id, id),
            CONSTRAINT ck_provisioning_run_status
                CHECK (status IN ('pending','running','succeeded','failed'))
        )
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_provisioning_run_active"
        " ON control.provisioning_run (tenant_id) WHERE status IN ('pending','running')"
    )
    op.execute("CREATE INDEX ix_provisioning_run_id ON control.provisioning_run (id)")
    ddl.isolate(
        op,
        "control.provisioning_run",
        app="SELECT, INSERT, UPDATE",
        fleet="SELECT",
        definer="SELECT",
    )
    ddl.definer_function(
        op,
        "control",
        "tenant_of_provisioning_run(uuid)",
        """
        CREATE FUNCTION control.tenant_of_provisioning_run(wanted uuid) RETURNS uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
        AS $$ SELECT tenant_id FROM control.provisioning_run WHERE id = wanted $$
        """,
        to=ddl.APP,
    )


def create_provisioning_step() -> None:
    op.execute("""
        CREATE TABLE control.provisioning_step (
            tenant_id uuid NOT NULL,
            run_id uuid NOT NULL,
            position bigint NOT NULL,
            code text NOT NULL,
            status text NOT NULL,
            started_at timestamptz,
            finished_at timestamptz,
            attempts bigint NOT NULL,
            lease_token uuid,
            error jsonb,
            CONSTRAINT pk_provisioning_step PRIMARY KEY (tenant_id, run_id, position),
            CONSTRAINT uq_provisioning_step_code UNIQUE (tenant_id, run_id, code),
            CONSTRAINT fk_provisioning_step_provisioning_run
                FOREIGN KEY (tenant_id, run_id) REFERENCES control.provisioning_run,
            CONSTRAINT ck_provisioning_step_status
                CHECK (status IN ('pending','running','succeeded','failed')),
            CONSTRAINT ck_provisioning_step_lease
                CHECK ((status = 'running') = (lease_token IS NOT NULL))
        ) WITH (fillfactor = 70)
    """)
    ddl.isolate(op, "control.provisioning_step", app="SELECT, INSERT, UPDATE", fleet="SELECT")


def create_service_properties() -> None:
    op.execute("""
        CREATE TABLE control.service_configuration (
            tenant_id uuid NOT NULL
                CONSTRAINT fk_service_configuration_tenant REFERENCES control.tenant,
            domain text NOT NULL,
            service text NOT NULL,
            revision bigint NOT NULL,
            updated_at timestamptz NOT NULL,
            updated_by text NOT NULL,
            CONSTRAINT pk_service_configuration PRIMARY KEY (tenant_id, domain, service)
        )
    """)
    ddl.isolate(op, "control.service_configuration", app="SELECT, INSERT, UPDATE", fleet="SELECT")
    op.execute("""
        CREATE TABLE control.service_property (
            tenant_id uuid NOT NULL,
            domain text NOT NULL,
            service text NOT NULL,
            key text NOT NULL,
            value jsonb,
            sealed text,
            CONSTRAINT pk_service_property PRIMARY KEY (tenant_id, domain, service, key),
            CONSTRAINT fk_service_property_service_configuration
                FOREIGN KEY (tenant_id, domain, service)
                REFERENCES control.service_configuration,
            CONSTRAINT ck_service_property_one_value CHECK (num_nonnulls(value, sealed) = 1)
        )
    """)
    ddl.isolate(op, "control.service_property")
