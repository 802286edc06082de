"""Documents: files on customers' servers, and links."""

import ddl
from alembic import op

revision = "0022"
down_revision = "0021"

TOGETHER = "name || ' ' || COALESCE(description, '') || ' ' || COALESCE(filename, '')"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_document()
    create_indexes()
    ddl.isolate(op, "crm.document", app="SELECT, INSERT, UPDATE")


def create_document() -> None:
    op.execute(f"""
        CREATE TABLE crm.document (
            tenant_id uuid NOT NULL CONSTRAINT fk_document_tenant REFERENCES control.tenant,
            id uuid NOT NULL,
            kind text NOT NULL,
            state text NOT NULL,
            reason jsonb,
            name text NOT NULL,
            search_name text COLLATE "C" NOT NULL
                GENERATED ALWAYS AS (control.search_form(name)) STORED,
            search_text text COLLATE "C" NOT NULL
                GENERATED ALWAYS AS (control.search_form({TOGETHER})) STORED,
            description text,
            resource text,
            record_id uuid,
            company_id uuid,
            branch_id uuid,
            url text,
            filename text,
            content_type text,
            size_bytes bigint,
            sha256 text,
            blob_id uuid,
            transfer_method text,
            ftp_settings_id uuid,
            folder text,
            stored_name text,
            stored_at timestamptz,
            fetched_at timestamptz,
            overdue_at timestamptz,
            created_at timestamptz NOT NULL,
            created_by uuid,
            updated_at timestamptz NOT NULL,
            updated_by uuid,
            revision bigint NOT NULL DEFAULT 1,
            CONSTRAINT pk_document PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_document_company
                FOREIGN KEY (tenant_id, company_id) REFERENCES crm.company,
            CONSTRAINT fk_document_branch
                FOREIGN KEY (tenant_id, company_id, branch_id)
                REFERENCES crm.branch (tenant_id, company_id, id) ON UPDATE CASCADE,
            CONSTRAINT ck_document_kind CHECK (kind IN ('file', 'link')),
            CONSTRAINT ck_document_state
                CHECK (state IN ('waiting', 'stored', 'failed', 'removed')),
            CONSTRAINT ck_document_scope CHECK (branch_id IS NULL OR company_id IS NOT NULL),
            CONSTRAINT ck_document_attached CHECK ((resource IS NULL) = (record_id IS NULL)),
            CONSTRAINT ck_document_url CHECK ((kind = 'link') = (url IS NOT NULL)),
            CONSTRAINT ck_document_file CHECK (
                (kind = 'file') = (
                    filename IS NOT NULL AND stored_name IS NOT NULL AND size_bytes IS NOT NULL
                    AND sha256 IS NOT NULL AND transfer_method IS NOT NULL
                    AND transfer_method IN ('application', 'customer')
                )
            )
        )
    """)


def create_indexes() -> None:
    for name, columns in {
        "search_name": "tenant_id, search_name, id",
        "record_id": "tenant_id, resource, record_id, id",
        "company_id": "tenant_id, company_id",
        "branch_id": "tenant_id, branch_id",
        "state": "tenant_id, state, id",
    }.items():
        op.execute(f"CREATE INDEX ix_document_{name} ON crm.document ({columns})")
