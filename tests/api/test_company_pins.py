"""Companies and branches of the ERP that are edited here: pinned, and given back."""

from typing import Any

import pytest
from httpx import AsyncClient

from sindico_api.context import Context
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

__all__ = ["erp_kind"]

OWN = ("empresa_propria", "filial")
KINDS = ("companies", "branches")
TABLES = dict(zip(KINDS, OWN, strict=True))


@pytest.fixture
async def site(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    site = await make_site(context, await make_tenant(), erp_kind)
    site.erp.put("empresa_propria", "1", razao_social="Grupo Itajaí", telefone="ramal 12")
    site.erp.put("filial", "1-1", cod_empresa="1", razao_social="Itajaí Sul", matriz=True)
    await site.load(*OWN)
    return site


@pytest.fixture
async def director(site: Site, client_as: ClientAs) -> AsyncClient:
    return await client_as(site.tenant, "crm-director")


async def first(director: AsyncClient, kind: str) -> str:
    """The address of the one the ERP brought."""
    items = (await director.get(f"/api/v1/{kind}")).json()["items"]
    return f"/api/v1/{kind}/{items[0]['id']}"


async def rename_in_erp(site: Site, kind: str, name: str) -> None:
    row = next(iter(site.erp.rows[TABLES[kind]]))
    row["razao_social"] = name
    await site.load(*OWN)


async def read(director: AsyncClient, address: str) -> dict[str, Any]:
    body: dict[str, Any] = (await director.get(address)).json()
    return body


@pytest.mark.parametrize("kind", KINDS)
async def test_the_erps_word_stands_beside_ours(kind: str, director: AsyncClient) -> None:
    shown = await read(director, await first(director, kind))

    assert shown["pinned_fields"] == []
    assert {name: shown[name] for name in shown["erp_values"]} == shown["erp_values"]
    assert shown["erp_values"]["name"].startswith(("Grupo", "Itajaí"))
    assert ("is_head_office" in shown["erp_values"]) is (kind == "branches")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_field_edited_here_survives_loads_and_the_erps_value_is_shown(
    kind: str, site: Site, director: AsyncClient
) -> None:
    address = await first(director, kind)
    await director.patch(address, json={"name": "Por nós"})

    await rename_in_erp(site, kind, "Pelo ERP")

    shown = await read(director, address)
    assert (shown["name"], shown["erp_values"]["name"]) == ("Por nós", "Pelo ERP")
    assert shown["pinned_fields"] == ["name"]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_erps_value_is_taken_at_once_and_followed_again(
    kind: str, site: Site, director: AsyncClient
) -> None:
    address = await first(director, kind)
    await director.patch(address, json={"name": "Por nós", "city": "Itajaí"})

    taken = await director.post(f"{address}/fields/name/take-erp-value")
    again = await director.post(f"{address}/fields/name/take-erp-value")
    await rename_in_erp(site, kind, "Pelo ERP")

    assert taken.json()["name"] == taken.json()["erp_values"]["name"] != "Por nós"
    assert taken.json()["pinned_fields"] == ["city"]
    assert again.json() == taken.json()
    shown = await read(director, address)
    assert (shown["name"], shown["city"]) == ("Pelo ERP", "Itajaí")


@pytest.mark.parametrize("kind", KINDS)
async def test_an_unpinned_field_keeps_its_value_until_the_next_load(
    kind: str, site: Site, director: AsyncClient
) -> None:
    address = await first(director, kind)
    await director.patch(address, json={"name": "Por nós"})

    unpinned = await director.post(f"{address}/fields/name/unpin")
    again = await director.post(f"{address}/fields/name/unpin")
    await site.load(*OWN)

    assert (unpinned.json()["name"], unpinned.json()["pinned_fields"]) == ("Por nós", [])
    assert again.headers["ETag"] == unpinned.headers["ETag"]
    assert (await read(director, address))["name"] != "Por nós"


async def test_what_the_erp_wrote_in_its_own_way_is_no_edit(director: AsyncClient) -> None:
    address = await first(director, "companies")
    shown = await read(director, address)

    sent = await director.patch(
        address, json={"phone": "ramal 12", "cnpj": "12.abc.345/01de-35", "name": shown["name"]}
    )
    wrong = await director.patch(address, json={"phone": "ramal 13"})

    assert sent.json()["revision"] == shown["revision"]
    assert sent.json()["pinned_fields"] == []
    assert wrong.status_code == 422


async def test_a_load_counts_as_a_change(site: Site, director: AsyncClient) -> None:
    address = await first(director, "companies")
    before = (await director.get(address)).headers["ETag"]

    await rename_in_erp(site, "companies", "Pelo ERP")
    stale = await director.patch(address, json={"name": "Eu"}, headers={"If-Match": before})

    assert stale.status_code == 412


async def test_what_is_deleted_here_returns_with_the_next_load(
    site: Site, director: AsyncClient
) -> None:
    branch, company = await first(director, "branches"), await first(director, "companies")

    gone = [(await director.delete(each)).status_code for each in (branch, company)]
    emptied = (await director.get("/api/v1/companies")).json()["items"]
    await site.load(*OWN)

    assert gone == [204, 204]
    assert emptied == []
    assert await first(director, "companies") != company
    assert (await read(director, await first(director, "branches")))["name"] == "Itajaí Sul"
    assert (await director.get(branch)).status_code == 404


async def test_nothing_ever_goes_back_to_the_erp(site: Site, director: AsyncClient) -> None:
    before = [dict(row) for table in OWN for row in site.erp.rows[table]]
    for kind in KINDS:
        await director.patch(await first(director, kind), json={"name": "Por nós"})
    await director.post("/api/v1/companies", json={"name": "Nova"})
    await site.load(*OWN)

    assert [dict(row) for table in OWN for row in site.erp.rows[table]] == before


async def test_two_erp_rows_with_one_cnpj_are_both_taken_and_neither_is_blocked(
    site: Site, director: AsyncClient
) -> None:
    site.erp.put("empresa_propria", "2", razao_social="Mesmo CNPJ")
    loaded = await site.load(*OWN)
    found = (await director.get("/api/v1/companies")).json()["items"]

    renamed = await director.patch(f"/api/v1/companies/{found[0]['id']}", json={"name": "Outro"})

    assert loaded.status == "succeeded"
    assert len({each["cnpj"] for each in found}) == 1
    assert len(found) == 2
    assert renamed.status_code == 200
