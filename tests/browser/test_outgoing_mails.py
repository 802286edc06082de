"""The log of mails in a real browser: what waits, was sent, failed, and is sent again."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from litestar import Litestar
from playwright.async_api import expect

from sindico_api.context import Context
from sindico_platform.tenancy.models import Tenant
from tests.browser.conftest import OpenAs
from tests.browser.screens import see_every_look
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs
from tests.support.mail_server import Mailbox, serving
from tests.support.outgoing_mails import configure, queue

pytestmark = pytest.mark.browser
PATH = "/console/outgoing-mails"


@pytest.fixture
def nearby(served_nearby: Litestar) -> Context:
    context: Context = served_nearby.state.context
    return context


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def port(mailbox: Mailbox) -> AsyncIterator[int]:
    async with serving(mailbox) as opened:
        yield opened


async def test_mails_are_seen_and_sent_again(
    tenant: Tenant,
    open_nearby: OpenAs,
    nearby: Context,
    pictures: Path,
    *,
    mailbox: Mailbox,
    port: int,
) -> None:
    async with open_nearby(tenant, "crm-director", path=PATH) as page:
        await expect(page.get_by_text("Ainda não há e-mails")).to_be_visible()
        await see_every_look(page, pictures, "mails-none")
        await queue(nearby, tenant.tenant_id, to="cedo@cliente.com.br")
        await configure(nearby, tenant.tenant_id, port)
        await queue(nearby, tenant.tenant_id)
        mailbox.replies["fulano@cliente.com.br"] = "550 5.1.1 <fulano@cliente.com.br> unknown"
        mailbox.replies["cheia@cliente.com.br"] = "452 4.2.2 Mailbox full"
        for name in ("fulano", "cheia"):
            await queue(nearby, tenant.tenant_id, to=f"{name}@cliente.com.br")
        await page.reload()
        waiting = page.locator("#mail-counts a", has_text="Aguardando").locator(".stat-value")
        await expect(waiting).to_have_text("3")
        await run_jobs(nearby, tenant.tenant_id)
        rows = page.locator("#outgoing-mails tbody tr")
        await expect(rows.get_by_text("Enviado", exact=True)).to_be_visible()
        await expect(waiting).to_have_text("1")
        await expect(page.locator("#outgoing-mails")).to_have_count(1)
        await expect(rows).to_have_count(4)
        await see_every_look(page, pictures, "mails-list")

        await (
            page.locator("#outgoing-mails tbody tr", has_text="fulano").get_by_role("link").click()
        )
        await expect(page.get_by_text("mail-recipient-refused")).to_be_visible()
        await see_every_look(page, pictures, "mails-failed")
        mailbox.replies.clear()
        await page.get_by_role("button", name="Enviar de novo").click()
        await expect(page.get_by_text("O e-mail espera para ser enviado de novo.")).to_be_visible()
        await run_jobs(nearby, tenant.tenant_id)
        sent = page.locator("#content").get_by_text("Enviado", exact=True)
        await expect(sent).to_be_visible()
        await expect(page.get_by_role("button", name="Enviar de novo")).to_have_count(0)

        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_text("What the server said")).to_be_visible()
        await see_every_look(page, pictures, "mails-sent-en")
        await page.goto(f"{page.url.rsplit('/', 1)[0]}?state=skipped")
        await page.get_by_role("button", name="Send all of these again").click()
        await expect(page.get_by_text("1 e-mail waits to be sent.")).to_be_visible()
