"""Looks after every tenant's integrations, as a duty of the clock: a dead worker alerts too."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_provisioning.freshness import queries
from sindico_provisioning.freshness.incidents import service

BATCH = 200
NOWHERE = UUID(int=0)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Watchdog:
    """Finds what is due across tenants, and sees to it inside each."""

    uow: UnitOfWork
    vendor: Sequence[str] = ()
    """Mail addresses of the vendor's own."""

    async def watch(self) -> int:
        """Open, tell and end incidents; warn and pause. Two watchdogs at once do nothing twice.

        Returns:
            How many integrations were seen to.
        """
        nobody = Actor.system(NOWHERE, queries.WATCHDOG)
        async with self.uow.begin_fleet(nobody, reason="freshness") as fleet:
            due = await queries.list_due(fleet, limit=BATCH)
        for tenant_id, integration_id in due:
            await self._watch(tenant_id, integration_id)
        return len(due)

    async def _watch(self, tenant_id: UUID, integration_id: UUID) -> None:
        try:
            async with self.uow.begin(Actor.system(tenant_id, queries.WATCHDOG)) as tx:
                found = await service.watch_integration(
                    tx, integration_id=integration_id, vendor=self.vendor
                )
        except Exception:
            log.exception("watch_fault", integration_id=str(integration_id))
            return
        if found is not None and found.must_open:
            log.warning(
                "integration_stale", tenant_id=str(tenant_id), integration_id=str(integration_id)
            )
