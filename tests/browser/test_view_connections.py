"""The screens of View integrations in a real browser, against a database that runs."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenAs
from tests.browser.screens import see_every_look
from tests.provisioning.connectors.view.conftest import (
    certificates,
    erp_postgres,
    postgres,
    tls_door,
)
from tests.provisioning.connectors.view.databases import RunningDatabase
from tests.support.identity import MakeTenant

__all__ = ["certificates", "erp_postgres", "postgres", "tls_door"]

pytestmark = pytest.mark.browser

SCREEN = "/console/view-connections"


async def fill_in(page: Page, running: RunningDatabase, password: str = "uma-senha") -> None:
    await page.get_by_label("Nome da integração").fill("ERP da matriz")
    await page.locator("#field-host").fill("localhost")
    await page.locator("#field-port").fill(str(running.server.port))
    await page.locator("#field-database").fill("erp")
    await page.locator("#field-username").fill("leitura")
    await page.get_by_label("Senha", exact=True).fill(password)
    await page.get_by_text("Nenhuma", exact=True).first.click()


async def test_a_database_is_tested_saved_and_its_view_mapped(
    make_tenant: MakeTenant, open_as: OpenAs, postgres: RunningDatabase, pictures: Path
) -> None:
    await postgres.add(("C1", "Metalúrgica Itajaí", "2026-11-20 08:00:00"))
    await postgres.execute("INSERT INTO clientes VALUES ('C2', NULL, 123, 'X', NULL)")
    async with open_as(await make_tenant(), "admin", path=SCREEN) as page:
        await see_every_look(page, pictures, "views-empty")
        await page.locator("#view-connections").get_by_role("link").click()
        await fill_in(page, postgres, password="errada")
        report = page.locator("#view-report")
        await page.get_by_role("button", name="Testar conexão").click()
        await expect(report.get_by_text("não aceitou o usuário leitura")).to_be_visible()
        await see_every_look(page, pictures, "views-refused")
        await page.get_by_label("Senha", exact=True).fill("uma-senha")
        await page.get_by_role("button", name="Testar conexão").click()
        await expect(report.get_by_text("O banco de dados pode ser lido.")).to_be_visible()
        await page.get_by_role("button", name="Salvar").click()
        await expect(page.get_by_text("Agora mapeie as views")).to_be_visible()
        await expect(report.get_by_text("O banco de dados pode ser lido.")).to_be_visible()
        await see_every_look(page, pictures, "views-connection")

        await page.get_by_role("link", name="Clientes: pessoas jurídicas", exact=True).click()
        await expect(page.get_by_text("v_clientes")).to_be_visible()
        await see_every_look(page, pictures, "views-choose")
        await page.get_by_role("link", name="v_clientes").click()
        await page.get_by_label("Código no ERP").select_option("codigo")
        await page.get_by_label("Razão social").select_option("nome")
        await page.get_by_label("CNPJ").select_option("documento")
        await page.get_by_label("Marca d").select_option("alterado")
        await page.get_by_role("button", name="Ver as primeiras linhas").click()
        await expect(page.locator("#preview").get_by_text("Seria rejeitada")).to_be_visible()
        await see_every_look(page, pictures, "views-preview")
        await page.get_by_role("button", name="Salvar").click()
        await expect(
            page.get_by_text("Mapeamento de Clientes: pessoas jurídicas salvo.")
        ).to_be_visible()
        await expect(page.get_by_role("row", name="v_clientes")).to_contain_text("O que mudou")
        await page.get_by_role("link", name="Todos os bancos de dados").click()
        await expect(page.get_by_role("row", name="ERP da matriz")).to_contain_text("Concluída")
        await see_every_look(page, pictures, "views-list")

        await page.get_by_role("link", name="ERP da matriz").click()
        await page.get_by_role("button", name="Remover a integração").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_text("Permanecem: as execuções")).to_be_visible()
        await see_every_look(page, pictures, "views-remove")
        await dialog.get_by_label("Para confirmar").fill("ERP da matriz")
        await dialog.get_by_role("button", name="Remover", exact=True).click()
        await expect(page.get_by_text("Integração removida; o que foi")).to_be_visible()
        await expect(page.get_by_text("Ainda não há banco de dados")).to_be_visible()
