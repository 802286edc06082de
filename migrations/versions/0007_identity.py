"""Users, roles, API clients, credentials, and the statements that authenticate."""

import ddl
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_users()
    create_roles()
    create_api_clients()
    create_tokens()
    create_sessions()
    create_links()
    create_authenticate()
    create_sign_in_candidate()


def create_users() -> None:
    op.execute("""
        CREATE TABLE crm.tenant_user (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            login text NOT NULL,
            email text,
            name text NOT NULL,
            search_name text NOT NULL GENERATED ALWAYS AS (control.search_form(name)) STORED,
            locale text,
            state text NOT NULL,
            can_sign_in boolean NOT NULL,
            has_second_factor boolean NOT NULL,
            password_digest text,
            password_changed_at timestamptz,
            last_sign_in_at timestamptz,
            revision bigint NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_tenant_user PRIMARY KEY (tenant_id, id),
            CONSTRAINT uq_tenant_user_login UNIQUE (tenant_id, login),
            CONSTRAINT fk_tenant_user_tenant
                FOREIGN KEY (tenant_id) REFERENCES control.tenant (tenant_id),
            CONSTRAINT ck_tenant_user_state CHECK (state IN ('invited','active','disabled')),
            CONSTRAINT ck_tenant_user_login
                CHECK (login = lower(login) AND login !~ '[@[:space:]]'),
            CONSTRAINT ck_tenant_user_credential CHECK (can_sign_in OR password_digest IS NULL)
        )
    """)
    op.execute(
        "CREATE INDEX ix_tenant_user_search_name ON crm.tenant_user (tenant_id, search_name, id)"
    )
    ddl.isolate(op, "crm.tenant_user")


def create_roles() -> None:
    op.execute(r"""
        CREATE FUNCTION crm.role_name_key(value text) RETURNS text
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        AS $$ SELECT regexp_replace(control.search_form(value), '[\s\u2010-\u2015_-]+', '', 'g') $$
    """)
    op.execute("""
        CREATE TABLE crm.role (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            code text NOT NULL,
            name text NOT NULL,
            name_key text NOT NULL GENERATED ALWAYS AS (crm.role_name_key(name)) STORED,
            description text NOT NULL,
            permissions text[] NOT NULL,
            declared_permissions text[],
            is_locked boolean NOT NULL,
            revision bigint NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_role PRIMARY KEY (tenant_id, id),
            CONSTRAINT uq_role_code UNIQUE (tenant_id, code),
            CONSTRAINT uq_role_name_key UNIQUE (tenant_id, name_key),
            CONSTRAINT fk_role_tenant FOREIGN KEY (tenant_id) REFERENCES control.tenant (tenant_id)
        )
    """)
    ddl.isolate(op, "crm.role")
    op.execute("""
        CREATE TABLE crm.user_role (
            tenant_id uuid NOT NULL,
            user_id uuid NOT NULL,
            role_id uuid NOT NULL,
            CONSTRAINT pk_user_role PRIMARY KEY (tenant_id, user_id, role_id),
            CONSTRAINT fk_user_role_tenant_user FOREIGN KEY (tenant_id, user_id)
                REFERENCES crm.tenant_user (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT fk_user_role_role FOREIGN KEY (tenant_id, role_id)
                REFERENCES crm.role (tenant_id, id)
        )
    """)
    op.execute("CREATE INDEX ix_user_role_role_id ON crm.user_role (tenant_id, role_id)")
    ddl.isolate(op, "crm.user_role")


def create_api_clients() -> None:
    op.execute("""
        CREATE TABLE crm.api_client (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            name text NOT NULL,
            permissions text[] NOT NULL,
            digest bytea NOT NULL,
            created_by text NOT NULL,
            rotated_at timestamptz,
            last_used_at timestamptz,
            revoked_at timestamptz,
            revision bigint NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_api_client PRIMARY KEY (tenant_id, id),
            CONSTRAINT uq_api_client_name UNIQUE (tenant_id, name),
            CONSTRAINT fk_api_client_tenant
                FOREIGN KEY (tenant_id) REFERENCES control.tenant (tenant_id)
        )
    """)
    ddl.isolate(op, "crm.api_client")


def create_tokens() -> None:
    op.execute("""
        CREATE TABLE crm.token_family (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            user_id uuid,
            api_client_id uuid,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            revoked_at timestamptz,
            revoked_because text,
            CONSTRAINT pk_token_family PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_token_family_tenant_user FOREIGN KEY (tenant_id, user_id)
                REFERENCES crm.tenant_user (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT fk_token_family_api_client FOREIGN KEY (tenant_id, api_client_id)
                REFERENCES crm.api_client (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT ck_token_family_principal CHECK (num_nonnulls(user_id, api_client_id) = 1)
        )
    """)
    for principal in ("user_id", "api_client_id"):
        op.execute(
            f"CREATE INDEX ix_token_family_{principal}"
            f" ON crm.token_family (tenant_id, {principal}, expires_at)"
        )
    ddl.isolate(op, "crm.token_family")
    op.execute("""
        CREATE TABLE crm.token (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            family_id uuid NOT NULL,
            kind text NOT NULL,
            digest bytea NOT NULL,
            scope text[],
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            used_at timestamptz,
            CONSTRAINT pk_token PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_token_token_family FOREIGN KEY (tenant_id, family_id)
                REFERENCES crm.token_family (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT ck_token_kind CHECK (kind IN ('access','refresh'))
        )
    """)
    op.execute("CREATE INDEX ix_token_family_id ON crm.token (tenant_id, family_id)")
    ddl.isolate(op, "crm.token")


