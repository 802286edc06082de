"""Administering users and roles, and not becoming somebody else by it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from sindico_api.grid import GRID
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity import queries, service
from sindico_platform.identity.default_roles import ADMIN
from sindico_platform.identity.grid import Access
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.default_roles import USER
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant, MakeUser
from tests.support.statements import CountStatements

USERS, ROLES = "/api/v1/users", "/api/v1/roles"
GOOD_PASSWORD = "cavalo bateria grampo correto"


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def admin(tenant: Tenant, client_as: ClientAs) -> AsyncClient:
    return await client_as(tenant, "admin")


def problem(response: Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


async def invite(admin: AsyncClient, login: str = "ana.souza", **more: Any) -> dict[str, Any]:
    response = await admin.post(USERS, json={"login": login, "name": "Ana Souza"} | more)
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


async def make_role(admin: AsyncClient, name: str, *permissions: str) -> dict[str, Any]:
    response = await admin.post(ROLES, json={"name": name, "permissions": permissions})
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


async def test_an_invited_user_chooses_a_password_and_signs_in(
    admin: AsyncClient, client: AsyncClient, tenant: Tenant
) -> None:
    made = await invite(admin, "Ana.Souza")
    token = parse_qs(urlsplit(made["invitation"]["url"]).query)["token"][0]
    accept = {"token": token, "password": GOOD_PASSWORD}

    weak = await client.post("/api/v1/auth/accept-invitation", json=accept | {"password": "x" * 12})
    chosen = await client.post("/api/v1/auth/accept-invitation", json=accept)
    again = await client.post("/api/v1/auth/accept-invitation", json=accept)

    login = f"ana.souza@{tenant.domain}"
    form = {"grant_type": "password", "username": login, "password": GOOD_PASSWORD}
    assert made["user"]["state"] == "invited"
    assert made["invitation"]["by_mail"] is False
    assert problem(weak) == (422, "invalid-input")
    assert chosen.json() == {"login": login}
    assert problem(again) == (410, "link-not-valid")
    assert (await client.post("/api/v1/auth/token", data=form)).status_code == 200


async def test_a_new_link_makes_the_old_one_worthless(
    admin: AsyncClient, client: AsyncClient
) -> None:
    made = await invite(admin)
    old = parse_qs(urlsplit(made["invitation"]["url"]).query)["token"][0]

    await admin.post(f"{USERS}/{made['user']['id']}/invitation")

    accept = {"token": old, "password": GOOD_PASSWORD}
    response = await client.post("/api/v1/auth/accept-invitation", json=accept)
    assert problem(response) == (410, "link-not-valid")


async def test_an_invitation_is_no_reset(admin: AsyncClient, client: AsyncClient) -> None:
    made = await invite(admin)
    token = parse_qs(urlsplit(made["invitation"]["url"]).query)["token"][0]

    response = await client.post(
        "/api/v1/auth/reset-password", json={"token": token, "password": GOOD_PASSWORD}
    )

    assert problem(response) == (410, "link-not-valid")


async def test_a_changed_password_ends_every_other_sign_in(
    client: AsyncClient, tenant: Tenant, make_user: MakeUser
) -> None:
    user = await make_user(tenant, "accounts:view", password=GOOD_PASSWORD)
    form = {
        "grant_type": "password",
        "username": f"{user.login}@{tenant.domain}",
        "password": GOOD_PASSWORD,
    }
    own, other = [(await client.post("/api/v1/auth/token", data=form)).json() for _ in range(2)]
    bearer = {"Authorization": f"Bearer {own['access_token']}"}
    change = {"current_password": GOOD_PASSWORD, "new_password": "outra frase bem comprida"}

    wrong = await client.post(
        "/api/v1/auth/change-password",
        json=change | {"current_password": "not this one"},
        headers=bearer,
    )
    changed = await client.post("/api/v1/auth/change-password", json=change, headers=bearer)

    other_bearer = {"Authorization": f"Bearer {other['access_token']}"}
    assert wrong.json()["errors"][0]["code"] == "password-wrong"
    assert changed.status_code == 204
    assert (await client.get("/api/v1/auth/me", headers=bearer)).status_code == 200
    assert (await client.get("/api/v1/auth/me", headers=other_bearer)).status_code == 401
    assert (await client.post("/api/v1/auth/token", data=form)).status_code == 400


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"login": "ana souza"}, "login", "login-form"),
        ({"login": "ana@acme"}, "login", "login-form"),
        ({"email": "no address"}, "email", "email-form"),
        ({"locale": "xx"}, "locale", "invalid-value"),
        ({"nickname": "a"}, "nickname", "unknown-field"),
    ],
)
async def test_bad_users_and_why(
    admin: AsyncClient, changed: dict[str, str], field: str, code: str
) -> None:
    response = await admin.post(USERS, json={"login": "ana", "name": "Ana"} | changed)

    faults = [(each["field"], each["code"]) for each in response.json()["errors"]]
    assert (response.status_code, faults) == (422, [(field, code)])


async def test_a_login_is_taken_once(admin: AsyncClient) -> None:
    await invite(admin, "ana")

    assert problem(await admin.post(USERS, json={"login": "ANA", "name": "A"})) == (
        409,
        "login-taken",
    )


async def test_users_are_listed_by_pages_in_a_fixed_number_of_statements(
    admin: AsyncClient, count_statements: CountStatements
) -> None:
    for login in ("b", "a", "c"):
        await invite(admin, login, name=f"Pessoa {login}")
    await admin.get(USERS)

    with count_statements() as counted:
        first = (await admin.get(USERS, params={"sort": "login", "limit": 2})).json()
    rest = await admin.get(
        USERS, params={"sort": "login", "limit": 2, "after": first["next_cursor"]}
    )

    assert [user["login"] for user in first["items"]] == ["a", "b"]
    assert rest.json()["items"][0]["login"] == "c"
    assert counted.total == 3  # authenticate, bind, read


async def test_an_update_from_an_old_reading_is_refused(admin: AsyncClient) -> None:
    user = (await invite(admin))["user"]
    address = f"{USERS}/{user['id']}"
    etag = (await admin.get(address)).headers["ETag"]
    edit = {"name": "Ana Lima", "email": "ana@example.com"}

    first = await admin.patch(address, json=edit, headers={"If-Match": etag})
    second = await admin.patch(address, json=edit | {"name": "X"}, headers={"If-Match": etag})

    assert (first.status_code, first.json()["name"]) == (200, "Ana Lima")
    assert problem(second) == (412, "changed-meanwhile")


async def test_a_disabled_user_can_be_enabled_again(admin: AsyncClient) -> None:
    user = (await invite(admin))["user"]

    disabled = await admin.post(f"{USERS}/{user['id']}/disable")
    link = await admin.post(f"{USERS}/{user['id']}/reset-link")
    enabled = await admin.post(f"{USERS}/{user['id']}/enable")

    assert disabled.json()["state"] == "disabled"
    assert problem(link) == (409, "user-cannot-sign-in")
    assert enabled.json()["state"] == "invited"


async def test_the_last_administrator_stays(admin: AsyncClient) -> None:
    me = (await admin.get("/api/v1/auth/me")).json()
    roles = (await admin.get(f"{USERS}/{me['id']}")).json()["roles"]

    disabled = await admin.post(f"{USERS}/{me['id']}/disable")
    unassigned = await admin.delete(f"{ROLES}/{roles[0]['id']}/users/{me['id']}")

    assert problem(disabled) == problem(unassigned) == (409, "last-administrator")


async def test_nobody_grants_what_they_do_not_have(
    admin: AsyncClient, tenant: Tenant, client_as: ClientAs
) -> None:
    clerk = await client_as(tenant, "roles:include", "roles:edit", "users:include", "users:edit")
    strong = await make_role(admin, "Forte", "accounts:delete")
    user = (await invite(admin))["user"]

    created = await clerk.post(ROLES, json={"name": "X", "permissions": ["accounts:delete"]})
    edited = await clerk.put(
        f"{ROLES}/{strong['id']}", json={"name": "Forte", "permissions": strong["permissions"]}
    )
    widened = await clerk.put(
        f"{ROLES}/{strong['id']}",
        json={"name": "Forte", "permissions": [*strong["permissions"], "accounts:export"]},
    )
    assigned = await clerk.put(f"{ROLES}/{strong['id']}/users/{user['id']}")
    invited = await clerk.post(
        USERS, json={"login": "eva", "name": "Eva", "role_ids": [strong["id"]]}
    )

    refused = (403, "grant-exceeds-own")
    assert [problem(each) for each in (created, widened, assigned, invited)] == [refused] * 4
    assert edited.status_code == 200  # it adds nothing


async def test_nobody_takes_over_somebody_who_may_do_more(
    admin: AsyncClient, tenant: Tenant, client_as: ClientAs
) -> None:
    clerk = await client_as(tenant, "users:view", "users:edit", "roles:edit")
    target = (await admin.get("/api/v1/auth/me")).json()["id"]
    role = (await admin.get(f"{USERS}/{target}")).json()["roles"][0]["id"]

    attempts = [
        await clerk.post(f"{USERS}/{target}/reset-link"),
        await clerk.post(f"{USERS}/{target}/invitation"),
        await clerk.patch(f"{USERS}/{target}", json={"name": "X", "email": "me@example.com"}),
        await clerk.post(f"{USERS}/{target}/disable"),
        await clerk.delete(f"{ROLES}/{role}/users/{target}"),
    ]

    assert [problem(each) for each in attempts] == [(403, "user-outranks")] * 5


async def test_a_role_shows_its_grid_and_takes_a_new_one(admin: AsyncClient) -> None:
    role = await make_role(admin, "Vendas", "accounts:view", "accounts:edit")
    etag = (await admin.get(f"{ROLES}/{role['id']}")).headers["ETag"]

    edited = await admin.put(
        f"{ROLES}/{role['id']}",
        json={"name": "Vendas Sul", "permissions": ["contacts:view"]},
        headers={"If-Match": etag},
    )

    rows = {row["resource"]: row["accesses"] for row in role["grid"]}
    assert rows["accounts"] == ["view", "edit"]
    assert rows["contacts"] == []
    assert "tenants" not in rows
    assert edited.json()["permissions"] == ["contacts:view"]
    assert edited.headers["ETag"] != etag


async def test_a_new_grid_holds_at_once(
    admin: AsyncClient, tenant: Tenant, client_as: ClientAs, make_user: MakeUser
) -> None:
    role = await make_role(admin, "Vendas", "accounts:view")
    user = await make_user(tenant)
    await admin.put(f"{ROLES}/{role['id']}/users/{user.id}")
    seller = await client_as(tenant, user=user)
    before = (await seller.get("/api/v1/accounts")).status_code

    await admin.put(f"{ROLES}/{role['id']}", json={"name": "Vendas", "permissions": []})

    holders = (await admin.get(f"{ROLES}/{role['id']}/users")).json()["items"]
    assert (before, (await seller.get("/api/v1/accounts")).status_code) == (200, 403)
    assert [holder["id"] for holder in holders] == [str(user.id)]


@pytest.mark.parametrize("permission", ["accounts:fly", "planes:view", "tenants:view", "nonsense"])
async def test_only_permissions_of_the_tenants_grid_exist(
    admin: AsyncClient, permission: str
) -> None:
    response = await admin.post(ROLES, json={"name": "X", "permissions": [permission]})

    assert [each["code"] for each in response.json()["errors"]] == ["unknown-permission"]


async def test_names_of_roles_match_loosely(admin: AsyncClient) -> None:
    await make_role(admin, "Gestão de Vendas")

    same = await admin.post(ROLES, json={"name": "gestao-de vendas"})

    assert problem(same) == (409, "role-name-taken")


async def test_roles_are_deleted_when_nobody_holds_them_and_defaults_never(
    admin: AsyncClient, tenant: Tenant, make_user: MakeUser, uow: UnitOfWork
) -> None:
    role = await make_role(admin, "Vendas")
    user = await make_user(tenant)
    await admin.put(f"{ROLES}/{role['id']}/users/{user.id}")
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        default, _ = await service.ensure_role(tx, USER, grid=GRID)

    held = await admin.delete(f"{ROLES}/{role['id']}")
    await admin.delete(f"{ROLES}/{role['id']}/users/{user.id}")
    free = await admin.delete(f"{ROLES}/{role['id']}")

    assert problem(held) == (409, "role-in-use")
    assert free.status_code == 204
    assert problem(await admin.delete(f"{ROLES}/{default.id}")) == (409, "default-role-kept")


async def test_the_admin_role_cannot_be_weakened(admin: AsyncClient) -> None:
    roles = (await admin.get(ROLES)).json()["items"]
    admin_role = next(role for role in roles if role["code"] == ADMIN.code)

    response = await admin.put(
        f"{ROLES}/{admin_role['id']}", json={"name": "Admin", "permissions": []}
    )

    assert problem(response) == (409, "role-locked")


async def test_what_a_customer_took_from_a_default_role_stays_taken(
    tenant: Tenant, uow: UnitOfWork
) -> None:
    actor = Actor.system(tenant.tenant_id)
    async with uow.begin(actor) as tx:
        role, _ = await service.ensure_role(tx, USER, grid=GRID)
        kept = frozenset(role.permissions) - {"accounts:edit"} | {"accounts:delete"}
        await service.edit_role(
            tx, role_id=role.id, name=role.name, description="", permissions=kept, grid=GRID
        )
    released_before = frozenset(role.declared_permissions or ()) - {"contacts:view"}
    async with uow.begin(actor) as tx:  # as if contacts were new in this release
        stored = await queries.get_role(tx, role.id)
        stored.declared_permissions = sorted(released_before)
        stored.permissions = sorted(kept - {"contacts:view"})
    async with uow.begin(actor) as tx:
        role, changed = await service.ensure_role(tx, USER, grid=GRID)
        _, changed_again = await service.ensure_role(tx, USER, grid=GRID)

    assert (changed, changed_again) == (True, False)
    assert frozenset(role.permissions) == kept


def test_default_roles_have_the_accesses_the_requirements_name() -> None:
    assert USER.accesses == {
        Access.ACCESS,
        Access.VIEW,
        Access.INCLUDE,
        Access.EDIT,
        Access.FILTER,
    }


async def test_what_does_not_exist_is_not_found(admin: AsyncClient) -> None:
    user = (await invite(admin))["user"]["id"]

    assert problem(await admin.get(f"{USERS}/{uuid4()}")) == (404, "user-not-found")
    assert problem(await admin.put(f"{ROLES}/{uuid4()}/users/{user}")) == (404, "role-not-found")


async def test_the_grid_is_listed_with_all_seven_accesses(admin: AsyncClient) -> None:
    rows = (await admin.get("/api/v1/permissions")).json()

    assert {len(row["accesses"]) for row in rows} == {7}
    assert {"users", "accounts", "loads"} <= {row["resource"] for row in rows}
    assert "tenants" not in {row["resource"] for row in rows}
