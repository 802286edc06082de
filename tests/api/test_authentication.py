"""The API's door."""

from httpx import AsyncClient
from uuid_utils.compat import uuid7

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity import service
from sindico_platform.identity.credentials import Credential
from sindico_platform.tenancy.models import TenantState
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant, MakeUser
from tests.support.statements import CountStatements

ME = "/api/v1/auth/me"


async def test_anonymous_is_told_to_bring_a_token(client: AsyncClient) -> None:
    response = await client.get(ME)

    assert (response.status_code, response.json()["code"]) == (401, "not-authenticated")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.headers["X-Request-ID"] in response.json()["instance"]


async def test_a_token_names_its_bearer(make_tenant: MakeTenant, client_as: ClientAs) -> None:
    tenant = await make_tenant()

    me = (await (await client_as(tenant, "accounts:view", "accounts:edit")).get(ME)).json()

    assert me["tenant_id"] == str(tenant.tenant_id)
    assert me["login"].endswith(f"@{tenant.domain}")
    assert me["permissions"] == ["accounts:edit", "accounts:view"]


async def test_a_request_is_authenticated_by_one_statement(
    make_tenant: MakeTenant, client_as: ClientAs, count_statements: CountStatements
) -> None:
    caller = await client_as(await make_tenant(), "accounts:view")
    await caller.get(ME)  # the first statement on a connection also asks for its types

    with count_statements() as counted:
        await caller.get(ME)

    assert counted.total == 1


async def test_a_wrong_secret_opens_nothing(
    client: AsyncClient, make_tenant: MakeTenant, client_as: ClientAs
) -> None:
    caller = await client_as(await make_tenant(), "accounts:view")
    right = Credential.parse(caller.headers["Authorization"].removeprefix("Bearer "))
    assert right is not None
    wrong = Credential.generate(right.tenant_id, right.id)

    response = await client.get(ME, headers={"Authorization": f"Bearer {wrong.reveal()}"})

    assert response.json()["code"] == "not-authenticated"


async def test_a_tenant_that_does_not_exist_answers_like_a_wrong_secret(
    client: AsyncClient,
) -> None:
    nobody = Credential.generate(uuid7(), uuid7()).reveal()

    response = await client.get(ME, headers={"Authorization": f"Bearer {nobody}"})

    assert response.json()["code"] == "not-authenticated"


async def test_a_cookie_is_nothing_to_the_api(
    client: AsyncClient, make_tenant: MakeTenant, client_as: ClientAs
) -> None:
    caller = await client_as(await make_tenant(), "accounts:view")
    token = caller.headers["Authorization"].removeprefix("Bearer ")

    response = await client.get(ME, headers={"Cookie": f"sindico={token}"})

    assert response.status_code == 401


async def test_a_suspended_tenant_is_told_so(make_tenant: MakeTenant, client_as: ClientAs) -> None:
    caller = await client_as(await make_tenant(state=TenantState.SUSPENDED), "accounts:view")

    response = await caller.get(ME)

    assert (response.status_code, response.json()["code"]) == (403, "tenant-suspended")


async def test_a_disabled_user_is_out_at_once(
    make_tenant: MakeTenant, make_user: MakeUser, client_as: ClientAs, uow: UnitOfWork
) -> None:
    tenant = await make_tenant()
    user = await make_user(tenant, "accounts:view")
    caller = await client_as(tenant, user=user)
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await service.disable_user(tx, user_id=user.id)

    assert (await caller.get(ME)).status_code == 401
