"""A rejected row names the integration, so that those of one are found by an index alone."""

import ddl
from alembic import op

revision = "0051"
down_revision = "0050"

OLD, NEW = "ix_rejection_unsettled", "ix_rejection_open"
INDEXES = {
    OLD: "(tenant_id, resource, id_erp, load_id) INCLUDE (at) WHERE NOT is_settled",
    NEW: "(tenant_id, integration_id, resource, id_erp, load_id) WHERE NOT is_settled",
}
NAMED = "ck_rejection_integration"
NAME = """
    UPDATE staging.rejection AS kept SET integration_id = load.integration_id
    FROM control.load
    WHERE kept.integration_id IS NULL
        AND load.tenant_id = kept.tenant_id AND load.id = kept.load_id
"""


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute(f"""
        ALTER TABLE staging.rejection
            ADD IF NOT EXISTS integration_id uuid,
            DROP CONSTRAINT IF EXISTS {NAMED},
            ADD CONSTRAINT {NAMED} CHECK (integration_id IS NOT NULL) NOT VALID
    """)
    with op.get_context().autocommit_block():  # years of rows take longer than a statement may
        op.execute(NAME)
        op.execute(f"ALTER TABLE staging.rejection VALIDATE CONSTRAINT {NAMED}")
        replace_index(OLD, NEW)
    op.execute(f"""
        ALTER TABLE staging.rejection
            ALTER integration_id SET NOT NULL, DROP CONSTRAINT IF EXISTS {NAMED}
    """)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        replace_index(NEW, OLD)
    op.execute("ALTER TABLE staging.rejection DROP integration_id")


def replace_index(before: str, after: str) -> None:
    op.execute(f"DROP INDEX IF EXISTS staging.{after}")  # of a try that failed
    op.execute(f"CREATE INDEX CONCURRENTLY {after} ON staging.rejection {INDEXES[after]}")
    op.execute(f"DROP INDEX IF EXISTS staging.{before}")
