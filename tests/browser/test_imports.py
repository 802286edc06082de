"""Spreadsheets in a real browser: sent, mapped, previewed, run, undone, on every kind of screen."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from sindico_api.context import Context
from sindico_platform.spreadsheets import limits
from sindico_tenants.companies.models import Company
from sindico_tenants.imports import queries
from tests.browser.conftest import OpenAs
from tests.browser.screens import Look, assert_accessible, see_every_look, shoot
from tests.support.identity import MakeTenant
from tests.support.jobs import kill_after
from tests.support.workbooks import csv_of, xlsx
from tests.tenants.imports.conftest import ACME, BETA, Customer

pytestmark = pytest.mark.browser
HEADER = ["CNPJ", "Código da empresa", "Razão social", "Telefone", "Município", "UF"]
LONG = "Comércio de Parafusos, Ferragens e Componentes Industriais do Vale do Itajaí " * 2
ROWS = [
    [ACME, "1", "Metalúrgica Itajaí Ltda.", "(47) 3326-1234", "Itajaí", "SC"],
    [BETA, "2", "Beta Comércio", "", "Blumenau", "Santa Catarina"],
    ["11222333000182", "3", "CNPJ errado", "123", "Curitiba", "PR"],
    ["", "4", LONG * 2, "", "", "XX"],
    ["", "7", "Sete", "", "", ""],
]


@pytest.fixture
async def customer(context: Context, make_tenant: MakeTenant) -> Customer:
    customer = Customer(context, await make_tenant())
    await customer.company(cnpj=ACME, name="Metalúrgica Itajaí", phone="+554733260000")
    await customer.company(erp_code="7", name="Sete")
    return customer


async def choose(page: Page, content: bytes, name: str = "empresas.csv") -> None:
    await page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content}
    )
    await page.get_by_role("button", name="Ler o arquivo").click()


async def test_a_file_goes_from_the_form_to_the_records_and_back(
    customer: Customer, open_as: OpenAs, pictures: Path
) -> None:
    async with open_as(customer.tenant, "admin", path="/console/imports") as page:
        await see_every_look(page, pictures, "imports-empty")
        await page.locator("#imports").get_by_role("link", name="Importar planilha").click()
        await expect(page).to_have_url(re.compile("/console/imports/new"))
        await see_every_look(page, pictures, "import-new")

        await choose(page, csv_of(HEADER, *ROWS))
        await expect(page.get_by_text("Aguardando leitura").first).to_be_visible()
        await see_every_look(page, pictures, "import-uploaded")
        await customer.work()
        await expect(page.get_by_role("link", name="Alteradas")).to_be_visible()
        await expect(page.get_by_text("Esta é uma prévia")).to_be_visible()
        await see_every_look(page, pictures, "import-preview-created")
        await page.get_by_role("link", name="Alteradas").click()
        await expect(page.locator("#rows ins").first).to_be_visible()
        await see_every_look(page, pictures, "import-preview-updated")
        await page.get_by_role("link", name="Rejeitadas").click()
        await expect(page.get_by_text("dígitos verificadores")).to_be_visible()
        await page.get_by_text("Mostrar a linha").first.click()
        await see_every_look(page, pictures, "import-preview-rejected")
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Download para Excel").click()
        assert (await download.value).suggested_filename == "empresas-linhas-rejeitadas.xlsx"

        await page.get_by_role("button", name="Importar").click()
        await shoot(page, pictures, "import-confirm")
        await page.get_by_role("dialog").get_by_role("button", name="Importar").click()
        await expect(page.get_by_text("Executando").first).to_be_visible()
        await customer.work()
        await expect(page.get_by_role("button", name="Desfazer a importação")).to_be_visible()
        await see_every_look(page, pictures, "import-done")
        beta = next(each for each in await customer.all(Company) if each.cnpj == BETA)
        await customer.edit(Company, beta.id, name="Beta S.A.")

        await page.get_by_role("button", name="Desfazer a importação").click()
        await shoot(page, pictures, "import-undo-dialog")
        await page.get_by_role("dialog").get_by_role("button", name="Desfazer").click()
        await expect(page.get_by_text("Sendo desfeita").first).to_be_visible()
        await customer.work()
        await expect(page.get_by_text("1 registro foi deixado como está")).to_be_visible()
        await expect(page.get_by_text("Alguém alterou o registro depois.")).to_be_visible()
        await see_every_look(page, pictures, "import-undone")
        await page.get_by_role("link", name="Importações de planilhas").last.click()
        await expect(page.locator("#imports tbody tr")).to_have_count(1)
        await see_every_look(page, pictures, "imports-list")


async def test_columns_that_nobody_knows_are_named(
    customer: Customer, open_as: OpenAs, pictures: Path
) -> None:
    path = "/console/imports/new?resource=companies"
    async with open_as(customer.tenant, "admin", path=path) as page:
        await choose(
            page,
            csv_of(
                ["CNPJ", "Apelido", "Nome", "Observações muito longas"], [BETA, "B", "Beta", LONG]
            ),
        )
        await expect(page.get_by_text("Aguardando leitura").first).to_be_visible()
        await customer.work()
        await expect(page.get_by_text("Algumas colunas não foram reconhecidas")).to_be_visible()
        await see_every_look(page, pictures, "import-mapping")
        await page.get_by_role("combobox", name="Apelido").select_option("name")
        await page.get_by_role("button", name="Ler o arquivo com estas colunas").click()
        await expect(page.locator(".field-error")).to_be_visible()
        await see_every_look(page, pictures, "import-mapping-refused")
        await page.get_by_role("combobox", name="Apelido").select_option("trade_name")
        await page.get_by_role("button", name="Ler o arquivo com estas colunas").click()
        await expect(page.get_by_text("Em leitura").first).to_be_visible()
        await customer.work()
        await expect(page.get_by_text("Esta é uma prévia")).to_be_visible()


async def test_a_file_that_is_none_is_refused_beside_the_field(
    customer: Customer, open_as: OpenAs, pictures: Path
) -> None:
    async with open_as(customer.tenant, "admin", path="/console/imports/new") as page:
        await page.get_by_role("button", name="Ler o arquivo").click()
        await expect(page.locator(".field-error")).to_contain_text("Escolha um arquivo.")
        await choose(page, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "velha.xlsx")
        await expect(page.locator(".field-error")).to_contain_text("sem senha")
        await see_every_look(page, pictures, "import-refused")


async def test_a_file_may_be_dropped(customer: Customer, open_as: OpenAs) -> None:
    async with open_as(customer.tenant, "admin", path="/console/imports/new") as page:
        text = csv_of(HEADER, *ROWS).decode()
        data = await page.evaluate_handle(
            """text => {
                const data = new DataTransfer();
                data.items.add(new File([text], "solta.csv", {type: "text/csv"}));
                return data;
            }""",
            text,
        )
        await page.dispatch_event(".drop-zone", "dragover", {"dataTransfer": data})
        await expect(page.locator(".drop-zone.is-over")).to_be_visible()
        await page.dispatch_event(".drop-zone", "drop", {"dataTransfer": data})
        await page.get_by_role("button", name="Ler o arquivo").click()

        await expect(page.get_by_text("solta.csv")).to_be_visible()


async def test_a_running_import_is_followed_and_cancelled(
    customer: Customer, open_as: OpenAs, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BATCH_ROWS", 3)
    monkeypatch.setattr(queries, "STRETCH_ROWS", 3)
    shown = await customer.preview(
        ["Código", "Razão social"], *([f"c{n}", f"Empresa {n}"] for n in range(10))
    )
    await customer.start(shown.id)
    path = f"/console/imports/{shown.id}"
    async with open_as(customer.tenant, "admin", path=path) as page:
        await customer.work(kill_after("committed", 3))
        await expect(page.get_by_text("60%").first).to_be_visible()
        await see_every_look(page, pictures, "import-running")
        await page.get_by_role("button", name="Cancelar a importação").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancelar a imp").click()
        await expect(page.get_by_text("A importação foi cancelada").first).to_be_visible()
        await expect(page.get_by_role("button", name="Desfazer a importação")).to_be_visible()
        await see_every_look(page, pictures, "import-cancelled")


async def test_what_the_sheet_hides_is_told(
    customer: Customer, open_as: OpenAs, pictures: Path
) -> None:
    file = xlsx(
        ["Código", "Razão social", "Telefone"],
        ["a", "Mesclada", "=1+1"],
        ["b", "Sem valor", ""],
        change=lambda sheet: sheet.merge_cells("B2:B3"),
    )
    async with open_as(customer.tenant, "admin", path="/console/imports/new") as page:
        await choose(page, file, "mesclada.xlsx")
        await expect(page.get_by_text("Aguardando leitura").first).to_be_visible()
        await customer.work()
        await expect(page.get_by_text("A planilha tem células mescladas")).to_be_visible()
        await expect(page.get_by_text("1 fórmula ainda não tem valor")).to_be_visible()
        await see_every_look(page, pictures, "import-notices")


async def test_a_second_file_leads_to_the_import_that_has_not_ended(
    customer: Customer, open_as: OpenAs, pictures: Path
) -> None:
    await customer.preview(HEADER, *ROWS)
    async with open_as(customer.tenant, "admin", path="/console/imports/new") as page:
        await expect(page.get_by_text("ainda não terminou")).to_be_visible()
        await expect(page.locator("input[type=file]")).to_have_count(0)
        await see_every_look(page, pictures, "import-new-while-active")


@pytest.mark.parametrize("path", ["", "/new", "/{id}", "/{id}/mapping"])
async def test_imports_are_sound_in_english(
    customer: Customer, open_as: OpenAs, pictures: Path, path: str
) -> None:
    shown = await customer.preview(HEADER, *ROWS)
    address = f"/console/imports{path.format(id=shown.id)}"
    async with open_as(customer.tenant, "admin", path=address, look=Look(language="en-GB")) as page:
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        await page.goto(page.url)
        name = f"import-english{path.replace('/', '-').replace('{id}', 'detail')}"
        await shoot(page, pictures, name)
        await assert_accessible(page)
