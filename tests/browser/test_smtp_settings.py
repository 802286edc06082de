"""Mail servers in a real browser: registered, tested as typed while one looks on, all at once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from litestar import Litestar
from playwright.async_api import Page, expect

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.companies import service as companies
from sindico_tenants.companies.schemas import BranchIn, CompanyIn
from tests.browser.conftest import OpenAs
from tests.browser.screens import see_every_look
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs
from tests.support.mail_server import PASSWORD, USER, Mailbox, server_tls, serving

pytestmark = pytest.mark.browser
PATH = "/console/company-settings/smtp-settings"


@pytest.fixture
async def tenant(make_tenant: MakeTenant, uow: UnitOfWork) -> Tenant:
    tenant = await make_tenant()
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        for name, branches in (("Aços do Vale do Itajaí", 2), ("Itajaí Serviços", 1)):
            company = await companies.create_company(tx, data=CompanyIn(name=name))
            for number in range(1, branches + 1):
                data = BranchIn(company_id=company.id, name=f"{name} {number}")
                await companies.create_branch(tx, data=data)
    return tenant


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def port(mailbox: Mailbox, ca: trustme.CA) -> AsyncIterator[int]:
    async with serving(
        mailbox, tls_context=server_tls(ca, "localhost"), require_starttls=True, auth_required=True
    ) as opened:
        yield opened


async def fill_in(page: Page, port: int, ca: trustme.CA) -> None:
    await page.get_by_label("Endereço SMTP").fill("localhost")
    await page.get_by_label("Porta SMTP").fill(str(port))
    await page.get_by_label("E-mail de envio").fill(USER)
    await page.get_by_label("Nome a exibir").fill("CRM da Aços do Vale")
    await page.get_by_role("textbox", name="Usuário", exact=True).fill(USER)
    await page.get_by_text("Avançado").click()
    await page.get_by_label("Certificado em que confiar").fill(ca.cert_pem.bytes().decode())


async def test_a_server_is_tested_while_one_looks_on_and_then_saved(
    tenant: Tenant,
    open_nearby: OpenAs,
    pictures: Path,
    *,
    mailbox: Mailbox,
    port: int,
    ca: trustme.CA,
) -> None:
    async with open_nearby(tenant, "crm-director", path=PATH) as page:
        await expect(page.get_by_text("Nenhum e-mail é enviado")).to_be_visible()
        await see_every_look(page, pictures, "smtp-empty")
        await page.get_by_role("link", name="Cadastrar servidor de e-mail").last.click()
        await expect(page.get_by_role("heading", name="Servidor de e-mail")).to_be_visible()
        await see_every_look(page, pictures, "smtp-new")

        await fill_in(page, port, ca)
        await page.get_by_role("button", name="Testar envio de e-mail").click()
        await expect(page.locator("#field-password-error")).to_be_visible()
        await page.get_by_label("Senha", exact=False).first.fill("errada")
        await page.get_by_role("button", name="Testar envio de e-mail").click()
        await expect(page.get_by_text("O teste parou em: Entrar")).to_be_visible()
        await see_every_look(page, pictures, "smtp-failed")
        assert mailbox.envelopes == []

        await page.get_by_label("Senha", exact=False).first.fill(PASSWORD)
        await page.get_by_role("button", name="Testar envio de e-mail").click()
        await expect(
            page.get_by_text(f"O servidor aceitou o e-mail de teste para {USER}")
        ).to_be_visible()
        await see_every_look(page, pictures, "smtp-passed")
        assert len(mailbox.envelopes) == 1
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Relatório em JSON").click()
        assert (await download.value).suggested_filename == "teste-de-conexao.json"

        await page.get_by_role("button", name="Salvar").click()
        await expect(page.get_by_text("O servidor de e-mail foi cadastrado.")).to_be_visible()
        await expect(page.get_by_text("O último teste passou")).to_be_visible()
        await see_every_look(page, pictures, "smtp-saved")
        await page.get_by_role("link", name="Todos os servidores de e-mail").click()
        await see_every_look(page, pictures, "smtp-list")
        await page.get_by_role("link", name="Filiais", exact=True).click()
        await expect(page.get_by_text("A de todas")).to_have_count(3)
        await see_every_look(page, pictures, "smtp-branches")


async def test_fields_show_as_they_are_needed(tenant: Tenant, open_nearby: OpenAs) -> None:
    async with open_nearby(tenant, "crm-director", path=f"{PATH}/new") as page:
        secret, kind = page.get_by_label("Segredo do cliente"), page.get_by_label("Tipo de conexão")
        await expect(secret).to_be_hidden()
        await expect(kind).to_be_visible()
        await page.get_by_label("Forma de autenticação").select_option("oauth2")
        await expect(secret).to_be_visible()
        await expect(page.get_by_label("Refresh token")).to_be_hidden()
        await page.get_by_label("Concessão").select_option("refresh_token")
        await expect(page.get_by_label("Refresh token")).to_be_visible()
        await page.get_by_label("Requer autenticação").uncheck()
        await expect(secret).to_be_hidden()
        await page.get_by_label("Usar conexão segura").uncheck()
        await expect(kind).to_be_hidden()


async def test_the_branches_follow_the_company_that_is_chosen(
    tenant: Tenant, open_nearby: OpenAs
) -> None:
    async with open_nearby(tenant, "crm-director", path=f"{PATH}/new") as page:
        await page.get_by_label("Empresa", exact=True).select_option(label="Itajaí Serviços")
        offered = page.locator("#field-branch_id option")
        await expect(offered).to_have_text(["Todas as filiais da empresa", "Itajaí Serviços 1"])


async def test_all_servers_are_tested_and_show_it_as_they_end(
    tenant: Tenant,
    open_nearby: OpenAs,
    served_nearby: Litestar,
    pictures: Path,
) -> None:
    async with open_nearby(tenant, "crm-director", path=f"{PATH}/new") as page:
        await page.get_by_role("button", name="English").click()
        await page.get_by_label("SMTP address").fill("localhost")
        await page.get_by_label("SMTP port").fill("1")
        await page.get_by_label("Sending e-mail").fill(USER)
        await page.get_by_label("Requires authentication").uncheck()
        await page.get_by_label("Use a secure connection").uncheck()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("The mail server is registered.")).to_be_visible()

        await page.goto(page.url.rsplit("/", 1)[0])
        await page.get_by_role("button", name="Test all").click()
        await expect(page.get_by_text("0 of 1 tested")).to_be_visible()
        await run_jobs(served_nearby.state.context, tenant.tenant_id)
        await expect(page.get_by_text("1 of 1 tested")).to_be_visible()
        await expect(page.locator("#servers-live").get_by_text("Failed")).to_be_visible()
        await see_every_look(page, pictures, "smtp-tested")
