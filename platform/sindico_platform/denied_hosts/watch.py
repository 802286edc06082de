"""The list as the egress guard asks it: read from the database, believed for some seconds."""

import asyncio
import time
from collections.abc import Sequence

from sindico_platform.database.uow import UnitOfWork
from sindico_platform.egress import DenyList
from sindico_platform.egress.ranges import IPAddress
from sindico_platform.egress.resolver import Resolver, resolve_by_system

KEEP_SECONDS = 3.0
READ = "SELECT coalesce(array_agg(entry ORDER BY entry), '{}') AS entries FROM control.denied_host"


class DeniedHosts:
    """Says whether a host is on the list. One per process; without the database it raises."""

    def __init__(
        self,
        uow: UnitOfWork,
        *,
        keep_seconds: float = KEEP_SECONDS,
        resolver: Resolver = resolve_by_system,
    ) -> None:
        self._uow, self._keep_seconds, self._resolver = uow, keep_seconds, resolver
        self._lock = asyncio.Lock()
        self._entries: tuple[str, ...] | None = None
        self._list = DenyList([])
        self._stale_at = 0.0

    async def __call__(self, host: str, addresses: Sequence[IPAddress]) -> bool:
        return await (await self._current())(host, addresses)

    async def _current(self) -> DenyList:
        async with self._lock:
            if time.monotonic() >= self._stale_at:
                row = await self._uow.ask(READ)
                entries = tuple(row.entries) if row is not None else ()
                if entries != self._entries:
                    self._entries = entries
                    self._list = DenyList(entries, resolver=self._resolver)
                self._stale_at = time.monotonic() + self._keep_seconds
            return self._list
