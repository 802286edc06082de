"""The follow-up of a deployment over HTTP and on the console."""

from typing import Any

import pytest
from httpx import AsyncClient

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_provisioning.integrations.models import IntegrationKind
from sindico_provisioning.integrations.service import create_integration
from tests.provisioning.loads.conftest import Site, erp_kind
from tests.provisioning.onboarding.customers import make_customer
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.statements import CountStatements

__all__ = ["erp_kind"]


@pytest.fixture
async def loaded(context: Context, erp_kind: str) -> Site:
    site = await make_customer(context, erp_kind)
    site.erp.put("empresa_propria", "1")
    site.erp.put("empresa", "chave-boa", "b", cod_empresa="1")
    site.erp.put("empresa", "chave-ruim", cod_empresa="1", cnpj="11222333000182")
    await site.load()
    return site


def examples_of(read: dict[str, Any]) -> list[str | None]:
    return [reason["example"] for table in read["tables"] for reason in table["reasons"]]


@pytest.fixture
async def focal(client_as: ClientAs, loaded: Site) -> AsyncClient:
    rights = ("onboarding:view", "onboarding:edit", "onboarding:include", "audit:view")
    return await client_as(loaded.tenant, *rights)


async def test_a_table_is_signed_off_and_withdrawn_and_both_are_audited(
    focal: AsyncClient, loaded: Site
) -> None:
    address = f"/api/v1/integrations/{loaded.integration_id}/onboarding"

    signed = await focal.post(f"{address}/empresa/sign-off", json={"note": "seen"})
    withdrawn = await focal.post(f"{address}/empresa/withdraw", json={"reason": "May"})
    twice = await focal.post(f"{address}/empresa/withdraw", json={"reason": "May"})
    unknown = await focal.post(f"{address}/carros/sign-off", json={})

    assert (signed.status_code, signed.json()["signed"]) == (200, 1)
    assert (withdrawn.status_code, withdrawn.json()["signed"]) == (200, 0)
    assert (twice.status_code, twice.json()["code"]) == (409, "not-signed-off")
    assert unknown.status_code == 404
    for tag in ("table:sign-off", "table:withdraw"):
        [event] = (await focal.get(f"/api/v1/audit-events?tag={tag}")).json()["items"]
        assert event["facts"]["table"] == "empresa"


async def test_the_vendor_withdraws_a_customer_s_sign_off_as_it_gives_it(
    loaded: Site, client_as: ClientAs, make_tenant: MakeTenant
) -> None:
    operator = await client_as(await make_tenant(master=True), "operator")
    theirs = f"/api/v1/tenants/{loaded.tenant.tenant_id}/integrations/{loaded.integration_id}"

    signed = await operator.post(f"{theirs}/onboarding/empresa/sign-off", json={})
    withdrawn = await operator.post(
        f"{theirs}/onboarding/empresa/withdraw", json={"reason": "May is missing"}
    )

    assert (signed.json()["signed"], withdrawn.json()["signed"]) == (1, 0)


async def test_a_reconciliation_is_started_followed_and_read(
    focal: AsyncClient, loaded: Site
) -> None:
    loaded.erp.put("empresa", "nova", cod_empresa="1")
    address = f"/api/v1/integrations/{loaded.integration_id}/reconciliations"

    started = await focal.post(address)
    await loaded.run()
    done = (await focal.get(started.headers["Location"])).json()
    query = "table=empresa&kind=missing"
    keys = (await focal.get(f"{started.headers['Location']}/differences?{query}")).json()
    listed = (await focal.get(address)).json()["items"]

    assert started.status_code == 202
    assert done["status"] == "succeeded"
    assert [each["id_erp"] for each in keys["items"]] == ["chave-ruim", "nova"]
    assert [each["id"] for each in listed] == [done["id"]]


