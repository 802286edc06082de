"""Who added a document, and a way to find those whose files lie on one server."""

import ddl
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("ALTER TABLE crm.document ADD COLUMN created_by_name text")
    op.execute("""
        CREATE INDEX ix_document_ftp_settings_id
            ON crm.document (tenant_id, ftp_settings_id, id)
    """)


def downgrade() -> None:
    op.execute("DROP INDEX crm.ix_document_ftp_settings_id")
    op.execute("ALTER TABLE crm.document DROP COLUMN created_by_name")
