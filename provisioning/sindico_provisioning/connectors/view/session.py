"""One connection to a customer's database, and work done over it in read-only transactions."""

import asyncio
import contextvars
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

T = TypeVar("T")
Work = Callable[[Connection], T]

SIGN_IN_SECONDS = 20
CLOSE_SECONDS = 5
GRACE_SECONDS = 120.0
"""Beyond the time of a statement, for the rows to come. The server is to end a statement itself;
one that does not, or lets its answer trickle, is left."""


class Session(Protocol):
    """A connection that is signed in."""

    async def run(self, work: Work[T]) -> T:
        """Do `work` in a read-only transaction of its own, which is rolled back."""

    async def close(self) -> None:
        """End the connection, whatever state it is in."""


def in_transaction(connection: Connection, opening: Sequence[str], work: Work[T]) -> T:
    """Do `work` after the statements that make the transaction read-only and bounded."""
    transaction = connection.begin()
    try:
        for statement in opening:
            connection.exec_driver_sql(statement)
        return work(connection)
    finally:
        with suppress(SQLAlchemyError, OSError):  # else it would hide why the work failed
            transaction.rollback()  # lint-skip: raw-session (another database than ours)


@contextmanager
def bounded(statement_seconds: float, hang_up: Callable[[], None]) -> Iterator[None]:
    """Hang up where the block has not ended in time; what waits for the server then fails."""
    loop = asyncio.get_running_loop()
    timer = loop.call_later(statement_seconds + GRACE_SECONDS, hang_up)
    try:
        yield
    finally:
        timer.cancel()


class AsyncSession:
    """Over a driver that knows asyncio."""

    def __init__(
        self,
        engine: AsyncEngine,
        connection: AsyncConnection,
        *,
        opening: Sequence[str],
        hang_up: Callable[[], None],
        seconds: float,
    ) -> None:
        self._engine, self._connection = engine, connection
        self._opening, self._hang_up, self._seconds = opening, hang_up, seconds

    async def run(self, work: Work[T]) -> T:
        with bounded(self._seconds, self._hang_up):
            return await self._connection.run_sync(in_transaction, self._opening, work)

    async def close(self) -> None:
        with suppress(SQLAlchemyError, OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._connection.invalidate()
                await self._connection.close()
        await self._engine.dispose()


class Desk:
    """A thread of one session: its driver is never entered from two places at once."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="view")

    async def call(self, work: Callable[..., T], *args: Any) -> T:
        """Call `work` in the thread, with the caller's context."""
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: context.run(work, *args))

    def leave(self) -> None:
        """Let the thread end when it is done with what it is at."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class ThreadSession:
    """Over a driver that blocks, in a thread of its own."""

    def __init__(
        self,
        desk: Desk,
        engine: Engine,
        connection: Connection,
        *,
        opening: Sequence[str],
        hang_up: Callable[[], None],
        seconds: float,
    ) -> None:
        self._desk, self._engine, self._connection = desk, engine, connection
        self._opening, self._hang_up, self._seconds = opening, hang_up, seconds
        self._is_busy = False

    async def run(self, work: Work[T]) -> T:
        self._is_busy = True
        with bounded(self._seconds, self._hang_up):
            done: T = await self._desk.call(in_transaction, self._connection, self._opening, work)
        self._is_busy = False
        return done

    async def close(self) -> None:
        if self._is_busy:  # the thread may be waiting for an answer that nobody wants any more
            with suppress(Exception):
                self._hang_up()
        with suppress(Exception):  # whatever the driver says of a connection that is given up
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._desk.call(self._give_back)
        self._desk.leave()

    def _give_back(self) -> None:
        if self._is_busy:
            self._connection.invalidate()
        self._connection.close()
        self._engine.dispose()


def shut(sock: socket.socket) -> None:
    """End a connection that a driver may still be waiting on, in another thread."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
