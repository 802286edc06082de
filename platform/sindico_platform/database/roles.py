"""The four database roles, and the database they share.

`owner` migrates, `app` sees one tenant, `fleet` reads named tables across tenants, `definer` owns
the few look-up functions and cannot sign in. None is a superuser or bypasses row-level security.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

OWNER, APP, FLEET, DEFINER = "sindico_owner", "sindico_app", "sindico_fleet", "sindico_definer"


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleUrls:
    """One URL per role that signs in."""

    owner: str
    app: str
    fleet: str


async def ensure_roles(
    admin_url: str, *, database: str, passwords: dict[str, str], template: str | None = None
) -> RoleUrls:
    """Create what is missing of roles and database, and set the roles' passwords.

    Args:
        admin_url: a role that may create roles and databases.
        passwords: by role name, for owner, app and fleet.
        template: database to copy, for tests.

    Returns:
        URLs of the three roles on `database`. Repeating the call changes nothing.
    """
    connection = await asyncpg.connect(admin_url)
    try:
        for role in (OWNER, APP, FLEET):
            await _ensure_role(connection, role, passwords[role])
        await _ensure_role(connection, DEFINER, None)
        # The owner hands functions to the definer, so it must be a member of it.
        await connection.execute(f"GRANT {DEFINER} TO {OWNER}")
        await _ensure_database(connection, database, template)
    finally:
        await connection.close()
    return role_urls(admin_url, database=database, passwords=passwords)


def role_urls(admin_url: str, *, database: str, passwords: dict[str, str]) -> RoleUrls:
    """URLs of the three roles on the server of `admin_url`; nothing is connected to."""
    return RoleUrls(
        **{
            name: _url(admin_url, database, role, passwords[role])
            for name, role in (("owner", OWNER), ("app", APP), ("fleet", FLEET))
        }
    )


async def _ensure_role(connection: asyncpg.Connection, role: str, password: str | None) -> None:
    exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    login = "NOLOGIN" if password is None else f"LOGIN PASSWORD {_literal(password)}"
    verb = "ALTER" if exists else "CREATE"
    await connection.execute(
        f"{verb} ROLE {role} {login} NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"
    )


async def _ensure_database(
    connection: asyncpg.Connection, database: str, template: str | None
) -> None:
    name = _identifier(database)
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
        await connection.execute(f"GRANT {OWNER} TO CURRENT_USER")  # to give it the database
        source = f" TEMPLATE {_identifier(template)}" if template else ""
        await connection.execute(f"CREATE DATABASE {name} OWNER {OWNER}{source}")
        await connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
    # Granted every time: a database that was there before has another owner.
    await connection.execute(f"GRANT CREATE, CONNECT, TEMPORARY ON DATABASE {name} TO {OWNER}")
    await connection.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO {APP}")
    await connection.execute(f"GRANT CONNECT ON DATABASE {name} TO {FLEET}")


def _url(admin_url: str, database: str, role: str, password: str) -> str:
    parts = urlsplit(admin_url)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{role}:{quote(password, safe='')}@{host}"
    return urlunsplit(("postgresql", netloc, f"/{database}", parts.query, ""))


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: str) -> str:
    if "\\" in value or "\0" in value:
        raise ValueError("a role's password must not contain a backslash or NUL")
    return "'" + value.replace("'", "''") + "'"