def create_sessions() -> None:
    op.execute("""
        CREATE TABLE crm.session (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            user_id uuid NOT NULL,
            digest bytea NOT NULL,
            address text NOT NULL,
            user_agent text NOT NULL,
            created_at timestamptz NOT NULL,
            last_seen_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            revoked_at timestamptz,
            CONSTRAINT pk_session PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_session_tenant_user FOREIGN KEY (tenant_id, user_id)
                REFERENCES crm.tenant_user (tenant_id, id) ON DELETE CASCADE
        )
    """)
    op.execute("CREATE INDEX ix_session_user_id ON crm.session (tenant_id, user_id, expires_at)")
    ddl.isolate(op, "crm.session")


def create_links() -> None:
    op.execute("""
        CREATE TABLE crm.one_time_link (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            user_id uuid NOT NULL,
            purpose text NOT NULL,
            digest bytea,
            created_by text NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            used_at timestamptz,
            revoked_at timestamptz,
            CONSTRAINT pk_one_time_link PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_one_time_link_tenant_user FOREIGN KEY (tenant_id, user_id)
                REFERENCES crm.tenant_user (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT ck_one_time_link_purpose CHECK (purpose IN ('invitation','reset'))
        )
    """)
    op.execute("CREATE INDEX ix_one_time_link_user_id ON crm.one_time_link (tenant_id, user_id)")
    ddl.isolate(op, "crm.one_time_link")


# The caller compares the digest in constant time, and only then looks at the rest.
PRINCIPAL = """
    t.state, t.is_master, t.name, t.domain,
    coalesce(u.locale, t.locale), t.timezone, now()
"""
PERMISSIONS_OF_USER = """
    (SELECT coalesce(string_agg(array_to_string(r.permissions, ' '), ' '), '')
       FROM crm.user_role h
       JOIN crm.role r ON r.tenant_id = h.tenant_id AND r.id = h.role_id
      WHERE h.tenant_id = u.tenant_id AND h.user_id = u.id)
"""


def create_authenticate() -> None:
    op.execute(f"""
        CREATE FUNCTION crm.authenticate(wanted_kind text, wanted_tenant uuid, wanted_id uuid)
        RETURNS TABLE (
            digest bytea, expires_at timestamptz, seen_at timestamptz, is_revoked boolean,
            actor_kind text, actor_id uuid, login text, display_name text,
            permissions text, scope text[],
            tenant_state text, is_master boolean, tenant_name text, domain text,
            locale text, timezone text, at timestamptz
        )
        LANGUAGE plpgsql SECURITY INVOKER
        AS $$
        BEGIN
            PERFORM set_config('sindico.tenant_id', wanted_tenant::text, true);
            IF wanted_kind = 'session' THEN
                RETURN QUERY
                SELECT s.digest, s.expires_at, s.last_seen_at,
                       s.revoked_at IS NOT NULL OR u.state <> 'active' OR NOT u.can_sign_in,
                       'user', u.id, u.login, u.name,
                       {PERMISSIONS_OF_USER}, NULL::text[],
                       {PRINCIPAL}
                  FROM crm.session s
                  JOIN crm.tenant_user u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
                  JOIN control.tenant t ON t.tenant_id = s.tenant_id
                 WHERE s.tenant_id = wanted_tenant AND s.id = wanted_id;
            ELSE
                RETURN QUERY
                SELECT k.digest, k.expires_at, k.created_at,
                       f.revoked_at IS NOT NULL OR c.revoked_at IS NOT NULL
                           OR coalesce(u.state <> 'active' OR NOT u.can_sign_in, false),
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
                 WHERE k.tenant_id = wanted_tenant AND k.id = wanted_id AND k.kind = wanted_kind;
            END IF;
        END
        $$
    """)
    only_app("crm.authenticate(text, uuid, uuid)")


def create_sign_in_candidate() -> None:
    op.execute("""
        CREATE FUNCTION crm.sign_in_candidate(wanted_login text, wanted_domain text)
        RETURNS TABLE (
            tenant_id uuid, user_id uuid, password_digest text, user_state text,
            has_second_factor boolean, tenant_state text
        )
        LANGUAGE plpgsql SECURITY INVOKER
        AS $$
        BEGIN
            PERFORM set_config(
                'sindico.tenant_id', coalesce(control.tenant_by_domain(wanted_domain)::text, ''),
                true
            );
            RETURN QUERY
            SELECT u.tenant_id, u.id, u.password_digest, u.state, u.has_second_factor, t.state
              FROM crm.tenant_user u
              JOIN control.tenant t ON t.tenant_id = u.tenant_id
             WHERE u.login = lower(wanted_login)
               AND u.tenant_id = NULLIF(current_setting('sindico.tenant_id', true), '')::uuid
               AND u.can_sign_in;
        END
        $$
    """)
    only_app("crm.sign_in_candidate(text, text)")


def only_app(signature: str) -> None:
    op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {ddl.APP}")
