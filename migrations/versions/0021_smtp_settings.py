"""Mail servers of the tenant, its companies and branches."""

import ddl
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("""
        CREATE TABLE crm.smtp_settings (
            tenant_id uuid NOT NULL CONSTRAINT fk_smtp_settings_tenant REFERENCES control.tenant,
            id uuid NOT NULL,
            company_id uuid,
            branch_id uuid,
            host text,
            port bigint,
            send_delay_seconds bigint NOT NULL,
            sender_email text NOT NULL,
            sender_name text,
            security text NOT NULL,
            authentication text NOT NULL,
            username text,
            password_sealed text,
            oauth_grant text,
            oauth_token_url text,
            oauth_client_id text,
            oauth_scope text,
            oauth_client_secret_sealed text,
            oauth_refresh_token_sealed text,
            ca_certificate text,
            is_main boolean NOT NULL,
            connections bigint NOT NULL,
            mails_per_minute bigint,
            created_at timestamptz NOT NULL,
            created_by uuid,
            updated_at timestamptz NOT NULL,
            updated_by uuid,
            revision bigint NOT NULL DEFAULT 1,
            tested_at timestamptz,
            test_succeeded boolean,
            test_report jsonb,
            used_at timestamptz,
            CONSTRAINT pk_smtp_settings PRIMARY KEY (tenant_id, id),
            CONSTRAINT uq_smtp_settings_scope
                UNIQUE NULLS NOT DISTINCT (tenant_id, company_id, branch_id),
            CONSTRAINT fk_smtp_settings_company
                FOREIGN KEY (tenant_id, company_id) REFERENCES crm.company,
            CONSTRAINT fk_smtp_settings_branch
                FOREIGN KEY (tenant_id, company_id, branch_id)
                REFERENCES crm.branch (tenant_id, company_id, id) ON UPDATE CASCADE,
            CONSTRAINT ck_smtp_settings_scope
                CHECK (branch_id IS NULL OR company_id IS NOT NULL),
            CONSTRAINT ck_smtp_settings_host CHECK (host IS NOT NULL),
            CONSTRAINT ck_smtp_settings_port CHECK (port BETWEEN 1 AND 65535),
            CONSTRAINT ck_smtp_settings_address CHECK ((host IS NULL) = (port IS NULL)),
            CONSTRAINT ck_smtp_settings_tested CHECK (
                (tested_at IS NULL) = (test_report IS NULL)
                AND (tested_at IS NULL) = (test_succeeded IS NULL)
            ),
            CONSTRAINT ck_smtp_settings_security CHECK (security IN ('none', 'ssl', 'tls')),
            CONSTRAINT ck_smtp_settings_authentication
                CHECK (authentication IN ('none', 'password', 'oauth2')),
            CONSTRAINT ck_smtp_settings_sign_in CHECK (
                (authentication = 'none') = (username IS NULL)
                AND (authentication = 'none' OR security <> 'none')
            ),
            CONSTRAINT ck_smtp_settings_oauth
                CHECK ((authentication = 'oauth2') = (oauth_token_url IS NOT NULL))
        )
    """)
    op.execute("""
        CREATE UNIQUE INDEX uq_smtp_settings_is_main ON crm.smtp_settings (tenant_id) WHERE is_main
    """)
    ddl.isolate(op, "crm.smtp_settings")
