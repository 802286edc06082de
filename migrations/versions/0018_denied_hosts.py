"""Mail and file servers that no customer may use."""

import ddl
from alembic import op

revision = "0018"
down_revision = "0017"

# The vendor's own services. Operators add to the list and take from it.
VENDOR = {
    "01936f00-0000-7000-8000-000000000001": ("*.senior.com.br", "Senior Sistemas"),
}


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("""
        CREATE TABLE control.denied_host (
            id uuid NOT NULL,
            entry text NOT NULL,
            reason text NOT NULL,
            created_at timestamptz NOT NULL,
            created_by text NOT NULL,
            CONSTRAINT pk_denied_host PRIMARY KEY (id),
            CONSTRAINT uq_denied_host_entry UNIQUE (entry)
        )
    """)
    ddl.catalogue(op, "control.denied_host")
    op.execute(f"GRANT INSERT, DELETE ON control.denied_host TO {ddl.DEFINER}")
    for host_id, (entry, reason) in VENDOR.items():
        op.execute(f"""
            INSERT INTO control.denied_host
            VALUES ('{host_id}', '{entry}', '{reason}', now(), 'release')
        """)
    create_writers()


def create_writers() -> None:
    ddl.definer_function(
        op,
        "control",
        "deny_host(uuid, text, text, text)",
        """
        CREATE FUNCTION control.deny_host(
            the_id uuid, the_entry text, the_reason text, the_creator text
        ) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
        AS $$
            INSERT INTO control.denied_host
            VALUES (the_id, the_entry, the_reason, now(), the_creator)
        $$
        """,
        to=ddl.APP,
    )
    ddl.definer_function(
        op,
        "control",
        "allow_host(uuid)",
        """
        CREATE FUNCTION control.allow_host(the_id uuid) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
        AS $$ DELETE FROM control.denied_host WHERE id = the_id $$
        """,
        to=ddl.APP,
    )
