"""The tab of file servers in a real browser, against servers that run."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.tenancy.models import Tenant
from tests.browser.conftest import OpenAs
from tests.browser.screens import see_every_look
from tests.support.file_servers import PASSWORD, USERNAME, RunningServer, serving_sftp
from tests.support.identity import MakeTenant
from tests.support.rows import make_branch

pytestmark = pytest.mark.browser

SCREEN = "/console/company-settings/ftp-settings"


@pytest.fixture
async def tenant(make_tenant: MakeTenant, uow: UnitOfWork) -> Tenant:
    """One with two branches."""
    made = await make_tenant()
    async with uow.begin(Actor.system(made.tenant_id)) as tx:
        for _ in range(2):
            await make_branch(tx)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    return made


async def fill_in(page: Page, running: RunningServer) -> None:
    await page.get_by_label("Endereço FTP").fill("localhost")
    await page.get_by_label("Porta FTP").fill(str(running.port))
    await page.get_by_label("Usuário", exact=True).fill(USERNAME)
    await page.get_by_label("Senha", exact=True).fill(PASSWORD)


async def test_a_server_is_tested_confirmed_saved_and_listed(
    tenant: Tenant, open_as: OpenAs, folder: Path, pictures: Path
) -> None:
    async with (
        serving_sftp(folder) as running,
        open_as(tenant, "crm-director", path=SCREEN) as page,
    ):
        await page.locator("#ftp-settings").get_by_role("link").click()
        await fill_in(page, running)
        report = page.locator("#ftp-report")
        await page.get_by_role("button", name="Testar envio de arquivo").click()
        await expect(report.get_by_text("Esta é a chave do servidor?")).to_be_visible()
        await report.get_by_role("button", name="Confirmar a chave e testar de novo").click()
        await expect(report.get_by_text("Ele fica na pasta.")).to_be_visible()
        await page.get_by_role("button", name="Salvar").click()
        await expect(page.get_by_text("Configuração de FTP salva.")).to_be_visible()
        await expect(report.get_by_text("Ele fica na pasta.")).to_be_visible()
        await report.get_by_role("button", name="Remover").click()
        await expect(report.get_by_text("O arquivo de teste foi removido")).to_be_visible()
        assert not any(folder.iterdir())  # noqa: ASYNC240 (a folder of the test's own)
        await page.get_by_role("link", name="Todos os servidores").click()
        await expect(page.get_by_role("row", name="Todas as empresas")).to_contain_text("Concluída")
        await see_every_look(page, pictures, "ftp-list")
        await page.locator(".tabs a", has_text="Filiais").last.click()
        await expect(page.locator("#coverage")).to_contain_text("A de todas")
        await see_every_look(page, pictures, "ftp-coverage")


async def test_an_unknown_key_is_shown_to_be_confirmed(
    tenant: Tenant, open_as: OpenAs, folder: Path, pictures: Path
) -> None:
    async with (
        serving_sftp(folder) as running,
        open_as(tenant, "crm-director", path=f"{SCREEN}/new") as page,
    ):
        await fill_in(page, running)
        await page.get_by_role("button", name="Testar envio de arquivo").click()
        await expect(page.get_by_text("Esta é a chave do servidor?")).to_be_visible()
        await see_every_look(page, pictures, "ftp-unknown-key")


async def test_what_is_refused_says_where_and_what_to_do(
    tenant: Tenant, open_as: OpenAs, folder: Path, pictures: Path
) -> None:
    async with (
        serving_sftp(folder) as running,
        open_as(tenant, "crm-director", path=f"{SCREEN}/new") as page,
    ):
        await fill_in(page, running)
        await page.get_by_label("Senha", exact=True).fill("errada")
        await page.get_by_label("Chave do servidor").fill(running.host_key or "")
        await page.get_by_role("button", name="Testar envio de arquivo").click()
        report = page.locator("#ftp-report")
        await expect(report.get_by_text("recusou o usuário")).to_be_visible()
        await page.get_by_label("Pasta", exact=True).fill("../fora")
        await page.get_by_role("button", name="Salvar").click()
        await expect(page.locator("#field-folder-error")).to_be_visible()
        await see_every_look(page, pictures, "ftp-invalid")


async def test_without_a_server_the_screen_says_so(
    tenant: Tenant, open_as: OpenAs, pictures: Path
) -> None:
    async with open_as(tenant, "crm-director", path=SCREEN) as page:
        await expect(page.get_by_text("Ainda não há servidor de arquivos")).to_be_visible()
        await see_every_look(page, pictures, "ftp-empty")


async def test_fields_follow_the_connection_and_branches_the_company(
    tenant: Tenant, open_as: OpenAs
) -> None:
    async with open_as(tenant, "crm-director", path=f"{SCREEN}/new") as page:
        key, certificate = page.get_by_label("Chave privada"), page.get_by_label("Certificado")
        await expect(key).to_be_visible()
        await page.get_by_role("radio", name="FTPS").check()
        await expect(key).to_be_hidden()
        await expect(certificate).to_be_visible()
        branch = page.get_by_label("Filial", exact=True)
        await expect(branch.locator("option")).to_have_count(1)
        await page.get_by_label("Empresa", exact=True).select_option(index=1)
        await expect(branch.locator("option")).to_have_count(2)
