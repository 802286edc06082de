"""What was sold, the ABC curve, categories and portfolios, and the phases that fill them."""

import ddl
from alembic import op

revision = "0028"
down_revision = "0027"

KEPT = """
    pinned_fields text[] NOT NULL DEFAULT '{}',
    erp_removed_at timestamptz"""
RECORDED = """
    created_at timestamptz NOT NULL,
    created_by uuid,
    updated_at timestamptz NOT NULL,
    updated_by uuid"""
NAMED = """
    name text NOT NULL,
    search_name text COLLATE "C" NOT NULL
        GENERATED ALWAYS AS (control.search_form(name)) STORED"""
CLASSES = "('A','B','C','none')"
STEPS = "('fetch','synchronise','analyse','update','categorise','retire')"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    widen_phases()
    create_seller()
    create_sold("sales_order", "seller_id uuid, delivery_on date, total_cents bigint NOT NULL")
    create_sold(
        "fiscal_note", "seller_id uuid, total_cents bigint NOT NULL, is_return boolean NOT NULL"
    )
    create_sold(
        "trade_bill",
        "installment text, due_on date, amount_cents bigint NOT NULL, open_cents bigint NOT NULL",
    )
    widen_account()
    create_curve()
    create_placement()


def widen_phases() -> None:
    op.execute("ALTER TABLE control.load_phase DROP CONSTRAINT ck_load_phase_step")
    op.execute(
        "ALTER TABLE control.load_phase"
        f" ADD CONSTRAINT ck_load_phase_step CHECK (step IN {STEPS}) NOT VALID"
    )
    op.execute("ALTER TABLE control.load_phase VALIDATE CONSTRAINT ck_load_phase_step")


def create_seller() -> None:
    op.execute(f"""
        CREATE TABLE crm.seller (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            {NAMED},
            email text,
            phone text,
            is_active boolean NOT NULL,
            user_id uuid,
            {KEPT},
            {RECORDED},
            CONSTRAINT pk_seller PRIMARY KEY (tenant_id, id)
        )
    """)
    op.execute("CREATE INDEX ix_seller_search_name ON crm.seller (tenant_id, search_name, id)")
    ddl.isolate(op, "crm.seller")


def create_sold(table: str, own: str) -> None:
    targets = ["account", "company", "branch"] + (["seller"] if "seller_id" in own else [])
    keys = ",".join(f"{reference(table, target)}" for target in targets)
    op.execute(f"""
        CREATE TABLE crm.{table} (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            number text,
            account_id uuid,
            company_id uuid,
            branch_id uuid,
            issued_on date,
            status text,
            {own},
            {KEPT},
            {RECORDED},
            CONSTRAINT pk_{table} PRIMARY KEY (tenant_id, id),
            {keys}
        )
    """)
    op.execute(f"CREATE INDEX ix_{table}_issued_on ON crm.{table} (tenant_id, issued_on, id)")
    op.execute(
        f"CREATE INDEX ix_{table}_account_id ON crm.{table} (tenant_id, account_id, issued_on, id)"
    )
    ddl.isolate(op, f"crm.{table}")


def widen_account() -> None:
    op.execute(
        "ALTER TABLE crm.account ADD COLUMN seller_id uuid, ADD COLUMN erp_category text,"
        " ADD COLUMN erp_portfolio text"
    )
    op.execute("CREATE INDEX ix_account_seller_id ON crm.account (tenant_id, seller_id)")


def create_curve() -> None:
    create_abc_settings()
    op.execute("""
        CREATE TABLE crm.abc_run (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            at timestamptz NOT NULL,
            requested_by text NOT NULL,
            load_id uuid,
            accounts bigint NOT NULL,
            classified bigint NOT NULL,
            moved bigint NOT NULL,
            told_at timestamptz,
            curves jsonb NOT NULL,
            CONSTRAINT pk_abc_run PRIMARY KEY (tenant_id, id)
        )
    """)
    op.execute("CREATE INDEX ix_abc_run_at ON crm.abc_run (tenant_id, at, id)")
    ddl.isolate(op, "crm.abc_run", app="SELECT, INSERT, UPDATE")
    create_account_abc()
    create_abc_change()


def create_abc_settings() -> None:
    op.execute(f"""
        CREATE TABLE crm.abc_settings (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            company_id uuid,
            branch_id uuid,
            a_percent bigint NOT NULL,
            b_percent bigint NOT NULL,
            c_percent bigint NOT NULL,
            measure text NOT NULL,
            period_months bigint NOT NULL,
            ignored_statuses text[] NOT NULL,
            {RECORDED},
            revision bigint NOT NULL DEFAULT 1,
            CONSTRAINT pk_abc_settings PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_abc_settings_company FOREIGN KEY (tenant_id, company_id)
                REFERENCES crm.company (tenant_id, id),
            CONSTRAINT fk_abc_settings_branch FOREIGN KEY (tenant_id, company_id, branch_id)
                REFERENCES crm.branch (tenant_id, company_id, id) ON UPDATE CASCADE,
            CONSTRAINT ck_abc_settings_scope CHECK (branch_id IS NULL OR company_id IS NOT NULL),
            CONSTRAINT ck_abc_settings_cuts
                CHECK (a_percent > 0 AND b_percent > 0 AND c_percent > 0
                       AND a_percent + b_percent + c_percent = 100),
            CONSTRAINT ck_abc_settings_measure CHECK (measure IN ('notes','orders')),
            CONSTRAINT ck_abc_settings_period CHECK (period_months BETWEEN 1 AND 24),
            CONSTRAINT uq_abc_settings_scope
                UNIQUE NULLS NOT DISTINCT (tenant_id, company_id, branch_id)
        )
    """)
    ddl.isolate(op, "crm.abc_settings")


