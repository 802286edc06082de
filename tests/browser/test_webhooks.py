"""Webhooks in a real browser: added, tested stage by stage, and their messages."""

from pathlib import Path

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.alerts.models import AlertDelivery
from sindico_provisioning.alerts.service import send_alert
from tests.api.test_webhooks import give_up, try_in_vain
from tests.browser.conftest import OpenAs
from tests.browser.screens import see_every_look
from tests.support.identity import MakeTenant
from tests.support.receiver import receiving

pytestmark = pytest.mark.browser


async def attempt(tenant: Tenant, context: Context) -> None:
    """One message was tried twice in vain."""
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        delivery_id = await tx.session.scalar(select(AlertDelivery.id))
    await try_in_vain(tenant, context, str(delivery_id), 2)


async def test_a_webhook_from_its_address_to_a_message_sent_again(
    open_as: OpenAs, make_tenant: MakeTenant, context: Context, pictures: Path
) -> None:
    tenant = await make_tenant()
    async with (
        receiving() as receiver,
        open_as(tenant, "admin", path="/console/webhooks") as page,
    ):
        await expect(page.get_by_text("Nenhum webhook ainda")).to_be_visible()
        await page.get_by_role("link", name="Adicionar webhook").first.click()
        await page.get_by_label("Endereço").fill("ftp://erp.example")
        await page.get_by_role("button", name="Criar").click()
        await expect(page.locator(".field-error")).to_be_visible()
        await see_every_look(page, pictures, "webhook-new")
        await page.get_by_label("Endereço").fill(receiver.url)
        await page.get_by_label("Descrição").fill("Painel de indicadores da diretoria")
        await page.get_by_label("Integração atrasada").check()
        await page.get_by_role("button", name="Criar").click()
        await expect(page.get_by_label("Segredo", exact=True)).to_be_visible()
        await see_every_look(page, pictures, "webhook-secret")
        await page.get_by_role("link", name="Já copiei").click()
        await page.get_by_role("button", name="Enviar mensagem de teste").click()
        await expect(page.get_by_text("O receptor aceitou a mensagem assinada")).to_be_visible()
        async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
            data = {"integration": "ERP Mega XT", "max_hours": 24}
            await send_alert(tx, event="integration.stale", data=data)
        await give_up(tenant, context)
        await attempt(tenant, context)
        await page.reload()
        await see_every_look(page, pictures, "webhook")
        await page.get_by_role("link", name="Tentativas").click()
        await expect(page.get_by_text("1.234 ms").first).to_be_visible()
        await see_every_look(page, pictures, "webhook-attempts")
        await page.get_by_role("link", name="Configurações e mensagens").click()
        await page.locator("#messages").get_by_role("link", name="Integração atrasada").click()
        await expect(page.get_by_text("ERP Mega XT")).to_be_visible()
        await see_every_look(page, pictures, "webhook-message")
        await page.get_by_role("button", name="Enviar de novo").click()
        await expect(page.get_by_text("A mensagem está saindo de novo.")).to_be_visible()
        await page.goto(page.url.split("/console")[0] + "/console/webhooks")
        await expect(page.get_by_role("row")).to_have_count(2)
        await see_every_look(page, pictures, "webhooks")
