"""Mail servers configured and mails queued, as tests need them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update

from sindico_api.context import Context
from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Actor
from sindico_platform.jobs.models import Job
from sindico_tenants.outgoing_mails import service
from sindico_tenants.outgoing_mails.models import MailLane, MailState, OutgoingMail
from sindico_tenants.outgoing_mails.schemas import MailTemplate
from sindico_tenants.server_settings.schemas import AllowedHost
from sindico_tenants.smtp_settings import service as smtp
from sindico_tenants.smtp_settings.models import SmtpSettings
from sindico_tenants.smtp_settings.schemas import SmtpSettingsIn
from tests.support.jobs import run_jobs

MAILS = table_of(OutgoingMail)
FACTS = {"name": "Contrato de Itajaí.pdf", "hours": 24}


async def configure(context: Context, tenant_id: UUID, port: int, **fields: Any) -> UUID:
    """A mail server on this machine, without encryption unless `fields` say otherwise."""
    fields = {"sender_email": "crm@cliente.com.br", "connections": 1, **fields}
    data = SmtpSettingsIn(host="localhost", port=port, **fields)
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        row = await smtp.create_settings(
            tx, context.secrets, data=data, host=AllowedHost("localhost", port)
        )
        return row.id


async def queue(
    context: Context, tenant_id: UUID, to: str = "ana@cliente.com.br", **fields: Any
) -> UUID:
    """One mail."""
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        fields = {"facts": FACTS, **fields}
        mail = await service.queue_mail(tx, MailTemplate.DOCUMENT_NOT_FETCHED, to=to, **fields)
        return mail.id


async def queue_many(context: Context, tenant_id: UUID, count: int) -> None:
    """As `queue` so many times, written at once."""
    first = await queue(context, tenant_id)
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        found = await tx.session.get_one(OutgoingMail, (tenant_id, first))
        like = {column.name: getattr(found, column.name) for column in MAILS.columns}
        ids = [tx.new_id() for _ in range(count - 1)]
        rows = [like | {"id": each, "message_id": f"{each.hex}@cliente.com.br"} for each in ids]
        await tx.session.execute(insert(MAILS), rows)


async def mail(context: Context, tenant_id: UUID, mail_id: UUID) -> OutgoingMail:
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        return (
            await tx.session.scalars(select(OutgoingMail).where(OutgoingMail.id == mail_id))
        ).one()


def code_of(failure: dict[str, Any] | None) -> str | None:
    """What a failure that a row keeps is called."""
    return failure["code"] if failure else None


async def states(context: Context, tenant_id: UUID) -> dict[MailState, int]:
    """How many mails stand where."""
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        rows = await tx.session.execute(
            select(OutgoingMail.state, func.count())
            .where(OutgoingMail.tenant_id == tenant_id)
            .group_by(OutgoingMail.state)
        )
        return {MailState(row[0]): row[1] for row in rows}


async def let_time_pass(context: Context, tenant_id: UUID, **span: float) -> None:
    """Move everything that mails, servers and jobs wait for into the past, then run what is due."""
    past = timedelta(**span)
    waits: tuple[tuple[Any, ...], ...] = (
        (OutgoingMail, "not_before", "queued_at", "tried_at"),
        (SmtpSettings, "rests_until"),
        (MailLane, "due_at", "busy_until"),
        (Job, "due_at"),
    )
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        for model, *columns in waits:
            earlier = {name: getattr(model, name) - past for name in columns}
            await tx.session.execute(
                update(model)
                .where(model.tenant_id == tenant_id)
                .values(earlier)
                .execution_options(synchronize_session=False)
            )
    await run_jobs(context, tenant_id)
