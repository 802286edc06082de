"""Queueing, repeating and cancelling mails."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from jinja2 import UndefinedError
from sqlalchemy import select

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.jobs.models import Job
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.companies import service as companies
from sindico_tenants.companies.schemas import BranchIn, CompanyIn
from sindico_tenants.outgoing_mails import service
from sindico_tenants.outgoing_mails.errors import MailNotWaiting, MailOnItsWay
from sindico_tenants.outgoing_mails.models import MailState
from sindico_tenants.outgoing_mails.schemas import MailTemplate
from sindico_tenants.smtp_settings import service as smtp
from tests.support.jobs import run_jobs
from tests.support.mail_server import Mailbox, saying
from tests.support.outgoing_mails import (
    FACTS,
    code_of,
    configure,
    let_time_pass,
    mail,
    queue,
    states,
)


async def make_branch(context: Context, tenant_id: UUID, name: str) -> tuple[UUID, UUID]:
    """A company and its branch."""
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        company = await companies.create_company(tx, data=CompanyIn(name=name))
        branch = await companies.create_branch(
            tx, data=BranchIn(company_id=company.id, name=f"{name} 1")
        )
        return company.id, branch.id


async def test_without_a_server_a_mail_is_skipped_and_says_so(
    nearby: Context, tenant: Tenant
) -> None:
    mail_id = await queue(nearby, tenant.tenant_id)

    skipped = await mail(nearby, tenant.tenant_id, mail_id)
    assert skipped.state == MailState.SKIPPED
    assert code_of(skipped.last_error) == "mail-no-server"
    assert skipped.finished_at is not None
    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        assert await tx.session.scalar(select(Job.id)) is None


async def test_a_skipped_mail_is_sent_once_there_is_a_server(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    mail_id = await queue(nearby, tenant.tenant_id)
    await configure(nearby, tenant.tenant_id, port, send_delay_seconds=300)

    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await service.retry_mail(tx, mail_id=mail_id)
    await run_jobs(nearby, tenant.tenant_id)

    sent = await mail(nearby, tenant.tenant_id, mail_id)
    assert (sent.state, sent.last_error) == (MailState.SENT, None)
    assert len(mailbox.envelopes) == 1


@pytest.mark.parametrize("address", ["ana", "ana@", "a@b.c\r\nBcc: x@y.z", "a@b.c, d@e.f", ""])
async def test_an_address_that_is_none_fails_at_once(
    nearby: Context, tenant: Tenant, address: str
) -> None:
    mail_id = await queue(nearby, tenant.tenant_id, to=address)

    assert (await mail(nearby, tenant.tenant_id, mail_id)).state == MailState.FAILED


async def test_a_fact_that_is_missing_is_the_callers_fault(nearby: Context, tenant: Tenant) -> None:
    facts = {name: fact for name, fact in FACTS.items() if name != "hours"}

    with pytest.raises(UndefinedError):
        await queue(nearby, tenant.tenant_id, facts=facts)


async def test_a_mail_exists_only_if_its_transaction_commits(
    nearby: Context, tenant: Tenant, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)

    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await service.queue_mail(
            tx, MailTemplate.DOCUMENT_NOT_FETCHED, to="ana@cliente.com.br", facts=FACTS
        )
        await tx.session.rollback()

    assert await states(nearby, tenant.tenant_id) == {}


async def test_the_delay_of_the_server_is_kept(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port, send_delay_seconds=300)
    mail_id = await queue(nearby, tenant.tenant_id)
    waiting = await mail(nearby, tenant.tenant_id, mail_id)

    await let_time_pass(nearby, tenant.tenant_id, seconds=200)
    assert mailbox.envelopes == []

    await let_time_pass(nearby, tenant.tenant_id, seconds=101)
    assert len(mailbox.envelopes) == 1
    assert waiting.not_before - waiting.created_at == timedelta(seconds=300)


async def test_many_mails_are_one_job(nearby: Context, tenant: Tenant, port: int) -> None:
    await configure(nearby, tenant.tenant_id, port)
    for _ in range(5):
        await queue(nearby, tenant.tenant_id)

    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        jobs = list(await tx.session.scalars(select(Job.function)))
    assert jobs == ["outgoing_mails.deliver_mails"]


async def test_many_queue_at_once(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)

    await asyncio.gather(*(queue(nearby, tenant.tenant_id) for _ in range(20)))
    await run_jobs(nearby, tenant.tenant_id)

    assert len(mailbox.envelopes) == 20


async def test_a_branch_sends_by_its_own_server(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    company_id, branch_id = await make_branch(nearby, tenant.tenant_id, "Itajaí")
    scope = {"company_id": company_id, "branch_id": branch_id}
    await configure(nearby, tenant.tenant_id, port, is_main=True)
    await configure(nearby, tenant.tenant_id, port, sender_email="filial@cliente.com.br", **scope)
    own = await queue(nearby, tenant.tenant_id, branch_id=branch_id)
    other = await queue(nearby, tenant.tenant_id)

    await run_jobs(nearby, tenant.tenant_id)

    found = await mail(nearby, tenant.tenant_id, own)
    assert (found.sender, found.company_id) == ("filial@cliente.com.br", company_id)
    assert (await mail(nearby, tenant.tenant_id, other)).sender == "crm@cliente.com.br"
    assert found.message_id.endswith("@cliente.com.br")
    assert {str(sent["Message-ID"]) for sent in mailbox.mails} >= {f"<{found.message_id}>"}


async def test_what_waits_can_be_cancelled(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    mail_id = await queue(nearby, tenant.tenant_id)

    for _ in range(2):
        async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
            await service.cancel_mail(tx, mail_id=mail_id)
    await run_jobs(nearby, tenant.tenant_id)

    assert mailbox.envelopes == []
    assert await states(nearby, tenant.tenant_id) == {MailState.CANCELLED: 1}


async def test_what_was_sent_is_neither_repeated_nor_cancelled(
    nearby: Context, tenant: Tenant, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    mail_id = await queue(nearby, tenant.tenant_id)
    await run_jobs(nearby, tenant.tenant_id)

    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        with pytest.raises(MailOnItsWay):
            await service.retry_mail(tx, mail_id=mail_id)
        with pytest.raises(MailNotWaiting):
            await service.cancel_mail(tx, mail_id=mail_id)


async def test_all_that_failed_is_repeated(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    mailbox.replies["RCPT"] = "550 5.1.1 No such user"
    for _ in range(3):
        await queue(nearby, tenant.tenant_id)
    await run_jobs(nearby, tenant.tenant_id)
    assert await states(nearby, tenant.tenant_id) == {MailState.FAILED: 3}

    mailbox.replies.clear()
    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        assert await service.retry_mails(tx, state=MailState.FAILED) == 3
        with pytest.raises(MailOnItsWay):
            await service.retry_mails(tx, state=MailState.SENT)
    await run_jobs(nearby, tenant.tenant_id)

    assert await states(nearby, tenant.tenant_id) == {MailState.SENT: 3}


async def test_a_server_that_is_removed_leaves_its_mails_to_the_next(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    async with saying() as other_port:
        main = await configure(nearby, tenant.tenant_id, other_port, is_main=True)
        mail_id = await queue(nearby, tenant.tenant_id)
        company_id, _ = await make_branch(nearby, tenant.tenant_id, "Itajaí")
        async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
            await smtp.delete_settings(tx, settings_id=main)
        await configure(nearby, tenant.tenant_id, port)
        orphan = await queue(nearby, tenant.tenant_id, company_id=company_id)
        await run_jobs(nearby, tenant.tenant_id)

    assert len(mailbox.envelopes) == 2
    assert (await mail(nearby, tenant.tenant_id, mail_id)).state == MailState.SENT
    assert (await mail(nearby, tenant.tenant_id, orphan)).state == MailState.SENT


async def test_mails_whose_last_server_is_removed_are_skipped(
    nearby: Context, tenant: Tenant, port: int
) -> None:
    only = await configure(nearby, tenant.tenant_id, port)
    mail_id = await queue(nearby, tenant.tenant_id)
    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await smtp.delete_settings(tx, settings_id=only)
    await run_jobs(nearby, tenant.tenant_id)

    skipped = await mail(nearby, tenant.tenant_id, mail_id)
    assert (skipped.state, code_of(skipped.last_error)) == (MailState.SKIPPED, "mail-no-server")