async def test_another_comparison_under_the_key_of_one_is_refused(
    focal: AsyncClient, loaded: Site
) -> None:
    address = f"/api/v1/integrations/{loaded.integration_id}/reconciliations"
    key = {"Idempotency-Key": "compare-1"}

    first = await focal.post(address, headers=key)
    again = await focal.post(address, headers=key)
    other = await focal.post(f"{address}?by=totals", headers=key)

    assert (first.status_code, again.json()) == (202, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_what_an_erp_pushes_has_no_source_to_compare_with(
    context: Context, make_tenant: MakeTenant, client_as: ClientAs, console_as: ClientAs
) -> None:
    tenant = await make_tenant()
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        pushed = await create_integration(tx, kind=IntegrationKind.API, name="ERP que envia")
    client = await client_as(tenant, "onboarding:view", "onboarding:include")
    browser = await console_as(tenant, "onboarding:view", "onboarding:include")

    refused = await client.post(f"/api/v1/integrations/{pushed.id}/reconciliations")
    page = await browser.get(f"/console/onboarding?integration={pushed.id}")

    assert (refused.status_code, refused.json()["code"]) == (409, "integration-not-pulled")
    assert page.status_code == 200
    assert "Conferir com o ERP" not in page.text


async def test_the_vendor_s_focal_point_sees_counts_and_codes_and_no_record(
    loaded: Site, client_as: ClientAs, console_as: ClientAs, make_tenant: MakeTenant
) -> None:
    master, tenant_id = await make_tenant(master=True), loaded.tenant.tenant_id
    operator, browser = await client_as(master, "operator"), await console_as(master, "operator")
    address = f"/api/v1/tenants/{tenant_id}/integrations/{loaded.integration_id}/onboarding"

    read = await operator.get(address)
    signed = await operator.post(f"{address}/empresa/sign-off", json={"note": "With Ana"})
    page = await browser.get(f"/console/tenants/{tenant_id}/onboarding")

    table = next(each for each in read.json()["tables"] if each["table"] == "empresa")
    assert (table["staged"], table["rejected"]) == (2, 1)
    assert table["reasons"][0]["code"] == "cnpj-check-digits"
    assert table["reasons"][0]["example"] is None
    assert signed.json()["signed"] == 1
    assert "With Ana" in page.text
    assert "cnpj-check-digits" in page.text
    for secret in ("chave-boa", "chave-ruim", "11222333000182", "/rejections", "/differences"):
        assert secret not in page.text + read.text


async def test_a_row_is_only_quoted_to_those_who_may_see_the_rows_of_a_load(
    loaded: Site, client_as: ClientAs, console_as: ClientAs
) -> None:
    """However it is read, and after a sign-off or its withdrawal too."""
    address = f"/api/v1/integrations/{loaded.integration_id}/onboarding"
    follows, sees = ("onboarding:view", "onboarding:edit"), ("onboarding:view", "loads:view")
    follower, seer = await client_as(loaded.tenant, *follows), await client_as(loaded.tenant, *sees)
    blind = await console_as(loaded.tenant, *follows)
    seeing = await console_as(loaded.tenant, *sees)

    told = (await seer.get(address)).json()
    page = (await seeing.get("/console/onboarding")).text
    without = [
        (await follower.get(address)).json(),
        (await follower.post(f"{address}/empresa/sign-off", json={})).json(),
        (await follower.post(f"{address}/empresa/withdraw", json={"reason": "May"})).json(),
    ]
    without_page = (await blind.get("/console/onboarding")).text

    quoted = "11.222.333/0001-82"
    [example] = examples_of(told)
    assert quoted in str(example)
    assert quoted in page
    assert [examples_of(each) for each in without] == [[None]] * 3
    assert quoted not in without_page
    assert "/rejections" not in without_page


async def test_what_a_reason_quotes_of_a_person_is_masked_for_those_without_the_right(
    loaded: Site, client_as: ClientAs
) -> None:
    loaded.erp.put("contato", "c", cpf="52998224726")
    await loaded.load()
    address = f"/api/v1/integrations/{loaded.integration_id}/onboarding"
    rights = ("onboarding:view", "loads:view")
    without = await client_as(loaded.tenant, *rights)
    with_right = await client_as(loaded.tenant, *rights, "personal_data:view")

    told = [(await caller.get(address)).text for caller in (without, with_right)]

    assert ["529.982.247-26" in text for text in told] == [False, True]
    assert all("11.222.333/0001-82" in text for text in told)


async def test_the_page_takes_the_same_statements_however_many_loads(
    loaded: Site, focal: AsyncClient, count_statements: CountStatements
) -> None:
    address, counts = f"/api/v1/integrations/{loaded.integration_id}/onboarding", []
    await focal.get(address)  # what the tenant's package allows is remembered
    for _ in range(2):
        with count_statements() as statements:
            await focal.get(address)
        counts.append(statements.total)
        await loaded.load()
        await focal.post(f"{address}/empresa/sign-off", json={})

    assert counts[0] == counts[1]


async def test_the_page_signs_off_withdraws_and_compares(
    loaded: Site, console_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sindico_provisioning.onboarding.rejections.queries.MOST_COUNTED", 1)
    rights = ("onboarding:view", "onboarding:edit", "onboarding:include", "loads:view")
    browser = await console_as(loaded.tenant, *rights)
    address, own = "/console/onboarding", {"integration": str(loaded.integration_id)}

    await browser.post(f"{address}/empresa/sign-off", data=own | {"note": "Ok"})
    signed = await browser.get(address)
    await browser.post(f"{address}/empresa/withdraw", data=own | {"reason": "Falta maio"})
    withdrawn = await browser.get(address)
    loaded.erp.put("empresa", "nova", cod_empresa="1")
    await browser.post(f"{address}/reconcile", data=own)
    running = await browser.get(address)
    await loaded.run()
    compared = await browser.get(address)
    by_totals = await browser.post(f"{address}/reconcile", data=own | {"by": "totals"})
    await loaded.run()
    once_more = await browser.get(address)

    assert "1 de 2 tabelas aprovadas" in signed.text
    assert "Falta maio" in withdrawn.text
    assert "pelo menos 1 linhas" in withdrawn.text
    assert 'hx-trigger="every 3s"' in running.text
    assert "No ERP, e não aqui: 2" in compared.text
    assert by_totals.status_code == 303
    assert "No ERP, e não aqui: 2" in once_more.text
    assert 'hx-trigger="every 3s"' not in compared.text
