"""Schemas, the search form of names, tenants and the audit trail."""

import ddl
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_schemas()
    create_search_form()
    create_tenant()
    create_audit()


def create_schemas() -> None:
    for schema in ("control", "crm", "staging"):
        op.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        op.execute(f"GRANT USAGE ON SCHEMA {schema} TO {ddl.APP}, {ddl.FLEET}, {ddl.DEFINER}")
    op.execute(f"GRANT SELECT ON control.alembic_version TO {ddl.APP}, {ddl.FLEET}")


def create_search_form() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public")
    # Immutable because the dictionary is named; that lets a generated column use it.
    op.execute("""
        CREATE FUNCTION control.search_form(value text) RETURNS text
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, value)) $$
    """)


def create_tenant() -> None:
    op.execute("""
        CREATE TABLE control.tenant (
            tenant_id uuid NOT NULL CONSTRAINT pk_tenant PRIMARY KEY,
            name text NOT NULL,
            search_name text NOT NULL GENERATED ALWAYS AS (control.search_form(name)) STORED,
            domain text NOT NULL,
            is_master boolean NOT NULL,
            state text NOT NULL,
            state_reason text,
            state_at timestamptz NOT NULL,
            closes_at timestamptz,
            timezone text NOT NULL,
            locale text NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT uq_tenant_domain UNIQUE (domain),
            CONSTRAINT ck_tenant_state CHECK (state IN ('active','suspended','closing','closed'))
        )
    """)
    op.execute("CREATE INDEX ix_tenant_search_name ON control.tenant (search_name, tenant_id)")
    op.execute("CREATE UNIQUE INDEX uq_tenant_master ON control.tenant (is_master) WHERE is_master")
    ddl.isolate(
        op, "control.tenant", app="SELECT, INSERT, UPDATE", fleet="SELECT", definer="SELECT"
    )
    ddl.definer_function(
        op,
        "control",
        "tenant_by_domain(text)",
        """
        CREATE FUNCTION control.tenant_by_domain(wanted text) RETURNS uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
        AS $$ SELECT tenant_id FROM control.tenant WHERE domain = lower(wanted) $$
        """,
        to=ddl.APP,
    )


def create_audit() -> None:
    op.execute("""
        CREATE TABLE control.audit_event (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            at timestamptz NOT NULL,
            tag text NOT NULL,
            actor_tenant_id uuid NOT NULL,
            actor_kind text NOT NULL,
            actor_id uuid,
            actor_name text NOT NULL,
            request_id text,
            target_type text,
            target_id uuid,
            facts jsonb NOT NULL,
            changes jsonb,
            changes_salt bytea,
            changes_digest bytea,
            seal_number bigint,
            CONSTRAINT pk_audit_event PRIMARY KEY (tenant_id, id)
        )
    """)
    op.execute(
        "CREATE INDEX ix_audit_event_target"
        " ON control.audit_event (tenant_id, target_type, target_id, id)"
    )
    op.execute(
        "CREATE INDEX ix_audit_event_unsealed"
        " ON control.audit_event (tenant_id, id) WHERE seal_number IS NULL"
    )
    ddl.isolate(op, "control.audit_event", app="SELECT, INSERT", fleet="SELECT")
    op.execute("""
        CREATE TABLE control.audit_seal (
            tenant_id uuid NOT NULL,
            number bigint NOT NULL,
            sealed_at timestamptz NOT NULL,
            event_count bigint NOT NULL,
            key_id text NOT NULL,
            mac bytea NOT NULL,
            CONSTRAINT pk_audit_seal PRIMARY KEY (tenant_id, number)
        )
    """)
    ddl.isolate(op, "control.audit_seal", app="SELECT", fleet="SELECT")
