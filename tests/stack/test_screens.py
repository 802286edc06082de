"""The console of the demonstration in a real browser: settings tried on the sandbox, and loaded."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from sindico_api.demo.record import Login
from tests.browser.conftest import chromium, pictures
from tests.browser.screens import LOOKS, assert_accessible, assert_fits, look_at, open_screen, shoot
from tests.stack.conftest import LONG_SECONDS, Demo

__all__ = ["chromium", "pictures"]
pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(300)]
PATIENCE_MS = LONG_SECONDS * 1000


async def sign_in(page: Page, login: Login) -> None:
    await page.locator("input[name=login]").fill(login.login)
    await page.locator("input[name=password]").fill(login.password)
    await page.get_by_role("button", name="Entrar").click()
    await expect(page.get_by_role("link", name="Início")).to_be_visible()


async def test_the_connection_is_tried_on_screen_and_everything_is_loaded(
    demo: Demo, chromium: Browser, pictures: Path
) -> None:
    service = f"{demo.stack.url}/console/service-properties/crm/integration_mega"
    async with open_screen(chromium, service) as page:
        await sign_in(page, demo.record.tenant("freemium").admin)
        await page.goto(service)
        await page.get_by_role("button", name="Testar conexão").click()

        await expect(page.get_by_text("A conexão funciona")).to_be_visible(timeout=PATIENCE_MS)
        await expect(page.locator(".run-step.tone-good")).to_have_count(5)
        for look in LOOKS:
            await look_at(page, look)
            await shoot(page, pictures, f"connection-works-{look}")
            await assert_fits(page)
            await assert_accessible(page)

        await page.goto(f"{demo.stack.url}/console/loads/new")
        await page.get_by_text("Somente algumas tabelas").click()
        await page.get_by_label("empresa_propria").check()
        await page.get_by_label("filial").check()
        await page.get_by_role("button", name="Iniciar a carga").click()
        await expect(page).to_have_url(re.compile(r"/console/loads/[0-9a-f-]{36}$"))
        await expect(page.locator("#load-progress, .load-summary").first).to_be_visible()
        await expect(page.get_by_role("status").filter(has_text="Concluída, 100%")).to_have_count(
            1, timeout=PATIENCE_MS
        )
