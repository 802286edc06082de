"""A tenant with an integration, in an installation of the test's own, and its watchdog."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from sindico_api.context import Context
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.alerts.models import AlertDelivery
from sindico_provisioning.freshness import queries, service
from sindico_provisioning.freshness.models import Freshness, Incident
from sindico_provisioning.freshness.schemas import FreshnessIn, FreshnessOut, SnoozeIn
from sindico_provisioning.freshness.watchdog import Watchdog
from sindico_provisioning.integrations.models import Integration
from sindico_provisioning.notifications.models import Notification
from sindico_provisioning.schedules import service as schedules
from sindico_provisioning.schedules.models import Schedule
from sindico_provisioning.schedules.schemas import ScheduleIn
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.identity import tenant_factory, user_factory

__all__ = ["erp_kind"]
CONTACT, VENDOR = "ti@acme.example", "plantao@vendor.example"


@dataclass
class Guarded:
    """An integration that is watched."""

    site: Site

    @property
    def watchdog(self) -> Watchdog:
        return Watchdog(self.site.context.uow, vendor=(VENDOR,))

    async def limit(self, hours: int | None, *contacts: str) -> None:
        """Choose the limit, so long ago that only it and the runs count."""
        data = FreshnessIn(max_hours=hours, contacts=contacts or (CONTACT,))
        async with self.site.context.uow.begin(self.site.actor) as tx:
            await service.save_freshness(tx, integration_id=self.site.integration_id, data=data)
        await self.set(Freshness, counts_from=self.hours_ago(10_000))

    async def schedule(self, every: int | None = None) -> None:
        data = (
            ScheduleIn(kind="daily", times=("00:00",))
            if every is None
            else ScheduleIn(kind="interval", interval_minutes=every)
        )
        async with self.site.context.uow.begin(self.site.actor) as tx:
            await schedules.save_schedule(tx, integration_id=self.site.integration_id, data=data)

    async def snooze(self, *, hours: float) -> None:
        async with self.site.context.uow.begin(self.site.actor) as tx:
            data = SnoozeIn(reason="The ERP is updated", until=tx.now + timedelta(hours=hours))
            await service.snooze(tx, integration_id=self.site.integration_id, data=data)

    async def watch(self) -> FreshnessOut:
        await self.watchdog.watch()
        return await self.read()

    async def read(self) -> FreshnessOut:
        async with self.site.context.uow.begin(self.site.actor) as tx:
            return await queries.read_freshness(tx, self.site.integration_id)

    async def set(self, table: Any, **values: Any) -> None:
        async with self.site.context.uow.begin(self.site.actor) as tx:
            await tx.session.execute(update(table).values(values))

    def hours_ago(self, hours: float) -> Any:
        return func.now() - timedelta(hours=hours)

    async def alerts(self) -> list[tuple[str, str | None]]:
        """Event and address of everything that is to leave, in order."""
        async with self.site.context.uow.begin(self.site.actor) as tx:
            found = await tx.session.execute(
                select(AlertDelivery.event, AlertDelivery.mail_to).order_by(AlertDelivery.id)
            )
            return [(row[0], row[1]) for row in found]

    async def notices(self) -> list[str]:
        async with self.site.context.uow.begin(self.site.actor) as tx:
            found = await tx.session.scalars(select(Notification.code).order_by(Notification.id))
            return list(found)

    async def incidents(self) -> list[Incident]:
        async with self.site.context.uow.begin(self.site.actor) as tx:
            return list(await tx.session.scalars(select(Incident).order_by(Incident.id)))

    async def planned(self) -> Schedule:
        async with self.site.context.uow.begin(self.site.actor) as tx:
            return (await tx.session.scalars(select(Schedule))).one()

    async def suspend(self) -> None:
        await self.set(Tenant, state="suspended")

    async def set_state(self, state: str) -> None:
        await self.set(Integration, state=state)


@pytest.fixture
async def guarded(fleet_context: Context, erp_kind: str) -> Guarded:
    tenant = await tenant_factory(fleet_context.uow)()
    make_user = user_factory(fleet_context.uow, fleet_context.doors.passwords)
    await make_user(tenant, email=CONTACT)
    return Guarded(await make_site(fleet_context, tenant, erp_kind))
