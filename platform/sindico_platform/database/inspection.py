"""Whether the database keeps tenants apart, asked of the database itself.

`doctor` and the tests ask the same questions, by privilege: a table that nobody thought of is
found because `app` may read it.
"""

from collections.abc import Iterator

import asyncpg

from sindico_platform.database.roles import APP, DEFINER, FLEET, OWNER

HAS_MASTER = "SELECT EXISTS (SELECT FROM control.tenant WHERE is_master)"
RELATIONS = r"""
    SELECT n.nspname || '.' || c.relname AS name,
           c.relkind = 'v' AS is_view,
           c.relispartition AS is_partition,
           coalesce('security_invoker=true' = ANY (c.reloptions), false) AS is_invoker,
           c.relrowsecurity AND c.relforcerowsecurity AS is_forced,
           EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
                   AND NOT a.attisdropped) AS has_tenant,
           has_table_privilege($1, c.oid, 'SELECT')
               OR has_any_column_privilege($1, c.oid, 'SELECT') AS may_read,
           has_table_privilege($1, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
               OR has_any_column_privilege($1, c.oid, 'INSERT, UPDATE') AS may_write,
           ARRAY (SELECT coalesce(pg_get_expr(p.polqual, c.oid), '')
                         || coalesce(pg_get_expr(p.polwithcheck, c.oid), '')
                  FROM pg_policy p
                  WHERE p.polrelid = c.oid AND p.polpermissive
                    AND (p.polroles = '{0}' OR EXISTS (
                        SELECT FROM pg_roles r
                        WHERE r.oid = ANY (p.polroles) AND pg_has_role($1, r.oid, 'MEMBER'))
                    )) AS policies
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      AND n.nspname NOT LIKE 'pg\_temp%' AND n.nspname NOT LIKE 'pg\_toast\\_temp%'
    ORDER BY 1
"""
ROLES = """
    SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin
    FROM pg_roles WHERE rolname = ANY ($1)
"""
OWNS_ANYTHING = """
    SELECT EXISTS (SELECT FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
                   WHERE r.rolname = $1 AND c.relpersistence <> 't')
"""
FUNCTIONS = """
    SELECT n.nspname || '.' || p.proname AS name, r.rolname AS owner,
           coalesce(array_to_string(p.proconfig, ',') LIKE '%search_path=%', false) AS has_path,
           has_function_privilege('public', p.oid, 'EXECUTE') AS is_public
    FROM pg_proc p
    JOIN pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_roles r ON r.oid = p.proowner
    WHERE p.prosecdef AND n.nspname IN ('control', 'crm', 'staging', 'public')
    ORDER BY 1
"""
FORBIDDEN = {
    "rolsuper": "is a superuser",
    "rolbypassrls": "bypasses row-level security",
    "rolcreaterole": "may create roles",
    "rolcreatedb": "may create databases",
    "rolreplication": "may replicate",
}


async def find_isolation_faults(
    connection: asyncpg.Connection, *, catalogues: frozenset[str]
) -> list[str]:
    """One sentence for every relation through which a tenant could see or change another's rows.

    Args:
        connection: as any of our roles.
        catalogues: tables without tenants that `app` may read, as ``schema.name``.
    """
    found = await connection.fetch(RELATIONS, APP)
    return [f"{row['name']} {fault}" for row in found for fault in _faults_of(row, catalogues)]


async def find_role_faults(connection: asyncpg.Connection) -> list[str]:
    """One sentence for every way in which a role is missing or may do too much."""
    wanted = (OWNER, APP, FLEET, DEFINER)
    found = {row["rolname"]: row for row in await connection.fetch(ROLES, list(wanted))}
    faults = [f"{role} does not exist" for role in wanted if role not in found]
    for role, row in found.items():
        faults += [f"{role} {fault}" for name, fault in FORBIDDEN.items() if row[name]]
        if row["rolcanlogin"] and role == DEFINER:
            faults.append(f"{role} may sign in")
    for role in (APP, FLEET):
        if role in found and await connection.fetchval(OWNS_ANYTHING, role):
            faults.append(f"{role} owns tables, and so could change their policies")
    return faults


async def find_function_faults(connection: asyncpg.Connection) -> list[str]:
    """One sentence for every function with another's rights that could be turned against us."""
    faults = []
    for row in await connection.fetch(FUNCTIONS):
        if row["owner"] != DEFINER:
            faults.append(f"{row['name']}() runs with the rights of {row['owner']}")
        if not row["has_path"]:
            faults.append(f"{row['name']}() runs with its caller's search_path")
        if row["is_public"]:
            faults.append(f"{row['name']}() may be called by every role")
    return faults


def _faults_of(row: asyncpg.Record, catalogues: frozenset[str]) -> Iterator[str]:
    if not row["may_read"] and not row["may_write"]:
        if row["has_tenant"] and not row["is_forced"] and not _is_derived(row):
            yield "has tenants' rows and no forced row-level security"
        return
    if row["name"] in catalogues:
        if row["may_write"]:
            yield f"is a public catalogue that {APP} may change"
    elif row["is_partition"]:
        yield f"is a partition that {APP} may use directly, past its table's policy"
    elif row["is_view"]:
        if not row["is_invoker"]:
            yield f"is a view with its owner's rights that {APP} may use"
    elif not row["is_forced"]:
        yield f"may be used by {APP} and has no forced row-level security"
    else:
        yield from _policy_faults(row["policies"])


def _policy_faults(policies: list[str]) -> Iterator[str]:
    if not policies:
        yield f"has no policy for {APP}"
    if any("sindico.tenant_id" not in policy for policy in policies):
        yield f"has a policy for {APP} that does not ask for the bound tenant"


def _is_derived(row: asyncpg.Record) -> bool:
    """Views show what their tables show; partitions are reached through their table."""
    return bool(row["is_view"] or row["is_partition"])


async def has_master_tenant(fleet: asyncpg.Connection) -> bool:
    """Whether there is the vendor's tenant, without which nobody can sign in."""
    return bool(await fleet.fetchval(HAS_MASTER))
