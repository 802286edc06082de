"""Support sessions: staff act as a tenant's support user for a while."""

import ddl
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_support_session()
    tie_credentials()
    create_is_active_user()
    create_authenticate()


def create_support_session() -> None:
    op.execute("""
        CREATE TABLE control.support_session (
            tenant_id uuid NOT NULL CONSTRAINT fk_support_session_tenant REFERENCES control.tenant,
            id uuid NOT NULL,
            operator_tenant_id uuid NOT NULL,
            operator_id uuid NOT NULL,
            operator_name text NOT NULL,
            reason text NOT NULL,
            created_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            revoked_at timestamptz,
            revoked_by text,
            CONSTRAINT pk_support_session PRIMARY KEY (tenant_id, id),
            CONSTRAINT ck_support_session_span CHECK (ends_at > created_at)
        )
    """)
    op.execute(
        "CREATE INDEX ix_support_session_created_at ON control.support_session"
        " (tenant_id, created_at, id)"
    )
    ddl.isolate(op, "control.support_session", app="SELECT, INSERT, UPDATE", fleet="SELECT")


def tie_credentials() -> None:
    for table in ("token_family", "session"):
        op.execute(f"ALTER TABLE crm.{table} ADD COLUMN support_session_id uuid")
        op.execute(f"""
            ALTER TABLE crm.{table} ADD CONSTRAINT fk_{table}_support_session
                FOREIGN KEY (tenant_id, support_session_id) REFERENCES control.support_session
        """)


def create_is_active_user() -> None:
    """Whether an operator is still one of the vendor's: asked from inside another tenant."""
    op.execute(f"GRANT SELECT (tenant_id, id, state) ON crm.tenant_user TO {ddl.DEFINER}")
    op.execute(
        "CREATE POLICY definer_across_tenants ON crm.tenant_user"
        f" FOR SELECT TO {ddl.DEFINER} USING (true)"
    )
    ddl.definer_function(
        op,
        "crm",
        "is_active_user(uuid, uuid)",
        """
        CREATE FUNCTION crm.is_active_user(the_tenant uuid, the_user uuid) RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
        AS $$
            SELECT EXISTS (SELECT FROM crm.tenant_user
                WHERE tenant_id = the_tenant AND id = the_user AND state = 'active')
        $$
        """,
        to=ddl.APP,
    )


# The caller compares the digest in constant time, and only then looks at the rest.
PRINCIPAL = """
    t.state, t.is_master, t.name, t.domain,
    coalesce(u.locale, t.locale), t.timezone, now(), p.id, p.operator_name
"""
PERMISSIONS_OF_USER = """
    (SELECT coalesce(string_agg(array_to_string(r.permissions, ' '), ' '), '')
       FROM crm.user_role h
       JOIN crm.role r ON r.tenant_id = h.tenant_id AND r.id = h.role_id
      WHERE h.tenant_id = u.tenant_id AND h.user_id = u.id)
"""


def may_come_in(credential: str) -> str:
    """A person by its own right; the support user while the session and its operator last."""
    return f"""
        CASE WHEN {credential}.support_session_id IS NULL THEN u.can_sign_in
             ELSE p.revoked_at IS NULL AND p.ends_at > now()
                  AND crm.is_active_user(p.operator_tenant_id, p.operator_id) END
    """


def support_of(credential: str) -> str:
    return f"""
        LEFT JOIN control.support_session p
               ON p.tenant_id = {credential}.tenant_id AND p.id = {credential}.support_session_id
    """


def create_authenticate() -> None:
    op.execute("DROP FUNCTION crm.authenticate(text, uuid, uuid)")
    op.execute(f"""
        CREATE FUNCTION crm.authenticate(wanted_kind text, wanted_tenant uuid, wanted_id uuid)
        RETURNS TABLE (
            digest bytea, expires_at timestamptz, seen_at timestamptz, is_revoked boolean,
            actor_kind text, actor_id uuid, login text, display_name text,
            permissions text, scope text[],
            tenant_state text, is_master boolean, tenant_name text, domain text,
            locale text, timezone text, at timestamptz,
            support_session_id uuid, operator_name text
        )
        LANGUAGE plpgsql SECURITY INVOKER
        AS $$
        BEGIN
            PERFORM set_config('sindico.tenant_id', wanted_tenant::text, true);
            IF wanted_kind = 'session' THEN
                RETURN QUERY
                SELECT s.digest, s.expires_at, s.last_seen_at,
                       s.revoked_at IS NOT NULL OR u.state <> 'active'
                           OR NOT ({may_come_in("s")}),
                       'user', u.id, u.login, u.name,
                       {PERMISSIONS_OF_USER}, NULL::text[],
                       {PRINCIPAL}
                  FROM crm.session s
                  JOIN crm.tenant_user u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
                  JOIN control.tenant t ON t.tenant_id = s.tenant_id
                  {support_of("s")}
                 WHERE s.tenant_id = wanted_tenant AND s.id = wanted_id;
            ELSE
                RETURN QUERY
                SELECT k.digest, k.expires_at, k.created_at,
                       f.revoked_at IS NOT NULL OR c.revoked_at IS NOT NULL
                           OR coalesce(u.state <> 'active' OR NOT ({may_come_in("f")}), false),
                       CASE WHEN u.id IS NULL THEN 'api_client' ELSE 'user' END,
                       coalesce(u.id, c.id), u.login, coalesce(u.name, c.name),
                       CASE WHEN u.id IS NULL THEN array_to_string(c.permissions, ' ')
                            ELSE {PERMISSIONS_OF_USER} END,
                       k.scope,
                       {PRINCIPAL}
                  FROM crm.token k
                  JOIN crm.token_family f ON f.tenant_id = k.tenant_id AND f.id = k.family_id
                  JOIN control.tenant t ON t.tenant_id = k.tenant_id
                  LEFT JOIN crm.tenant_user u ON u.tenant_id = f.tenant_id AND u.id = f.user_id
                  LEFT JOIN crm.api_client c
                         ON c.tenant_id = f.tenant_id AND c.id = f.api_client_id
                  {support_of("f")}
                 WHERE k.tenant_id = wanted_tenant AND k.id = wanted_id AND k.kind = wanted_kind;
            END IF;
        END
        $$
    """)
    op.execute("REVOKE ALL ON FUNCTION crm.authenticate(text, uuid, uuid) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION crm.authenticate(text, uuid, uuid) TO {ddl.APP}")