def create_account_abc() -> None:
    op.execute(f"""
        CREATE TABLE crm.account_abc (
            tenant_id uuid NOT NULL,
            account_id uuid NOT NULL,
            abc_class text NOT NULL,
            since timestamptz NOT NULL,
            previous_class text,
            settings_id uuid,
            measure text NOT NULL,
            a_percent bigint NOT NULL,
            b_percent bigint NOT NULL,
            from_on date NOT NULL,
            to_on date NOT NULL,
            revenue_cents bigint NOT NULL,
            documents bigint NOT NULL,
            last_on date,
            rank bigint NOT NULL,
            before_cents bigint NOT NULL,
            curve_cents bigint NOT NULL,
            CONSTRAINT pk_account_abc PRIMARY KEY (tenant_id, account_id),
            {reference("account_abc", "account")},
            CONSTRAINT ck_account_abc_abc_class CHECK (abc_class IN {CLASSES})
        )
    """)
    op.execute(
        "CREATE INDEX ix_account_abc_revenue ON crm.account_abc"
        " (tenant_id, revenue_cents, account_id)"
    )
    op.execute(
        "CREATE INDEX ix_account_abc_class ON crm.account_abc"
        " (tenant_id, abc_class, revenue_cents, account_id)"
    )
    ddl.isolate(op, "crm.account_abc")


def create_abc_change() -> None:
    op.execute(f"""
        CREATE TABLE crm.abc_change (
            tenant_id uuid NOT NULL,
            account_id uuid NOT NULL,
            run_id uuid NOT NULL,
            at timestamptz NOT NULL,
            from_class text,
            to_class text NOT NULL,
            revenue_cents bigint NOT NULL,
            rank bigint NOT NULL,
            before_cents bigint NOT NULL,
            curve_cents bigint NOT NULL,
            CONSTRAINT pk_abc_change PRIMARY KEY (tenant_id, account_id, run_id),
            {reference("abc_change", "account")},
            CONSTRAINT fk_abc_change_abc_run FOREIGN KEY (tenant_id, run_id)
                REFERENCES crm.abc_run (tenant_id, id),
            CONSTRAINT ck_abc_change_classes
                CHECK (to_class IN {CLASSES} AND (from_class IS NULL OR from_class IN {CLASSES}))
        )
    """)
    op.execute("CREATE INDEX ix_abc_change_at ON crm.abc_change (tenant_id, at, account_id)")
    ddl.isolate(op, "crm.abc_change", app="SELECT, INSERT")


def create_placement() -> None:
    for table in ("category", "portfolio"):
        op.execute(f"""
            CREATE TABLE crm.{table} (
                tenant_id uuid NOT NULL,
                id uuid NOT NULL,
                {NAMED},
                {RECORDED},
                CONSTRAINT pk_{table} PRIMARY KEY (tenant_id, id),
                CONSTRAINT uq_{table}_search_name UNIQUE (tenant_id, search_name)
            )
        """)
        ddl.isolate(op, f"crm.{table}")
    create_account_placement()
    op.execute(f"""
        CREATE TABLE crm.placement_change (
            tenant_id uuid NOT NULL,
            account_id uuid NOT NULL,
            at timestamptz NOT NULL,
            kind text NOT NULL,
            from_name text,
            to_name text NOT NULL,
            placed_by text NOT NULL,
            changed_by text NOT NULL,
            CONSTRAINT pk_placement_change PRIMARY KEY (tenant_id, account_id, at, kind),
            {reference("placement_change", "account")},
            CONSTRAINT ck_placement_change_kind CHECK (kind IN ('category','portfolio'))
        )
    """)
    ddl.isolate(op, "crm.placement_change", app="SELECT, INSERT")


def create_account_placement() -> None:
    op.execute(f"""
        CREATE TABLE crm.account_placement (
            tenant_id uuid NOT NULL,
            account_id uuid NOT NULL,
            category_id uuid,
            category_by text,
            portfolio_id uuid,
            portfolio_by text,
            updated_at timestamptz NOT NULL,
            CONSTRAINT pk_account_placement PRIMARY KEY (tenant_id, account_id),
            {reference("account_placement", "account")},
            {reference("account_placement", "category")},
            {reference("account_placement", "portfolio")},
            CONSTRAINT ck_account_placement_category_by
                CHECK (category_by IN ('hand','erp','class')),
            CONSTRAINT ck_account_placement_portfolio_by
                CHECK (portfolio_by IN ('hand','erp','seller','nothing'))
        )
    """)
    for column in ("category_id", "portfolio_id"):
        op.execute(
            f"CREATE INDEX ix_account_placement_{column} ON crm.account_placement"
            f" (tenant_id, {column})"
        )
    ddl.isolate(op, "crm.account_placement")


def reference(table: str, target: str) -> str:
    return (
        f"CONSTRAINT fk_{table}_{target} FOREIGN KEY (tenant_id, {target}_id)"
        f" REFERENCES crm.{target} (tenant_id, id)"
    )
