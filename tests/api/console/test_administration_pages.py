"""Users, roles and API clients on the screens: forms, refusals beside the field, shown once."""

import re

import pytest
from httpx import AsyncClient, Response

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity import queries
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.tenancy.models import Tenant
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant, MakeUser


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def browser(tenant: Tenant, console_as: ClientAs) -> AsyncClient:
    return await console_as(tenant, "admin")


def value_of(page: Response, identity: str) -> str:
    """The value of the field with the id."""
    found = re.search(rf'id="{identity}" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


async def test_an_api_client_is_made_and_its_secret_works(
    browser: AsyncClient, client: AsyncClient
) -> None:
    form = {"name": "ERP", "permissions": ["loads:view", "loads:include"]}

    made = await browser.post("/console/api-clients", data=form)
    token = await client.post(
        "/api/v1/auth/token",
        data={
            "grant_type": "client_credentials",
            "client_id": value_of(made, "copy-once-1"),
            "client_secret": value_of(made, "copy-once-2"),
        },
    )
    listed = await browser.get("/console/api-clients")

    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store, no-transform"
    assert token.status_code == 200
    assert value_of(made, "copy-once-2") not in listed.text
    assert "ERP" in listed.text


async def test_a_taken_or_missing_name_is_told_beside_the_field(browser: AsyncClient) -> None:
    form = {"name": "ERP", "permissions": ["loads:view"]}
    await browser.post("/console/api-clients", data=form)

    taken = await browser.post("/console/api-clients", data=form)
    missing = await browser.post("/console/api-clients", data=form | {"name": " "})

    assert (taken.status_code, missing.status_code) == (409, 422)
    for refused in (taken, missing):
        assert 'aria-describedby="field-name-error field-name-help"' in refused.text
        assert re.search(r'value="loads:view"[^>]* checked', refused.text)


async def test_a_client_is_edited_rotated_and_revoked(browser: AsyncClient) -> None:
    made = await browser.post("/console/api-clients", data={"name": "BI"})
    address = re.search(r'"(/console/api-clients/[0-9a-f-]{36})"', made.text)
    assert address

    stale = {"name": "BI 2", "permissions": "loads:view", "revision": "7"}
    refused = await browser.post(address[1], data=stale)
    saved = await browser.post(address[1], data=stale | {"revision": "1"})
    rotated = await browser.post(f"{address[1]}/rotate")
    revoked = await browser.post(f"{address[1]}/revoke")
    page = await browser.get(address[1])

    assert (refused.status_code, saved.status_code) == (412, 303)
    assert rotated.headers["hx-retarget"] == "#content"
    assert value_of(rotated, "copy-once-2") != value_of(made, "copy-once-2")
    assert revoked.headers["location"] == "/console/api-clients"
    assert "Revogado" in page.text
    assert f'action="{address[1]}"' not in page.text


async def test_nobody_grants_what_they_do_not_have(tenant: Tenant, console_as: ClientAs) -> None:
    limited = await console_as(tenant, "api_clients:include", "loads:view")

    form = await limited.get("/console/api-clients/new")
    refused = await limited.post(
        "/console/api-clients", data={"name": "X", "permissions": ["users:view"]}
    )

    assert re.search(r'value="users:view"[^>]* disabled', form.text)
    assert not re.search(r'value="loads:view"[^>]* disabled', form.text)
    assert refused.status_code == 403


async def test_an_invitation_without_mail_shows_its_link_once(
    browser: AsyncClient, tenant: Tenant, uow: UnitOfWork
) -> None:
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        (role,) = (await queries.list_roles(tx, request=PageRequest())).items

    made = await browser.post(
        "/console/users",
        data={"name": "Ana Souza", "login": "ana", "role_ids": str(role.id), "locale": ""},
    )
    taken = await browser.post("/console/users", data={"name": "Outra", "login": "ANA"})
    wrong = await browser.post(
        "/console/users", data={"name": "", "login": "b", "email": "not an address"}
    )
    listed = await browser.get("/console/users", params={"state": "invited"})

    assert "/console/invitation?token=" in value_of(made, "copy-once-1")
    assert (taken.status_code, wrong.status_code) == (409, 422)
    assert "field-login-error" in taken.text
    assert "field-name-error" in wrong.text
    assert "Ana Souza" in listed.text
    assert listed.text.count("<tr>") == 2  # the head and Ana


async def test_a_user_is_edited_given_roles_disabled_and_enabled(
    browser: AsyncClient, tenant: Tenant, make_user: MakeUser, uow: UnitOfWork
) -> None:
    user = await make_user(tenant, "crm-user")
    address = f"/console/users/{user.id}"
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        admin = await queries.find_role(tx, "admin")
    assert admin

    edited = await browser.post(
        address, data={"name": "Novo Nome", "email": "a@b.com.br", "revision": "1"}
    )
    given = await browser.post(f"{address}/roles", data={"role_ids": str(admin.id)})
    page = await browser.get(address)
    disabled = await browser.post(f"{address}/disable")
    enabled = await browser.post(f"{address}/enable")
    link = await browser.post(f"{address}/reset-link")

    assert [edited.status_code, given.status_code] == [303, 303]
    assert "Novo Nome" in page.text
    assert re.search(rf'value="{admin.id}" checked', page.text)
    assert len(re.findall(r'name="role_ids"[^>]* checked', page.text)) == 1
    assert [disabled.status_code, enabled.status_code] == [303, 303]
    assert "/console/reset?token=" in value_of(link, "copy-once-1")


async def test_a_role_is_made_edited_and_deleted(browser: AsyncClient) -> None:
    form = {"name": "Leitura", "description": "Só lê", "permissions": "accounts:view"}

    made = await browser.post("/console/roles", data=form)
    again = await browser.post("/console/roles", data=form)
    address = made.headers["location"]
    edited = await browser.post(
        address, data=form | {"permissions": ["contacts:view"], "revision": "1"}
    )
    page = await browser.get(address)
    deleted = await browser.post(f"{address}/delete")

    assert again.status_code == 409
    assert "field-name-error" in again.text
    assert edited.status_code == 303
    assert re.search(r'value="contacts:view"[^>]* checked', page.text)
    assert not re.search(r'value="accounts:view"[^>]* checked', page.text)
    assert deleted.headers["location"] == "/console/roles"


async def test_a_locked_role_is_only_read(
    browser: AsyncClient, tenant: Tenant, uow: UnitOfWork
) -> None:
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        admin = await queries.find_role(tx, "admin")
    assert admin

    page = await browser.get(f"/console/roles/{admin.id}")
    refused = await browser.post(f"/console/roles/{admin.id}", data={"name": "X"})

    assert "Este papel é bloqueado" in page.text
    assert 'name="permissions"' not in page.text
    assert refused.status_code == 409
