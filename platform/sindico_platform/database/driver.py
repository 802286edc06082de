"""The driver itself, for the few statements whose speed is worth leaving SQLAlchemy."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
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


def session_settings(process: str) -> dict[str, str]:
    """What every connection of a running process asks of the server."""
    return {
        "application_name": f"sindico-{process}",
        # A statement that waits for a lock answers 503 with Retry-After instead of hanging.
        "lock_timeout": "4s",
        "idle_in_transaction_session_timeout": "60s",
        "timezone": "UTC",
    }


class Row(asyncpg.Record):  # type: ignore[misc]  # asyncpg has no types
    """A row whose columns are attributes too."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


@contextmanager
def as_database_errors(statement: str) -> Iterator[None]:
    """Give what the driver raises the form that SQLAlchemy gives it.

    Raises:
        DBAPIError: with the driver's error as ``orig``.
    """
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        lost = "connection is closed" in str(error)
        raise DBAPIError(statement, None, error, connection_invalidated=lost) from error


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
