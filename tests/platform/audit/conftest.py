"""A trail of its own for each test, and the owner's hands on it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.audit import service as audit
from sindico_platform.audit.sealer import seal_trails
from sindico_platform.audit.verifier import TrailReport, verify_trail
from sindico_platform.database.roles import RoleUrls
from sindico_platform.database.tx import Actor, Tx


class Trail:
    """One tenant's trail."""

    def __init__(self, context: Context, owner: asyncpg.Connection) -> None:
        self.context, self.owner, self.tenant_id = context, owner, uuid7()
        self.target = uuid7()

    async def record(self, count: int = 1, **changes: Any) -> None:
        """Write events about one target, each in a transaction of its own."""
        for number in range(count):
            async with self.context.uow.begin(Actor.system(self.tenant_id)) as tx:
                await self.note(tx, number=number, **changes)

    async def note(self, tx: Tx, *, number: int = 0, **changes: Any) -> None:
        await audit.record(
            tx,
            "thing:edit",
            target_type="thing",
            target_id=self.target,
            changes=changes or None,
            number=number,
        )

    async def seal(self, **options: Any) -> int:
        return await seal_trails(self.context.engines.fleet, self.context.secrets, **options)

    async def verify(self) -> TrailReport:
        return await verify_trail(self.context.engines.fleet, self.context.secrets, self.tenant_id)

    async def tamper(self, statement: str, *values: Any) -> None:
        """Do as the owner what no role of a running process may; $1 is the tenant."""
        await self.owner.execute(statement, self.tenant_id, *values)

    async def seal_numbers(self) -> list[int | None]:
        """In the order of the events' ids."""
        rows = await self.owner.fetch(
            "SELECT seal_number FROM control.audit_event WHERE tenant_id = $1 ORDER BY id",
            self.tenant_id,
        )
        return [row["seal_number"] for row in rows]

    async def ids(self) -> list[UUID]:
        rows = await self.owner.fetch(
            "SELECT id FROM control.audit_event WHERE tenant_id = $1 ORDER BY id", self.tenant_id
        )
        return [row["id"] for row in rows]


@pytest.fixture
async def trail(context: Context, database: RoleUrls) -> AsyncIterator[Trail]:
    owner = await asyncpg.connect(database.owner)
    try:
        yield Trail(context, owner)
    finally:
        await owner.close()
