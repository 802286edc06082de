"""The database, while it runs."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Self

import asyncpg

from sindico_platform.embedded.postgres import EmbeddedPostgres
from sindico_provisioning.sandbox.views import content

DATABASE, USER = "erp", "leitura"


class ViewSandbox:
    """A PostgreSQL with made-up customers, sellers and orders, and a user that may read its views.

    As an async context manager it serves while the block runs. What is in it stays from start to
    start, so that changes made by hand are there the next time.

    Args:
        directory: keeps the data.
        password: of the user that reads.
        port: to listen on, if it is free.
    """

    def __init__(self, *, directory: Path, password: str, port: int = 0, seed: int = 1) -> None:
        self._folder = directory / "views"
        self._password, self._seed, self._wanted = password, seed, port
        self._postgres = EmbeddedPostgres(self._folder, durable=False)

    @property
    def facts(self) -> dict[str, Any]:
        """What is typed into a View integration."""
        return {
            "dialect": "postgresql",
            "host": "127.0.0.1",
            "port": self._postgres.port,
            "database": DATABASE,
            "username": USER,
            "password": self._password,
            "tls": "none",
            "db_schema": "public",
            "views": content.VIEW_OF,
        }

    async def __aenter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._wanted:
            (self._folder / "port").write_text(f"{self._wanted}\n")
        self._postgres.__enter__()
        await self._furnish()
        return self

    async def __aexit__(self, *error: object) -> None:
        self._postgres.__exit__(None, None, None)

    async def _furnish(self) -> None:
        admin = await asyncpg.connect(self._postgres.admin_url)
        try:
            quoted = await admin.fetchval("SELECT quote_literal($1::text)", self._password)
            if not await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", USER):
                await admin.execute(f"CREATE USER {USER}")
            await admin.execute(f"ALTER USER {USER} PASSWORD {quoted}")
            if await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
                return
            await admin.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await admin.close()
        await self._fill()

    async def _fill(self) -> None:
        url = self._postgres.url("postgres", self._postgres.password, DATABASE)
        connection = await asyncpg.connect(url)
        random, now = Random(self._seed), datetime.now(UTC).replace(tzinfo=None)  # noqa: S311 (made-up data)
        try:
            async with connection.transaction():
                await connection.execute(content.TABLES)
                await connection.execute(content.VIEWS)
                await connection.copy_records_to_table(
                    "cad_vendedor", records=content.list_sellers(now)
                )
                await connection.copy_records_to_table(
                    "cad_cliente", records=content.list_customers(random, now)
                )
                await connection.execute(
                    content.TRADE.format(
                        customers=content.CUSTOMERS,
                        sellers=content.SELLERS,
                        orders=content.CUSTOMERS * content.ORDERS_EACH,
                        items=content.ITEMS_EACH,
                    )
                )
                names = ", ".join(content.VIEW_OF.values())
                await connection.execute(f"GRANT SELECT ON {names} TO {USER}")
        finally:
            await connection.close()
