"""Connections of role `app` without SQLAlchemy around them, for what every request does.

Letting a caller in and reading a page are one short statement each; SQLAlchemy's way to them costs
more than they do. Everything that writes goes through `UnitOfWork.begin`.
"""

import asyncio
from typing import Any

import asyncpg
import msgspec

from sindico_platform.database.driver import Row, as_database_errors, session_settings

PATIENCE_SECONDS, COMMAND_SECONDS = 10, 30


class PlainPool:
    """Runs statements that stand alone; its connections are opened when they are first needed."""

    def __init__(self, url: str, *, process: str, size: int) -> None:
        self._url, self._process, self._size = url, process, size
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def fetch(self, statement: str, *values: Any) -> list[Row]:
        """Run one statement, which is its own read-only transaction.

        Args:
            statement: in PostgreSQL's own form, with ``$1`` and on for the values.

        Raises:
            DBAPIError: as SQLAlchemy would.
            OSError, TimeoutError: the database cannot be reached now.
        """
        pool = self._pool or await self._open()
        with as_database_errors(statement):
            async with pool.acquire(timeout=PATIENCE_SECONDS) as connection:
                rows: list[Row] = await connection.fetch(statement, *values)
        return rows

    async def _open(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                settings = session_settings(f"{self._process}-plain")
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=self._size,
                    max_inactive_connection_lifetime=0,
                    record_class=Row,
                    init=_decode_json,
                    reset=_keep,
                    timeout=PATIENCE_SECONDS,
                    command_timeout=COMMAND_SECONDS,
                    server_settings=settings | {"default_transaction_read_only": "on"},
                )
            return self._pool

    async def dispose(self) -> None:
        """Close what is open; the pool opens again when it is next needed."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()


async def _decode_json(connection: asyncpg.Connection) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind,
            schema="pg_catalog",
            encoder=lambda value: msgspec.json.encode(value).decode(),
            decoder=msgspec.json.decode,
        )


async def _keep(_connection: asyncpg.Connection) -> None:
    """Nothing is set on a connection beyond a statement, so nothing has to be reset."""
