"""The banner of an open incident in a real browser, on whatever page one is."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from sindico_api.context import Context
from sindico_provisioning.freshness.incidents.service import watch_integration
from sindico_provisioning.freshness.models import Freshness
from sindico_provisioning.freshness.schemas import FreshnessIn
from sindico_provisioning.freshness.service import save_freshness
from tests.api.console.test_incident_pages import add_ended
from tests.browser.conftest import OpenAs
from tests.browser.screens import LOOKS, Look, assert_accessible, assert_fits, look_at, shoot
from tests.provisioning.loads.conftest import Site, make_site
from tests.provisioning.loads.runs import add_run
from tests.support.identity import MakeTenant

pytestmark = pytest.mark.browser


async def make_late(site: Site) -> None:
    async with site.context.uow.begin(site.actor) as tx:
        data = FreshnessIn(max_hours=24)
        row = await save_freshness(tx, integration_id=site.integration_id, data=data)
        row.counts_from = tx.now - timedelta(days=9)
    async with site.context.uow.begin(site.actor) as tx:
        await watch_integration(tx, integration_id=site.integration_id)
        kept = await tx.session.get_one(Freshness, (tx.tenant_id, site.integration_id))
        assert kept.is_explicit


async def see_every_look(page: Page, pictures: Path, name: str) -> None:
    for look in LOOKS:
        await look_at(page, look)
        await expect(page.locator(".incident-banner")).to_be_visible()
        await shoot(page, pictures, f"{name}-{look}")
        await assert_fits(page)
        await assert_accessible(page)


async def test_an_open_incident_stands_on_every_page_until_the_next_success(
    open_as: OpenAs, make_tenant: MakeTenant, context: Context, pictures: Path
) -> None:
    site = await make_site(context, await make_tenant(), "mega")
    await add_run(site, hours_ago=40)
    await make_late(site)

    async with open_as(site.tenant, "admin", path="/console") as page:
        banner = page.locator(".incident-banner")
        await expect(banner).to_contain_text("sem sucesso desde")
        await see_every_look(page, pictures, "incident-banner")
        await banner.get_by_role("link", name="Ver o incidente").click()
        await expect(page.get_by_role("heading", name="Silenciar")).to_be_visible()
        await see_every_look(page, pictures, "incident")
        await page.get_by_label("Motivo").fill("Atualização do ERP no fim de semana")
        await page.get_by_role("button", name="Silenciar").click()
        await expect(page.get_by_text("Silenciado por")).to_be_visible()
        await expect(banner).to_have_count(0)
        await shoot(page, pictures, "incident-snoozed")
        await assert_accessible(page)
        await page.get_by_role("button", name="Voltar a avisar").click()
        await expect(page.get_by_text("O aviso está prestes a sair")).to_be_visible()
        async with site.context.uow.begin(site.actor) as tx:
            await watch_integration(tx, integration_id=site.integration_id)
            await add_ended(tx, site.integration_id, 3)
        await page.get_by_role("navigation", name="Caminho").get_by_role("link").last.click()
        await expect(page.get_by_role("row")).to_have_count(5)
        await look_at(page, Look())
        await page.get_by_role("link", name="Aberto em").click()
        await expect(page).to_have_url(re.compile("sort="))
        await expect(page.get_by_role("row")).to_have_count(5)
        await see_every_look(page, pictures, "incidents")
        await add_run(site)
        async with site.context.uow.begin(site.actor) as tx:
            await watch_integration(tx, integration_id=site.integration_id)
        await page.reload()
        await expect(page.locator("#bell")).to_contain_text("3")
        await expect(banner).to_have_count(0)
