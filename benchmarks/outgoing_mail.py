"""A thousand queued mails to a local server, beside aiosmtplib in a bare loop.

Ours takes mails from the queue, writes them from their templates, and records what the server said
of each. The loop composes the same texts with the standard library and hands them over with
``send_message``, as aiosmtplib's documentation does. The server is Postfix, which writes every mail
to disk before it answers. Without a bar, to see what the queue costs: beside a loop that has every
mail ready as bytes, to Postfix and to ``smtp-sink``, which takes and forgets.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import aiosmtplib
from sqlalchemy import func, insert, select
from tests.support.servers.certificates import Certificates
from tests.support.servers.postfix import Postfix, run_postfix
from uuid_utils.compat import uuid4, uuid7

from benchmarks.figures import Figure, tell
from benchmarks.stack import Stack, add_tenant
from sindico_api.context import Context, open_context
from sindico_api.worker import job_services
from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Actor
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.jobs.runner import run_job
from sindico_platform.mail import MailContent
from sindico_platform.mail_transport import build_envelope, parse_address
from sindico_tenants.mail_templates.service import render_mail
from sindico_tenants.outgoing_mails import service
from sindico_tenants.outgoing_mails.models import MailState, OutgoingMail
from sindico_tenants.outgoing_mails.schemas import MailTemplate
from sindico_tenants.server_settings.schemas import AllowedHost
from sindico_tenants.smtp_settings import service as smtp
from sindico_tenants.smtp_settings.schemas import SmtpSettingsIn

MAILS, CONNECTIONS, ROUNDS = 1_000, 4, 3
SENDER, RECIPIENT, HOST = "crm@cliente.com.br", "avisos@empresa.example", "127.0.0.1"
SENT_AT = datetime(2026, 11, 22, tzinfo=UTC)
OUTGOING = table_of(OutgoingMail)


async def measure(stack: Stack) -> list[Figure]:
    """Mails per second, both ways in turns."""
    async with running_context(stack) as context:
        tenant_id = await make_tenant(context)
        with running_postfix() as postfix:
            settings_id = await configure(context, tenant_id, postfix.plain)
            real = await compare(context, tenant_id, postfix.plain, "to Postfix", postfix)
            await remove(context, tenant_id, settings_id)
        async with running_sink() as port:
            await configure(context, tenant_id, port)
            forgetful = await compare(context, tenant_id, port, "to a server that forgets")
    return [replace(real[0], at_least=0.7), real[1], forgetful[1]]


async def compare(
    context: Context, tenant_id: UUID, port: int, name: str, postfix: Postfix | None = None
) -> list[Figure]:
    """The ways in turns, each begun when the server has nothing left to do."""
    rates: dict[str, list[float]] = {"ours": [], "composing": [], "bytes": []}
    for _ in range(ROUNDS):
        for way, taken in rates.items():
            if way == "ours":
                took = await send_queued(context, tenant_id)
            else:
                took = await send_bare(port, composing=way == "composing")
            taken.append(MAILS / took)
            await settle(postfix, mails=sum(map(len, rates.values())) * MAILS)
    ours, composing, ready = (median(taken) for taken in rates.values())
    tell(f"{name}: ours {ours:.0f}/s, composing {composing:.0f}/s, bytes {ready:.0f}/s")
    shared: dict[str, Any] = {
        "name": f"1,000 queued mails {name}",
        "value": ours,
        "unit": "mails/s",
    }
    return [
        Figure(**shared, yardstick="aiosmtplib in a loop", yardstick_value=composing),
        Figure(**shared, yardstick="the loop with bytes ready", yardstick_value=ready),
    ]


async def settle(postfix: Postfix | None, *, mails: int) -> None:
    """Wait until Postfix has delivered what it took."""
    if postfix is None:
        return
    inbox = postfix.mail / "inbox" / "new"
    async with asyncio.timeout(120):
        while len(list(inbox.glob("*"))) < mails:
            await asyncio.sleep(0.2)


@contextmanager
def running_postfix() -> Iterator[Postfix]:
    """Postfix as the tests run it; its door without encryption and login."""
    with TemporaryDirectory(prefix="sindico-bench-mail-", ignore_cleanup_errors=True) as folder:
        certificates = Path(folder) / "certificates"
        certificates.mkdir()
        certificate = Certificates(certificates).right()
        with run_postfix(Path(folder) / "postfix", certificate) as postfix:
            yield postfix


@asynccontextmanager
async def running_sink() -> AsyncIterator[int]:
    """A mail server that takes everything, in a process of its own."""
    with socket.create_server((HOST, 0)) as found:
        port: int = found.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        "/usr/sbin/smtp-sink", "-u", "nobody", f"{HOST}:{port}", "100"
    )
    try:
        await answering(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def answering(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _reader, writer = await asyncio.open_connection(HOST, port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


@asynccontextmanager
async def running_context(stack: Stack) -> AsyncIterator[Context]:
    settings = replace(stack.settings, egress_allow=LOOPBACK)
    async with open_context(settings, process="benchmark") as context:
        yield context


async def make_tenant(context: Context) -> UUID:
    tenant_id: UUID = uuid7()
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        await add_tenant(tx)
    return tenant_id


async def configure(context: Context, tenant_id: UUID, port: int) -> UUID:
    """The tenant's mails go to this server."""
    data = SmtpSettingsIn(host=HOST, port=port, sender_email=SENDER, connections=CONNECTIONS)
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        host = AllowedHost(HOST, port)
        row = await smtp.create_settings(tx, context.secrets, data=data, host=host)
        return row.id


