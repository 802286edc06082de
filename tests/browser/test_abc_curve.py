"""The ABC curve in a real browser: charts, lists, an account's class, settings tried out."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.tenancy.models import Tenant
from tests.browser.conftest import OpenAs
from tests.browser.screens import Look, look_at, see_every_look, shoot
from tests.support.classification import classify_accounts
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs
from tests.support.rows import make_seller
from tests.tenants.abc_curve.conftest import Clientele

pytestmark = pytest.mark.browser

SCREEN = "/console/abc-curve"
NAMES = ("Aços e Ferragens do Vale do Itajaí", "Mercado Bela Vista", "Casa do Parafuso", "Duda")


@pytest.fixture
async def tenant(context: Context, make_tenant: MakeTenant) -> Tenant:
    """Sixty accounts, two salespeople, and a first and a second drawing that differ."""
    tenant = await make_tenant()
    actor = Actor.system(tenant.tenant_id)
    async with context.uow.begin(actor) as tx:
        clientele, seller = Clientele(tx), await make_seller(tx)
        await clientele.add(*NAMES, seller_id=seller, erp_portfolio="Sul", erp_category="Indústria")
        await clientele.add(*(f"Cliente {place:02}" for place in range(40)), erp_portfolio="Norte")
        await clientele.add(*(f"Sem compras {place:02}" for place in range(16)))
        for place, name in enumerate(clientele.ids):
            if not name.startswith("Sem"):
                await clientele.buy(name, 90_000_000 // (place + 1) ** 2, days_ago=place + 1)
        await clientele.buy(None, 123_456)
        await classify_accounts(tx)
    async with context.uow.begin(actor) as tx:
        later = Clientele(tx, clientele.ids)
        await later.buy("Cliente 20", 70_000_000)
        await later.buy("Mercado Bela Vista", -22_000_000, is_return=True)
        await classify_accounts(tx)
    await run_jobs(context, tenant.tenant_id)
    return tenant


async def test_the_curve_is_seen_in_charts(tenant: Tenant, open_as: OpenAs, pictures: Path) -> None:
    async with open_as(tenant, "admin", "crm-director") as page:
        menu = page.get_by_role("navigation", name="Menu principal")
        await menu.get_by_role("link", name="Curva ABC").click()
        await expect(page.get_by_role("img", name="Curva de Pareto")).to_be_visible()
        await see_every_look(page, pictures, "abc-dashboard")
        await page.get_by_text("Os mesmos números").first.click()
        await expect(
            page.get_by_role("columnheader", name="Parcela da receita").first
        ).to_be_visible()
        await shoot(page, pictures, "abc-numbers")
        await page.get_by_role("link", name="Sul", exact=True).click()
        await expect(page.get_by_text("Só as contas de Sul.")).to_be_visible()
        await page.goto(page.url.split("?")[0] + "/accounts")
        await see_every_look(page, pictures, "abc-accounts")
        await page.locator("select[name=class]").select_option("C")
        await expect(page.get_by_text("Aços e Ferragens")).to_have_count(0)
        await page.get_by_role("link", name="Mudanças de classe").click()
        await expect(page.get_by_role("link", name="Cliente 20")).to_be_visible()
        await see_every_look(page, pictures, "abc-changes")
        await page.get_by_role("link", name="Cliente 20").click()
        await expect(page.get_by_role("heading", name="Classificação", exact=True)).to_be_visible()
        await see_every_look(page, pictures, "abc-account")


async def test_settings_are_tried_out_before_they_are_saved(
    tenant: Tenant, open_as: OpenAs, pictures: Path, context: Context
) -> None:
    path = f"{SCREEN}/settings"
    async with open_as(tenant, "admin", "crm-director", path=path) as page:
        await page.get_by_label("A classe A faz").fill("50")
        await page.get_by_role("button", name="Simular").click()
        await expect(page.locator(".form-errors")).to_be_visible()
        await see_every_look(page, pictures, "abc-settings-refused")
        await page.reload()
        await page.get_by_label("A classe A faz").fill("50")
        await page.get_by_label("A classe C faz").fill("35")
        await page.get_by_role("button", name="Simular").click()
        await expect(page.get_by_role("heading", name="Quem mudaria de classe")).to_be_visible()
        await see_every_look(page, pictures, "abc-simulation")
        told = page.locator("#simulation .card-note")
        year = await told.inner_text()
        await page.get_by_label("Período").fill("6")
        await page.get_by_role("button", name="Simular").click()
        await expect(told).not_to_have_text(year)
        await page.get_by_role("button", name="Salvar e calcular").click()
        await expect(page.get_by_text("50 / 15 / 35 · 6 meses")).to_be_visible()
        await run_jobs(context, tenant.tenant_id)
        await page.get_by_role("button", name="Desfazer esta curva").click()
        await expect(page.get_by_role("heading", name="Se esta curva for desfeita")).to_be_visible()
        await see_every_look(page, pictures, "abc-giving-up")
        await look_at(page, Look(language="en"))
        await page.get_by_role("button", name="English").click()
        await page.get_by_role("button", name="Give this curve up").click()
        await expect(page.get_by_role("heading", name="If this curve is given up")).to_be_visible()
        await shoot(page, pictures, "abc-giving-up-english")
        await page.get_by_role("button", name="Give up and draw").click()
        await expect(page.get_by_text("80 / 15 / 5")).to_be_visible()
        await run_jobs(context, tenant.tenant_id)
        await page.get_by_role("link", name="Dashboard").click()
        await expect(page.get_by_role("img", name="Pareto curve")).to_be_visible()
        await shoot(page, pictures, "abc-dashboard-english")


async def test_without_any_curve_the_page_says_how_one_comes(
    make_tenant: MakeTenant, open_as: OpenAs, pictures: Path
) -> None:
    async with open_as(await make_tenant(), "admin", "crm-director", path=SCREEN) as page:
        await expect(page.get_by_text("Nenhuma curva foi calculada ainda")).to_be_visible()
        await see_every_look(page, pictures, "abc-empty")
