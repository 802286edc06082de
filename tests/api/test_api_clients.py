"""Administering API clients."""

from typing import Any

import pytest
from httpx import AsyncClient, Response

from sindico_platform.tenancy.models import Tenant
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

CLIENTS, TOKEN, ME = "/api/v1/api-clients", "/api/v1/auth/token", "/api/v1/auth/me"


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def admin(tenant: Tenant, client_as: ClientAs) -> AsyncClient:
    return await client_as(tenant, "admin")


async def create(admin: AsyncClient, name: str = "ERP", *permissions: str) -> dict[str, Any]:
    asked = {"name": name, "permissions": permissions or ["loads:view"]}
    response = await admin.post(CLIENTS, json=asked)
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


async def token_of(client: AsyncClient, made: dict[str, Any]) -> Response:
    asked = {"grant_type": "client_credentials"}
    return await client.post(
        TOKEN, data=asked, auth=(made["client"]["client_id"], made["client_secret"])
    )


async def test_a_secret_is_shown_once_and_works(admin: AsyncClient, client: AsyncClient) -> None:
    made = await create(admin)

    token = (await token_of(client, made)).json()["access_token"]

    me = (await client.get(ME, headers={"Authorization": f"Bearer {token}"})).json()
    read = await admin.get(f"{CLIENTS}/{made['client']['id']}")
    assert me["permissions"] == ["loads:view"]
    assert made["client_secret"] not in read.text
    assert read.json()["last_used_at"] is not None


async def test_a_rotated_secret_replaces_the_old_one(
    admin: AsyncClient, client: AsyncClient
) -> None:
    made = await create(admin)

    rotated = (await admin.post(f"{CLIENTS}/{made['client']['id']}/rotate")).json()

    assert (await token_of(client, made)).status_code == 401
    assert (await token_of(client, rotated)).status_code == 200


async def test_a_revoked_client_stays_in_the_list_and_cannot_be_changed(
    admin: AsyncClient, client: AsyncClient
) -> None:
    made = await create(admin)
    address = f"{CLIENTS}/{made['client']['id']}"

    revoked = await admin.post(f"{address}/revoke")
    rotated = await admin.post(f"{address}/rotate")

    listed = (await admin.get(CLIENTS)).json()["items"]
    assert revoked.json()["revoked_at"] is not None
    assert rotated.json()["code"] == "api-client-revoked"
    assert (await token_of(client, made)).status_code == 401
    assert [each["name"] for each in listed] == ["ERP"]


async def test_narrowed_permissions_hold_at_once(admin: AsyncClient, client: AsyncClient) -> None:
    made = await create(admin, "ERP", "loads:view", "accounts:view")
    token = (await token_of(client, made)).json()["access_token"]

    edited = await admin.put(
        f"{CLIENTS}/{made['client']['id']}",
        json={"name": "ERP", "permissions": ["loads:view"]},
        headers={"If-Match": '"1"'},
    )

    me = await client.get(ME, headers={"Authorization": f"Bearer {token}"})
    assert edited.status_code == 200
    assert me.json()["permissions"] == ["loads:view"]


async def test_a_client_has_no_more_than_its_maker(tenant: Tenant, client_as: ClientAs) -> None:
    clerk = await client_as(tenant, "api_clients:include")

    response = await clerk.post(CLIENTS, json={"name": "X", "permissions": ["loads:view"]})

    assert (response.status_code, response.json()["code"]) == (403, "grant-exceeds-own")


async def test_a_name_is_taken_once(admin: AsyncClient) -> None:
    await create(admin)

    again = await admin.post(CLIENTS, json={"name": "ERP", "permissions": ["loads:view"]})

    assert again.json()["code"] == "api-client-name-taken"


async def test_the_vendors_programs_reach_the_vendors_routes(
    make_tenant: MakeTenant, client_as: ClientAs, client: AsyncClient
) -> None:
    operator = await client_as(
        await make_tenant(master=True), "api_clients:include", "tenants:view"
    )
    name = f"Platform {id(operator)}"
    made = await create(operator, name, "tenants:view")

    token = (await token_of(client, made)).json()["access_token"]

    bearer = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/api/v1/tenants", headers=bearer)).status_code == 200
