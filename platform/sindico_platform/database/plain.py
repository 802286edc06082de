"""Connections of role `app` without SQLAlchemy around them, for what every request does.

Letting a caller in and reading a page are one short statement each; SQLAlchemy's way to them costs
more than they do. Everything that writes goes through `UnitOfWork.begin`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec

from sindico_platform.database.driver import Row, as_database_errors, session_settings

PATIENCE_SECONDS, COMMAND_SECONDS = 10, 30


class PlainPool:
    """Runs statements that stand alone, on connections that are opened when they are needed.

    Simpler than the driver's own pool, which costs a tenth of a list's time: between two statements
    nothing has to be reset, and a statement that did not end takes its connection with it.
    """

    def __init__(self, url: str, *, process: str, size: int) -> None:
        self._url, self._process = url, process
        self._places = asyncio.Semaphore(size)
        self._idle: list[asyncpg.Connection] = []

    async def fetch(self, statement: str, *values: Any) -> list[Row]:
        """Run one statement, which is its own read-only transaction.

        Args:
            statement: in PostgreSQL's own form, with ``$1`` and on for the values.

        Raises:
            DBAPIError: as SQLAlchemy would.
            OSError, TimeoutError: the database cannot be reached now.
        """
        with as_database_errors(statement):
            async with self._connection() as connection:
                rows: list[Row] = await connection.fetch(statement, *values)
        return rows

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._places.acquire()
        try:
            connection = self._find_idle() or await self._connect()
            try:
                yield connection
            except (asyncpg.PostgresError, asyncpg.InterfaceError):  # the statement did end
                self._idle.append(connection)
                raise
            except BaseException:
                connection.terminate()
                raise
            self._idle.append(connection)
        finally:
            self._places.release()

    def _find_idle(self) -> asyncpg.Connection | None:
        """The connection used last; those that the server closed meanwhile are forgotten."""
        while self._idle:
            if not (connection := self._idle.pop()).is_closed():
                return connection
        return None

    async def _connect(self) -> asyncpg.Connection:
        settings = session_settings(f"{self._process}-plain")
        connection = await asyncpg.connect(
            self._url,
            record_class=Row,
            timeout=PATIENCE_SECONDS,
            command_timeout=COMMAND_SECONDS,
            server_settings=settings | {"default_transaction_read_only": "on"},
        )
        for kind in ("json", "jsonb"):
            await connection.set_type_codec(
                kind,
                schema="pg_catalog",
                encoder=lambda value: msgspec.json.encode(value).decode(),
                decoder=msgspec.json.decode,
            )
        return connection

    async def dispose(self) -> None:
        """Close what is open; the pool opens again when it is next needed."""
        while self._idle:
            await self._idle.pop().close()
