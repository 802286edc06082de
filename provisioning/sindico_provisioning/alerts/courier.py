"""Carries the outbox of alerts, as a duty of the clock: a dead worker alerts too.

Claim, carry with no transaction open, record. Killed anywhere, a delivery is carried again under
the same id; receivers and mail servers know it by that.
"""

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.egress import GuardedHttp
from sindico_platform.errors import OutsideError, SindicoError, Terminal
from sindico_platform.mail import Mailer, MailTemplates, Message
from sindico_platform.secrets import KeyRing
from sindico_platform.tasks import cancel_all
from sindico_provisioning.alerts import queries, service
from sindico_provisioning.alerts.schemas import Parcel
from sindico_provisioning.webhooks.schemas import WebhookMessage
from sindico_provisioning.webhooks.sending import post_message

NAME = "alerts"
AT_ONCE, OF_ONE_TENANT, OF_ONE_ADDRESS = 40, 4, 2
"""Messages that are carried, in all; to webhooks of one tenant; to one webhook."""
RECORDED_AT_ONCE = 8
LOOK_SECONDS = 2.0
"""How long nobody looks for what is due meanwhile."""
KEEP_DAYS, PURGE_BATCH = 30.0, 5_000
NOWHERE = UUID(int=0)
MILLISECONDS = 1000
TEMPLATES = MailTemplates("sindico_provisioning.alerts")
DATE_FORMS = {"pt": "%d/%m/%Y %H:%M", "en": "%Y-%m-%d %H:%M"}

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Courier:
    """Carries what is due; who answers slowly keeps neither tenants nor addresses waiting."""

    uow: UnitOfWork
    http: GuardedHttp
    keys: KeyRing
    mailer: Mailer | None
    public_url: str

    async def deliver_due(self) -> int:
        """Carry what is due, and what falls due while some of it is carried.

        Two couriers at once carry nothing twice.

        Returns:
            How many deliveries were looked at.
        """
        limit = asyncio.Semaphore(RECORDED_AT_ONCE)
        carried: dict[UUID, asyncio.Task[None]] = {}
        count = 0
        try:
            while True:
                begun = {
                    delivery_id: asyncio.create_task(self._deliver(tenant_id, delivery_id, limit))
                    for tenant_id, delivery_id in await self._look_again(carried)
                    if delivery_id not in carried
                }
                count += len(begun)
                carried |= begun  # before anybody waits, so that all of it ends with this
                carried = await _wait_for(carried)
                if not carried:
                    return count
        finally:
            await cancel_all(carried.values())

    async def purge(self) -> None:
        """Forget what ended long ago."""
        deleted = PURGE_BATCH
        while deleted == PURGE_BATCH:
            async with self.uow.begin_fleet(Actor.system(NOWHERE, NAME), reason="alerts") as fleet:
                deleted = await queries.purge_finished(
                    fleet, keep_days=KEEP_DAYS, batch=PURGE_BATCH
                )

    async def _look_again(self, carried: Collection[UUID]) -> list[tuple[UUID, UUID]]:
        """What is due; nothing while it cannot be told, so that what is carried goes on."""
        try:
            return await self._list_due(AT_ONCE - len(carried))
        except Exception:
            if not carried:
                raise
            log.exception("alerts_not_looked_for")
            return []

    async def _list_due(self, limit: int) -> list[tuple[UUID, UUID]]:
        async with self.uow.begin_fleet(Actor.system(NOWHERE, NAME), reason="alerts") as fleet:
            return await queries.list_due(
                fleet, limit=limit, of_one_tenant=OF_ONE_TENANT, of_one_address=OF_ONE_ADDRESS
            )

    async def _deliver(self, tenant_id: UUID, delivery_id: UUID, limit: asyncio.Semaphore) -> None:
        actor = Actor.system(tenant_id, NAME)
        try:
            async with limit, self.uow.begin(actor) as tx:
                parcel = await service.claim_parcel(tx, self.keys, delivery_id=delivery_id)
            if parcel is not None:
                await self._deliver_parcel(actor, parcel, limit)
        except Exception:  # what is under way for others goes on; its lease brings this one back
            log.exception("alert_fault", delivery_id=str(delivery_id))

    async def _deliver_parcel(self, actor: Actor, parcel: Parcel, limit: asyncio.Semaphore) -> None:
        status, begun = None, time.monotonic()
        fault: Exception | None = None
        try:
            status = await self._carry(parcel)
        except (OutsideError, SindicoError) as error:
            log.warning("alert_not_delivered", delivery_id=str(parcel.id), kind=str(error))
            fault = error
        except Exception as error:  # one address must not keep others from their messages
            log.exception("alert_fault", delivery_id=str(parcel.id))
            fault = error
        lasted = round((time.monotonic() - begun) * MILLISECONDS)
        async with limit, self.uow.begin(actor) as tx:
            if fault is None:
                await service.record_sent(
                    tx, parcel=parcel, duration_ms=lasted, answer_status=status
                )
            else:
                await service.record_failure(tx, parcel=parcel, duration_ms=lasted, error=fault)

    async def _carry(self, parcel: Parcel) -> int | None:
        """Send it; the status that a receiver answered."""
        if parcel.receiver is None:
            await self._mail(parcel)
            return None
        message = WebhookMessage(
            id=parcel.id, event=parcel.event, happened_at=parcel.created_at, data=parcel.data
        )
        return await post_message(self.http, parcel.receiver, message)

    async def _mail(self, parcel: Parcel) -> None:
        if self.mailer is None:
            raise Terminal("mail-not-configured", "The installation has no mail server of its own.")
        content = TEMPLATES.render(
            parcel.event.replace(".", "_"),
            locale=parcel.mail_locale,
            tenant_name=parcel.tenant_name,
            link=f"{self.public_url}{page_of(parcel)}",
            **written(parcel),
        )
        to = parcel.mail_to or ""
        await self.mailer.send(Message(job_id=parcel.id, to=to, content=content))


async def _wait_for(tasks: dict[UUID, asyncio.Task[None]]) -> dict[UUID, asyncio.Task[None]]:
    """Let some time pass, or less if all end; those that have not ended."""
    if tasks:
        done, _ = await asyncio.wait(tasks.values(), timeout=LOOK_SECONDS)
        for task in done:
            task.result()
    return {key: task for key, task in tasks.items() if not task.done()}


def page_of(parcel: Parcel) -> str:
    """Where the console tells more."""
    incident_id = parcel.data.get("incident_id")
    if incident_id is not None:
        return f"/console/incidents/{incident_id}"
    return f"/console/erp-data?integration={parcel.data.get('integration_id', '')}"


def written(parcel: Parcel) -> dict[str, str]:
    """The facts as the mail's reader writes them; what is not known is empty."""
    form = DATE_FORMS.get(parcel.mail_locale[:2], DATE_FORMS["en"])
    zone = ZoneInfo(parcel.zone)

    def write(name: str, value: object) -> str:
        if value is not None and name.endswith("_at"):
            return f"{datetime.fromisoformat(str(value)).astimezone(zone):{form}}"
        return "" if value is None else str(value)

    return {name: write(name, value) for name, value in parcel.data.items()}
