"""Configure Company/Branch in a real browser."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from sindico_api.context import Context
from tests.browser.conftest import OpenAs
from tests.browser.screens import Look, see_every_look, shoot
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.identity import MakeTenant

__all__ = ["erp_kind"]

pytestmark = pytest.mark.browser

SCREEN = "/console/company-settings"
OWN = ("empresa_propria", "filial")


@pytest.fixture
async def customer(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    customer = await make_site(context, await make_tenant(), erp_kind)
    customer.erp.put("empresa_propria", "1", razao_social="Grupo Itajaí Participações S.A.")
    customer.erp.put("empresa_propria", "2", razao_social="Vale Ferragens Ltda.", cnpj=None)
    customer.erp.put(
        "filial", "1-1", cod_empresa="1", razao_social="Itajaí Matriz", matriz=True, cnpj=None
    )
    customer.erp.put("filial", "1-2", cod_empresa="1", razao_social="Itajaí Sul", cnpj=None)
    await customer.load()
    return customer


async def pick(page: Page, opener: str, text: str, option: str) -> None:
    """Choose something in a dialog that searches."""
    await page.get_by_role("button", name=opener).click()
    dialog = page.locator("dialog[open]")
    offered = dialog.locator(".option")
    await expect(offered).not_to_have_count(0)
    await dialog.get_by_role("searchbox").fill(text)
    await expect(offered).to_have_count(1)
    await dialog.get_by_role("button", name=option).click()
    await expect(page.locator("dialog[open]")).to_have_count(0)


async def test_the_menu_leads_to_the_tabs(customer: Site, open_as: OpenAs, pictures: Path) -> None:
    async with open_as(customer.tenant, "admin", "crm-director") as page:
        menu = page.get_by_role("navigation", name="Menu principal")
        await menu.get_by_role("link", name="Configurar Empresa/Filial").click()
        await expect(page.get_by_role("heading", level=1, name="Empresa Filial")).to_be_visible()
        await expect(page.locator(".tabs a").first).to_have_text("Empresa")
        await see_every_look(page, pictures, "settings-companies")
        await page.locator(".tabs a", has_text="Empresa Filial").click()
        await expect(page.locator("#branches")).to_be_visible()
        await see_every_look(page, pictures, "settings-branches")


async def test_a_company_is_registered_and_what_is_wrong_is_mended(
    customer: Site, open_as: OpenAs, pictures: Path
) -> None:
    path = f"{SCREEN}/companies"
    async with open_as(customer.tenant, "admin", "crm-director", path=path) as page:
        await page.get_by_role("link", name="Cadastrar Empresa").click()
        await page.get_by_label("Razão social").fill("Nova Ltda.")
        await page.get_by_label("CNPJ").fill("16.727.230/0001-98")
        await page.get_by_label("Telefone").fill("123")
        await page.get_by_role("button", name="Cadastrar", exact=True).click()
        await expect(page.locator(".form-errors")).to_be_focused()
        await see_every_look(page, pictures, "company-form-refused")
        await page.get_by_label("CNPJ").fill("16.727.230/0001-97")
        await page.get_by_label("Telefone").fill("(47) 3326-1234")
        await page.get_by_role("button", name="Cadastrar", exact=True).click()
        await expect(page.get_by_role("heading", level=1, name="Nova Ltda.")).to_be_visible()
        await see_every_look(page, pictures, "company-detail")


async def test_a_pin_is_seen_and_given_back_while_other_fields_are_being_typed(
    customer: Site, open_as: OpenAs, pictures: Path
) -> None:
    path = f"{SCREEN}/companies"
    async with open_as(customer.tenant, "admin", "crm-director", path=path) as page:
        await page.get_by_role("button", name="Ações de Grupo Itajaí").click()
        await page.get_by_role("link", name="Editar").click()
        await page.get_by_label("Razão social").fill("Grupo Itajaí, como dizemos")
        await page.get_by_role("textbox", name="Bairro").fill("Velha")
        await page.get_by_role("button", name="Salvar").click()
        await expect(page.get_by_text("Editado aqui")).to_have_count(2)
        await see_every_look(page, pictures, "company-detail-pinned")
        await page.get_by_role("link", name="Editar").click()
        await expect(page.get_by_role("button", name="Salvar")).to_be_visible()
        await see_every_look(page, pictures, "company-form-pinned")
        await page.get_by_role("textbox", name="Cidade").fill("Gaspar")
        await page.get_by_role("button", name="Usar o valor do ERP: Razão social").click()
        name = page.get_by_role("textbox", name="Razão social")
        await expect(name).to_have_value("Grupo Itajaí Participações S.A.")
        await page.get_by_role("button", name="Desafixar: Bairro").click()
        await expect(page.get_by_text("Editado aqui")).to_have_count(0)
        await expect(page.get_by_role("textbox", name="Bairro")).to_have_value("Velha")
        await expect(page.get_by_role("textbox", name="Cidade")).to_have_value("Gaspar")
        await page.get_by_role("button", name="Salvar").click()
        await expect(page.get_by_text("Editado aqui")).to_have_count(1)


async def test_a_company_with_branches_is_not_deleted(
    customer: Site, open_as: OpenAs, pictures: Path
) -> None:
    path = f"{SCREEN}/companies"
    async with open_as(customer.tenant, "admin", "crm-director", path=path) as page:
        await page.get_by_role("button", name="Ações de Grupo Itajaí").click()
        await page.get_by_role("link", name="Excluir").click()
        await expect(page.get_by_text("Nada foi removido.")).to_be_visible()
        await see_every_look(page, pictures, "company-delete-refused")
        await page.get_by_role("link", name="Filiais").click()
        await expect(page.get_by_text("Somente de uma empresa.")).to_be_visible()
        await expect(page.locator(".group-member")).to_have_count(2)
        await page.goto(page.url.replace("/branches?company=", "/companies/") + "/delete")
        await expect(page.get_by_role("button", name="Excluir")).to_have_count(0)


async def test_one_that_the_erp_will_bring_back_is_deleted(
    customer: Site, open_as: OpenAs, pictures: Path
) -> None:
    path = f"{SCREEN}/companies"
    async with open_as(customer.tenant, "admin", "crm-director", path=path) as page:
        await page.get_by_role("button", name="Ações de Vale Ferragens").click()
        await page.get_by_role("link", name="Excluir").click()
        await expect(page.get_by_text("Veio do ERP e voltará")).to_be_visible()
        await see_every_look(page, pictures, "company-delete")
        await page.get_by_role("button", name="Excluir").click()
        await expect(page.locator("#companies tbody tr")).to_have_count(1)


async def test_a_branch_is_registered_from_the_information_of_another(
    customer: Site, open_as: OpenAs, pictures: Path
) -> None:
    path = f"{SCREEN}/branches"
    async with open_as(customer.tenant, "admin", "crm-director", path=path) as page:
        await page.get_by_role("link", name="Cadastrar Filial", exact=True).click()
        await see_every_look(page, pictures, "branch-form")
        await page.get_by_role("button", name="Duplicar informações").click()
        await expect(page.locator("dialog[open] .option")).to_have_count(4)
        await see_every_look(page, pictures, "branch-form-duplicate")
        await page.reload()
        await page.get_by_label("Código da filial").fill("1-3")
        await pick(page, "Duplicar informações", "itajaí sul", "Itajaí Sul")
        await expect(page.get_by_label("Razão social")).to_have_value("Itajaí Sul")
        await expect(page.get_by_label("Código da filial")).to_have_value("1-3")
        await expect(page.locator(".chosen")).to_contain_text("Grupo Itajaí")
        await pick(page, "Escolher outra", "vale", "Vale Ferragens")
        await expect(page.locator(".chosen")).to_contain_text("Vale Ferragens")
        await page.get_by_label("Razão social").fill("Vale Norte")
        await page.get_by_label("Matriz", exact=True).check()
        await page.get_by_role("button", name="Cadastrar", exact=True).click()
        await expect(page.get_by_role("heading", level=1, name="Vale Norte")).to_be_visible()
        await see_every_look(page, pictures, "branch-detail")


async def test_the_import_is_started_and_followed_in_place(
    customer: Site, open_as: OpenAs, pictures: Path
) -> None:
    customer.erp.put("filial", "1-9", cod_empresa="1", razao_social="Itajaí Nova", cnpj=None)
    path = f"{SCREEN}/branches"
    async with open_as(customer.tenant, "admin", "crm-director", path=path) as page:
        await page.get_by_role("button", name="Importar do ERP").click()
        dialog = page.locator("dialog[open]")
        await expect(dialog.get_by_text("nada é enviado ao ERP")).to_be_visible()
        await shoot(page, pictures, "erp-import-dialog")
        await dialog.get_by_role("button", name="Importar", exact=True).click()
        await expect(page.get_by_text("Uma carga do ERP está em andamento")).to_be_visible()
        await see_every_look(page, pictures, "erp-import-running")
        await customer.run()
        await expect(page.get_by_text("1 criado · 0 alterado")).to_be_visible()
        await expect(page.locator("#branches").get_by_text("Itajaí Nova")).to_be_visible()
        await see_every_look(page, pictures, "erp-import-done")


async def test_the_screens_in_english(customer: Site, open_as: OpenAs, pictures: Path) -> None:
    look = Look(language="en")
    path = f"{SCREEN}/branches"
    async with open_as(customer.tenant, "admin", "crm-director", path=path, look=look) as page:
        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_role("link", name="Register branch", exact=True)).to_be_visible()
        await see_every_look(page, pictures, "settings-branches-en")
        await page.get_by_role("button", name="Actions of Itajaí Sul").click()
        await page.get_by_role("link", name="Edit").click()
        await expect(page.get_by_role("button", name="Save")).to_be_visible()
        await see_every_look(page, pictures, "branch-form-en")
