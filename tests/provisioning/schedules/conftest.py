"""Customers with an integration each, in an installation of the test's own, and a clock to turn."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from sindico_api.context import Context
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_provisioning.loads.models import Load
from sindico_provisioning.schedules import queries, service
from sindico_provisioning.schedules.models import Schedule, ScheduledRun
from sindico_provisioning.schedules.scheduler import Scheduler
from sindico_provisioning.schedules.schemas import ScheduleIn
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.identity import tenant_factory

__all__ = ["erp_kind"]


def utc(text: str) -> datetime:
    """`utc("2026-03-01 03:00")`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TurnedClock(UnitOfWork):
    """A unit of work that tells the time it is given, whatever the database says."""

    def __init__(self, inner: UnitOfWork, now: datetime) -> None:
        self._inner, self.now = inner, now

    @asynccontextmanager
    async def begin(self, actor: Actor, *, tenant: UUID | None = None) -> AsyncIterator[Tx]:
        async with self._inner.begin(actor, tenant=tenant) as tx:
            tx.now = self.now
            yield tx

    @asynccontextmanager
    async def begin_fleet(self, actor: Actor, *, reason: str) -> AsyncIterator[AsyncSession]:
        async with self._inner.begin_fleet(actor, reason=reason) as fleet:
            yield fleet


@dataclass
class Town:
    """An installation whose clock is turned by hand."""

    context: Context
    clock: TurnedClock
    kind: str

    async def settle(self) -> Site:
        """A tenant with an integration whose ERP is in memory."""
        tenant = await tenant_factory(self.context.uow)()
        site = await make_site(self.context, tenant, self.kind)
        site.erp.put("empresa_propria", "1")
        return site

    async def plan(self, site: Site, *times: str, every: int | None = None) -> Schedule:
        data = (
            ScheduleIn(kind="daily", times=times)
            if every is None
            else ScheduleIn(kind="interval", interval_minutes=every)
        )
        async with self.clock.begin(site.actor) as tx:
            return await service.save_schedule(tx, integration_id=site.integration_id, data=data)

    async def schedule(self, site: Site) -> Schedule:
        async with self.clock.begin(site.actor) as tx:
            found = await queries.find_schedule(tx, site.integration_id)
        assert found is not None
        return found

    async def tick(self, now: datetime | None = None) -> int:
        """What the clock process does every second, at the time given."""
        self.clock.now = now or self.clock.now
        return await Scheduler(self.clock).fire_due()

    async def runs(self, site: Site) -> list[ScheduledRun]:
        async with self.clock.begin(site.actor) as tx:
            found = await tx.session.scalars(select(ScheduledRun).order_by(ScheduledRun.slot_at))
            return list(found)

    async def loads(self, site: Site) -> list[str]:
        """Kinds of the loads there are, oldest first."""
        async with self.clock.begin(site.actor) as tx:
            return list(await tx.session.scalars(select(Load.kind).order_by(Load.id)))

    async def finish(self, site: Site) -> None:
        """Run the loads to their end."""
        await site.run()


@pytest.fixture
async def town(fleet_context: Context, erp_kind: str, monkeypatch: pytest.MonkeyPatch) -> Town:
    clock = TurnedClock(fleet_context.uow, utc("2026-03-02 12:00"))

    async def read(_fleet: AsyncSession) -> datetime:
        return clock.now

    monkeypatch.setattr(queries, "read_clock", read)
    return Town(fleet_context, clock, erp_kind)
