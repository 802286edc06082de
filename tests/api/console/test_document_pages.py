"""Documents on the console: attached, listed, opened, sent again, removed, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient, Response

from sindico_api.context import Context
from sindico_api.i18n import LANGUAGE_COOKIE
from sindico_platform.database.tx import Actor
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.documents import service
from sindico_tenants.documents.pickups import service as pickups
from tests.api.test_documents import (
    AT_CUSTOMER,
    CONTENT,
    configure,
    director,
    folder,
    names_in,
    nearby,
    tenant,
    typed,
    uploaded,
)
from tests.support.callers import ClientAs
from tests.support.file_servers import serving_ftp
from tests.support.jobs import run_jobs
from tests.support.rows import make_account, make_branch, make_company, make_contact
from tests.support.statements import CountStatements

__all__ = ["director", "folder", "nearby", "tenant"]

SCREEN = "/console/documents"
HTMX = {"HX-Request": "true"}
LINK = {"name": "Contrato", "url": "https://files.example/contrato.pdf"}


@pytest.fixture
async def browser(tenant: Tenant, nearby_console_as: ClientAs) -> AsyncClient:
    return await nearby_console_as(tenant, "admin", "crm-director")


@pytest.fixture
async def company(nearby: Context, tenant: Tenant) -> str:
    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        return str(await make_company(tx))


async def send(
    browser: AsyncClient,
    content: bytes = CONTENT,
    filename: str = "Contrato nº 1.pdf",
    **fields: Any,
) -> Response:
    return await browser.post(
        SCREEN, data=fields, files={"file": (filename, content, "application/pdf")}
    )


async def only_document(director: AsyncClient) -> dict[str, Any]:
    (found,) = (await director.get("/api/v1/documents")).json()["items"]
    return dict(found)


async def test_a_file_is_attached_seen_on_its_record_downloaded_and_removed(
    browser: AsyncClient, director: AsyncClient, nearby: Context, tenant: Tenant, folder: Path
) -> None:
    made = await director.post("/api/v1/companies", json={"name": "Grupo Itajaí"})
    company = made.json()["id"]
    record = f"/console/company-settings/companies/{company}"
    with serving_ftp(folder) as running:
        await configure(director, typed(running))
        form = await browser.get(f"{SCREEN}/new?resource=companies&record_id={company}")
        sent = await send(browser, resource="companies", record_id=company, description="Assinado")
        moving = await browser.get(record)
        await run_jobs(nearby, tenant.tenant_id)
        panel = await browser.get(f"{SCREEN}/panel?resource=companies&record_id={company}")
        document = f"{SCREEN}/{(await only_document(director))['id']}"
        detail = await browser.get(document)
        content = await browser.get(f"{document}/content")
        removed = await browser.post(f"{document}/delete", headers=HTMX)
        await run_jobs(nearby, tenant.tenant_id)

    assert "localhost" in form.text
    assert "2,1 GB" in form.text
    assert (sent.status_code, sent.headers["Location"]) == (303, f"{record}#documents")
    assert "A caminho" in moving.text
    assert 'hx-trigger="load delay:3s"' in moving.text
    assert "Contrato nº 1.pdf" in panel.text
    assert "Guardado" in panel.text
    assert "hx-trigger" not in panel.text
    assert "Contrato-no-1.pdf" in detail.text
    assert content.content == CONTENT
    assert removed.headers["HX-Redirect"] == record
    assert names_in(folder) == []
    assert (await browser.get(document)).status_code == 404


@pytest.mark.parametrize("kind", ["accounts", "contacts", "companies", "branches"])
async def test_every_kind_of_record_shows_its_documents(
    browser: AsyncClient, nearby: Context, tenant: Tenant, kind: str
) -> None:
    makers = {
        "accounts": make_account,
        "contacts": make_contact,
        "companies": make_company,
        "branches": make_branch,
    }
    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        record_id = await makers[kind](tx)

    made = await browser.post(
        f"{SCREEN}/links", data=LINK | {"resource": kind, "record_id": str(record_id)}
    )
    record = await browser.get(made.headers["Location"])
    listed = await browser.get(SCREEN)

    assert made.status_code == 303
    assert LINK["name"] in record.text
    assert 'rel="noopener noreferrer"' in record.text
    assert made.headers["Location"].removesuffix("#documents") in listed.text


async def test_a_document_of_no_record_goes_to_the_server_of_the_branch_chosen(
    browser: AsyncClient, director: AsyncClient, nearby: Context, tenant: Tenant, folder: Path
) -> None:
    company = (await director.post("/api/v1/companies", json={"name": "Grupo Itajaí"})).json()["id"]
    other = (await director.post("/api/v1/companies", json={"name": "Outra"})).json()["id"]
    body = {"name": "Itajaí Sul", "company_id": company}
    branch = (await director.post("/api/v1/branches", json=body)).json()["id"]
    scope = {"company_id": company, "branch_id": branch}
    with serving_ftp(folder) as running:
        await configure(director, typed(running, branch_id=branch))
        of_all = (await browser.get(f"{SCREEN}/new")).text
        of_branch = (await browser.get(f"{SCREEN}/new", params=scope)).text
        stale = (await browser.get(f"{SCREEN}/new", params=scope | {"company_id": other})).text
        sent = await send(browser, **scope)
        await run_jobs(nearby, tenant.tenant_id)
        stored = names_in(folder)

    assert "Nenhum servidor de arquivos" in of_all or "Ainda não há servidor" in of_all
    assert f'<option value="{company}">Grupo Itajaí</option>' in of_all
    assert "localhost" in of_branch
    assert f'<option value="{branch}" selected>Itajaí Sul</option>' in of_branch
    assert f'<input type="hidden" name="branch_id" value="{branch}">' in of_branch
    assert f'<option value="{other}" selected>Outra</option>' in stale
    assert f'value="{branch}"' not in stale
    assert (sent.status_code, sent.headers["Location"]) == (303, SCREEN)
    document = await only_document(director)
    assert (document["company_id"], document["branch_id"]) == (company, branch)
    assert (document["resource"], document["record_id"]) == (None, None)
    assert len(stored) == 1


async def test_a_link_of_no_record_is_the_chosen_branchs(
    browser: AsyncClient, director: AsyncClient, nearby: Context, tenant: Tenant
) -> None:
    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        branch = str(await make_branch(tx))

    form = (await browser.get(f"{SCREEN}/new", params={"link": "1", "branch_id": branch})).text
    made = await browser.post(f"{SCREEN}/links", data=LINK | {"branch_id": branch})

    assert '<input type="hidden" name="link" value="1">' in form
    assert f'name="branch_id" value="{branch}"' in form
    assert made.status_code == 303
    assert (await only_document(director))["branch_id"] == branch


async def test_who_may_see_no_companies_is_not_asked_for_one(
    tenant: Tenant, nearby_console_as: ClientAs
) -> None:
    clerk = await nearby_console_as(tenant, "documents:access", "documents:include")

    page = await clerk.get(f"{SCREEN}/new")

    assert page.status_code == 200
    assert 'name="company_id"' not in page.text


async def test_without_a_server_the_screen_says_who_has_none_and_offers_the_link(
    browser: AsyncClient, company: str
) -> None:
    page = await browser.get(f"{SCREEN}/new?resource=companies&record_id={company}")
    refused = await send(browser, resource="companies", record_id=company)

    assert "Ainda não há servidor de arquivos" in page.text
    assert 'href="/console/company-settings/ftp-settings"' in page.text
    assert f"resource=companies&amp;record_id={company}&amp;link=1" in page.text
    assert 'type="file"' not in page.text
    assert refused.status_code == 409


@pytest.mark.parametrize(
    ("content", "filename", "fields", "told"),
    [
        (b"", "vazio.pdf", {}, "O arquivo está vazio"),
        (b"a", "a" * 10_000, {}, "nome do arquivo é longo demais"),
        (b"a", "a.pdf", {"name": "a" * 10_000}, "200"),
        (b"a", "a.pdf", {"name": "a\r\nb"}, "Quebras de linha"),
        (b"a", "a.pdf", {"description": "a\0b"}, "Quebras de linha"),
    ],
    ids=["empty", "long-file-name", "long-name", "line-break", "nul"],
)
async def test_what_cannot_be_taken_is_told_in_the_readers_language(
    browser: AsyncClient,
    director: AsyncClient,
    content: bytes,
    filename: str,
    *,
    fields: dict[str, str],
    told: str,
) -> None:
    await configure(director, AT_CUSTOMER)

    refused = await send(browser, content, filename, **fields)
    browser.cookies.set(LANGUAGE_COOKIE, "en")
    english = await send(browser, content, filename, **fields)

    assert (refused.status_code, english.status_code) == (422, 422)
    assert told in refused.text
    assert refused.text != english.text
    assert (await director.get("/api/v1/documents")).json()["items"] == []


async def test_names_with_ways_out_of_the_folder_are_made_safe(
    browser: AsyncClient, director: AsyncClient
) -> None:
    await configure(director, AT_CUSTOMER)

    sent = await send(browser, b"a", "../../etc/passwd")

    assert sent.status_code == 303
    assert (await only_document(director))["filename"] == "passwd"


async def test_a_form_without_a_file_and_one_too_large_are_told(
    browser: AsyncClient, director: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await configure(director, AT_CUSTOMER)
    missing = await browser.post(SCREEN, data={"name": "x"})
    monkeypatch.setattr(service, "MAX_FILE_BYTES", 10)
    large = await send(browser, b"a" * 11)

    assert missing.status_code == 422
    assert 'id="field-file-error"' in missing.text
    assert 'value="x"' in missing.text
    assert large.status_code == 413


async def test_links_are_checked_and_edited(browser: AsyncClient, director: AsyncClient) -> None:
    refused = await browser.post(f"{SCREEN}/links", data=LINK | {"url": "javascript:alert(1)"})
    made = await browser.post(f"{SCREEN}/links", data=LINK)
    document = f"{SCREEN}/{(await only_document(director))['id']}"
    wrong = await browser.post(document, data=LINK | {"name": "", "revision": "1"})
    changed = await browser.post(
        document, data=LINK | {"name": "Laudo", "description": "De 2026", "revision": "1"}
    )
    stale = await browser.post(document, data=LINK | {"revision": "1"})
    shown = await browser.get(document)

    assert refused.status_code == 422
    assert 'id="field-url-error"' in refused.text
    assert made.headers["Location"] == SCREEN
    assert wrong.status_code == 422
    assert 'id="field-name-error"' in wrong.text
    assert changed.status_code == 303
    assert stale.status_code == 412
    assert "De 2026" in shown.text


async def test_what_failed_says_why_what_to_do_and_is_sent_again(
    browser: AsyncClient, director: AsyncClient, nearby: Context, tenant: Tenant, folder: Path
) -> None:
    with serving_ftp(folder) as running:
        settings = await configure(director, typed(running, password="errada"))
        document = f"{SCREEN}/{(await uploaded(director))['id']}"
        await run_jobs(nearby, tenant.tenant_id)
        failed = await browser.get(document)
        listed = await browser.get(f"{SCREEN}?situation=failed")
        await director.put(f"/api/v1/ftp-settings/{settings}", json=typed(running))
        again = await browser.post(f"{document}/retry")
        await run_jobs(nearby, tenant.tenant_id)

    assert "recusou o usuário" in failed.text
    assert "maiúsculas" in failed.text
    assert f"/console/company-settings/ftp-settings/{settings}" in failed.text
    assert "recusou o usuário" in listed.text
    assert again.status_code == 303
    assert "Guardado" in (await browser.get(document)).text


async def test_what_waits_for_the_customers_server_stands_by_itself(
    browser: AsyncClient, director: AsyncClient, nearby: Context, tenant: Tenant
) -> None:
    await configure(director, AT_CUSTOMER)
    empty = await browser.get(f"{SCREEN}/waiting")
    await browser.post(f"{SCREEN}/links", data=LINK)
    document = await uploaded(director, filename="parado.pdf")
    before = await browser.get(f"{SCREEN}/waiting")
    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await pickups.mark_overdue(tx, document_id=document["id"])
    after = await browser.get(f"{SCREEN}/waiting")
    detail = await browser.get(f"{SCREEN}/{document['id']}")

    assert "Nada espera pelo seu servidor" in empty.text
    assert "parado.pdf" in before.text
    assert LINK["url"] not in before.text
    assert "após 24 horas" in before.text
    assert "Avisado" in after.text
    assert "Isso foi avisado em" in detail.text


async def test_the_list_is_searched_filtered_and_takes_any_address(
    browser: AsyncClient, director: AsyncClient
) -> None:
    await configure(director, AT_CUSTOMER)
    await uploaded(director, filename="planta.dwg")
    await browser.post(f"{SCREEN}/links", data=LINK)

    found = await browser.get(SCREEN, params={"q": "planta"})
    links = await browser.get(SCREEN, params={"situation": "link", "sort": "name"})
    odd = await browser.get(f"{SCREEN}?situation=x&server=y&resource=z&record_id=1")
    broken = await browser.get(f"{SCREEN}/new?resource=x&record_id=y")

    assert "planta.dwg" in found.text
    assert LINK["url"] not in found.text
    assert "planta.dwg" not in links.text
    assert (odd.status_code, broken.status_code) == (200, 200)


async def test_long_lists_take_few_statements(
    browser: AsyncClient, count_statements: CountStatements, company: str
) -> None:
    for number in range(3):
        fields = {"resource": "companies", "record_id": company, "name": f"Ficha {number}"}
        await browser.post(f"{SCREEN}/links", data=LINK | fields)
    with count_statements() as few:
        await browser.get(SCREEN)
    for number in range(12):
        fields = {"resource": "companies", "record_id": company, "name": f"Laudo {number}"}
        await browser.post(f"{SCREEN}/links", data=LINK | fields)
    with count_statements() as many:
        await browser.get(SCREEN)
    record = await browser.get(f"/console/company-settings/companies/{company}")

    assert few.total == many.total
    assert "Ver todos os documentos deste registro" in record.text


async def test_who_may_only_look_gets_no_buttons_and_others_no_panel(
    tenant: Tenant, nearby_console_as: ClientAs, browser: AsyncClient, company: str
) -> None:
    fields = {"resource": "companies", "record_id": company}
    await browser.post(f"{SCREEN}/links", data=LINK | fields)
    reader = await nearby_console_as(tenant, "companies:view", "documents:view")
    outsider = await nearby_console_as(tenant, "companies:view")
    record = f"/console/company-settings/companies/{company}"

    looked, closed = await reader.get(record), await outsider.get(record)
    panel = await reader.get(f"{SCREEN}/panel?resource=accounts&record_id={company}")

    assert LINK["name"] in looked.text
    assert f"{SCREEN}/new" not in looked.text
    assert "/delete" not in looked.text
    assert LINK["name"] not in closed.text
    assert 'id="documents"' not in closed.text
    assert panel.status_code == 403
