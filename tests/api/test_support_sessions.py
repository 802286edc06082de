"""Staff act as the support user, seen by the tenant, and never for longer than they may."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from litestar import Litestar
from sqlalchemy import select, update

from sindico_api.context import Context
from sindico_platform.audit.models import AuditEvent
from sindico_platform.database.tx import Actor
from sindico_platform.identity import service as identity
from sindico_platform.identity.authentication.service import CredentialKind, authenticate
from sindico_platform.identity.errors import NotAuthenticated
from sindico_platform.identity.models import SupportSession, TenantUser, Token
from sindico_platform.identity.sessions import service as console
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.default_records import service as defaults
from tests.provisioning.factories import make_tenant as register
from tests.support.callers import ClientAs, caller_of
from tests.support.identity import MakeTenant, MakeUser

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
REASON = {"reason": "Ticket 4711", "minutes": 30}


@pytest.fixture
async def colleague(make_tenant: MakeTenant, make_user: MakeUser) -> TenantUser:
    """An operator of the vendor."""
    return await make_user(await make_tenant(master=True), "operator")


@pytest.fixture
async def operator(
    colleague: TenantUser, make_tenant: MakeTenant, client_as: ClientAs
) -> AsyncClient:
    return await client_as(await make_tenant(master=True), user=colleague)


@pytest.fixture
async def tenant(context: Context) -> Tenant:
    """A customer with its default roles and the support user."""
    made = await register(context.uow)
    async with context.uow.begin(Actor.system(made.id)) as tx:
        await defaults.ensure_roles(tx)
        await defaults.ensure_support_user(tx)
        return await tx.session.get_one(Tenant, made.id)


async def opened(operator: AsyncClient, tenant: Tenant) -> dict[str, Any]:
    response = await operator.post(
        f"/api/v1/tenants/{tenant.tenant_id}/support-sessions", json=REASON
    )
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


async def test_an_operator_acts_as_the_support_user_and_the_trail_says_so(
    operator: AsyncClient, colleague: TenantUser, tenant: Tenant, context: Context, served: Litestar
) -> None:
    support = caller_of(served, token=(await opened(operator, tenant))["access_token"])

    me = (await support.get("/api/v1/auth/me")).json()
    made = await support.post("/api/v1/roles", json={"name": "Balcão", "permissions": []})

    assert me["login"] == f"{colleague.login}@vendor.test (suportecrm@{tenant.domain})"
    assert (me["tenant_id"], made.status_code) == (str(tenant.tenant_id), 201)
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        event = (
            await tx.session.scalars(select(AuditEvent).where(AuditEvent.tag == "role:create"))
        ).one()
        session = (await tx.session.scalars(select(SupportSession))).one()
    assert event.facts["support_session_id"] == str(session.id)
    assert event.actor_name == me["login"]


async def test_the_same_order_sent_twice_opens_one_session(
    operator: AsyncClient, tenant: Tenant, context: Context
) -> None:
    address = f"/api/v1/tenants/{tenant.tenant_id}/support-sessions"
    key = {"Idempotency-Key": "one-order"}

    first = await operator.post(address, json=REASON, headers=key)
    again = await operator.post(address, json=REASON, headers=key)
    other = await operator.post(address, json=REASON | {"minutes": 45}, headers=key)

    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        sessions = (await tx.session.scalars(select(SupportSession))).all()
    assert (first.status_code, again.status_code, len(sessions)) == (201, 201, 1)
    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_the_tenant_sees_the_session_and_ends_it(
    operator: AsyncClient, tenant: Tenant, client_as: ClientAs, served: Litestar
) -> None:
    body = await opened(operator, tenant)
    support = caller_of(served, token=body["access_token"])
    admin = await client_as(tenant, "admin")

    listed = (await admin.get("/api/v1/support-sessions")).json()["items"]
    told = (await admin.get("/api/v1/notifications")).json()["items"]
    ended = await admin.post(f"/api/v1/support-sessions/{listed[0]['id']}/revoke")
    refused = await support.get("/api/v1/auth/me")

    assert [item["reason"] for item in listed] == [REASON["reason"]]
    assert told[0]["code"] == "support-session-opened"
    assert ended.json()["revoked_by"].endswith(tenant.domain)
    assert refused.status_code == 401


async def test_the_operator_ends_it_too(
    operator: AsyncClient, tenant: Tenant, served: Litestar
) -> None:
    body = await opened(operator, tenant)
    address = f"/api/v1/tenants/{tenant.tenant_id}/support-sessions"

    for _ in range(2):
        ended = await operator.post(f"{address}/{body['session']['id']}/revoke")
    listed = (await operator.get(address)).json()["items"]

    assert ended.json()["revoked_at"] is not None
    assert listed == [ended.json()]
    support = caller_of(served, token=body["access_token"])
    assert (await support.get("/api/v1/auth/me")).status_code == 401


async def test_it_ends_by_itself(
    operator: AsyncClient, tenant: Tenant, context: Context, served: Litestar
) -> None:
    support = caller_of(served, token=(await opened(operator, tenant))["access_token"])
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await tx.session.execute(
            update(SupportSession).values(created_at=tx.now - HOUR, ends_at=tx.now - MINUTE)
        )
        lifetime = await tx.session.scalar(select(Token.expires_at - Token.created_at))

    refused = await support.get("/api/v1/auth/me")

    assert (refused.status_code, lifetime) == (401, 30 * MINUTE)


async def test_it_ends_with_the_operators_account(
    operator: AsyncClient, colleague: TenantUser, tenant: Tenant, context: Context, served: Litestar
) -> None:
    support = caller_of(served, token=(await opened(operator, tenant))["access_token"])
    async with context.uow.begin(Actor.system(colleague.tenant_id)) as tx:
        await identity.disable_user(tx, user_id=colleague.id)

    assert (await support.get("/api/v1/auth/me")).status_code == 401


async def test_outside_a_session_nobody_is_the_support_user(
    tenant: Tenant, client_as: ClientAs, context: Context
) -> None:
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        user = (
            await tx.session.scalars(select(TenantUser).where(TenantUser.login == "suportecrm"))
        ).one()

    forged = await client_as(tenant, user=user)

    assert (await forged.get("/api/v1/auth/me")).status_code == 401


async def test_a_console_session_ends_with_the_support_session(
    operator: AsyncClient, tenant: Tenant, context: Context
) -> None:
    body = await opened(operator, tenant)
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        support = await tx.session.get_one(
            SupportSession, (tenant.tenant_id, UUID(body["session"]["id"]))
        )
        user = (
            await tx.session.scalars(select(TenantUser).where(TenantUser.login == "suportecrm"))
        ).one()
        cookie = await console.open_session(
            tx, user_id=user.id, address="127.0.0.1", user_agent="test", support=support
        )

    principal = await authenticate(context.uow, cookie.reveal(), CredentialKind.SESSION)
    await operator.post(f"/api/v1/tenants/{tenant.tenant_id}/support-sessions/{support.id}/revoke")

    assert principal.actor.support_session_id == support.id
    assert principal.expires_at == support.ends_at
    with pytest.raises(NotAuthenticated):
        await authenticate(context.uow, cookie.reveal(), CredentialKind.SESSION)


async def test_a_tenant_without_the_support_user_is_a_clear_refusal(
    operator: AsyncClient, context: Context
) -> None:
    made = await register(context.uow)

    response = await operator.post(f"/api/v1/tenants/{made.id}/support-sessions", json=REASON)

    assert (response.status_code, response.json()["code"]) == (409, "support-user-missing")


@pytest.mark.parametrize("body", [{"minutes": 30}, {"reason": ""}, {"reason": "x", "minutes": 481}])
async def test_a_reason_and_an_end_are_needed(
    operator: AsyncClient, tenant: Tenant, body: dict[str, Any]
) -> None:
    response = await operator.post(
        f"/api/v1/tenants/{tenant.tenant_id}/support-sessions", json=body
    )

    assert response.status_code == 422
