"""${message}."""

from alembic import op

import ddl

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ddl.guard_timeouts(op)
    ${upgrades if upgrades else "pass"}
