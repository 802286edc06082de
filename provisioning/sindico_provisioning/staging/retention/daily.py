"""Sees to it that every integration's staging is cleared once a day, as a duty of the clock.

What is due follows from rows; a clearing whose job gave up is begun anew on the next day.
"""

from dataclasses import dataclass
from uuid import UUID

import structlog

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_provisioning.staging.retention import queries, service
from sindico_provisioning.staging.retention.jobs import retire_rows

NAME = "retention"
BATCH = 50
"""Begun at one tick; the rest comes with the next."""
NOWHERE = UUID(int=0)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Retention:
    """Looks across tenants for what was not cleared for a day."""

    uow: UnitOfWork

    async def begin_due(self) -> int:
        """Begin what is due. Two at once begin nothing twice; a fault keeps no other waiting.

        Returns:
            How many clearings were begun.
        """
        async with self.uow.begin_fleet(Actor.system(NOWHERE, NAME), reason="retention") as fleet:
            due = await queries.list_due(fleet, limit=BATCH)
        return sum([await self._begin(tenant_id, each) for tenant_id, each in due])

    async def _begin(self, tenant_id: UUID, integration_id: UUID) -> bool:
        try:
            async with self.uow.begin(Actor.system(tenant_id, NAME)) as tx:
                return await service.begin_retirement(
                    tx, integration_id=integration_id, job=retire_rows
                )
        except Exception:
            log.exception("retirement_fault", integration_id=str(integration_id))
            return False
