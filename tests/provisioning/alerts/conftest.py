"""An installation of the test's own whose clock carries alerts to servers on this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.egress import EgressGuard, GuardedHttp
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.mail import Mailer, MailRoute
from sindico_platform.settings import Secret
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.alerts import service
from sindico_provisioning.alerts.courier import Courier
from sindico_provisioning.alerts.models import AlertDelivery, DeliveryAttempt
from sindico_provisioning.alerts.schemas import Contact
from sindico_provisioning.webhooks import service as webhooks
from sindico_provisioning.webhooks.models import WebhookEvent
from sindico_provisioning.webhooks.schemas import WebhookIn
from tests.platform.mail.conftest import Mailbox, serving
from tests.support.identity import tenant_factory

EVENT = "integration.stale"
DATA: dict[str, Any] = {
    "integration_id": "00000000-0000-0000-0000-000000000001",
    "integration": "ERP Mega XT",
    "max_hours": 24,
    "opened_at": "2026-03-02T12:00:00Z",
    "last_success_at": "2026-03-01T11:00:00Z",
}


@dataclass
class Post:
    """A tenant, and the courier of its alerts."""

    context: Context
    tenant: Tenant
    mailer: Mailer | None = None

    @property
    def actor(self) -> Actor:
        return Actor.system(self.tenant.tenant_id)

    @property
    def courier(self) -> Courier:
        return courier_of(self.context, self.mailer)

    async def add_webhook(self, url: str, *events: WebhookEvent) -> tuple[UUID, str]:
        """Its id and secret."""
        async with self.context.uow.begin(self.actor) as tx:
            data = WebhookIn(url=url, events=events)
            row, secret = await webhooks.create_webhook(tx, self.context.secrets, data=data)
            return row.id, secret.reveal()

    async def send(self, *contacts: Contact, event: str = EVENT) -> int:
        async with self.context.uow.begin(self.actor) as tx:
            return await service.send_alert(tx, event=event, data=DATA, contacts=contacts)

    async def deliver(self) -> None:
        """What is due, until nothing is."""
        while await self.courier.deliver_due():
            pass

    async def wait(self) -> None:
        """Let every wait be over."""
        async with self.context.uow.begin(self.actor) as tx:
            await tx.session.execute(
                update(AlertDelivery)
                .where(AlertDelivery.state == "pending")
                .values(due_at=tx.now, lease_until=None)
            )

    async def deliveries(self) -> list[AlertDelivery]:
        async with self.context.uow.begin(self.actor) as tx:
            return list(await tx.session.scalars(select(AlertDelivery).order_by(AlertDelivery.id)))

    async def attempts(self) -> list[DeliveryAttempt]:
        async with self.context.uow.begin(self.actor) as tx:
            made = await tx.session.scalars(select(DeliveryAttempt).order_by(DeliveryAttempt.id))
            return list(made)

    async def waits(self) -> list[float]:
        """Seconds until the next attempts, of which some have passed already."""
        async with self.context.uow.begin(self.actor) as tx:
            seconds = func.extract("epoch", AlertDelivery.due_at - func.now())
            return [float(each) for each in await tx.session.scalars(select(seconds))]


def courier_of(context: Context, mailer: Mailer | None = None) -> Courier:
    return Courier(
        uow=context.uow,
        http=GuardedHttp(EgressGuard(allow=LOOPBACK)),
        keys=context.secrets,
        mailer=mailer,
        public_url="http://sindico.test",
    )


@pytest.fixture
async def post(fleet_context: Context) -> Post:
    return Post(fleet_context, await tenant_factory(fleet_context.uow)())


@asynccontextmanager
async def with_mail(post: Post) -> AsyncIterator[tuple[Post, Mailbox]]:
    """The same with a mail server of the product's own."""
    mailbox = Mailbox()
    async with serving(mailbox) as port:
        url = Secret(f"smtp://127.0.0.1:{port}?from=no-reply@sindico.test")
        yield replace(post, mailer=Mailer(MailRoute.parse(url))), mailbox
