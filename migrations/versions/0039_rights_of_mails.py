"""The definer takes back mails left in hand, also where 0027 ran before it gave the right."""

import ddl
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute(f"GRANT SELECT, UPDATE, DELETE ON crm.outgoing_mail TO {ddl.DEFINER}")


def downgrade() -> None:
    """Nothing: 0027 gives the same."""
