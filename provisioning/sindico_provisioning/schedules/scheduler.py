"""What the clock does with schedules: begins what is due, and plans anew what is no longer right.

Everything follows from rows, so a restart or an outage loses nothing; rows are locked one by one,
so two schedulers at once begin nothing twice.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import structlog

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_provisioning.schedules import queries, service

NAME = "schedules"
BATCH = 100
"""Schedules seen to at one tick; the rest comes with the next."""
NOWHERE = UUID(int=0)

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Looks across tenants for what is due, and sees to it inside each tenant."""

    uow: UnitOfWork

    async def fire_due(self) -> int:
        """Begin the loads whose time has come. A fault with one keeps no other waiting.

        Returns:
            How many times were seen to, by a load, a skip or a refusal.
        """
        async with self.uow.begin_fleet(Actor.system(NOWHERE, NAME), reason="schedules") as fleet:
            now = await queries.read_clock(fleet)
            due = await queries.list_due(fleet, now=now, limit=BATCH)
        return sum([await self._fire(tenant_id, each) for tenant_id, each in due])

    async def replan(self) -> None:
        """Find anew the next time of schedules whose zone or clock has changed.

        A fault with one keeps no other waiting.
        """
        async with self.uow.begin_fleet(Actor.system(NOWHERE, NAME), reason="schedules") as fleet:
            now = await queries.read_clock(fleet)
            found = await queries.list_misplanned(fleet, now=now, limit=BATCH)
        for tenant_id, integration_id in found:
            try:
                await self._within(tenant_id, service.replan_schedule, integration_id)
            except Exception:
                log.exception("replan_fault", integration_id=str(integration_id))

    async def _fire(self, tenant_id: UUID, integration_id: UUID) -> bool:
        try:
            run = await self._within(tenant_id, service.fire_schedule, integration_id)
        except Exception:
            log.exception(
                "schedule_fault", tenant_id=str(tenant_id), integration_id=str(integration_id)
            )
            await self._within(tenant_id, service.postpone_schedule, integration_id)
            return False
        if run is not None:
            log.info(
                "schedule_fired",
                tenant_id=str(tenant_id),
                integration_id=str(integration_id),
                outcome=run.outcome,
                missed=run.missed,
            )
        return run is not None

    async def _within(
        self, tenant_id: UUID, work: Callable[..., Awaitable[T]], integration_id: UUID
    ) -> T:
        async with self.uow.begin(Actor.system(tenant_id, NAME)) as tx:
            return await work(tx, integration_id=integration_id)
