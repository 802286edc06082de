"""The start page, records, notifications and problem codes in a real browser."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from sindico_api.context import Context
from sindico_provisioning.notifications import service as notifications
from sindico_provisioning.notifications.catalogue import CRM_READY
from tests.browser.conftest import OpenAs
from tests.browser.screens import open_screen, see_every_look
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.identity import MakeTenant

__all__ = ["erp_kind"]

pytestmark = pytest.mark.browser


@pytest.fixture
async def customer(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    customer = await make_site(context, await make_tenant(), erp_kind)
    customer.erp.put("empresa_propria", "1")
    customer.erp.put("filial", "1-1", "1-2", cod_empresa="1")
    customer.erp.put("empresa", *map(str, range(60)))
    customer.erp.put(
        "empresa",
        "longa",
        razao_social="Aços, Parafusos e Ferragens Industriais do Vale do Itajaí e Região Ltda.",
    )
    customer.erp.put("contato", *map(str, range(5)))
    await customer.load()
    async with context.uow.begin(customer.actor) as tx:
        await notifications.notify(tx, CRM_READY, path="/console/loads", package="Freemium")
    return customer


async def test_the_start_page_leads_to_records_and_notifications(
    customer: Site, open_as: OpenAs, pictures: Path
) -> None:
    async with open_as(customer.tenant, "admin", "crm-director") as page:
        await expect(page.get_by_role("link", name="1 notificação não lida")).to_be_visible()
        await see_every_look(page, pictures, "home-customer")
        await page.get_by_role("link", name="1 notificação não lida").click()
        await see_every_look(page, pictures, "notifications")
        await page.get_by_role("button", name="Abrir", exact=True).click()
        await expect(page.get_by_role("heading", level=1, name="Cargas")).to_be_visible()


@pytest.mark.parametrize("name", ["accounts", "contacts"])
async def test_records_are_listed_and_read(
    customer: Site, open_as: OpenAs, pictures: Path, name: str
) -> None:
    path = f"/console/{name}"
    async with open_as(customer.tenant, "admin", "crm-director", path=path) as page:
        await see_every_look(page, pictures, f"records-{name}")
        await page.locator(f"#{name} tbody a").first.click()
        await expect(page.get_by_text("Última alteração")).to_be_visible()
        await see_every_look(page, pictures, f"record-{name}")


async def test_accounts_are_searched_and_paged(customer: Site, open_as: OpenAs) -> None:
    path = "/console/accounts"
    async with open_as(customer.tenant, "admin", "crm-director", path=path) as page:
        await page.get_by_role("link", name="Próxima página").click()
        await expect(page.get_by_role("link", name="Primeira página")).to_be_visible()
        await page.get_by_role("searchbox").fill("parafusos")
        await expect(page.locator("#accounts tbody tr")).to_have_count(1)


async def test_the_start_page_of_an_operator(
    open_as: OpenAs, make_tenant: MakeTenant, pictures: Path
) -> None:
    async with open_as(await make_tenant(master=True), "admin", "operator") as page:
        await expect(page.get_by_text("Implantações em andamento")).to_be_visible()
        await see_every_look(page, pictures, "home-operator")


async def test_a_problem_code_is_explained(chromium: Browser, site: str, pictures: Path) -> None:
    async with open_screen(chromium, f"{site}/problems/load-already-running") as page:
        await see_every_look(page, pictures, "problem")
