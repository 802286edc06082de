"""Tenant management in a real browser: a customer is added, its CRM deployed before one's eyes."""

import re
import secrets
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from sindico_api.context import Context
from tests.browser.conftest import OpenAs
from tests.browser.screens import NARROW, Look, see_every_look
from tests.provisioning import factories
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs

pytestmark = pytest.mark.browser
INVITATION = re.compile(r"/console/invitation\?token=")
LONG_NAME = "Companhia Brasileira de Distribuição de Materiais Elétricos e Hidráulicos do Vale S.A."


async def fill_form(page: Page, *, domain: str) -> None:
    await page.get_by_label("Um novo").check()
    await page.get_by_label("Domínio").fill(domain)
    await page.get_by_label("CNPJ").fill("12.ABC.345/01DE-35")
    await page.get_by_label("Nome do tenant").fill("Distribuidora Ipê")
    await page.get_by_label("Freemium", exact=False).first.check()
    await page.get_by_label("ERP", exact=False).first.select_option("mega")
    await page.get_by_label("Nome *", exact=True).fill("Ana Souza")
    await page.get_by_label("E-mail").fill("ana@ipe.example")
    await page.get_by_label("Login").fill("ana")


async def test_an_operator_adds_a_customer_and_watches_its_deployment(
    make_tenant: MakeTenant, open_as: OpenAs, context: Context, pictures: Path
) -> None:
    domain = f"{secrets.token_hex(5)}.example"
    master = await make_tenant(master=True)
    async with open_as(master, "operator", path="/console/tenants") as page:
        await page.get_by_role("link", name="Adicionar").first.click()
        await page.get_by_role("button", name="Salvar").click()
        await expect(page.get_by_role("alert").get_by_text("campos precisam")).to_be_visible()
        await fill_form(page, domain=domain)
        await see_every_look(page, pictures, "new-tenant-refused")

        await page.get_by_role("button", name="Salvar").click()

        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "Implantação de Distribuidora Ipê"
        )
        await expect(page.locator(".run-step")).to_have_count(8)
        await see_every_look(page, pictures, "run-waiting")
        await run_jobs(context, UUID(page.url.split("/")[5]))
        await expect(page.get_by_text("O CRM está pronto")).to_be_visible()
        await expect(page.locator(".run-step.tone-good")).to_have_count(8)
        await see_every_look(page, pictures, "run-succeeded")

        await page.get_by_role("button", name="Gerar o link do convite").click()
        await expect(page.get_by_label("Link")).to_have_value(INVITATION)
        await see_every_look(page, pictures, "run-invitation")


async def test_the_list_of_tenants_is_sound_for_every_reader(
    make_tenant: MakeTenant, open_as: OpenAs, context: Context, pictures: Path
) -> None:
    await factories.make_tenant(context.uow, name=f"{LONG_NAME} em liquidação")
    await factories.make_tenant(context.uow, name="Agropecuária Boa Vista")
    master = await make_tenant(master=True)
    async with open_as(master, "operator", path="/console/tenants") as page:
        await see_every_look(page, pictures, "tenants")
        await page.get_by_role("searchbox").fill("vale s.a. em liquidação")
        await expect(page.locator("#tenants tbody tr")).to_have_count(1)
        await page.get_by_label("Situação do CRM").select_option("failed")
        await expect(page.get_by_text("Nada corresponde aos filtros")).to_be_visible()
        await see_every_look(page, pictures, "tenants-nothing-found")


async def test_a_chosen_tenant_fills_in_its_name(
    make_tenant: MakeTenant, open_as: OpenAs, context: Context, pictures: Path
) -> None:
    tenant = await factories.make_tenant(
        context.uow, name="Metalúrgica Aurora", contracted_package="starter"
    )
    master = await make_tenant(master=True)
    async with open_as(master, "operator", path="/console/tenants/new") as page:
        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Add a tenant")
        await page.get_by_label("Tenant of the platform").select_option(str(tenant.id))

        await expect(page.get_by_label("Name of the tenant")).to_have_value("Metalúrgica Aurora")
        await expect(page.get_by_role("radio", name="Starter")).to_be_checked()
        await see_every_look(page, pictures, "new-tenant-chosen")


async def test_a_list_is_sorted_and_filtered_by_keyboard(
    make_tenant: MakeTenant, open_as: OpenAs, context: Context
) -> None:
    tenant = await factories.make_tenant(context.uow)
    master = await make_tenant(master=True)
    async with open_as(master, "operator", path="/console/tenants") as page:
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("#content")).to_be_focused()

        sorter = page.get_by_role("link", name="Nome")
        await sorter.press("Enter")
        await expect(page).to_have_url(re.compile(r"sort=-name$"))
        await expect(page.get_by_role("columnheader", name="Nome")).to_have_attribute(
            "aria-sort", "descending"
        )
        await expect(sorter).to_be_focused()

        await page.get_by_role("searchbox").press_sequentially(tenant.domain)
        await expect(page).to_have_url(re.compile(rf"\?q={tenant.domain}&sort=-name$"))
        await expect(page.locator("#tenants tbody tr")).to_have_count(1)
        await expect(page.get_by_role("searchbox")).to_be_focused()


async def test_on_a_narrow_screen_the_tab_one_is_on_is_in_sight(
    make_tenant: MakeTenant, open_as: OpenAs, context: Context
) -> None:
    tenant = await factories.make_tenant(context.uow)
    master, path = await make_tenant(master=True), f"/console/tenants/{tenant.id}/audit"
    async with open_as(master, "operator", path=path, look=Look(width=NARROW)) as page:
        await expect(page.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=0.9)
