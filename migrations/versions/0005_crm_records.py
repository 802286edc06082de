"""The customer's companies and branches, its accounts and contacts, and their links to ERPs."""

import ddl
from alembic import op

revision = "0005"
down_revision = "0004"

ADDRESS = """
    email text,
    phone text,
    cep text,
    street text,
    number text,
    complement text,
    district text,
    city text,
    ibge_code text,
    state text"""

SCOPE = """
    company_id uuid,
    branch_id uuid,
    owner_user_id uuid"""

KEPT = """
    pinned_fields text[] NOT NULL DEFAULT '{}',
    erp_removed_at timestamptz,
    created_at timestamptz NOT NULL,
    created_by uuid,
    updated_at timestamptz NOT NULL,
    updated_by uuid"""


def searchable(*others: str) -> str:
    together = " || ' ' || ".join(["name", *(f"COALESCE({other}, '')" for other in others)])
    return f"""
    search_name text COLLATE "C" NOT NULL
        GENERATED ALWAYS AS (control.search_form(name)) STORED,
    search_text text COLLATE "C" NOT NULL
        GENERATED ALWAYS AS (control.search_form({together})) STORED"""


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public")
    create_company()
    create_branch()
    create_account()
    create_contact()
    create_external_ref()


def create_company() -> None:
    op.execute(f"""
        CREATE TABLE crm.company (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            erp_code text,
            name text NOT NULL,
            trade_name text,
            {searchable("trade_name", "cnpj", "erp_code")},
            cnpj text,
            state_registration text,
            is_active boolean NOT NULL,
            {ADDRESS},
            {KEPT},
            CONSTRAINT pk_company PRIMARY KEY (tenant_id, id)
        )
    """)
    index("company", "search_name", "id", name="search_name")
    index("company", "cnpj")
    ddl.isolate(op, "crm.company")


def create_branch() -> None:
    op.execute(f"""
        CREATE TABLE crm.branch (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            company_id uuid NOT NULL,
            erp_code text,
            is_head_office boolean NOT NULL,
            name text NOT NULL,
            trade_name text,
            {searchable("trade_name", "cnpj", "erp_code")},
            cnpj text,
            state_registration text,
            is_active boolean NOT NULL,
            {ADDRESS},
            {KEPT},
            CONSTRAINT pk_branch PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_branch_company FOREIGN KEY (tenant_id, company_id)
                REFERENCES crm.company (tenant_id, id)
        )
    """)
    index("branch", "search_name", "id", name="search_name")
    index("branch", "company_id")
    index("branch", "cnpj")
    ddl.isolate(op, "crm.branch")


def create_account() -> None:
    op.execute(f"""
        CREATE TABLE crm.account (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            person_type text NOT NULL,
            name text NOT NULL,
            trade_name text,
            {searchable("trade_name", "cnpj", "cpf", "email")},
            cnpj text,
            cpf text,
            state_registration text,
            mobile text,
            is_active boolean NOT NULL,
            {ADDRESS},
            {SCOPE},
            {KEPT},
            CONSTRAINT pk_account PRIMARY KEY (tenant_id, id),
            CONSTRAINT ck_account_person_type CHECK (person_type IN ('company','person')),
            {scope_keys("account")}
        )
    """)
    index("account", "search_name", "id", name="search_name")
    index("account", "cnpj")
    index("account", "cpf")
    index_scope("account")
    ddl.isolate(op, "crm.account", definer="SELECT")
    create_search("account")


def create_contact() -> None:
    op.execute(f"""
        CREATE TABLE crm.contact (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            account_id uuid,
            name text NOT NULL,
            {searchable("cpf", "email")},
            cpf text,
            mobile text,
            job_title text,
            birth_date date,
            is_active boolean NOT NULL,
            email text,
            phone text,
            {SCOPE},
            {KEPT},
            CONSTRAINT pk_contact PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_contact_account FOREIGN KEY (tenant_id, account_id)
                REFERENCES crm.account (tenant_id, id),
            {scope_keys("contact")}
        )
    """)
    index("contact", "search_name", "id", name="search_name")
    index("contact", "account_id")
    index("contact", "cpf")
    index_scope("contact")
    ddl.isolate(op, "crm.contact", definer="SELECT")
    create_search("contact")


def create_external_ref() -> None:
    op.execute("""
        CREATE TABLE crm.external_ref (
            tenant_id uuid NOT NULL,
            integration_id uuid NOT NULL,
            resource text NOT NULL,
            id_erp text COLLATE "C" NOT NULL,
            id uuid NOT NULL,
            CONSTRAINT pk_external_ref PRIMARY KEY (tenant_id, integration_id, resource, id_erp)
        )
    """)
    index("external_ref", "id")
    ddl.isolate(op, "crm.external_ref")


def scope_keys(table: str) -> str:
    return f"""
            CONSTRAINT fk_{table}_company FOREIGN KEY (tenant_id, company_id)
                REFERENCES crm.company (tenant_id, id),
            CONSTRAINT fk_{table}_branch FOREIGN KEY (tenant_id, branch_id)
                REFERENCES crm.branch (tenant_id, id)"""


def index(table: str, *columns: str, name: str | None = None) -> None:
    op.execute(
        f"CREATE INDEX ix_{table}_{name or '_'.join(columns)}"
        f" ON crm.{table} (tenant_id, {', '.join(columns)})"
    )


def index_scope(table: str) -> None:
    for column in ("company_id", "branch_id", "owner_user_id"):
        index(table, column)


def create_search(table: str) -> None:
    """Search for a part of a text: LIKE is not leakproof, so under RLS no index would serve it."""
    op.execute(
        f"CREATE INDEX ix_{table}_search_text ON crm.{table}"
        " USING gin (tenant_id, search_text public.gin_trgm_ops)"
    )
    ddl.definer_function(
        op,
        "crm",
        f"match_{table}(text)",
        f"""
        CREATE FUNCTION crm.match_{table}(pattern text) RETURNS SETOF uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
        AS $$
            SELECT id FROM crm.{table}
            WHERE tenant_id = {ddl.BOUND_TENANT} AND search_text LIKE pattern
        $$
        """,
        to=ddl.APP,
    )
