"""What every migration says the same way: time limits, isolation, grants, definer functions."""

from typing import Any

OWNER, APP, FLEET, DEFINER = "sindico_owner", "sindico_app", "sindico_fleet", "sindico_definer"

# The sub-select is evaluated once per statement; NULLIF because a pooled connection holds ''.
BOUND_TENANT = "(SELECT NULLIF(current_setting('sindico.tenant_id', true), '')::uuid)"

IS_NEW = "is_new"
"""What a connection knows of its database: no revision has ever run in it."""

Operations = Any


def guard_timeouts(op: Operations) -> None:
    """Give up rather than block the product: locks after 4 s, statements after 5 s.

    In a new database there is nothing to block, and a busy machine may take longer to make it.
    """
    if op.get_bind().info.get(IS_NEW):
        return
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '5s'")


def isolate(
    op: Operations,
    table: str,
    *,
    app: str = "SELECT, INSERT, UPDATE, DELETE",
    fleet: str | None = None,
    definer: str | None = None,
) -> None:
    """Force row-level security on a tenant table and grant each role what it needs, no more.

    Args:
        table: ``schema.name``; it has a column ``tenant_id``.
        app: privileges inside the bound tenant.
        fleet: privileges across tenants, such as ``SELECT``; a named policy goes with them.
        definer: privileges across tenants of the look-up functions.
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant_isolation ON {table} TO {APP} USING (tenant_id = {BOUND_TENANT})"
    )
    # FORCE binds the owner too; without its own policy a backfill would update nothing in silence.
    op.execute(f"CREATE POLICY owner_all ON {table} TO {OWNER} USING (true)")
    op.execute(f"GRANT {app} ON {table} TO {APP}")
    for role, privileges in ((FLEET, fleet), (DEFINER, definer)):
        if privileges:
            name = f"{role.removeprefix('sindico_')}_across_tenants"
            op.execute(f"CREATE POLICY {name} ON {table} TO {role} USING (true)")
            op.execute(f"GRANT {privileges} ON {table} TO {role}")


def catalogue(op: Operations, table: str) -> None:
    """A table without tenants that everybody may read and only the owner writes."""
    op.execute(f"GRANT SELECT ON {table} TO {APP}, {FLEET}, {DEFINER}")


def definer_function(op: Operations, schema: str, signature: str, body: str, *, to: str) -> None:
    """Create a SECURITY DEFINER function owned by `definer` and executable by `to` alone.

    Args:
        signature: ``name(argument types)`` as ALTER FUNCTION wants it.
        body: the whole CREATE FUNCTION statement.
    """
    op.execute(body)
    op.execute(f"GRANT CREATE ON SCHEMA {schema} TO {DEFINER}")
    op.execute(f"ALTER FUNCTION {schema}.{signature} OWNER TO {DEFINER}")
    op.execute(f"REVOKE CREATE ON SCHEMA {schema} FROM {DEFINER}")
    op.execute(f"REVOKE ALL ON FUNCTION {schema}.{signature} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {schema}.{signature} TO {to}")
