"""Which rejected rows nobody has to mend any more, and what finds those that are left."""

import ddl
from alembic import op

revision = "0049"
down_revision = "0048"

INDEXES = {
    "ix_rejection_unsettled": (
        "staging.rejection (tenant_id, resource, id_erp, load_id) INCLUDE (at) WHERE NOT is_settled"
    ),
    "ix_load_phase_resource": "control.load_phase (tenant_id, resource, load_id)",
    "ix_load_phase_rejected": (
        "control.load_phase (tenant_id, resource, load_id) INCLUDE (rejected) WHERE rejected > 0"
    ),
    "ix_load_phase_whole": (
        "control.load_phase (tenant_id, resource, load_id)"
        " WHERE status = 'succeeded' AND COALESCE(is_whole, reached IS NULL)"
    ),
}


def upgrade() -> None:
    ddl.guard_timeouts(op)
    # What is there is settled by the daily clearing, piece by piece.
    op.execute("""
        ALTER TABLE staging.rejection
            ADD IF NOT EXISTS is_settled boolean NOT NULL DEFAULT false,
            ALTER id_erp TYPE text COLLATE "C"
    """)
    op.execute(f"GRANT UPDATE (is_settled) ON staging.rejection TO {ddl.APP}")
    with op.get_context().autocommit_block():  # years of rows take longer than a lock may
        for name, of in INDEXES.items():
            op.execute(f"DROP INDEX IF EXISTS {of.split('.')[0]}.{name}")  # of a try that failed
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {of}")


def downgrade() -> None:
    for name, of in INDEXES.items():
        op.execute(f"DROP INDEX {of.split('.')[0]}.{name}")
    op.execute(f"REVOKE UPDATE (is_settled) ON staging.rejection FROM {ddl.APP}")
    op.execute("ALTER TABLE staging.rejection DROP is_settled, ALTER id_erp TYPE text")
