"""Documents in a real browser, against a server that runs: attached, seen, sent again, removed."""

import asyncio
import os
import re
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import FilePayload, Page, expect

from sindico_api.context import Context
from sindico_api.i18n import LANGUAGE_COOKIE
from sindico_platform.database.tx import Actor
from sindico_platform.egress import EgressGuard
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.file_transport import Connection
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.companies.queries import get_branch, get_company
from sindico_tenants.documents.pickups import service as pickups
from sindico_tenants.documents.queries import list_documents
from sindico_tenants.documents.schemas import DocumentFilters, LinkIn
from sindico_tenants.documents.service import add_link
from sindico_tenants.ftp_settings import service as ftp_settings
from sindico_tenants.ftp_settings.schemas import FtpSettingsIn, TransferMethod
from sindico_tenants.server_settings.schemas import AllowedHost
from tests.browser.conftest import OpenAs
from tests.browser.screens import Look, look_at, see_every_look
from tests.support.file_servers import PASSWORD, USERNAME, RunningServer, serving_sftp
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs
from tests.support.rows import make_account, make_branch

pytestmark = pytest.mark.browser

SCREEN, FTP_SCREEN = "/console/documents", "/console/company-settings/ftp-settings"
LONG = "Proposta comercial revisada com anexos técnicos, desenhos e memorial descritivo " * 2
NOTE: FilePayload = {"name": "Proposta.pdf", "mimeType": "application/pdf", "buffer": b"%PDF" * 999}


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    return made


@pytest.fixture
def nearby(context: Context) -> Context:
    """The installation whose jobs may reach servers on this machine."""
    return replace(context, guard=EgressGuard(allow=LOOPBACK))


@pytest.fixture
async def account(context: Context, tenant: Tenant) -> str:
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        return f"/console/accounts/{await make_account(tx)}"


async def configure(
    context: Context, tenant: Tenant, running: RunningServer, *, branch_id: UUID | None = None
) -> None:
    data = FtpSettingsIn(
        branch_id=branch_id,
        connection=running.connection,
        host="localhost",
        port=running.port,
        username=USERNAME,
        password=PASSWORD,
        host_key=running.host_key,
    )
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        host = AllowedHost("localhost", running.port)
        await ftp_settings.create_settings(tx, context.secrets, data=data, host=host)


async def attach(page: Page, payload: FilePayload | Path = NOTE) -> None:
    await page.locator("input[type=file]").set_input_files(payload)
    await page.get_by_role("button", name="Enviar o arquivo").click()
    await expect(page.get_by_text("está a caminho do servidor")).to_be_visible()


async def in_english(page: Page, pictures: Path, name: str) -> None:
    """Look once more in the other language."""
    await page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "en", "url": page.url}])
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await see_every_look(page, pictures, f"{name}-en")


async def test_a_file_goes_from_the_record_to_the_server_and_back(
    tenant: Tenant, nearby: Context, account: str, open_as: OpenAs, pictures: Path
) -> None:
    folder = pictures / "home"
    folder.mkdir()
    async with (
        serving_sftp(folder) as running,
        open_as(tenant, "admin", "crm-director", path=account) as page,
    ):
        panel = page.locator("#documents")
        await expect(panel.get_by_text("Ainda não há documentos")).to_be_visible()
        await see_every_look(page, pictures, "documents-panel-empty")
        await page.reload()
        await panel.get_by_role("link", name="Anexar arquivo").click()
        await expect(page.get_by_text("Ainda não há servidor de arquivos")).to_be_visible()
        await see_every_look(page, pictures, "documents-no-server")
        await configure(nearby, tenant, running)
        await page.reload()
        await see_every_look(page, pictures, "documents-new")
        await page.reload()
        await attach(page)
        await expect(panel.get_by_text("A caminho", exact=True)).to_be_visible()
        await run_jobs(nearby, tenant.tenant_id)
        await expect(panel.get_by_text("Guardado", exact=True)).to_be_visible()  # by itself
        assert len(list(folder.iterdir())) == 1
        await see_every_look(page, pictures, "documents-panel")
        async with page.expect_download() as download:
            await panel.get_by_role("link", name="Baixar").click()
        given = await download.value
        assert given.suggested_filename == "Proposta.pdf"
        assert Path(await given.path()).read_bytes() == NOTE["buffer"]  # noqa: ASYNC240
        await panel.get_by_role("link", name="Proposta.pdf", exact=True).click()
        await expect(page.get_by_text("SHA-256")).to_be_visible()
        await see_every_look(page, pictures, "documents-detail")
        await page.goto(
            page.url.partition("/console")[0] + "/console/company-settings/ftp-settings"
        )
        await page.locator("#ftp-settings").get_by_role("link").click()
        await expect(page.get_by_text("O arquivo de 1 documento está").first).to_be_visible()
        await see_every_look(page, pictures, "ftp-with-files")
        await page.get_by_role("button", name="Excluir").click()
        await expect(page.get_by_role("dialog").get_by_text("está em uso")).to_be_visible()
        await page.goto(page.url.partition(FTP_SCREEN)[0] + account)
        await panel.get_by_role("button", name="Remover").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_text("também é removido do seu servidor")).to_be_visible()
        await dialog.get_by_role("button", name="Remover", exact=True).click()
        await expect(page.get_by_text("Proposta.pdf foi removido.")).to_be_visible()
        await run_jobs(nearby, tenant.tenant_id)
        assert not any(folder.iterdir())