async def remove(context: Context, tenant_id: UUID, settings_id: UUID) -> None:
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        await smtp.delete_settings(tx, settings_id=settings_id)


def facts_of(number: int) -> dict[str, Any]:
    return {"name": f"Contrato {number} da Metalúrgica Itajaí.pdf", "hours": "24"}


async def send_queued(context: Context, tenant_id: UUID) -> float:
    """Queue the mails, then time the job that carries them."""
    await fill_queue(context, tenant_id)
    job_id = await find_job(context, tenant_id)
    begun = time.perf_counter()
    await run_job(job_services(context), tenant_id=tenant_id, job_id=job_id, worker_id=uuid4())
    took = time.perf_counter() - begun
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        unsent = select(func.count()).where(OUTGOING.c.state != MailState.SENT)
        if await tx.session.scalar(unsent):
            raise RuntimeError("not every mail was sent")
    return took


async def fill_queue(context: Context, tenant_id: UUID) -> None:
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        first = await service.queue_mail(
            tx, MailTemplate.DOCUMENT_NOT_FETCHED, to=RECIPIENT, facts=facts_of(0)
        )
        like = {column.name: getattr(first, column.name) for column in OUTGOING.columns}
        rows = [like | own_values(tx.new_id(), number) for number in range(1, MAILS)]
        await tx.session.execute(insert(OUTGOING), rows)


def own_values(mail_id: UUID, number: int) -> dict[str, Any]:
    return {
        "id": mail_id,
        "message_id": f"{mail_id.hex}@cliente.com.br",
        "facts": facts_of(number),
    }


async def find_job(context: Context, tenant_id: UUID) -> UUID:
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        found: UUID | None = await tx.session.scalar(
            select(Job.id).where(Job.tenant_id == tenant_id, Job.state == JobState.PENDING)
        )
    if found is None:
        raise RuntimeError("nobody comes for the mails")
    return found


async def send_bare(port: int, *, composing: bool) -> float:
    """The same mails over as many connections."""
    contents = iter([content_of(number) for number in range(MAILS)])
    ready = contents if composing else iter([as_bytes(content) for content in contents])
    begun = time.perf_counter()
    await asyncio.gather(*(send_through_one(port, ready) for _ in range(CONNECTIONS)))
    return time.perf_counter() - begun


async def send_through_one(port: int, waiting: Iterator[MailContent | bytes]) -> None:
    async with aiosmtplib.SMTP(hostname=HOST, port=port, start_tls=False) as server:
        for mail in waiting:
            if isinstance(mail, bytes):
                await server.sendmail(SENDER, [RECIPIENT], mail)
            else:
                await server.send_message(compose(mail))


def content_of(number: int) -> MailContent:
    return render_mail(
        MailTemplate.DOCUMENT_NOT_FETCHED,
        locale="pt-BR",
        signature="Benchmark",
        **facts_of(number),
    )


def compose(content: MailContent) -> EmailMessage:
    email = EmailMessage()
    email["From"], email["To"], email["Subject"] = SENDER, RECIPIENT, content.subject
    email.set_content(content.text)
    email.add_alternative(content.html, subtype="html")
    return email


def as_bytes(content: MailContent) -> bytes:
    envelope = build_envelope(
        content,
        sender=parse_address(SENDER),
        sender_name="Benchmark",
        recipient=parse_address(RECIPIENT),
        message_id="0@cliente.com.br",
        sent_at=SENT_AT,
    )
    return envelope.content
