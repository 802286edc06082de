"""One machine's data within reach of a command, whether or not `sindico up` runs."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from socket import gaierror

import asyncpg
from sqlalchemy.exc import DBAPIError

from sindico_api.cli.stack import Stack
from sindico_platform.database.engines import create_engines
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.embedded.errors import DataDirInUse, EmbeddedError
from sindico_platform.embedded.files import DirectoryLock

POOL_SIZE = 2
NO_DATABASE = (
    ConnectionError,
    TimeoutError,
    gaierror,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.CannotConnectNowError,
)


@contextmanager
def reachable(stack: Stack) -> Iterator[bool]:
    """Start the stack's own PostgreSQL for as long as the block lasts, unless it runs already.

    Yields:
        Whether `sindico up` runs on the data directory.

    Raises:
        EmbeddedError: there is no stack, or its database does not answer.
    """
    stack.require()
    try:
        with _postgres_of(stack) as is_up:
            yield is_up
    except (*NO_DATABASE, DBAPIError) as error:
        cause = _cause_of(error)
        if not isinstance(cause, NO_DATABASE):
            raise
        raise EmbeddedError(f"The database cannot be used: {cause}") from error


def _cause_of(error: Exception) -> BaseException:
    """What the driver said, under what SQLAlchemy made of it."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error


def waits_for_worker(stack: Stack) -> bool:
    """Whether nothing runs on this machine's own database that could take a job."""
    if stack.postgres is None:
        return False
    lock = DirectoryLock(stack.data_dir)
    try:
        lock.acquire()
    except DataDirInUse:
        return False
    lock.release()
    return True


@contextmanager
def _postgres_of(stack: Stack) -> Iterator[bool]:
    lock = DirectoryLock(stack.data_dir)
    try:
        lock.acquire()
    except DataDirInUse:
        yield True
        return
    try:
        if stack.postgres is None:
            yield False
        else:
            with stack.postgres:
                yield False
    finally:
        lock.release()


@asynccontextmanager
async def opened_uow(stack: Stack, *, process: str) -> AsyncIterator[UnitOfWork]:
    """Transactions on the stack's data; wake-ups are left to the clock's poll."""
    engines = create_engines(stack.settings(), process=process, pool_size=POOL_SIZE)
    try:
        yield UnitOfWork(engines)
    finally:
        await engines.dispose()
