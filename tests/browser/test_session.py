"""Coming in and going out, in a real browser against the real application."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import OpenAs
from tests.browser.screens import LOOKS, assert_accessible, assert_fits, look_at, open_screen, shoot
from tests.support.identity import MakeTenant, MakeUser

pytestmark = pytest.mark.browser
PASSWORD = "cavalo grampo bateria correto"


async def test_a_person_signs_in_works_and_signs_out(
    chromium: Browser, site: str, make_tenant: MakeTenant, make_user: MakeUser, pictures: Path
) -> None:
    tenant = await make_tenant()
    user = await make_user(tenant, "crm-director", password=PASSWORD)
    async with open_screen(chromium, f"{site}/") as page:
        await page.get_by_label("Login").fill(f"{user.login}@{tenant.domain}")
        await page.get_by_label("Senha", exact=False).first.fill("not this one")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Login ou senha incorretos")).to_be_visible()
        await shoot(page, pictures, "sign-in-refused")
        await assert_accessible(page)

        await page.get_by_label("Senha", exact=False).first.fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(f"{site}/console")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Olá, Pessoa")

        await page.get_by_role("button", name="Pessoa de Teste").click()
        await page.get_by_role("button", name="Sair").click()
        await expect(page).to_have_url(f"{site}/console/sign-in")
        await expect(page.get_by_role("status").get_by_text("Você saiu.")).to_be_visible()


@pytest.mark.parametrize("path", ["/console", "/console/profile"])
async def test_ones_own_pages_are_sound_for_every_reader(
    make_tenant: MakeTenant, open_as: OpenAs, pictures: Path, path: str
) -> None:
    async with open_as(await make_tenant(), "admin", path=path) as page:
        for look in LOOKS:
            await look_at(page, look)
            await shoot(page, pictures, f"own{path.replace('/', '-')}-{look}")

            await assert_fits(page)
            await assert_accessible(page)
