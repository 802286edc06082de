"""How large a push may be, and how many a tenant may have under way."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from uuid import UUID

from sindico_platform.errors import Busy
from sindico_provisioning.erp_tables.errors import RETRY_AFTER_SECONDS
from sindico_provisioning.pushes.errors import TooManyPushes

MAX_BYTES = 64 * 1024 * 1024
"""Of one push, before compression and as it was sent."""
MAX_ROWS = 100_000
"""Of one push: a transaction of a second or two."""
MAX_ROW_BYTES = 1024 * 1024
PIECE_BYTES = 512 * 1024
"""Of a body, taken apart and checked at a time. Twice as much takes as long and 15 MB more."""

MOST_TOLD = 200_000
"""Reasons of rejected rows that one push is told in full. Of each row after these it is told the
first and how many more there are, so that what is wrong costs no more memory than what is right."""

MOST_OF_TENANT = 2
"""Pushes of a tenant under way in one process; one more is told to wait."""
MOST_STORING = 6
"""Pushes in their transaction in one process: half of its connections, so that screens and other
requests find theirs."""
PATIENCE_SECONDS = 20.0


class PushLanes:
    """One per process: no tenant takes all the room, and pushes not all the connections."""

    def __init__(self) -> None:
        self._under_way: Counter[UUID] = Counter()
        self._storing = asyncio.Semaphore(MOST_STORING)

    @contextmanager
    def enter(self, tenant_id: UUID) -> Iterator[None]:
        """Count a push as under way, from its first byte on.

        Raises:
            TooManyPushes: the tenant has as many as it may.
        """
        if self._under_way[tenant_id] >= MOST_OF_TENANT:
            raise TooManyPushes(most=MOST_OF_TENANT, retry_after_seconds=RETRY_AFTER_SECONDS)
        self._under_way[tenant_id] += 1
        try:
            yield
        finally:
            self._under_way[tenant_id] -= 1
            if not self._under_way[tenant_id]:
                del self._under_way[tenant_id]

    @asynccontextmanager
    async def store(self) -> AsyncIterator[None]:
        """Wait for a turn to open a transaction, first come, first served.

        Raises:
            Busy: none came.
        """
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._storing.acquire()
        except TimeoutError as late:
            raise Busy(retry_after_seconds=RETRY_AFTER_SECONDS) from late
        try:
            yield
        finally:
            self._storing.release()
