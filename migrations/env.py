"""How Alembic connects: as `owner`, through the same driver as the product."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

sys.path.insert(0, str(Path(__file__).parent))  # so that revisions can `import ddl`
from ddl import IS_NEW

OURS = {"control", "crm", "staging"}


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != "schema" or name in OURS


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes.get("metadata"),
        include_schemas=True,
        include_name=include_name,
        version_table_schema="control",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_run(url: str) -> None:
    engine = create_async_engine(
        "postgresql+asyncpg://" + url.partition("://")[2], poolclass=NullPool
    )
    async with engine.connect() as connection:
        # Alembic's own version table needs its schema before the first revision runs.
        await connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS control")
        found = await connection.exec_driver_sql(
            "SELECT to_regclass('control.alembic_version') IS NULL"
        )
        connection.info[IS_NEW] = found.scalar_one()
        await connection.commit()
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(connect_and_run(context.config.attributes["url"]))