async def test_a_document_of_no_record_is_given_to_a_branch(
    tenant: Tenant, nearby: Context, open_as: OpenAs, folder: Path, pictures: Path
) -> None:
    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        branch = await get_branch(tx, await make_branch(tx))
        company = await get_company(tx, branch.company_id)
    async with (
        serving_sftp(folder) as running,
        open_as(tenant, "admin", "crm-director", path=f"{SCREEN}/new") as page,
    ):
        await configure(nearby, tenant, running, branch_id=branch.id)
        await page.get_by_label("Empresa").select_option(company.name)
        await page.get_by_label("Filial").select_option(branch.name)
        await expect(page.get_by_text("localhost")).to_be_visible()
        await expect(page.get_by_role("link", name="Link externo")).to_have_attribute(
            "href", re.compile(f"branch_id={branch.id}&link=1$")
        )
        await see_every_look(page, pictures, "documents-of-a-branch")
        await in_english(page, pictures, "documents-of-a-branch")
        await page.locator("input[type=file]").set_input_files(NOTE)
        await page.get_by_role("button", name="Send the file").click()
        await expect(page.get_by_role("link", name="Proposta.pdf", exact=True)).to_be_visible()
        await run_jobs(nearby, tenant.tenant_id)
        assert len(await asyncio.to_thread(os.listdir, folder)) == 1


async def test_a_file_is_dropped_and_what_is_too_large_or_empty_is_not_sent(
    tenant: Tenant, nearby: Context, open_as: OpenAs, folder: Path, pictures: Path
) -> None:
    async with (
        serving_sftp(folder) as running,
        open_as(tenant, "admin", "crm-director", path=SCREEN) as page,
    ):
        await configure(nearby, tenant, running)
        await page.get_by_role("link", name="Anexar documento").first.click()
        send = page.get_by_role("button", name="Enviar o arquivo")
        field = page.locator("input[type=file]")
        await field.set_input_files({**NOTE, "buffer": b""})
        await expect(page.get_by_text("Este arquivo está vazio.")).to_be_visible()
        await expect(send).to_be_disabled()
        await field.evaluate("field => { field.dataset.maxBytes = '10' }")
        await drop(page, "grande.pdf", 11)
        await expect(page.get_by_text("Este arquivo é maior que 2,1 GB")).to_be_visible()
        await see_every_look(page, pictures, "documents-too-large")
        await drop(page, "pequeno.pdf", 9)
        await expect(send).to_be_enabled()
        await send.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("link", name="pequeno.pdf", exact=True)).to_be_visible()


async def drop(page: Page, name: str, size: int) -> None:
    """Let a file fall on the field, as from the desktop."""
    held = await page.evaluate_handle(
        """([name, size]) => {
            const held = new DataTransfer();
            held.items.add(new File(["a".repeat(size)], name));
            return held;
        }""",
        [name, size],
    )
    await page.dispatch_event(".drop-zone", "drop", {"dataTransfer": held})


async def test_the_progress_of_a_large_file_is_shown(
    tenant: Tenant, nearby: Context, open_as: OpenAs, folder: Path, tmp_path: Path
) -> None:
    large = tmp_path / "grande.bin"  # read by Chromium itself: as a payload it would be a message
    await asyncio.to_thread(large.write_bytes, b"a" * 40_000_000)
    async with (
        serving_sftp(folder) as running,
        open_as(tenant, "admin", "crm-director", path=SCREEN) as page,
    ):
        await configure(nearby, tenant, running)
        await page.goto(page.url + "/new")
        await page.evaluate("""() => {
            window.told = [];
            document.addEventListener("htmx:xhr:progress", () => {
                const line = document.querySelector(".upload-progress");
                window.told.push([line.hidden, line.querySelector("strong").textContent]);
            });
            window.addEventListener("pagehide", () => {
                sessionStorage.setItem("told", JSON.stringify(window.told));
            });
        }""")
        await attach(page, large)
        told = await page.evaluate("JSON.parse(sessionStorage.getItem('told'))")
        shares = [share for is_hidden, share in told if not is_hidden]
        assert len(set(shares)) > 1, told
        assert shares[-1] == "100 %"


