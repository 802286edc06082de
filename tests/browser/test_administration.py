"""Users, roles and API clients in a real browser."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenAs
from tests.browser.screens import see_every_look
from tests.support.identity import MakeTenant, MakeUser

pytestmark = pytest.mark.browser


async def test_an_api_client_is_made_rotated_and_revoked(
    open_as: OpenAs, make_tenant: MakeTenant, pictures: Path
) -> None:
    async with open_as(await make_tenant(), "admin", path="/console/api-clients") as page:
        await see_every_look(page, pictures, "clients-empty")
        await page.get_by_role("link", name="Adicionar cliente de API").first.click()
        await page.get_by_role("button", name="Criar").click()
        await expect(page.locator("#field-name-error")).to_be_visible()
        await page.get_by_label("Nome").fill("ERP Mega")
        await page.get_by_role("button", name="Marcar ou limpar a linha inteira: Cargas").click()
        await see_every_look(page, pictures, "clients-new")
        await page.get_by_role("button", name="Criar").click()
        await expect(page.get_by_text("As credenciais de ERP Mega")).to_be_visible()
        await see_every_look(page, pictures, "clients-secret")

        await page.get_by_role("link", name="Já copiei").click()
        await see_every_look(page, pictures, "clients-detail")
        await page.get_by_role("button", name="Novo segredo").click()
        await page.get_by_role("dialog").get_by_role("button", name="Gerar novo segredo").click()
        await expect(page.get_by_text("O novo segredo de ERP Mega")).to_be_visible()
        await page.get_by_role("link", name="Já copiei").click()
        await page.get_by_role("button", name="Revogar").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("button", name="Revogar")).to_be_disabled()
        await dialog.get_by_label("Para confirmar").fill("ERP Mega")
        await dialog.get_by_role("button", name="Revogar").click()
        await expect(page.get_by_text("ERP Mega foi revogado")).to_be_visible()
        await see_every_look(page, pictures, "clients-list")


async def test_a_user_is_invited_and_disabled(
    open_as: OpenAs, make_tenant: MakeTenant, make_user: MakeUser, pictures: Path
) -> None:
    tenant = await make_tenant()
    await make_user(tenant, "crm-director", "crm-coordinator", "crm-user")
    async with open_as(tenant, "admin", path="/console/users") as page:
        await see_every_look(page, pictures, "users-list")
        await page.get_by_role("link", name="Convidar usuário").click()
        await page.get_by_label("Nome").fill("Ana Maria de Albuquerque Cavalcanti")
        await page.get_by_label("Login").fill("ana.maria")
        await page.get_by_label("CRM Usuário").check()
        await see_every_look(page, pictures, "users-new")
        await page.get_by_role("button", name="Convidar").click()
        await expect(page.get_by_text("O convite de Ana Maria")).to_be_visible()
        await see_every_look(page, pictures, "users-link")
        await page.get_by_role("link", name="Já copiei").click()
        await see_every_look(page, pictures, "users-detail")
        await page.get_by_role("button", name="Desativar").click()
        await page.get_by_role("dialog").get_by_role("button", name="Desativar").click()

        await expect(page.get_by_text("O usuário foi desativado")).to_be_visible()
        await expect(page.get_by_role("button", name="Reativar")).to_be_visible()


async def test_a_role_is_made_and_a_locked_one_is_read(
    open_as: OpenAs, make_tenant: MakeTenant, pictures: Path
) -> None:
    async with open_as(await make_tenant(), "admin", path="/console/roles") as page:
        await see_every_look(page, pictures, "roles-list")
        await page.get_by_role("link", name="Admin", exact=True).click()
        await see_every_look(page, pictures, "roles-locked")
        await page.goto(f"{page.url.split('/roles')[0]}/roles/new")
        await page.get_by_label("Nome").fill("Leitura")
        await page.get_by_label("Contas: Visualizar").check()
        await page.get_by_role("button", name="Criar").click()

        await expect(page.get_by_text("Papel salvo.")).to_be_visible()
        await expect(page.get_by_label("Contas: Visualizar")).to_be_checked()
        await see_every_look(page, pictures, "roles-detail")
