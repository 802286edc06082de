"""Salespeople in a real browser: linked by suggestion and by choice."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from sindico_platform.database.uow import UnitOfWork
from tests.api.console.test_seller_pages import add_sellers
from tests.browser.conftest import OpenAs
from tests.browser.screens import assert_accessible, see_every_look, shoot
from tests.support.identity import MakeTenant, MakeUser

pytestmark = pytest.mark.browser


async def test_a_salesperson_is_linked_by_the_suggestion(
    uow: UnitOfWork,
    make_tenant: MakeTenant,
    make_user: MakeUser,
    open_as: OpenAs,
    pictures: Path,
) -> None:
    tenant = await make_tenant()
    await make_user(tenant, email="ana.paula.vendas@acme.example")
    await add_sellers(uow, tenant, "ana.paula.vendas@acme.example", None)

    async with open_as(tenant, "admin", path="/console/sellers") as page:
        suggested = page.get_by_role("button", name="Vincular a")
        await expect(suggested).to_be_visible()
        await see_every_look(page, pictures, "sellers")
        await suggested.click()
        await expect(page.get_by_text("Vinculado. A próxima carga")).to_be_visible()
        await page.get_by_role("row").last.get_by_role("link", name="Ana").click()
        await expect(page.get_by_role("heading", name="Usuário no CRM")).to_be_visible()
        await shoot(page, pictures, "seller")
        await assert_accessible(page)
