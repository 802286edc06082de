"""The vendor's register of tenants over HTTP."""

import secrets
from typing import Any

import pytest
from httpx import AsyncClient

from sindico_platform.tenancy.models import TenantState
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

CNPJ = "12.ABC.345/01DE-35"


@pytest.fixture
async def operator(client_as: ClientAs, make_tenant: MakeTenant) -> AsyncClient:
    """A vendor operator, signed in."""
    return await client_as(await make_tenant(master=True), "operator")


def body(**changed: Any) -> dict[str, Any]:
    return {"name": "Acme", "domain": f"{secrets.token_hex(6)}.test", "cnpj": CNPJ} | changed


async def created(operator: AsyncClient, **changed: Any) -> dict[str, Any]:
    response = await operator.post("/api/v1/tenants", json=body(**changed))
    assert response.status_code == 201, response.text
    tenant: dict[str, Any] = response.json()
    return tenant


async def test_an_operator_creates_a_tenant_and_finds_it_again(operator: AsyncClient) -> None:
    response = await operator.post("/api/v1/tenants", json=body(contracted_package="starter"))

    tenant = response.json()
    assert (response.status_code, tenant["state"], tenant["crm_state"]) == (201, "active", "absent")
    found = await operator.get(response.headers["Location"])
    assert (found.json(), found.headers["ETag"]) == (tenant, '"1"')


@pytest.mark.parametrize(
    ("changed", "status", "code", "fields"),
    [
        ({"cnpj": "12ABC34501DE36"}, 422, "invalid-input", ["cnpj"]),
        ({"domain": "a b"}, 422, "invalid-input", ["domain"]),
        ({"name": ""}, 422, "invalid-input", ["name"]),
        ({"contracted_package": "gold"}, 422, "unknown-package", ["contracted_package"]),
        ({"cnpj": "1", "domain": "!"}, 422, "invalid-input", ["cnpj", "domain"]),
        ({"colour": "red"}, 422, "invalid-input", ["colour"]),
    ],
)
async def test_bad_input_names_its_fields(
    operator: AsyncClient, changed: dict[str, str], status: int, code: str, fields: list[str]
) -> None:
    response = await operator.post("/api/v1/tenants", json=body(**changed))

    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert [error["field"] for error in problem["errors"]] == fields


async def test_a_taken_domain_is_a_conflict_that_names_the_field(operator: AsyncClient) -> None:
    tenant = await created(operator)

    response = await operator.post("/api/v1/tenants", json=body(domain=tenant["domain"]))

    assert (response.status_code, response.json()["code"]) == (409, "domain-taken")
    assert response.json()["field"] == "domain"


async def test_the_list_searches_filters_and_continues(operator: AsyncClient) -> None:
    mark = secrets.token_hex(5)
    for name in (f"Ótica {mark}", f"Padaria {mark}", f"Zinco {mark}"):
        await created(operator, name=name)

    first = (await operator.get(f"/api/v1/tenants?q=OTICA+{mark}")).json()
    page = (await operator.get(f"/api/v1/tenants?q={mark}&limit=2&sort=-name")).json()
    rest = await operator.get(
        f"/api/v1/tenants?q={mark}&limit=2&sort=-name&after={page['next_cursor']}"
    )
    none = (await operator.get(f"/api/v1/tenants?q={mark}&crm_state=active")).json()

    assert [item["name"] for item in first["items"]] == [f"Ótica {mark}"]
    assert [item["name"] for item in page["items"]] == [f"Zinco {mark}", f"Padaria {mark}"]
    assert [item["name"] for item in rest.json()["items"]] == [f"Ótica {mark}"]
    assert rest.json()["next_cursor"] is None
    assert none["items"] == []


@pytest.mark.parametrize("search", ["%", "_", "\\", "-", "100%25", "%00"])
async def test_a_search_for_a_wildcard_finds_it_alone(operator: AsyncClient, search: str) -> None:
    await created(operator)

    response = await operator.get(f"/api/v1/tenants?q=no{search}such")

    assert (response.status_code, response.json()["items"]) == (200, [])


async def test_a_change_made_from_an_older_state_is_refused(operator: AsyncClient) -> None:
    tenant = await created(operator)
    address = f"/api/v1/tenants/{tenant['id']}"

    changed = await operator.patch(address, json={"name": "Nova"}, headers={"If-Match": '"1"'})
    late = await operator.patch(address, json={"name": "Velha"}, headers={"If-Match": '"1"'})

    assert (changed.json()["name"], changed.headers["ETag"]) == ("Nova", '"2"')
    assert (late.status_code, late.json()["code"]) == (412, "changed-meanwhile")


async def test_suspend_resume_and_close_over_http(operator: AsyncClient) -> None:
    address = f"/api/v1/tenants/{(await created(operator))['id']}"

    suspended = await operator.post(f"{address}/suspend", json={"reason": "unpaid"})
    resumed = await operator.post(f"{address}/resume")
    closing = await operator.post(f"{address}/close", json={"reason": "left", "grace_days": 3})
    back = await operator.post(f"{address}/resume", json={"reason": "stays"})

    answers = [response.json()["state"] for response in (suspended, resumed, closing, back)]
    assert answers == ["active" if x == "resume" else x for x in ("suspended", "resume")] + [
        "closing",
        "active",
    ]


async def test_a_suspended_tenants_people_get_a_clear_refusal(
    client_as: ClientAs, make_tenant: MakeTenant
) -> None:
    tenant = await make_tenant(state=TenantState.SUSPENDED)
    caller = await client_as(tenant, "admin")

    response = await caller.get("/api/v1/packages")

    assert (response.status_code, response.json()["code"]) == (403, "tenant-suspended")


async def test_to_a_customer_the_register_does_not_exist(
    client_as: ClientAs, make_tenant: MakeTenant
) -> None:
    tenant = await make_tenant()
    customer = await client_as(tenant, "admin")

    answers = [
        await customer.get("/api/v1/tenants"),
        await customer.get(f"/api/v1/tenants/{tenant.tenant_id}"),
        await customer.post("/api/v1/tenants", json=body()),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
        (404, "not-found")
    }


async def test_the_master_tenant_is_no_customer(
    operator: AsyncClient, make_tenant: MakeTenant
) -> None:
    master = await make_tenant(master=True)

    response = await operator.post(
        f"/api/v1/tenants/{master.tenant_id}/suspend", json={"reason": "by mistake"}
    )

    assert (response.status_code, response.json()["code"]) == (404, "tenant-not-found")


async def test_everybody_signed_in_sees_the_packages(
    client_as: ClientAs, make_tenant: MakeTenant
) -> None:
    caller = await client_as(await make_tenant(), "crm-user")

    packages = (await caller.get("/api/v1/packages")).json()

    assert [(item["code"], item["paid"]) for item in packages] == [
        ("freemium", False),
        ("starter", True),
        ("advanced", True),
    ]
