"""The forms, pins and deletions of companies and branches, as a session gets them."""

import re
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_provisioning.erp_values import queries
from sindico_tenants.accounts.models import Account
from sindico_tenants.companies.registration.fields import TEXTS
from tests.api.test_crm_lists import add
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

__all__ = ["erp_kind"]

SCREEN = "/console/company-settings"
KINDS = ("companies", "branches")
OWN = ("empresa_propria", "filial")
HTMX = {"HX-Request": "true"}


@pytest.fixture
async def site(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    site = await make_site(context, await make_tenant(), erp_kind)
    site.erp.put("empresa_propria", "1", razao_social="Grupo Itajaí", telefone="ramal 12")
    site.erp.put("filial", "1-1", cod_empresa="1", razao_social="Itajaí Sul", matriz=True)
    await site.load(*OWN)
    return site


@pytest.fixture
async def browser(site: Site, console_as: ClientAs) -> AsyncClient:
    return await console_as(site.tenant, "admin", "crm-director")


async def first(browser: AsyncClient, kind: str) -> str:
    """The address of the one the ERP brought."""
    listed = await browser.get(f"{SCREEN}/{kind}")
    return str(re.findall(rf'href="({SCREEN}/{kind}/[0-9a-f-]{{36}})"', listed.text)[0])


async def stored(site: Site, kind: str, address: str) -> Any:
    """What is stored of the one at an address."""
    read = queries.read_company if kind == "companies" else queries.read_branch
    async with site.context.uow.begin(site.actor) as tx:
        return await read(tx, UUID(address.rpartition("/")[2]))


def fields_in(page: Response) -> dict[str, str]:
    """What a browser would send of the form, untouched."""
    form = page.text.partition('id="registration"')[2].partition("</form>")[0]
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)"[^>]*value="([^"]*)"', form))
    for tag in re.findall(r'<input class="[^>]*>', form):
        name, value = (re.search(rf'{key}="([^"]*)"', tag) for key in ("name", "value"))
        assert name is not None
        if 'type="checkbox"' not in tag or " checked" in tag:
            sent[name[1]] = value[1] if value else ""
    for name, options in re.findall(
        r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent[name] = chosen[1] if chosen else ""
    return sent


@pytest.mark.parametrize("kind", KINDS)
async def test_saving_an_untouched_form_changes_and_pins_nothing(
    kind: str, site: Site, browser: AsyncClient
) -> None:
    address = await first(browser, kind)
    sent = fields_in(await browser.get(f"{address}/edit"))

    saved = await browser.post(f"{address}/edit", data=sent)

    assert {*TEXTS} <= sent.keys()
    assert (saved.status_code, saved.headers["location"]) == (303, address)
    after = await stored(site, kind, address)
    assert (after.revision, after.pinned_fields) == (1, [])


@pytest.mark.parametrize("kind", KINDS)
async def test_an_edited_field_shows_its_pin_and_the_erps_value(
    kind: str, site: Site, browser: AsyncClient
) -> None:
    address = await first(browser, kind)
    erp_name = (await stored(site, kind, address)).name
    sent = fields_in(await browser.get(f"{address}/edit")) | {"name": "Por nós", "district": ""}

    await browser.post(f"{address}/edit", data=sent)
    shown, form = await browser.get(address), await browser.get(f"{address}/edit")

    assert (await stored(site, kind, address)).pinned_fields == ["district", "name"]
    for page in (shown, form):
        assert page.text.count("Editado aqui") == 2
        assert f"O ERP diz: <strong>{erp_name}</strong>" in re.sub(r"\s+", " ", page.text)
    assert f"{address}/fields/name/take-erp-value" in form.text
    assert f"{address}/fields/name/unpin" in form.text


@pytest.mark.parametrize("kind", KINDS)
async def test_the_erps_value_is_taken_or_the_pin_taken_off(
    kind: str, site: Site, browser: AsyncClient
) -> None:
    address = await first(browser, kind)
    before = await stored(site, kind, address)
    sent = fields_in(await browser.get(f"{address}/edit")) | {"name": "Por nós", "city": "Aqui"}
    await browser.post(f"{address}/edit", data=sent)

    plain = await browser.post(f"{address}/fields/name/take-erp-value")
    in_place = await browser.post(f"{address}/fields/city/unpin", headers=HTMX)

    assert plain.headers["location"] == f"{address}/edit"
    assert 'id="slot-city"' in in_place.text
    assert 'id="form-revision" value="4"' in in_place.text
    after = await stored(site, kind, address)
    assert (after.name, after.city, after.pinned_fields) == (before.name, "Aqui", [])


@pytest.mark.parametrize("kind", KINDS)
async def test_one_is_registered_by_its_form(kind: str, site: Site, browser: AsyncClient) -> None:
    company = (await first(browser, "companies")).rpartition("/")[2]
    new = await browser.get(f"{SCREEN}/{kind}/new", params={"company": company})
    sent = fields_in(new) | {
        "name": "  Nova   Ltda. ",
        "cnpj": "16.727.230/0001-97",
        "state": "SC",
        "phone": "(47) 3326-1234",
    }

    made = await browser.post(f"{SCREEN}/{kind}", data=sent)

    assert made.status_code == 303, made.text
    found = await stored(site, kind, made.headers["location"])
    assert (found.name, found.cnpj, found.phone) == (
        "Nova Ltda.",
        "16727230000197",
        "+554733261234",
    )
    assert (found.is_active, found.pinned_fields, found.erp_values) == (True, [], None)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    kind: str, browser: AsyncClient
) -> None:
    company = (await first(browser, "companies")).rpartition("/")[2]
    sent = {"company_id": company, "name": "", "cnpj": "123", "street": "x" * 10_000}

    refused = await browser.post(f"{SCREEN}/{kind}", data=sent)

    assert refused.status_code == 422
    for name in ("name", "cnpj", "street"):
        assert f'id="field-{name}-error"' in refused.text
    assert "Aqui cabem no máximo 200 caracteres; este texto tem 10000." in refused.text
    assert 'value="123"' in refused.text
    assert "checked" not in refused.text


@pytest.mark.parametrize("kind", KINDS)
async def test_a_code_that_is_taken_is_told_beside_its_field(
    kind: str, browser: AsyncClient
) -> None:
    company = (await first(browser, "companies")).rpartition("/")[2]
    taken = fields_in(await browser.get(f"{await first(browser, kind)}/edit"))["erp_code"]

    refused = await browser.post(
        f"{SCREEN}/{kind}", data={"company_id": company, "name": "Nova", "erp_code": taken}
    )

    assert refused.status_code == 409
    assert 'id="field-erp_code-error"' in refused.text


async def test_an_edit_from_an_older_page_is_refused(browser: AsyncClient) -> None:
    address = await first(browser, "companies")
    old = fields_in(await browser.get(f"{address}/edit"))
    await browser.post(f"{address}/edit", data=old | {"name": "Primeiro"})

    refused = await browser.post(f"{address}/edit", data=old | {"name": "Segundo"})

    assert refused.status_code == 412


@pytest.mark.parametrize("kind", KINDS)
async def test_deleting_says_that_the_erp_brings_it_back(
    kind: str, site: Site, browser: AsyncClient
) -> None:
    branch, address = await first(browser, "branches"), await first(browser, kind)
    if kind == "companies":
        await browser.post(f"{branch}/delete")

    asked = await browser.get(f"{address}/delete")
    gone = await browser.post(f"{address}/delete")

    assert "Veio do ERP e voltará" in asked.text
    assert (gone.status_code, gone.headers["location"]) == (303, f"{SCREEN}/{kind}")
    assert (await browser.get(address)).status_code == 404


async def test_one_with_linked_data_is_not_deleted_and_links_lead_to_it(
    site: Site, browser: AsyncClient, uow: UnitOfWork
) -> None:
    address = await first(browser, "companies")
    company_id = address.rpartition("/")[2]
    async with uow.begin(Actor.system(site.tenant.tenant_id)) as tx:
        for name in ("Aurora", "Bela Vista"):
            await add(tx, Account, name=name, person_type="company", company_id=UUID(company_id))
        await add(tx, Account, name="De outra", person_type="company")

    asked, refused = await browser.get(f"{address}/delete"), await browser.post(f"{address}/delete")

    assert (asked.status_code, refused.status_code) == (200, 409)
    assert refused.headers["HX-Retarget"] == "#content"
    for page in (asked, refused):
        links = dict(re.findall(r'<li><a href="([^"]+)">\w+</a> <strong>(\d+)<', page.text))
        assert links == {
            f"{SCREEN}/branches?company={company_id}": "1",
            f"/console/accounts?company={company_id}": "2",
        }
    accounts = await browser.get(f"/console/accounts?company={company_id}")
    assert "Aurora" in accounts.text
    assert "De outra" not in accounts.text
    assert (await browser.get(address)).status_code == 200


async def test_the_tree_shows_companies_with_their_branches(
    site: Site, browser: AsyncClient
) -> None:
    site.erp.put("empresa_propria", "2", razao_social="Vazia", cnpj=None)
    await site.load(*OWN)

    text = (await browser.get(f"{SCREEN}/branches")).text
    heads = (await browser.get(f"{SCREEN}/branches", params={"head_office": "yes"})).text

    assert text.index("Grupo Itajaí") < text.index("Itajaí Sul") < text.index("Vazia")
    assert "1 filial" in text
    assert "Nenhuma filial ainda" in text
    assert "Vazia" not in heads


async def test_the_company_of_a_new_branch_is_searched_and_chosen(browser: AsyncClient) -> None:
    company = (await first(browser, "companies")).rpartition("/")[2]
    blank = await browser.get(f"{SCREEN}/branches/new")
    without = await browser.post(f"{SCREEN}/branches", data={"name": "Sul"})
    found = await browser.get(f"{SCREEN}/branches/new/companies", params={"q": "itaja"})
    nothing = await browser.get(f"{SCREEN}/branches/new/companies", params={"q": "zzz"})

    filled = await browser.post(
        f"{SCREEN}/branches/new/fill",
        data={"name": "Digitado", "erp_code": "9", "chosen_company": company},
    )

    assert "Nenhuma escolhida ainda" in blank.text
    assert without.status_code == 422
    assert "Escolha uma empresa." in without.text
    assert f'{{"chosen_company": "{company}"}}' in found.text
    assert "Nada corresponde." in nothing.text
    sent = fields_in(filled)
    assert (sent["company_id"], sent["name"], sent["erp_code"]) == (company, "Digitado", "9")


@pytest.mark.parametrize("source", ["company", "branch"])
async def test_information_is_duplicated_but_not_what_is_one_records_own(
    source: str, site: Site, browser: AsyncClient
) -> None:
    kind = "companies" if source == "company" else "branches"
    address = await first(browser, kind)
    original = await stored(site, kind, address)
    company_id = original.id if source == "company" else original.company_id

    filled = await browser.post(
        f"{SCREEN}/branches/new/fill",
        data={"name": "Digitado", "erp_code": "9", f"source_{source}": str(original.id)},
    )

    sent = fields_in(filled)
    assert sent["company_id"] == str(company_id)
    assert (sent["name"], sent["city"]) == (original.name, original.city)
    assert (sent["erp_code"], sent["cnpj"], sent["state_registration"]) == ("9", "", "")
    assert original.cnpj is not None


@pytest.mark.parametrize("key", ["chosen_company", "source_company", "source_branch"])
async def test_a_form_is_not_filled_from_what_one_may_not_see(
    *, key: str, site: Site, browser: AsyncClient, console_as: ClientAs, make_tenant: MakeTenant
) -> None:
    kind = "branches" if key == "source_branch" else "companies"
    ours = (await first(browser, kind)).rpartition("/")[2]
    stranger = await console_as(await make_tenant(), "admin", "crm-director")
    registrar = await console_as(site.tenant, "branches:include")

    foreign = await stranger.post(f"{SCREEN}/branches/new/fill", data={key: ours})
    unknown = await browser.post(f"{SCREEN}/branches/new/fill", data={key: str(uuid7())})
    blind = await registrar.post(f"{SCREEN}/branches/new/fill", data={key: ours})
    offered = await registrar.get(f"{SCREEN}/branches/new/sources")

    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert blind.status_code == (200 if key == "chosen_company" else 404)
    assert ours not in offered.text


async def test_the_trail_tells_fields_in_words(browser: AsyncClient) -> None:
    address = await first(browser, "companies")
    sent = fields_in(await browser.get(f"{address}/edit"))
    await browser.post(
        f"{address}/edit", data=sent | {"name": "Por nós", "state": "PR", "ibge_code": ""}
    )
    await browser.post(f"{address}/fields/name/unpin")

    trail = (await browser.get("/console/audit?target_id=" + address.rpartition("/")[2])).text

    for words in ("Empresa alterada", "Razão social", "UF", "Campo de uma empresa devolvido"):
        assert words in trail
    assert "<strong>Por nós</strong>" in trail
