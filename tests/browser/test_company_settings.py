"""Configure Company/Branch in a real browser."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from sindico_api.context import Context
from tests.browser.conftest import OpenAs
from tests.browser.test_records import see_every_look
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.identity import MakeTenant

__all__ = ["erp_kind"]

pytestmark = pytest.mark.browser

SCREEN = "/console/company-settings"


@pytest.fixture
async def customer(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    customer = await make_site(context, await make_tenant(), erp_kind)
    customer.erp.put("empresa_propria", "1")
    customer.erp.put("filial", "1-1", "1-2", cod_empresa="1")
    await customer.load()
    return customer


async def test_the_menu_leads_to_the_tabs(customer: Site, open_as: OpenAs, pictures: Path) -> None:
    async with open_as(customer.tenant, "admin", "crm-director") as page:
        menu = page.get_by_role("navigation", name="Menu principal")
        await menu.get_by_role("link", name="Configurar Empresa/Filial").click()
        await expect(page.get_by_role("heading", level=1, name="Empresa Filial")).to_be_visible()
        await expect(page.locator(".tabs a").first).to_have_text("Empresa")
        await see_every_look(page, pictures, "settings-companies")
        await page.locator(".tabs a", has_text="Empresa Filial").click()
        await expect(page.locator("#branches")).to_be_visible()
        await see_every_look(page, pictures, "settings-branches")


@pytest.mark.parametrize("name", ["companies", "branches"])
async def test_one_is_read(customer: Site, open_as: OpenAs, pictures: Path, name: str) -> None:
    async with open_as(customer.tenant, "admin", "crm-director", path=f"{SCREEN}/{name}") as page:
        await page.locator(f"#{name} tbody a").first.click()
        await expect(page.get_by_text("Última alteração")).to_be_visible()
        await see_every_look(page, pictures, f"settings-{name}-one")
