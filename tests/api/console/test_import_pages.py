"""The pages of imports, as a session gets them."""

import re

import pytest
from httpx import AsyncClient, Response

from sindico_api.authentication import CSRF_FIELD, CSRF_HEADER
from sindico_api.context import Context
from sindico_api.spreadsheets import MAX_UPLOAD_BYTES
from sindico_tenants.companies.models import Company
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.workbooks import csv_of
from tests.tenants.imports.conftest import ACME, BETA, Customer

PERMISSIONS = ("imports:view", "imports:include", "imports:edit", "companies:view")
KEPT = re.compile(
    r'class="row-title"[^>]*>([^<]+)<.*?<td class="block">\s*<p>([^<]+)</p>', re.DOTALL
)
HEADER = ["CNPJ", "Código", "Razão social"]


@pytest.fixture
async def customer(context: Context, make_tenant: MakeTenant) -> Customer:
    return Customer(context, await make_tenant())


@pytest.fixture
async def browser(customer: Customer, console_as: ClientAs) -> AsyncClient:
    return await console_as(customer.tenant, *PERMISSIONS, "companies:include", "companies:edit")


async def send(browser: AsyncClient, content: bytes, name: str = "a.csv") -> Response:
    """As a form does without scripts: the token is one of its fields."""
    token = browser.headers.pop(CSRF_HEADER)
    try:
        return await browser.post(
            "/console/imports",
            data={"resource": "companies", CSRF_FIELD: token},
            files={"file": (name, content)},
        )
    finally:
        browser.headers[CSRF_HEADER] = token


async def test_a_form_without_scripts_sends_a_file(
    browser: AsyncClient, customer: Customer
) -> None:
    sent = await send(browser, csv_of(HEADER, [ACME, "1", "Acme"]))

    assert sent.status_code == 303
    await customer.work()
    page = await browser.get(sent.headers["location"])
    assert "Esta é uma prévia" in page.text
    assert re.search(r"Criadas</dt><dd>1<", page.text)


async def test_a_file_of_another_page_is_refused(browser: AsyncClient) -> None:
    browser.headers.pop(CSRF_HEADER)

    refused = await browser.post(
        "/console/imports",
        data={"resource": "companies", CSRF_FIELD: "made up"},
        files={"file": ("a.csv", b"a;b")},
    )

    assert refused.status_code == 403


async def test_a_file_beyond_every_limit_is_not_even_read(browser: AsyncClient) -> None:
    refused = await send(browser, b"x" * (MAX_UPLOAD_BYTES + 1))

    assert refused.status_code == 413


async def test_a_file_that_is_none_is_refused_beside_the_field(browser: AsyncClient) -> None:
    none = await browser.post("/console/imports", data={"resource": "companies"})
    wrong = await send(browser, b"a;b", "a.pdf")
    unknown = await browser.post("/console/imports", data={"resource": "invoices"})

    assert (none.status_code, wrong.status_code, unknown.status_code) == (422, 422, 404)
    assert 'id="field-file-error"' in none.text
    assert "a.pdf" in wrong.text


async def test_a_second_file_leads_to_the_first(browser: AsyncClient) -> None:
    first = await send(browser, csv_of(HEADER, [ACME, "1", "Acme"]))
    second = await send(browser, csv_of(HEADER, [BETA, "2", "Beta"]))

    assert second.headers["location"] == first.headers["location"]
    page = await browser.get("/console/imports/new?resource=companies")
    assert "ainda não terminou" in page.text


async def test_a_long_preview_is_paged(browser: AsyncClient, customer: Customer) -> None:
    rows = [["", f"c{n:03}", f"Empresa {n:03}"] for n in range(120)]
    shown = await customer.preview(HEADER, *rows)

    first = await browser.get(f"/console/imports/{shown.id}")
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following is not None
    second = await browser.get(following[1].replace("&amp;", "&"))

    assert "Empresa 049" in first.text
    assert "Empresa 050" not in first.text
    assert "Empresa 050" in second.text


async def test_texts_of_a_file_are_texts_on_the_page(
    browser: AsyncClient, customer: Customer
) -> None:
    shown = await customer.preview(
        [*HEADER, "<b>x</b>"], [ACME, "1", "<script>alert(1)</script>", "<i>"]
    )

    page = await browser.get(f"/console/imports/{shown.id}")

    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "&lt;b&gt;x" in page.text


async def test_what_the_undo_left_is_listed_with_its_reason(
    browser: AsyncClient, customer: Customer
) -> None:
    done = await customer.bring_in(
        HEADER, [ACME, "1", "Acme"], [BETA, "2", "Beta"], ["", "3", "Gama"]
    )
    _, beta, gama = await customer.all(Company)
    await customer.branch(beta.id)
    await customer.edit(Company, gama.id, name="Gama Nova")
    await customer.take_back(done.id)

    page = (await browser.get(f"/console/imports/{done.id}")).text

    assert "2 registros foram deixados como estão" in page
    listed = dict(KEPT.findall(page))
    assert listed == {
        "Beta": "Outros registros já dependem dele: 1.",
        "Gama": "Alguém alterou o registro depois.",
    }


async def test_those_who_may_only_look_get_no_buttons(
    customer: Customer, console_as: ClientAs
) -> None:
    done = await customer.bring_in(HEADER, [ACME, "1", "Acme"])
    reader = await console_as(customer.tenant, "imports:view", "companies:view")

    page, history = (
        await reader.get(f"/console/imports/{done.id}"),
        await reader.get("/console/imports"),
    )

    assert "Desfazer" not in page.text
    assert "Importar planilha" not in history.text
    assert (await reader.get("/console/imports/new")).status_code == 403


async def test_an_events_stream_ends_with_the_import(
    browser: AsyncClient, customer: Customer
) -> None:
    done = await customer.bring_in(HEADER, [ACME, "1", "Acme"])

    stream = await browser.get(f"/console/imports/{done.id}/events")

    assert "event: progress" in stream.text
    assert stream.text.rstrip().split("\n")[-2:] == ["event: end", "data:"] or (
        "event: end" in stream.text
    )


async def test_the_template_and_the_rejections_are_downloads(
    browser: AsyncClient, customer: Customer
) -> None:
    shown = await customer.preview(HEADER, ["x", "1", "Acme"])

    for path in (
        "/console/imports/templates/companies",
        "/console/imports/templates/companies?kind=csv",
        f"/console/imports/{shown.id}/rejections.xlsx",
        f"/console/imports/{shown.id}/rejections.csv",
    ):
        response = await browser.get(path)
        assert response.status_code == 200
        assert response.headers["content-disposition"].startswith("attachment")
