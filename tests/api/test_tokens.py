"""The token endpoint, as ordinary OAuth clients use it."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import func, select

from sindico_api.grid import GRID
from sindico_platform.audit.models import AuditEvent
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity import service
from sindico_platform.identity.api_clients import service as api_clients
from sindico_platform.identity.credentials import Credential
from sindico_platform.identity.models import TenantUser
from sindico_platform.tenancy.models import Tenant, TenantState
from tests.support.identity import MakeTenant, MakeUser
from tests.support.metrics import growth

TOKEN, REVOKE, ME = "/api/v1/auth/token", "/api/v1/auth/revoke", "/api/v1/auth/me"
PASSWORD = "cavalo bateria grampo correto"

pytestmark = pytest.mark.usefixtures("served")


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def user(tenant: Tenant, make_user: MakeUser) -> TenantUser:
    return await make_user(tenant, "accounts:view", "accounts:edit", password=PASSWORD)


@pytest.fixture
def login(tenant: Tenant, user: TenantUser) -> str:
    return f"{user.login}@{tenant.domain}"


async def ask(client: AsyncClient, **form: str) -> Response:
    return await client.post(TOKEN, data=form)


async def ask_by_password(client: AsyncClient, login: str, password: str = PASSWORD) -> Response:
    return await ask(client, grant_type="password", username=login, password=password)


async def me(client: AsyncClient, token: str) -> Response:
    return await client.get(ME, headers={"Authorization": f"Bearer {token}"})


async def test_a_password_gives_tokens_that_open_the_api(client: AsyncClient, login: str) -> None:
    response = await ask_by_password(client, login.upper())

    body = response.json()
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    assert body["scope"] == "accounts:edit accounts:view"
    assert (await me(client, body["access_token"])).json()["login"] == login


async def test_json_works_like_a_form(client: AsyncClient, login: str) -> None:
    asked = {"grant_type": "password", "username": login, "password": PASSWORD}

    assert (await client.post(TOKEN, json=asked)).status_code == 200


async def test_sign_ins_are_counted_by_grant_and_outcome(client: AsyncClient, login: str) -> None:
    with (
        growth("sign_ins_total", way="password", outcome="succeeded") as succeeded,
        growth("sign_ins_total", way="password", outcome="invalid-grant") as refused,
        growth("sign_ins_total", way="refresh_token", outcome="succeeded") as refreshed,
    ):
        tokens = (await ask_by_password(client, login)).json()
        await ask_by_password(client, login, "wrong")
        await ask(client, grant_type="refresh_token", refresh_token=tokens["refresh_token"])

        assert (succeeded(), refused(), refreshed()) == (1, 1, 1)


@pytest.mark.parametrize("wrong", ["password", "user", "domain", "no domain", "empty login", "nul"])
async def test_whatever_is_wrong_the_answer_is_the_same(
    client: AsyncClient, login: str, wrong: str
) -> None:
    local, _, domain = login.partition("@")
    logins = {
        "user": f"nobody@{domain}",
        "domain": f"{local}@nowhere.test",
        "no domain": local,
        "empty login": "@",
        "nul": f"{local}\0@{domain}",
    }

    response = await ask_by_password(client, logins.get(wrong, login), "wrong password here")

    body = response.json()
    assert response.status_code == 400
    assert (body["error"], body["code"]) == ("invalid_grant", "invalid-grant")
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password", "username": "x@y"}, "invalid_request"),
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "nonsense"}, "invalid_grant"),
    ],
)
async def test_requests_that_cannot_be_served(
    client: AsyncClient, form: dict[str, str], error: str
) -> None:
    response = await ask(client, **form)

    assert (response.status_code, response.json()["error"]) == (400, error)


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b'{"grant_type": 1}', b"\xff"])
async def test_bodies_that_are_no_json_object(client: AsyncClient, body: bytes) -> None:
    response = await client.post(TOKEN, content=body, headers={"Content-Type": "application/json"})

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


async def test_a_scope_narrows_what_a_token_may_do(client: AsyncClient, login: str) -> None:
    form = {"grant_type": "password", "username": login, "password": PASSWORD}
    body = (await ask(client, **form, scope="accounts:view")).json()

    assert body["scope"] == "accounts:view"
    assert (await me(client, body["access_token"])).json()["permissions"] == ["accounts:view"]
    beyond = (await ask(client, **form, scope="accounts:delete")).json()
    assert beyond["error"] == "invalid_scope"


async def test_a_refresh_token_works_once_and_gives_the_next(
    client: AsyncClient, login: str
) -> None:
    first = (await ask_by_password(client, login)).json()

    second = (await refresh(client, first)).json()
    third = (await refresh(client, second)).json()

    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    assert (await me(client, third["access_token"])).status_code == 200


async def refresh(client: AsyncClient, tokens: dict[str, Any]) -> Response:
    return await ask(client, grant_type="refresh_token", refresh_token=tokens["refresh_token"])


async def test_a_refresh_token_used_twice_ends_the_family_and_is_audited(
    client: AsyncClient, tenant: Tenant, login: str, uow: UnitOfWork
) -> None:
    stolen = (await ask_by_password(client, login)).json()
    other = (await ask_by_password(client, login)).json()
    honest = (await refresh(client, stolen)).json()

    reused = await refresh(client, stolen)

    assert reused.json()["error"] == "invalid_grant"
    assert (await me(client, honest["access_token"])).status_code == 401
    assert (await refresh(client, honest)).json()["error"] == "invalid_grant"
    assert (await me(client, other["access_token"])).status_code == 200
    assert await audited(uow, tenant, "token:revoke") == 1


async def audited(uow: UnitOfWork, tenant: Tenant, tag: str) -> int:
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        statement = select(func.count()).where(AuditEvent.tag == tag)
        return await tx.session.scalar(statement) or 0


async def test_an_access_token_does_not_refresh_and_a_refresh_token_opens_nothing(
    client: AsyncClient, login: str
) -> None:
    tokens = (await ask_by_password(client, login)).json()

    swapped = await refresh(client, {"refresh_token": tokens["access_token"]})

    assert swapped.json()["error"] == "invalid_grant"
    assert (await me(client, tokens["refresh_token"])).status_code == 401


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_revoking_either_token_ends_the_sign_in(
    client: AsyncClient, login: str, kind: str
) -> None:
    tokens = (await ask_by_password(client, login)).json()

    response = await client.post(REVOKE, data={"token": tokens[kind]})

    assert response.status_code == 200
    assert (await me(client, tokens["access_token"])).status_code == 401
    assert (await refresh(client, tokens)).json()["error"] == "invalid_grant"


async def test_revoking_nonsense_is_no_error(client: AsyncClient) -> None:
    assert (await client.post(REVOKE, data={"token": "nonsense"})).status_code == 200


async def test_a_second_factor_is_not_bypassed_by_the_password_form(
    client: AsyncClient, tenant: Tenant, user: TenantUser, login: str, uow: UnitOfWork
) -> None:
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        stored = await tx.session.get_one(TenantUser, (tenant.tenant_id, user.id))
        stored.has_second_factor = True

    response = await ask_by_password(client, login)

    assert response.json()["code"] == "second-factor-needed"
    assert response.json()["error"] == "access_denied"


async def test_a_suspended_tenant_is_told_only_to_those_who_know_the_password(
    client: AsyncClient, tenant: Tenant, login: str, uow: UnitOfWork
) -> None:
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        (await tx.session.get_one(Tenant, tenant.tenant_id)).state = TenantState.SUSPENDED

    right, wrong = await ask_by_password(client, login), await ask_by_password(client, login, "x")

    assert (right.status_code, right.json()["code"]) == (403, "tenant-suspended")
    assert wrong.json()["code"] == "invalid-grant"


async def test_a_disabled_user_gets_and_renews_nothing(
    client: AsyncClient, tenant: Tenant, user: TenantUser, login: str, uow: UnitOfWork
) -> None:
    tokens = (await ask_by_password(client, login)).json()
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await service.disable_user(tx, user_id=user.id)

    assert (await ask_by_password(client, login)).json()["error"] == "invalid_grant"
    assert (await refresh(client, tokens)).json()["error"] == "invalid_grant"


async def client_of(uow: UnitOfWork, tenant: Tenant, *permissions: str) -> Credential:
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        _, credential = await api_clients.create_api_client(
            tx, name="ERP", permissions=frozenset(permissions), grid=GRID
        )
    return credential


@pytest.mark.parametrize("basic", [True, False], ids=["basic", "form"])
async def test_client_credentials_give_an_access_token_alone(
    client: AsyncClient, tenant: Tenant, uow: UnitOfWork, *, basic: bool
) -> None:
    credential = await client_of(uow, tenant, "loads:view", "loads:include")
    secret = credential.secret.reveal()

    if basic:
        response = await client.post(
            TOKEN,
            data={"grant_type": "client_credentials", "scope": "loads:view"},
            auth=(credential.public_part, secret),
        )
    else:
        response = await ask(
            client,
            grant_type="client_credentials",
            scope="loads:view",
            client_id=credential.public_part,
            client_secret=secret,
        )

    body = response.json()
    assert body["scope"] == "loads:view"
    assert "refresh_token" not in body
    shown = (await me(client, body["access_token"])).json()
    assert (shown["kind"], shown["name"]) == ("api_client", "ERP")


async def test_a_wrong_client_secret_is_refused(
    client: AsyncClient, tenant: Tenant, uow: UnitOfWork
) -> None:
    credential = await client_of(uow, tenant, "loads:view")

    response = await ask(
        client,
        grant_type="client_credentials",
        client_id=credential.public_part,
        client_secret=Credential.generate(tenant.tenant_id, credential.id).secret.reveal(),
    )

    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert response.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("end", ["rotate", "revoke"])
async def test_tokens_of_a_rotated_or_revoked_client_end_at_once(
    client: AsyncClient, tenant: Tenant, uow: UnitOfWork, end: str
) -> None:
    credential = await client_of(uow, tenant, "loads:view")
    asked = {
        "grant_type": "client_credentials",
        "client_id": credential.public_part,
        "client_secret": credential.secret.reveal(),
    }
    token = (await ask(client, **asked)).json()["access_token"]
    act = {"rotate": api_clients.rotate_api_client, "revoke": api_clients.revoke_api_client}[end]
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await act(tx, api_client_id=credential.id)

    assert (await me(client, token)).status_code == 401
    assert (await ask(client, **asked)).json()["error"] == "invalid_client"


async def test_the_sixth_wrong_password_waits_and_the_right_one_with_it(
    client: AsyncClient, login: str
) -> None:
    for _ in range(6):
        await ask_by_password(client, login, "wrong password here")

    response = await ask_by_password(client, login)

    assert (response.status_code, response.json()["code"]) == (429, "too-many-attempts")
    assert 1 <= int(response.headers["Retry-After"]) <= 5


async def test_a_burst_in_parallel_is_counted_before_any_password_is_looked_at(
    client: AsyncClient, login: str
) -> None:
    answers = await asyncio.gather(
        *(ask_by_password(client, login, "wrong password here") for _ in range(20))
    )

    statuses = [answer.status_code for answer in answers]
    assert statuses.count(400) == 6
    assert statuses.count(429) == 14
