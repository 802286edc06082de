"""Two who do the same at once: one is first, and nothing breaks."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import func, select

from sindico_api.grid import GRID
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity import queries, service
from sindico_platform.identity.api_clients import service as api_clients
from sindico_platform.identity.credentials import Credential
from sindico_platform.identity.errors import (
    ApiClientNameTaken,
    LastAdministrator,
    LoginTaken,
    RoleNameTaken,
)
from sindico_platform.identity.links import service as links
from sindico_platform.identity.links.service import LinkNotValid, LinkPurpose
from sindico_platform.identity.models import UserRole
from sindico_platform.identity.tokens import service as tokens
from sindico_platform.identity.tokens.service import IssuedTokens, Reused
from sindico_platform.tenancy.models import Tenant
from tests.support.identity import MakeTenant, MakeUser

AT_ONCE = 4
Work = Callable[[Tx], Awaitable[Any]]


async def all_at_once(uow: UnitOfWork, tenant: Tenant, *works: Work) -> list[Any]:
    """Run the works in transactions that have all begun before any of them acts."""
    ready = asyncio.Barrier(len(works))

    async def run(work: Work) -> Any:
        async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
            await ready.wait()
            return await work(tx)

    return await asyncio.gather(*map(run, works), return_exceptions=True)


def kinds(results: list[Any]) -> dict[str, int]:
    names = [type(result).__name__ for result in results]
    return {name: names.count(name) for name in set(names)}


async def test_a_login_is_made_once(uow: UnitOfWork, make_tenant: MakeTenant) -> None:
    def create(tx: Tx) -> Awaitable[Any]:
        return service.create_user(tx, login="ana", name="Ana")

    results = await all_at_once(uow, await make_tenant(), *[create] * AT_ONCE)

    assert kinds(results) == {"TenantUser": 1, LoginTaken.__name__: AT_ONCE - 1}


async def test_a_role_is_made_once(uow: UnitOfWork, make_tenant: MakeTenant) -> None:
    def create(tx: Tx) -> Awaitable[Any]:
        return service.create_role(tx, name="Vendas", permissions=frozenset(), grid=GRID)

    results = await all_at_once(uow, await make_tenant(), *[create] * AT_ONCE)

    assert kinds(results) == {"Role": 1, RoleNameTaken.__name__: AT_ONCE - 1}


async def test_an_api_client_is_made_once(uow: UnitOfWork, make_tenant: MakeTenant) -> None:
    def create(tx: Tx) -> Awaitable[Any]:
        return api_clients.create_api_client(
            tx, name="ERP", permissions=frozenset({"loads:view"}), grid=GRID
        )

    results = await all_at_once(uow, await make_tenant(), *[create] * AT_ONCE)

    assert kinds(results) == {"tuple": 1, ApiClientNameTaken.__name__: AT_ONCE - 1}


async def test_a_role_is_given_once(
    uow: UnitOfWork, make_tenant: MakeTenant, make_user: MakeUser
) -> None:
    tenant = await make_tenant()
    user = await make_user(tenant)
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        role = await service.create_role(tx, name="Vendas", permissions=frozenset(), grid=GRID)

    def assign(tx: Tx) -> Awaitable[Any]:
        return service.assign_role(tx, user_id=user.id, role_id=role.id)

    results = await all_at_once(uow, tenant, *[assign] * AT_ONCE)

    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        held = await tx.session.scalar(select(func.count()).select_from(UserRole))
    assert (kinds(results), held) == ({"NoneType": AT_ONCE}, 1)


async def test_two_administrators_cannot_disable_each_other(
    uow: UnitOfWork, make_tenant: MakeTenant, make_user: MakeUser
) -> None:
    tenant = await make_tenant()
    users = [await make_user(tenant, "admin") for _ in range(2)]

    results = await all_at_once(
        uow,
        tenant,
        *(lambda tx, id_=user.id: service.disable_user(tx, user_id=id_) for user in users),
    )

    assert kinds(results) == {"TenantUser": 1, LastAdministrator.__name__: 1}


async def test_a_refresh_token_presented_twice_at_once_ends_the_family(
    uow: UnitOfWork, make_tenant: MakeTenant, make_user: MakeUser
) -> None:
    tenant = await make_tenant()
    user = await make_user(tenant)
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        issued = await tokens.issue_to_user(tx, user_id=user.id)
    refresh = issued.refresh
    assert refresh

    def exchange(tx: Tx) -> Awaitable[Any]:
        return tokens.exchange_refresh_token(tx, credential=refresh)

    results = await all_at_once(uow, tenant, *[exchange] * AT_ONCE)

    assert kinds(results) == {
        IssuedTokens.__name__: 1,
        Reused.__name__: 1,
        "NoneType": AT_ONCE - 2,
    }


async def test_a_link_works_once(
    uow: UnitOfWork, make_tenant: MakeTenant, make_user: MakeUser
) -> None:
    tenant = await make_tenant()
    user = await make_user(tenant)
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        made = await links.make_link(tx, user_id=user.id, purpose=LinkPurpose.RESET, by_mail=False)
    credential: Credential | None = made.credential
    assert credential

    def use(tx: Tx) -> Awaitable[Any]:
        return links.use_link(tx, credential=credential, purpose=LinkPurpose.RESET)

    results = await all_at_once(uow, tenant, *[use] * AT_ONCE)

    assert kinds(results) == {"UUID": 1, LinkNotValid.__name__: AT_ONCE - 1}


async def test_somebody_who_may_not_sign_in_never_gets_a_link(
    uow: UnitOfWork, make_tenant: MakeTenant
) -> None:
    tenant = await make_tenant()
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        support = await service.create_user(
            tx, login="suportecrm", name="Suporte", can_sign_in=False
        )
        assert await queries.count_active_users(tx) == 0

    def make(tx: Tx) -> Awaitable[Any]:
        return links.make_link(
            tx, user_id=support.id, purpose=LinkPurpose.INVITATION, by_mail=False
        )

    assert kinds(await all_at_once(uow, tenant, make)) == {"UserCannotSignIn": 1}
