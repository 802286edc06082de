"""File servers of the tenant, its companies and branches."""

import ddl
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    # A branch's settings name its company too, and follow it to another one.
    op.execute("""
        ALTER TABLE crm.branch
            ADD CONSTRAINT uq_branch_company_id UNIQUE (tenant_id, company_id, id)
    """)
    op.execute("""
        CREATE TABLE crm.ftp_settings (
            tenant_id uuid NOT NULL CONSTRAINT fk_ftp_settings_tenant REFERENCES control.tenant,
            id uuid NOT NULL,
            company_id uuid,
            branch_id uuid,
            host text,
            port bigint,
            folder text NOT NULL,
            username text,
            password_sealed text,
            private_key_sealed text,
            connection text NOT NULL,
            transfer_method text NOT NULL,
            host_key text,
            ca_certificate text,
            test_file text,
            created_at timestamptz NOT NULL,
            created_by uuid,
            updated_at timestamptz NOT NULL,
            updated_by uuid,
            revision bigint NOT NULL DEFAULT 1,
            tested_at timestamptz,
            test_succeeded boolean,
            test_report jsonb,
            used_at timestamptz,
            CONSTRAINT pk_ftp_settings PRIMARY KEY (tenant_id, id),
            CONSTRAINT uq_ftp_settings_scope
                UNIQUE NULLS NOT DISTINCT (tenant_id, company_id, branch_id),
            CONSTRAINT fk_ftp_settings_company
                FOREIGN KEY (tenant_id, company_id) REFERENCES crm.company,
            CONSTRAINT fk_ftp_settings_branch
                FOREIGN KEY (tenant_id, company_id, branch_id)
                REFERENCES crm.branch (tenant_id, company_id, id) ON UPDATE CASCADE,
            CONSTRAINT ck_ftp_settings_scope
                CHECK (branch_id IS NULL OR company_id IS NOT NULL),
            CONSTRAINT ck_ftp_settings_port CHECK (port BETWEEN 1 AND 65535),
            CONSTRAINT ck_ftp_settings_address CHECK ((host IS NULL) = (port IS NULL)),
            CONSTRAINT ck_ftp_settings_tested CHECK (
                (tested_at IS NULL) = (test_report IS NULL)
                AND (tested_at IS NULL) = (test_succeeded IS NULL)
            ),
            CONSTRAINT ck_ftp_settings_connection CHECK (connection IN ('ftp', 'ftps', 'sftp')),
            CONSTRAINT ck_ftp_settings_transfer_method
                CHECK (transfer_method IN ('application', 'customer')),
            CONSTRAINT ck_ftp_settings_reachable CHECK (
                transfer_method = 'customer' OR (host IS NOT NULL AND username IS NOT NULL)
            )
        )
    """)
    ddl.isolate(op, "crm.ftp_settings")
