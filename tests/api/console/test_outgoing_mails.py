"""The screen *E-mails enviados*."""

import re
from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient
from litestar import Litestar

from sindico_api.context import Context
from sindico_platform.tenancy.models import Tenant
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs
from tests.support.mail_server import Mailbox, serving
from tests.support.outgoing_mails import configure, queue

PATH = "/console/outgoing-mails"
FRESHENED = re.compile(r'hx-trigger="every \ds"[^>]* hx-select="([^"]+)"')


@pytest.fixture
def nearby(served_nearby: Litestar) -> Context:
    context: Context = served_nearby.state.context
    return context


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def browser(tenant: Tenant, nearby_console_as: ClientAs) -> AsyncClient:
    return await nearby_console_as(tenant, "crm-director")


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def port(mailbox: Mailbox) -> AsyncIterator[int]:
    async with serving(mailbox) as opened:
        yield opened


async def test_without_a_server_the_screen_says_that_nothing_is_sent(
    browser: AsyncClient, nearby: Context, tenant: Tenant, port: int
) -> None:
    mail_id = await queue(nearby, tenant.tenant_id)

    page = (await browser.get(PATH)).text
    assert "Nenhum e-mail é enviado" in page
    assert "Não enviado: sem servidor" in page
    assert "Enviar de novo" in (await browser.get(f"{PATH}/{mail_id}")).text

    await configure(nearby, tenant.tenant_id, port)
    assert "Nenhum e-mail é enviado" not in (await browser.get(PATH)).text


async def test_a_failure_is_told_and_repeated(
    browser: AsyncClient, nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    mailbox.replies["RCPT"] = "550 5.1.1 No such user here"
    mail_id = await queue(nearby, tenant.tenant_id)
    await run_jobs(nearby, tenant.tenant_id)

    page = (await browser.get(f"{PATH}/{mail_id}")).text
    assert "550 5.1.1 No such user here" in page
    assert "Contrato de Itajaí.pdf" in page

    mailbox.replies.clear()
    listed = await browser.get(PATH, params={"state": "failed", "period": "week"})
    assert "Enviar todos estes de novo" in listed.text
    answer = await browser.post(f"{PATH}/retry", data={"state": "failed"})
    assert answer.status_code == 303
    await run_jobs(nearby, tenant.tenant_id)
    assert len(mailbox.envelopes) == 1
    again = await browser.post(f"{PATH}/{mail_id}/retry")
    assert again.status_code == 409


async def test_the_log_and_a_mail_keep_themselves_fresh_until_it_is_sent(
    browser: AsyncClient, nearby: Context, tenant: Tenant, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    mail_id = await queue(nearby, tenant.tenant_id)

    waiting = [(await browser.get(PATH)).text, (await browser.get(f"{PATH}/{mail_id}")).text]
    await run_jobs(nearby, tenant.tenant_id)
    sent = [(await browser.get(PATH)).text, (await browser.get(f"{PATH}/{mail_id}")).text]

    for page, selected in zip(waiting, ("#outgoing-mails", "#content"), strict=True):
        assert FRESHENED.findall(page) == [selected]
        assert "</svg>Aguardando</span>" in page
    for page in sent:
        assert FRESHENED.findall(page) == []
        assert "</svg>Enviado</span>" in page


async def test_a_mail_that_leaves_in_hours_is_not_waited_for(
    browser: AsyncClient, nearby: Context, tenant: Tenant, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port, send_delay_seconds=3600)
    await queue(nearby, tenant.tenant_id)

    assert FRESHENED.findall((await browser.get(PATH)).text) == []


async def test_what_waits_is_stopped(
    browser: AsyncClient, nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port, send_delay_seconds=60)
    mail_id = await queue(nearby, tenant.tenant_id)

    assert (await browser.post(f"{PATH}/{mail_id}/cancel")).status_code == 303
    await run_jobs(nearby, tenant.tenant_id, at_once=True)

    assert mailbox.envelopes == []
    assert "Cancelado" in (await browser.get(f"{PATH}/{mail_id}")).text


async def test_whoever_may_only_look_gets_no_buttons(
    nearby_console_as: ClientAs, nearby: Context, tenant: Tenant
) -> None:
    mail_id = await queue(nearby, tenant.tenant_id)
    reader = await nearby_console_as(tenant, "outgoing_mails:view", "outgoing_mails:access")

    assert "Enviar de novo" not in (await reader.get(f"{PATH}/{mail_id}")).text
    assert (await reader.post(f"{PATH}/{mail_id}/retry")).status_code == 403
