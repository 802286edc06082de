"""Companies and branches are edited here: they count their changes and are found by their codes."""

import ddl
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    for table in ("company", "branch"):
        op.execute(f"ALTER TABLE crm.{table} ADD COLUMN revision bigint NOT NULL DEFAULT 1")
        op.execute(f"CREATE INDEX ix_{table}_erp_code ON crm.{table} (tenant_id, erp_code)")
    # A company's branches in the order they are shown: the head office, then by name.
    op.execute("""
        CREATE INDEX ix_branch_shown ON crm.branch
            (tenant_id, company_id, is_head_office DESC, search_name, id)
    """)
    op.execute("DROP INDEX crm.ix_branch_company_id")
