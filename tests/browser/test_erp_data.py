"""The panel ERP data in a real browser: facts, settings, runs, and the history as a file."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from sindico_api.console import erp_history
from sindico_api.context import Context
from sindico_api.i18n import LANGUAGE_COOKIE
from tests.api.console.test_erp_data import add_runs
from tests.browser.conftest import OpenAs
from tests.browser.screens import see_every_look, shoot
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs
from tests.support.ledger import keep, push

__all__ = ["erp_kind"]
pytestmark = pytest.mark.browser
PANEL, HISTORY = "/console/erp-data", "/console/erp-data/history"


@pytest.fixture
async def site_of_erp(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    return await make_site(context, await make_tenant(), erp_kind)


async def test_the_panel_tells_how_the_integration_goes_and_takes_its_settings(
    site_of_erp: Site, open_as: OpenAs, pictures: Path
) -> None:
    async with open_as(site_of_erp.tenant, "admin", path=PANEL) as page:
        await expect(page.get_by_text("Não agendada")).to_be_visible()
        await expect(page.get_by_text("0 B", exact=True)).to_be_visible()
        await see_every_look(page, pictures, "erp-data-new")
        await page.get_by_role("button", name="Executar agora").click()
        await expect(
            page.get_by_text("Executando").or_(page.get_by_text("Pendente")).first
        ).to_be_visible()
        await run_jobs(site_of_erp.context, site_of_erp.tenant.tenant_id)
        await expect(page.locator("#runs").get_by_text("Sucesso")).to_be_visible()
        await expect(page.get_by_role("button", name="Executar agora")).to_be_visible()
        await expect(page.locator("#last-success")).not_to_have_text("–")
        async with site_of_erp.context.uow.begin(site_of_erp.actor) as tx:
            await add_runs(tx, site_of_erp.integration_id, 24)

        await page.get_by_label("Agendamento", exact=True).select_option("daily")
        await page.get_by_label("Horários").fill("25:00")
        await page.get_by_role("button", name="Salvar").click()
        await expect(page.locator(".field-error")).to_be_visible()
        await page.get_by_label("Horários").fill("00:00, 12:30")
        await page.get_by_label("Versão do ERP").fill("4.2")
        await page.get_by_label("Regra de negócio da integração").fill("Só clientes com pedido.")
        await page.get_by_role("button", name="Salvar").click()
        await expect(page.get_by_text("As configurações foram salvas.")).to_be_visible()
        await expect(page.locator(".run-chart rect").first).to_be_attached()
        await see_every_look(page, pictures, "erp-data")

        await page.get_by_role("button", name="Pausar o agendamento").click()
        await page.get_by_label("Por quê?").fill("Atualização do ERP")
        await shoot(page, pictures, "erp-data-pause")
        await page.get_by_role("dialog").get_by_role("button", name="Pausar").click()
        await expect(page.get_by_text("O agendamento está pausado")).to_be_visible()
        await page.get_by_text("Glossário").click()
        await see_every_look(page, pictures, "erp-data-paused")
        async with page.expect_download() as download:
            await page.locator("#runs").get_by_role("link", name="Download").first.click()
        assert (await download.value).suggested_filename.endswith(".txt")


async def test_a_run_is_followed_from_a_later_page_of_the_runs(
    site_of_erp: Site, open_as: OpenAs, pictures: Path
) -> None:
    async with site_of_erp.context.uow.begin(site_of_erp.actor) as tx:
        await add_runs(tx, site_of_erp.integration_id, 32)
    async with open_as(site_of_erp.tenant, "admin", path=PANEL) as page:
        bars, command = page.locator("#run-chart rect[x]"), page.locator("#run-commands button")
        await page.get_by_role("button", name="Executar agora").click()
        await expect(page.locator("#runs").get_by_text("Pendente")).to_be_visible()
        await expect(bars).to_have_count(29)
        await page.get_by_role("link", name="Próxima página").click()
        await expect(page.get_by_role("link", name="Primeira página")).to_be_visible()
        async with page.expect_response(lambda answer: "after=" in answer.url):
            pass  # it has come anew by itself, on this page
        await expect(bars).to_have_count(29)
        await shoot(page, pictures, "erp-data-later-page")
        await run_jobs(site_of_erp.context, site_of_erp.tenant.tenant_id)
        await expect(command.filter(has_text="Executar agora")).to_be_visible()
        await expect(bars).to_have_count(30)
        await expect(page.get_by_role("link", name="Primeira página")).to_be_visible()


async def test_the_history_is_chosen_by_keyboard_and_downloaded(
    site_of_erp: Site, open_as: OpenAs, pictures: Path
) -> None:
    rows: list[Any] = [{"id_erp": "1", "nome": "Ana"}]
    record = push("vendedor", rows, "c", started_at=datetime.now(UTC))
    await keep(site_of_erp.context.uow, site_of_erp.tenant.tenant_id, record)
    async with open_as(site_of_erp.tenant, "admin", path=HISTORY) as page:
        await see_every_look(page, pictures, "history")
        everything = page.get_by_label("Selecionar todas as tabelas")
        await everything.focus()
        await page.keyboard.press("Space")
        await expect(page.locator("input[name=tables]:checked")).to_have_count(0)
        await page.get_by_role("button", name="Download").click()
        await expect(page.get_by_text("Escolha ao menos uma tabela.").first).to_be_visible()
        await see_every_look(page, pictures, "history-refused")
        await page.get_by_label("Vendedores", exact=True).check()
        async with page.expect_download() as download:
            await page.get_by_role("button", name="Download").click()
        file = await download.value
        assert file.suggested_filename.startswith("historico-")
        content = await asyncio.to_thread(Path(await file.path()).read_bytes)
        assert content.startswith(b"PK")


async def test_a_large_history_is_followed_until_it_can_be_downloaded(
    site_of_erp: Site, open_as: OpenAs, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erp_history, "AT_ONCE_ROWS", -1)
    async with open_as(site_of_erp.tenant, "admin", path=HISTORY) as page:
        await page.get_by_role("button", name="Download").click()
        await expect(page.get_by_text("O arquivo está sendo gerado.")).to_be_visible()
        await see_every_look(page, pictures, "history-file-waiting")
        await run_jobs(site_of_erp.context, site_of_erp.tenant.tenant_id)
        await expect(page.get_by_text("O arquivo está pronto").first).to_be_visible()
        await expect(page.get_by_role("link", name="Download")).to_be_visible()
        await see_every_look(page, pictures, "history-file-ready")
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Download").click()
        assert (await download.value).suggested_filename.startswith("historico-")
        await page.goto(page.url.split("/files/")[0])
        await expect(page.get_by_role("heading", name="Arquivos")).to_be_visible()
        await see_every_look(page, pictures, "history-files")


async def test_the_panel_reads_in_english_too(
    site_of_erp: Site, open_as: OpenAs, pictures: Path
) -> None:
    async with open_as(site_of_erp.tenant, "admin", path=PANEL) as page:
        await page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "en", "url": page.url}])
        for path, title, name in (
            (PANEL, "General information", "erp-data-en"),
            (HISTORY, "What to download", "history-en"),
        ):
            await page.goto(page.url.split("/console")[0] + path)
            await expect(page.get_by_role("heading", name=title)).to_be_visible()
            await shoot(page, pictures, name)