async def test_what_failed_is_explained_and_sent_again(
    tenant: Tenant, nearby: Context, open_as: OpenAs, folder: Path, pictures: Path
) -> None:
    async with (
        serving_sftp(folder) as running,
        open_as(tenant, "admin", "crm-director", path=f"{SCREEN}/new") as page,
    ):
        await configure(nearby, tenant, replace(running, host_key=f"SHA256:{'a' * 43}"))
        await page.reload()
        await attach(page)
        await run_jobs(nearby, tenant.tenant_id)
        await page.get_by_role("link", name="Proposta.pdf", exact=True).click()
        await expect(page.get_by_text("A chave de localhost mudou")).to_be_visible()
        await expect(page.get_by_role("button", name="Enviar de novo")).to_be_visible()
        assert not any(folder.iterdir())  # noqa: ASYNC240 (a folder of the test's own)
        await see_every_look(page, pictures, "documents-failed")
        await in_english(page, pictures, "documents-failed")


async def test_the_list_and_what_waits(
    tenant: Tenant, nearby: Context, open_as: OpenAs, account: str, pictures: Path
) -> None:
    system = Actor.system(tenant.tenant_id)
    async with open_as(tenant, "admin", "crm-director", path=SCREEN) as page:
        await expect(page.get_by_text("Ainda não há documentos")).to_be_visible()
        await see_every_look(page, pictures, "documents-list-empty")
        await page.reload()
        await page.get_by_role("link", name="Aguardando o seu servidor").click()
        await expect(page.get_by_text("Nada espera pelo seu servidor")).to_be_visible()
        await see_every_look(page, pictures, "documents-waiting-empty")
        async with nearby.uow.begin(system) as tx:
            data = FtpSettingsIn(
                connection=Connection.SFTP, transfer_method=TransferMethod.CUSTOMER, folder="crm"
            )
            await ftp_settings.create_settings(tx, nearby.secrets, data=data, host=None)
            for number in range(3):
                url = f"https://arquivos.empresa.com.br/{'pasta/' * 20 * number}{number}"
                await add_link(tx, data=LinkIn(name=(LONG * number)[:200] or "Planta", url=url))
        await page.goto(page.url.replace("/waiting", "/new"))
        await attach(page)
        await page.goto(page.url.replace(SCREEN, account) if SCREEN in page.url else page.url)
        await page.locator("#documents").get_by_role("link", name="Anexar arquivo").click()
        await page.get_by_label("Nome").fill("Desenho do galpão")
        await attach(page, {**NOTE, "name": "galpão.dwg"})
        drawing = page.get_by_role("link", name="Desenho do galpão", exact=True)
        await expect(drawing).to_be_visible()
        async with nearby.uow.begin(system) as tx:
            found = await list_documents(
                tx, request=PageRequest(limit=1, sort="name"), filters=DocumentFilters(q="galpao")
            )
            await pickups.mark_overdue(tx, document_id=found.items[0].id)
        await look_at(page, Look())
        await (
            page.get_by_role("navigation", name="Menu principal")
            .get_by_role("link", name="Documentos")
            .click()
        )
        await expect(page.locator("#documents tbody tr")).to_have_count(5)
        await see_every_look(page, pictures, "documents-list")
        await page.reload()
        await page.get_by_label("Situação").select_option("link")
        await expect(page.locator("#documents tbody tr")).to_have_count(3)
        await page.get_by_role("link", name="Aguardando o seu servidor").click()
        await expect(page.get_by_text("Avisado", exact=True)).to_be_visible()
        await see_every_look(page, pictures, "documents-waiting")
        await in_english(page, pictures, "documents-waiting")


async def test_a_link_is_attached_with_the_keyboard_alone(
    tenant: Tenant, open_as: OpenAs, account: str, pictures: Path
) -> None:
    async with open_as(tenant, "admin", "crm-director", path=account) as page:
        await page.locator("#documents").get_by_role("link", name="Anexar link").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("Endereço")).to_be_visible()
        await page.get_by_label("Endereço").focus()
        await page.keyboard.type("nenhum")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Catálogo")
        await page.keyboard.press("Enter")
        await expect(page.locator(".form-errors")).to_be_focused()
        await see_every_look(page, pictures, "documents-link-refused")
        await page.get_by_label("Endereço").focus()
        await page.keyboard.press("Control+A")
        await page.keyboard.type("https://arquivos.empresa.com.br/catalogo.pdf")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Catálogo foi anexado.")).to_be_visible()
        opened = page.locator("#documents").get_by_role("link", name="Abrir")
        await expect(opened).to_have_attribute("rel", "noopener noreferrer")
