"""A company's head office is found by an index of its own.

An import asks for it with each new branch. While a fresh table has no statistics, the planner took
an index that walks through all branches of the company instead.
"""

import ddl
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("""
        CREATE INDEX ix_branch_head_office ON crm.branch (tenant_id, company_id)
            WHERE is_head_office
    """)
