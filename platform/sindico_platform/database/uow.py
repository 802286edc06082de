"""The only way to begin a transaction and to bind a tenant."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from sindico_platform.audit import service as audit
from sindico_platform.database.binding import Reading
from sindico_platform.database.driver import Row
from sindico_platform.database.engines import Engines
from sindico_platform.database.plain import PlainPool
from sindico_platform.database.tx import Actor, ActorKind, Tx

# Binding is local to the transaction, so a pooled connection cannot carry it to the next one.
BIND_TENANT = text("SELECT set_config('sindico.tenant_id', :tenant_id, true), now()")
NOW = text("SELECT now()")

Wake = Callable[[frozenset[str]], Awaitable[None]]


async def wake_nobody(_channels: frozenset[str]) -> None:
    """For commands and tests without Redis: the clock's poll finds the work."""


class UnitOfWork:
    """Opens transactions as `app`, bound to a tenant, or as `fleet`, across tenants."""

    def __init__(self, engines: Engines, *, wake: Wake = wake_nobody) -> None:
        self._app = async_sessionmaker(engines.app, expire_on_commit=False)
        self._fleet = async_sessionmaker(engines.fleet, expire_on_commit=False)
        self._engines = engines
        self._wake = wake

    @asynccontextmanager
    async def begin(self, actor: Actor, *, tenant: UUID | None = None) -> AsyncIterator[Tx]:
        """Open a transaction bound to `tenant`, or to the actor's own.

        It commits when the block ends and rolls back when the block raises.
        """
        bound = tenant or actor.tenant_id
        async with self._app() as session:
            async with session.begin():
                row = await session.execute(BIND_TENANT, {"tenant_id": str(bound)})
                tx = Tx(session=session, actor=actor, tenant_id=bound, now=row.one()[1])
                yield tx
            for tell in tx.figures:
                tell()
            await self._wake_after_commit(tx)

    def reading(self, actor: Actor, *, tenant: UUID | None = None) -> Reading:
        """For lists at full speed: each statement binds `tenant`, or the actor's own, and reads.

        There is no transaction around them and no session.
        """
        return Reading(pool=self._plain(), tenant_id=tenant or actor.tenant_id)

    @asynccontextmanager
    async def begin_fleet(self, actor: Actor, *, reason: str) -> AsyncIterator[AsyncSession]:
        """Open a transaction that reads named tables across tenants.

        A person's use is written to the audit trail of the person's tenant first.
        """
        if actor.kind is not ActorKind.SYSTEM:
            async with self.begin(actor) as tx:
                await audit.record(tx, "fleet:read", reason=reason)
        async with self._fleet() as session, session.begin():
            yield session

    async def ask(self, statement: str, *values: Any) -> Row | None:
        """Run one statement by itself as `app`, for functions that bind a tenant themselves.

        No tenant is bound before it nor after it.

        Args:
            statement: in PostgreSQL's own form, with ``$1`` and on for the values.

        Returns:
            The first row, or `None`.
        """
        rows = await self._plain().fetch(statement, *values)
        return rows[0] if rows else None

    def _plain(self) -> PlainPool:
        if self._engines.plain is None:
            raise RuntimeError("these engines were made without a plain pool")
        return self._engines.plain

    async def _wake_after_commit(self, tx: Tx) -> None:
        if tx.wakes:
            await self._wake(frozenset(tx.wakes))
