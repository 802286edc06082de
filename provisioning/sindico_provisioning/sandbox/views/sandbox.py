"""The database, while it runs."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Self

import asyncpg

from sindico_platform.embedded.postgres import EmbeddedPostgres
from sindico_provisioning.sandbox.views import content

DATABASE, USER, ZONE = "erp", "leitura", "UTC"


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
        self.folder = directory / "views"
        self._password, self._seed, self._wanted = password, seed, port
        self._postgres = EmbeddedPostgres(self.folder, durable=False)

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
            "time_zone": ZONE,
            "db_schema": "public",
            "views": content.VIEW_OF,
        }

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._wanted:
            (self.folder / "port").write_text(f"{self._wanted}\n")
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
            if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
                await admin.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await admin.close()
        await self._ensure_content()

    async def _ensure_content(self) -> None:
        """Fill the database, all or nothing; a start that was killed may have left it empty."""
        url = self._postgres.url("postgres", self._postgres.password, DATABASE)
        connection = await asyncpg.connect(url)
        try:
            async with connection.transaction():
                if not await connection.fetchval("SELECT to_regclass('vw_clientes')"):
                    await self._fill(connection)
        finally:
            await connection.close()

    async def _fill(self, connection: asyncpg.Connection) -> None:
        random, now = Random(self._seed), datetime.now(UTC).replace(tzinfo=None)  # noqa: S311 (made-up data)
        await connection.execute(content.TABLES)
        await connection.execute(content.VIEWS)
        await connection.copy_records_to_table("cad_vendedor", records=content.list_sellers(now))
        await connection.copy_records_to_table(
            "cad_cliente", records=content.list_customers(random, now)
        )
        await connection.execute(
            content.TRADE.format(
                customers=content.CUSTOMERS,
                orders=content.CUSTOMERS * content.ORDERS_EACH,
                items=content.ITEMS_EACH,
            )
        )
        names = ", ".join(content.VIEW_OF.values())
        await connection.execute(f"GRANT SELECT ON {names} TO {USER}")
