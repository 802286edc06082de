"""What migrations make is what the models say, and what each role may do with it."""

import importlib
import pkgutil
from types import ModuleType
from typing import Any

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import sindico_platform
import sindico_provisioning
import sindico_tenants
from sindico_api.doctor.checks import PUBLIC_CATALOGUES
from sindico_platform.database.base import Base
from sindico_platform.database.engines import asyncpg_url
from sindico_platform.database.roles import FLEET, RoleUrls

OURS = {"control", "crm", "staging"}
WITHOUT_MODEL = {"control.key_probe"}
"""Read and written by plain SQL alone."""
OF_THE_PROCESSES = {"control.clock_leader", "control.worker"}
"""Without tenants, and out of the app role's reach."""
WRITTEN_BY_FLEET = {"control.clock_leader"}
"""What the clock changes across tenants."""
REACHABLE_BY_FLEET = """
    SELECT n.nspname || '.' || c.relname AS name,
           c.relispartition AS is_partition,
           c.relrowsecurity AND c.relforcerowsecurity AS is_forced,
           has_table_privilege($1, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
               OR has_any_column_privilege($1, c.oid, 'INSERT, UPDATE') AS may_write,
           EXISTS (SELECT FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles)
                   WHERE p.polrelid = c.oid AND r.rolname = $1) AS has_policy
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      AND (has_table_privilege($1, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
           OR has_any_column_privilege($1, c.oid, 'SELECT, INSERT, UPDATE'))
"""


def import_models() -> None:
    """Every module that may declare a table."""
    packages: tuple[ModuleType, ...] = (sindico_platform, sindico_tenants, sindico_provisioning)
    for package in packages:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith(".models"):
                importlib.import_module(found.name)


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "include_name": lambda name, kind, _: kind != "schema" or name in OURS,
            "include_object": is_compared,
            "version_table_schema": "control",
        },
    )
    found: list[Any] = compare_metadata(context, Base.metadata)
    return found


def is_compared(item: Any, name: str | None, kind: str, *_: Any) -> bool:
    return kind != "table" or f"{item.schema}.{name}" not in WITHOUT_MODEL


async def test_models_and_migrations_agree(database: RoleUrls) -> None:
    import_models()
    engine = create_async_engine(asyncpg_url(database.owner), poolclass=NullPool)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()

    assert found == []


async def test_fleet_only_reads_and_only_by_named_policies(database: RoleUrls) -> None:
    connection = await asyncpg.connect(database.owner)
    try:
        rows = await connection.fetch(REACHABLE_BY_FLEET, FLEET)
    finally:
        await connection.close()
    faults = [
        row["name"]
        for row in rows
        if row["name"] not in PUBLIC_CATALOGUES | OF_THE_PROCESSES
        and (row["is_partition"] or not row["is_forced"] or not row["has_policy"])
    ]

    assert faults == []
    assert {row["name"] for row in rows if row["may_write"]} == WRITTEN_BY_FLEET
