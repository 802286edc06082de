"""One machine's data within reach of a command, whether or not `sindico up` runs."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sindico_api.cli.stack import Stack
from sindico_platform.database.engines import create_engines
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.embedded.errors import DataDirInUse
from sindico_platform.embedded.files import DirectoryLock

POOL_SIZE = 2


@contextmanager
def reachable(stack: Stack) -> Iterator[bool]:
    """Start the stack's own PostgreSQL for as long as the block lasts, unless it runs already.

    Yields:
        Whether `sindico up` runs on the data directory.
    """
    stack.require()
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
