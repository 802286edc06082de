"""Accounts placed by hand in a real browser, with the reason in their history."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_tenants.portfolios.service import create_category, create_portfolio
from tests.browser.conftest import OpenAs
from tests.browser.screens import see_every_look
from tests.support.classification import classify_accounts
from tests.support.identity import MakeTenant
from tests.tenants.abc_curve.conftest import Clientele

pytestmark = pytest.mark.browser
NAMES = ("Padaria Aurora Ltda", "Mercado Boa Vista", "Casa das Tintas", "Distribuidora Ipê")


async def test_an_account_is_placed_with_a_reason_that_its_history_keeps(
    uow: UnitOfWork, make_tenant: MakeTenant, open_as: OpenAs, pictures: Path
) -> None:
    tenant = await make_tenant()
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        clientele = Clientele(tx)
        await clientele.add(*NAMES)
        await clientele.buy(NAMES[0], 125_000_00)
        await create_category(tx, name="Contas-chave")
        await create_portfolio(tx, name="Grandes redes do interior")
        await classify_accounts(tx)

    async with open_as(
        tenant, "admin", path=f"/console/accounts/{clientele.ids[NAMES[0]]}"
    ) as page:
        await page.get_by_label("Categoria").select_option("Contas-chave")
        await page.get_by_label("Motivo").fill("Contrato de três anos assinado com a matriz")
        await page.locator("#placement").get_by_role("button", name="Salvar").press("Enter")
        await expect(page.get_by_text("Categoria e carteira salvas.")).to_be_visible()
        await expect(page.get_by_text("Contrato de três anos")).to_be_visible()
        await see_every_look(page, pictures, "placement")


async def test_marked_accounts_are_placed_together_by_keyboard(
    uow: UnitOfWork, make_tenant: MakeTenant, open_as: OpenAs, pictures: Path
) -> None:
    tenant = await make_tenant()
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        clientele = Clientele(tx)
        await clientele.add(*NAMES)
        await create_portfolio(tx, name="Grandes redes do interior")
        await classify_accounts(tx)

    async with open_as(tenant, "admin", path="/console/accounts") as page:
        await page.get_by_label(f"Marcar {NAMES[0]}").press("Space")
        await page.get_by_label("Marcar todas desta página").press("Space")
        await see_every_look(page, pictures, "placing-list")
        await page.get_by_role("button", name="Atribuir às marcadas").press("Enter")
        await expect(page.get_by_role("button", name="Atribuir a 4 contas")).to_be_visible()
        await see_every_look(page, pictures, "placing")
        await page.get_by_label("Carteira").select_option("Grandes redes do interior")
        await page.get_by_label("Motivo").fill("Nova divisão por região")
        await page.get_by_role("button", name="Atribuir a 4 contas").press("Enter")
        await expect(page.get_by_text("4 contas foram alteradas.")).to_be_visible()
