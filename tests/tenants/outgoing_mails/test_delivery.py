"""Carrying mails to servers: in batches, by the class of every reply, by the next server."""

import asyncio
import time
from types import SimpleNamespace
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP, Envelope
from sqlalchemy import update

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.companies import service as companies
from sindico_tenants.companies.schemas import CompanyIn
from sindico_tenants.outgoing_mails.delivery import courier
from sindico_tenants.outgoing_mails.delivery.pacer import Pacer
from sindico_tenants.outgoing_mails.models import MailState, OutgoingMail
from sindico_tenants.smtp_settings import queries as smtp
from sindico_tenants.smtp_settings.models import SmtpSettings
from tests.support.jobs import run_jobs
from tests.support.mail_server import Mailbox, saying, serving
from tests.support.outgoing_mails import code_of, configure, let_time_pass, mail, queue, states


async def settings(context: Context, tenant: Tenant) -> list[SmtpSettings]:
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        return await smtp.list_candidates(tx, company_id=None, branch_id=None)


async def test_a_mail_arrives_as_text_and_html_in_the_readers_language(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port, sender_name="CRM da Ação")
    ours = await queue(
        nearby, tenant.tenant_id, to="joao@cliente.com.br", path="/console/documents/1"
    )
    await queue(nearby, tenant.tenant_id, to="ana@cliente.com.br", locale="en")

    await run_jobs(nearby, tenant.tenant_id)

    sent = await mail(nearby, tenant.tenant_id, ours)
    first, second = mailbox.mails
    assert first["Subject"] == "Um arquivo aguarda o seu servidor: Contrato de Itajaí.pdf"
    assert str(first["From"]) == "CRM da Ação <crm@cliente.com.br>"
    assert first["Message-ID"] == f"<{sent.message_id}>"
    assert first["Auto-Submitted"] == "auto-generated"
    text, page = (first.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert page is not None
    assert "Seu servidor não buscou Contrato de Itajaí.pdf em 24 horas." in text.get_content()
    assert f'href="{nearby.settings.public_url}/console/documents/1"' in page.get_content()
    told = second.get_body(("plain",))
    assert told is not None
    assert "Your server has not fetched" in told.get_content()
    assert sent.reply is not None
    assert "queued as" in sent.reply
    assert sent.server == f"localhost:{port}"


async def test_one_connection_takes_many_mails(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    for number in range(60):
        await queue(nearby, tenant.tenant_id, to=f"ana{number}@cliente.com.br")

    await run_jobs(nearby, tenant.tenant_id)

    assert await states(nearby, tenant.tenant_id) == {MailState.SENT: 60}
    assert mailbox.connections == 1
    assert [sent.rcpt_tos[0] for sent in mailbox.envelopes] == [
        f"ana{number}@cliente.com.br" for number in range(60)
    ]
    (row,) = await settings(nearby, tenant)
    assert row.used_at is not None


async def test_connections_at_once_are_as_many_as_configured(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    busy = most = 0

    async def count(_server: SMTP, _envelope: Envelope) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.02)
        busy -= 1

    mailbox.before_data = count
    await configure(nearby, tenant.tenant_id, port, connections=3)
    for _ in range(120):
        await queue(nearby, tenant.tenant_id)

    await run_jobs(nearby, tenant.tenant_id)

    assert await states(nearby, tenant.tenant_id) == {MailState.SENT: 120}
    assert (mailbox.connections, most) == (3, 3)


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("RCPT", "450 4.2.0 Greylisted"),
        ("DATA", "452 4.2.2 Over quota for now"),
        ("MAIL", "451 4.3.0 Try later"),
    ],
)
async def test_what_may_pass_is_tried_again_later(
    nearby: Context,
    tenant: Tenant,
    mailbox: Mailbox,
    port: int,
    *,
    command: str,
    reply: str,
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    mailbox.replies[command] = reply
    mail_id = await queue(nearby, tenant.tenant_id)
    await run_jobs(nearby, tenant.tenant_id)

    waiting = await mail(nearby, tenant.tenant_id, mail_id)
    assert (waiting.state, waiting.attempts) == (MailState.QUEUED, 1)
    assert waiting.reply is not None
    assert reply[4:] in waiting.reply
    mailbox.replies.clear()
    await let_time_pass(nearby, tenant.tenant_id, seconds=30)
    assert mailbox.envelopes == []
    await let_time_pass(nearby, tenant.tenant_id, seconds=31)
    sent = await mail(nearby, tenant.tenant_id, mail_id)
    assert (sent.state, sent.attempts, sent.last_error) == (MailState.SENT, 2, None)


async def test_a_mail_that_is_always_put_off_is_given_up(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    mailbox.replies["RCPT"] = "450 4.2.0 Greylisted"
    mail_id = await queue(nearby, tenant.tenant_id)
    await run_jobs(nearby, tenant.tenant_id)
    for _ in range(9):
        await let_time_pass(nearby, tenant.tenant_id, hours=4, seconds=1)

    failed = await mail(nearby, tenant.tenant_id, mail_id)
    assert (failed.state, failed.attempts) == (MailState.FAILED, 10)
    assert code_of(failed.last_error) == "mail-greylisted"


async def test_what_is_refused_for_good_fails_at_once(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    mailbox.replies["ana@cliente.com.br"] = "550 5.1.1 No such user"
    bad = await queue(nearby, tenant.tenant_id)
    good = await queue(nearby, tenant.tenant_id, to="rui@cliente.com.br")

    await run_jobs(nearby, tenant.tenant_id)

    failed = await mail(nearby, tenant.tenant_id, bad)
    assert (failed.state, failed.attempts) == (MailState.FAILED, 1)
    assert failed.reply == "550 5.1.1 No such user"
    assert code_of(failed.last_error) == "mail-recipient-refused"
    assert (await mail(nearby, tenant.tenant_id, good)).state == MailState.SENT
    assert mailbox.connections == 1


async def test_a_server_that_does_not_answer_rests(
    nearby: Context, tenant: Tenant, mailbox: Mailbox
) -> None:
    await configure(nearby, tenant.tenant_id, 1, is_main=True)
    mail_id = await queue(nearby, tenant.tenant_id)
    await run_jobs(nearby, tenant.tenant_id)

    waiting = await mail(nearby, tenant.tenant_id, mail_id)
    (row,) = await settings(nearby, tenant)
    assert (waiting.state, waiting.attempts) == (MailState.QUEUED, 0)
    assert code_of(waiting.last_error) == "connection-refused"
    assert code_of(row.send_error) == "connection-refused"
    assert row.rests_until is not None
    for failures in (2, 3):
        await let_time_pass(nearby, tenant.tenant_id, minutes=4)
        (row,) = await settings(nearby, tenant)
        assert row.send_failures == failures
    async with serving(mailbox) as port:
        await change_port(nearby, tenant, row.id, port)
        await let_time_pass(nearby, tenant.tenant_id, minutes=4)

    (row,) = await settings(nearby, tenant)
    assert (row.send_failures, row.rests_until, row.send_error) == (0, None, None)
    assert (await mail(nearby, tenant.tenant_id, mail_id)).state == MailState.SENT


async def test_while_a_server_rests_the_main_server_sends(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    company_id = await make_company(nearby, tenant)
    await configure(nearby, tenant.tenant_id, 1, company_id=company_id)
    await configure(nearby, tenant.tenant_id, port, is_main=True)
    first = await queue(nearby, tenant.tenant_id, company_id=company_id)
    await run_jobs(nearby, tenant.tenant_id)
    second = await queue(nearby, tenant.tenant_id, company_id=company_id)
    await run_jobs(nearby, tenant.tenant_id)

    for mail_id in (first, second):
        sent = await mail(nearby, tenant.tenant_id, mail_id)
        assert (sent.state, sent.attempts) == (MailState.SENT, 1)
        assert sent.server == f"localhost:{port}"
    assert len(mailbox.envelopes) == 2


async def test_a_sign_in_that_is_refused_is_repeated_rarely(
    nearby: Context, tenant: Tenant, mailbox: Mailbox
) -> None:
    async with serving(mailbox, auth_required=True, auth_require_tls=False) as port:
        await configure(nearby, tenant.tenant_id, port)
        mail_id = await queue(nearby, tenant.tenant_id)
        await run_jobs(nearby, tenant.tenant_id)

    (row,) = await settings(nearby, tenant)
    waiting = await mail(nearby, tenant.tenant_id, mail_id)
    assert waiting.state == MailState.FAILED
    assert code_of(waiting.last_error) == "mail-auth-demanded"
    assert row.send_failures == 0


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("MAIL", "553 5.7.1 Sender address rejected: not owned by user"),
        ("RCPT", "554 5.7.1 Relay access denied"),
    ],
)
async def test_what_a_server_refuses_for_its_own_reasons_the_next_may_take(
    nearby: Context,
    tenant: Tenant,
    mailbox: Mailbox,
    port: int,
    *,
    command: str,
    reply: str,
) -> None:
    company_id = await make_company(nearby, tenant)
    async with saying({command: reply}) as strict:
        own = await configure(nearby, tenant.tenant_id, strict, company_id=company_id)
        main = await configure(nearby, tenant.tenant_id, port, is_main=True)
        mail_id = await queue(nearby, tenant.tenant_id, company_id=company_id)
        await run_jobs(nearby, tenant.tenant_id)

        sent = await mail(nearby, tenant.tenant_id, mail_id)
        assert (sent.state, sent.attempts, sent.settings_id) == (MailState.SENT, 2, main)
        mailbox.replies[command] = reply
        refused = await queue(nearby, tenant.tenant_id, company_id=company_id)
        await run_jobs(nearby, tenant.tenant_id)

    failed = await mail(nearby, tenant.tenant_id, refused)
    assert (failed.state, failed.attempts) == (MailState.FAILED, 2)
    assert failed.reply == reply
    assert own != main


async def test_a_server_may_close_after_every_few_mails(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    async def close_every_seventh(server: SMTP, _envelope: Envelope) -> None:
        if len(mailbox.envelopes) % 7 == 6:
            assert server.transport is not None
            asyncio.get_running_loop().call_soon(server.transport.close)

    mailbox.before_data = close_every_seventh
    await configure(nearby, tenant.tenant_id, port)
    for _ in range(20):
        await queue(nearby, tenant.tenant_id)
    await run_jobs(nearby, tenant.tenant_id)

    assert await states(nearby, tenant.tenant_id) == {MailState.SENT: 20}
    assert mailbox.connections >= 3


async def test_a_server_that_hangs_up_on_every_mail_rests(nearby: Context, tenant: Tenant) -> None:
    async with saying({"MAIL": ""}) as port:
        await configure(nearby, tenant.tenant_id, port)
        for _ in range(10):
            await queue(nearby, tenant.tenant_id)
        await run_jobs(nearby, tenant.tenant_id)

    (row,) = await settings(nearby, tenant)
    assert code_of(row.send_error) == "mail-disconnected"
    assert await states(nearby, tenant.tenant_id) == {MailState.QUEUED: 10}


async def test_a_server_that_says_421_gets_the_mail_again_at_once(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    async def refuse_once(_server: SMTP, _envelope: Envelope) -> None:
        mailbox.replies["DATA"] = "421 4.3.2 Too many messages on this connection"
        mailbox.before_data = accept

    async def accept(_server: SMTP, _envelope: Envelope) -> None:
        mailbox.replies.clear()

    mailbox.before_data = refuse_once
    await configure(nearby, tenant.tenant_id, port)
    mail_id = await queue(nearby, tenant.tenant_id)
    await run_jobs(nearby, tenant.tenant_id)

    sent = await mail(nearby, tenant.tenant_id, mail_id)
    assert (sent.state, sent.attempts) == (MailState.SENT, 2)
    assert mailbox.connections == 2


async def test_mails_per_minute_are_kept(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port, connections=4, mails_per_minute=600)
    for _ in range(12):
        await queue(nearby, tenant.tenant_id)
    begun = time.monotonic()
    await run_jobs(nearby, tenant.tenant_id)

    assert time.monotonic() - begun >= 1.1
    assert len(mailbox.envelopes) == 12


async def test_a_turn_that_is_far_off_is_not_waited_for(
    nearby: Context,
    tenant: Tenant,
    mailbox: Mailbox,
    port: int,
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns: list[bool] = []
    take_turn = Pacer.turn

    async def noted(pacer: Pacer) -> bool:
        turns.append(await take_turn(pacer))
        return turns[-1]

    monkeypatch.setattr(Pacer, "turn", noted)
    await configure(nearby, tenant.tenant_id, port, mails_per_minute=1)
    for _ in range(3):
        await queue(nearby, tenant.tenant_id)
    await run_jobs(nearby, tenant.tenant_id)
    assert turns == [True, False]
    assert len(mailbox.envelopes) == 1

    await let_time_pass(nearby, tenant.tenant_id, seconds=5)
    assert len(mailbox.envelopes) == 1
    await let_time_pass(nearby, tenant.tenant_id, seconds=56)

    assert len(mailbox.envelopes) == 2
    (row,) = await settings(nearby, tenant)
    assert row.send_failures == 0


async def test_a_long_run_gives_its_place_to_others(
    nearby: Context,
    tenant: Tenant,
    mailbox: Mailbox,
    port: int,
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr(courier, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(courier, "RUN_SECONDS", 1.0)
    await configure(nearby, tenant.tenant_id, port)

    async def dawdle(_server: SMTP, _envelope: Envelope) -> None:
        nonlocal now
        now += 0.25

    mailbox.before_data = dawdle
    for _ in range(10):
        await queue(nearby, tenant.tenant_id)
    drained = await run_jobs(nearby, tenant.tenant_id)

    assert drained.states == ["pending", "pending", "succeeded"]
    assert await states(nearby, tenant.tenant_id) == {MailState.SENT: 10}
    assert len(mailbox.envelopes) == 10


async def test_what_no_server_took_for_two_days_is_given_up(
    nearby: Context, tenant: Tenant
) -> None:
    await configure(nearby, tenant.tenant_id, 1)
    mail_id = await queue(nearby, tenant.tenant_id)
    await run_jobs(nearby, tenant.tenant_id)
    await let_time_pass(nearby, tenant.tenant_id, hours=47)
    assert (await mail(nearby, tenant.tenant_id, mail_id)).state == MailState.QUEUED
    await let_time_pass(nearby, tenant.tenant_id, hours=2)

    failed = await mail(nearby, tenant.tenant_id, mail_id)
    assert (failed.state, code_of(failed.last_error)) == (MailState.FAILED, "connection-refused")


async def test_a_mail_of_another_release_fails_alone(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    odd, good = await queue(nearby, tenant.tenant_id), await queue(nearby, tenant.tenant_id)
    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await tx.session.execute(
            update(OutgoingMail).where(OutgoingMail.id == odd).values(template="gone")
        )
    await run_jobs(nearby, tenant.tenant_id)

    failed = await mail(nearby, tenant.tenant_id, odd)
    assert (failed.state, code_of(failed.last_error)) == (MailState.FAILED, "mail-template-broken")
    assert (await mail(nearby, tenant.tenant_id, good)).state == MailState.SENT
    assert len(mailbox.envelopes) == 1


async def make_company(context: Context, tenant: Tenant) -> UUID:
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        return (await companies.create_company(tx, data=CompanyIn(name="Itajaí"))).id


async def change_port(context: Context, tenant: Tenant, settings_id: UUID, port: int) -> None:
    """Somebody mended it: the server listens now."""
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        row = await smtp.get_settings(tx, settings_id)
        row.port = port
