"""The driver itself, for the few statements whose speed is worth leaving SQLAlchemy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncEngine

GONE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    DBAPIError,  # from the pool: it could not connect
    PoolExhausted,
)
"""What a statement raises when the server went away or does not answer in time."""

PATIENCE_SECONDS = 15.0


@asynccontextmanager
async def driver(
    engine: AsyncEngine, *, patience_seconds: float = PATIENCE_SECONDS
) -> AsyncIterator[asyncpg.Connection]:
    """A pooled connection as its driver knows it: every statement is its own transaction.

    JSON is encoded by the caller and comes back decoded.

    Raises:
        TimeoutError: it took longer than `patience_seconds` to get the connection and use it.
    """
    async with asyncio.timeout(patience_seconds), engine.connect() as connection:
        plain: Any = (await connection.get_raw_connection()).driver_connection
        try:
            yield plain
        except (*GONE, asyncio.CancelledError):
            await connection.invalidate()  # nobody knows what state it is in
            raise
