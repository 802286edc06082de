"""The console's door: sessions, their cookies, and forms from elsewhere."""

import re
from datetime import timedelta

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select, update

from sindico_platform.audit.models import AuditEvent
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity.models import Session, TenantUser
from sindico_platform.tenancy.models import Tenant
from tests.support.identity import MakeTenant, MakeUser
from tests.support.metrics import growth

PASSWORD = "cavalo bateria grampo correto"
SIGN_IN, SIGN_OUT, LANGUAGE = "/console/sign-in", "/console/sign-out", "/console/language"
PAGE = "/console/profile"


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def user(tenant: Tenant, make_user: MakeUser) -> TenantUser:
    return await make_user(tenant, "accounts:view", password=PASSWORD)


@pytest.fixture
def login(tenant: Tenant, user: TenantUser) -> str:
    return f"{user.login}@{tenant.domain}"


async def sign_in(client: AsyncClient, login: str, password: str = PASSWORD) -> Response:
    return await client.post(SIGN_IN, data={"login": login, "password": password})


def csrf_in(page: Response) -> str:
    match = re.search(r'name="_csrf_token" value="([^"]+)"', page.text)
    assert match, page.text
    return match[1]


async def test_a_form_of_another_site_changes_nothing(client: AsyncClient, login: str) -> None:
    form = {"login": login, "password": PASSWORD}

    planted = await client.post(SIGN_IN, data=form, headers={"Sec-Fetch-Site": "cross-site"})
    older = await client.post(SIGN_IN, data=form, headers={"Origin": "https://elsewhere.test"})

    assert (planted.status_code, older.status_code) == (403, 403)
    assert "sindico" not in client.cookies


async def test_sign_ins_are_counted_by_outcome(client: AsyncClient, login: str) -> None:
    with (
        growth("sign_ins_total", way="console", outcome="succeeded") as succeeded,
        growth("sign_ins_total", way="console", outcome="sign-in-refused") as refused,
    ):
        await sign_in(client, login, "wrong")
        await sign_in(client, login)

        assert (succeeded(), refused()) == (1, 1)


async def test_a_signed_in_page_must_return_the_sessions_token(
    client: AsyncClient, login: str
) -> None:
    await sign_in(client, login)
    token = csrf_in(await client.get(PAGE))
    form = {"language": "en", "next": "/console"}

    without = await client.post(LANGUAGE, data=form)
    wrong = await client.post(LANGUAGE, data=form | {"_csrf_token": token[::-1]})
    by_field = await client.post(LANGUAGE, data=form | {"_csrf_token": token})
    by_header = await client.post(LANGUAGE, data=form, headers={"X-CSRFToken": token})

    assert (without.status_code, wrong.status_code) == (403, 403)
    assert (by_field.status_code, by_header.status_code) == (303, 303)


async def test_signing_in_again_ends_the_session_the_browser_came_with(
    client: AsyncClient, login: str
) -> None:
    await sign_in(client, login)
    planted = client.cookies["sindico"]
    token = csrf_in(await client.get(PAGE))

    await client.post(SIGN_IN, data={"login": login, "password": PASSWORD, "_csrf_token": token})

    assert client.cookies["sindico"] != planted
    client.cookies.set("sindico", planted)
    assert (await client.get(PAGE)).status_code == 303


async def test_a_bearer_opens_no_page(client: AsyncClient, login: str) -> None:
    form = {"grant_type": "password", "username": login, "password": PASSWORD}
    token = (await client.post("/api/v1/auth/token", data=form)).json()["access_token"]

    as_bearer = await client.get(PAGE, headers={"Authorization": f"Bearer {token}"})
    as_cookie = await client.get(PAGE, headers={"Cookie": f"sindico={token}"})

    assert (as_bearer.status_code, as_cookie.status_code) == (303, 303)


async def test_a_session_opens_no_api(client: AsyncClient, login: str) -> None:
    await sign_in(client, login)
    cookie = client.cookies["sindico"]

    by_cookie = await client.get("/api/v1/auth/me")
    as_bearer = await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {cookie}"})

    assert (by_cookie.status_code, as_bearer.status_code) == (401, 401)


@pytest.mark.parametrize(
    ("column", "age"),
    [("last_seen_at", timedelta(hours=12, minutes=1)), ("expires_at", timedelta(minutes=1))],
    ids=["idle for 12 hours", "7 days old"],
)
async def test_a_session_ends_by_itself(  # noqa: PLR0917  (fixtures)
    client: AsyncClient, login: str, tenant: Tenant, uow: UnitOfWork, column: str, age: timedelta
) -> None:
    await sign_in(client, login)
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await tx.session.execute(update(Session).values({column: tx.now - age}))

    assert (await client.get(PAGE)).status_code == 303


async def test_a_session_in_use_is_noted_now_and_then(
    client: AsyncClient, login: str, tenant: Tenant, uow: UnitOfWork
) -> None:
    await sign_in(client, login)
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        stale = tx.now - timedelta(hours=1)
        await tx.session.execute(update(Session).values(last_seen_at=stale))

    await client.get(PAGE)

    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        seen = await tx.session.scalar(select(Session.last_seen_at))
    assert seen is not None
    assert seen > stale


async def test_the_owners_browser_is_known_while_an_attacker_tries(
    client: AsyncClient, login: str
) -> None:
    await sign_in(client, login)
    client.cookies.delete("sindico")
    device = client.cookies["sindico-device"]
    client.cookies.clear()
    for _ in range(8):
        await sign_in(client, login, "wrong password here")

    client.cookies.set("sindico-device", device)

    assert (await sign_in(client, login)).status_code == 303


async def test_signing_in_and_out_is_in_the_audit_trail(
    client: AsyncClient, login: str, tenant: Tenant, uow: UnitOfWork
) -> None:
    await sign_in(client, login)
    token = csrf_in(await client.get(PAGE))
    await client.post(SIGN_OUT, data={"_csrf_token": token})

    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        statement = select(AuditEvent.tag, AuditEvent.actor_name).order_by(AuditEvent.id)
        trail = [tuple(row) for row in await tx.session.execute(statement)]

    assert trail[-2:] == [("user:sign-in", login), ("user:sign-out", login)]
