"""The components in a real browser: sound for every reader, at every width, and alive."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.screens import (
    LOOKS,
    NARROW,
    Look,
    assert_accessible,
    assert_fits,
    look_at,
    open_screen,
    shoot,
)

pytestmark = pytest.mark.browser
PAGES = (
    "components",
    "home",
    "tenants",
    "tenant",
    "form",
    "sign-in",
    "forgotten",
    "password",
    "forbidden",
    "broken",
    "nowhere",
)


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_sound_for_every_reader(
    chromium: Browser, gallery: str, pictures: Path, name: str
) -> None:
    async with open_screen(chromium, f"{gallery}/{name}") as page:
        for look in LOOKS:
            await look_at(page, look)
            await shoot(page, pictures, f"{name}-{look}")

            await assert_fits(page)
            await assert_accessible(page)


async def test_a_page_is_sound_in_english(chromium: Browser, gallery: str, pictures: Path) -> None:
    async with open_screen(chromium, f"{gallery}/home", Look(language="en-GB")) as page:
        await shoot(page, pictures, "home-english")

        await expect(page.locator("html")).to_have_attribute("lang", "en")
        await assert_accessible(page)


async def test_the_theme_follows_the_device_until_the_reader_chooses(
    chromium: Browser, gallery: str
) -> None:
    async with open_screen(chromium, f"{gallery}/home", Look(dark=True)) as page:
        root = page.locator("html")
        await expect(root).to_have_attribute("data-bs-theme", "dark")

        await page.get_by_role("button", name="Alternar entre claro e escuro").click()
        await page.reload()

        await expect(root).to_have_attribute("data-bs-theme", "light")


async def test_the_language_is_one_click_away_and_stays(chromium: Browser, gallery: str) -> None:
    async with open_screen(chromium, f"{gallery}/sign-in") as page:
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("html")).to_have_attribute("lang", "en")

        await page.goto(f"{gallery}/home")

        await expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Marina")


async def test_the_first_tab_stop_skips_to_the_content(chromium: Browser, gallery: str) -> None:
    async with open_screen(chromium, f"{gallery}/home") as page:
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Pular para o conteúdo")).to_be_focused()

        await page.keyboard.press("Enter")

        await expect(page.locator("#content")).to_be_focused()


async def test_the_menu_opens_and_closes_on_a_narrow_screen(
    chromium: Browser, gallery: str, pictures: Path
) -> None:
    async with open_screen(chromium, f"{gallery}/home", Look(width=NARROW)) as page:
        link = page.get_by_role("navigation").get_by_role("link", name="Gestão dos Tenants")
        await expect(link).not_to_be_visible()

        await page.get_by_role("button", name="Abrir o menu").click()
        await expect(link).to_be_visible()
        await shoot(page, pictures, "menu-open")
        await assert_accessible(page)
        await page.keyboard.press("Escape")

        await expect(link).not_to_be_visible()


async def test_the_menu_stays_while_a_long_page_scrolls(chromium: Browser, gallery: str) -> None:
    async with open_screen(chromium, f"{gallery}/components") as page:
        await page.keyboard.press("End")

        await expect(page.locator(".skeleton")).to_be_in_viewport()
        await expect(page.get_by_role("link", name="Gestão dos Tenants")).to_be_in_viewport()


async def test_searching_changes_the_list_and_the_address_without_a_new_page(
    chromium: Browser, gallery: str
) -> None:
    async with open_screen(chromium, f"{gallery}/tenants") as page:
        await page.evaluate("window.stayed = true")
        await page.get_by_role("searchbox").press_sequentially("serra")

        await expect(page.locator("#tenants tbody tr")).to_have_count(1)
        await expect(page.get_by_role("searchbox")).to_be_focused()
        await expect(page).to_have_url(f"{gallery}/tenants?q=serra")
        assert await page.evaluate("window.stayed")


async def test_a_list_without_a_match_offers_the_way_back(chromium: Browser, gallery: str) -> None:
    async with open_screen(chromium, f"{gallery}/tenants?q=nobody") as page:
        await expect(page.get_by_text("Nada corresponde aos filtros")).to_be_visible()
        await assert_accessible(page)

        await page.get_by_role("link", name="Limpar os filtros").click()

        await expect(page.locator("#tenants tbody tr")).to_have_count(5)


async def test_a_header_sorts_both_ways(chromium: Browser, gallery: str) -> None:
    async with open_screen(chromium, f"{gallery}/tenants") as page:
        header = page.locator("th").filter(has_text="Nome")
        await expect(header).to_have_attribute("aria-sort", "ascending")

        await header.get_by_role("link").click()

        await expect(header).to_have_attribute("aria-sort", "descending")
        await expect(page.locator("#tenants tbody tr").first).to_contain_text("Agropecuária")


async def test_a_refused_form_keeps_what_was_typed_and_leads_to_the_errors(
    chromium: Browser, gallery: str, pictures: Path
) -> None:
    async with open_screen(chromium, f"{gallery}/form") as page:
        await page.get_by_label("E-mail do administrador").fill("ana@ipe.example")
        await page.get_by_role("button", name="Salvar").click()

        await expect(page.locator(".form-errors")).to_be_focused()
        await expect(page.get_by_label("Nome")).to_have_attribute("aria-invalid", "true")
        await expect(page.get_by_label("E-mail do administrador")).to_have_value("ana@ipe.example")
        await shoot(page, pictures, "form-refused")
        await assert_accessible(page)


async def test_errors_that_are_scrolled_to_do_not_hide_behind_the_top_bar(
    chromium: Browser, gallery: str
) -> None:
    async with open_screen(chromium, f"{gallery}/form") as page:
        await page.set_viewport_size({"width": 1280, "height": 300})
        await page.get_by_role("button", name="Salvar").click()

        await expect(page.locator(".form-errors")).to_be_focused()
        bar = await page.locator(".topbar").bounding_box()
        errors = await page.locator(".form-errors").bounding_box()
        assert bar is not None
        assert errors is not None
        assert bar["y"] + bar["height"] <= errors["y"] < 300


async def test_a_saved_form_leads_to_the_list_with_a_toast(
    chromium: Browser, gallery: str, pictures: Path
) -> None:
    async with open_screen(chromium, f"{gallery}/form") as page:
        await page.get_by_label("Nome").fill("Ipê")
        await page.get_by_role("button", name="Salvar").click()

        await expect(page).to_have_url(f"{gallery}/tenants")
        await expect(page.get_by_role("status").get_by_text("Tenant salvo.")).to_be_visible()
        await shoot(page, pictures, "toast")


async def test_a_dangerous_command_needs_the_name_typed(
    chromium: Browser, gallery: str, pictures: Path
) -> None:
    async with open_screen(chromium, f"{gallery}/tenant") as page:
        await page.get_by_role("button", name="Encerrar").click()
        dialog = page.get_by_role("dialog", name="Encerrar o tenant?")
        confirm = dialog.get_by_role("button", name="Encerrar")
        await expect(confirm).to_be_disabled()
        await expect(dialog.get_by_role("button", name="Cancelar")).to_be_visible()
        await shoot(page, pictures, "dialog")
        await assert_accessible(page)

        await dialog.get_by_role("textbox").fill("serradomar.example")
        await confirm.click()

        await expect(dialog).not_to_be_visible()
        await expect(page.locator("#problems")).to_contain_text(
            "Isto exige a permissão tenants:edit."
        )


async def test_a_dialog_closes_by_escape_and_gives_the_focus_back(
    chromium: Browser, gallery: str
) -> None:
    async with open_screen(chromium, f"{gallery}/tenant") as page:
        opener = page.get_by_role("button", name="Suspender")
        await opener.click()
        await expect(page.get_by_role("dialog")).to_be_visible()

        await page.keyboard.press("Escape")

        await expect(opener).to_be_focused()


async def test_steps_move_by_themselves_until_all_are_done(chromium: Browser, gallery: str) -> None:
    async with open_screen(chromium, f"{gallery}/live") as page:
        done = page.locator(".run-step.tone-good")

        await expect(done).to_have_count(8)
        await expect(page.get_by_role("progressbar")).to_have_attribute("value", "100.0")


async def test_a_secret_shown_once_is_copied_with_one_click(
    chromium: Browser, gallery: str
) -> None:
    async with open_screen(chromium, f"{gallery}/components") as page:
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.locator("[data-copy=copy-once-2]").click()

        await expect(page.get_by_role("status").get_by_text("Copiado")).to_be_visible()
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert copied == "0f3a9c.k7Qm2.Zr8w-T1u5VxYb4N6pLq0s"


async def test_a_password_is_shown_while_asked_for(chromium: Browser, gallery: str) -> None:
    async with open_screen(chromium, f"{gallery}/sign-in") as page:
        await page.get_by_role("button", name="Mostrar a senha").click()

        await expect(page.get_by_label("Senha", exact=False).first).to_have_attribute(
            "type", "text"
        )


async def test_a_page_prints_without_its_frame(chromium: Browser, gallery: str) -> None:
    async with open_screen(chromium, f"{gallery}/tenants") as page:
        await page.emulate_media(media="print")

        await expect(page.locator(".sidebar")).not_to_be_visible()
        await expect(page.locator("#tenants table")).to_be_visible()
